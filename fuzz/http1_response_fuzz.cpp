#include <cstddef>
#include <cstdint>

#include "http1_fuzz.hpp"
#include "weir/net/http1.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::http1(weir::http1_parser::role::response, data, size);
  return 0;
}
