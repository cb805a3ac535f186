// tools/kernels_request.hpp - weir-kernels' options as values. Needs weir/kernels.
#ifndef WEIR_TOOLS_KERNELS_REQUEST_HPP
#define WEIR_TOOLS_KERNELS_REQUEST_HPP

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli.hpp"
#include "weir/base/result.hpp"
#include "weir/base/units.hpp"
#include "weir/kernels/format.hpp"
#include "weir/kernels/lab/bench.hpp"
#include "weir/kernels/lab/stack.hpp"

namespace weir::tool {

inline failure usage(std::string what) {
  return {errc::invalid_argument, std::move(what) + "\ntry 'weir-kernels --help'"};
}

/// Calls take(word) for each word between commas, until one fails.
template <class Take>
result<void> each_word(std::string_view list, Take take) {
  while (true) {
    const auto comma = list.find(',');
    if (const result<void> taken = take(list.substr(0, comma)); !taken) return taken;
    if (comma == list.npos) return {};
    list.remove_prefix(comma + 1);
  }
}

/// What the options amount to.
struct request {
  std::vector<kernels::format> formats;
  std::vector<std::int64_t> tokens;
  std::int32_t group = 128;
  kernels::lab::bench_options timing;
  bool early = false;
  kernels::lab::stack how;
  std::int64_t prompt = 0, context = 0;  ///< Of a step that is predicted.
};

inline result<request> read_request(const arguments& args) {
  request r;
  const auto format = [&r](std::string_view word) -> result<void> {
    for (const kernels::format f : kernels::formats)
      if (word == kernels::name(f)) return r.formats.push_back(f), result<void>{};
    return usage("--format: '" + std::string(word) + "' is none of bf16, w8a16, w8a8, w8a8-fp8, w4a16, w4a8, w4a4");
  };
  const auto token = [&r](std::string_view word) -> result<void> {
    const auto m = parse_number<std::int64_t>(word);
    if (!m || *m < 1 || *m > 1 << 20) return usage("--m: '" + std::string(word) + "' is no number of tokens");
    r.tokens.push_back(*m);
    return {};
  };
  if (const auto read = each_word(args.get("format", "bf16,w8a16,w8a8,w8a8-fp8,w4a16,w4a8,w4a4"), format); !read)
    return read.error();
  if (const auto read = each_word(args.get("batch", "1,8,64"), token); !read) return read.error();
  const auto group = args.number<std::int32_t>("group", 128);
  const auto rounds = args.number<std::int32_t>("rounds", 11);
  if (!group || (*group != 0 && *group != 32 && *group != 64 && *group != 128))
    return usage("--group is 0, 32, 64 or 128");
  if (!rounds || *rounds < 1) return usage("--rounds is at least 1");
  const auto kernels = args.number<std::int32_t>("kernels", 0);
  const auto prompt = args.number<std::int64_t>("prompt", 0);
  if (!kernels || *kernels < 0) return usage("--kernels is a number of kernels");
  if (!prompt || *prompt < 0 || *prompt > 1 << 24) return usage("--prompt is a number of tokens");
  const auto context = args.number<std::int64_t>("context", *prompt > 0 ? 0 : 1024);
  if (!context || *context < 0 || *context > 1 << 24) return usage("--context is a number of tokens");
  r.how = {args.get("stack", "merged") == "merged", *kernels}, r.prompt = *prompt, r.context = *context;
  r.early = args.has("early");
  r.group = *group, r.timing.rounds = *rounds, r.timing.cold = !args.has("warm");
  return r;
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_KERNELS_REQUEST_HPP
