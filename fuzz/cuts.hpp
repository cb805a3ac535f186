// The ways in which a fuzzer cuts its input: what is read must not depend on them.
#ifndef WEIR_FUZZ_CUTS_HPP
#define WEIR_FUZZ_CUTS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "weir/base/hash.hpp"

namespace fuzz {

/// Ends the process, so that the fuzzer keeps the input.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "property violated: %s\n", what);
  std::abort();
}

/// `read(next)` must return the same whatever pieces `next(piece)` hands out until it returns false: the whole, single
/// bytes, or pieces of random length. Each lies in an allocation of its own size, so that reading past it is seen.
template <class Read>
void same_at_any_cut(std::string_view input, Read&& read) {
  const auto in_pieces = [&](auto&& length) {
    std::string_view rest = input;
    std::vector<char> held;
    return read([&](std::string_view& piece) {
      const std::size_t size = std::min<std::size_t>(rest.size(), length());
      held = std::vector<char>(rest.begin(), rest.begin() + size);
      piece = {held.data(), size};
      rest.remove_prefix(size);
      return size > 0;
    });
  };
  const auto whole = in_pieces([&] { return input.size(); });
  require(in_pieces([] { return std::size_t{1}; }) == whole, "byte by byte as the whole");
  weir::random_stream random(input.size());
  require(in_pieces([&] { return static_cast<std::size_t>(1 + random.below(16)); }) == whole,
          "random cuts as the whole");
}

}  // namespace fuzz

#endif  // WEIR_FUZZ_CUTS_HPP
