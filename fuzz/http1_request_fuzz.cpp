#include "http1_fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::http1(weir::http1_parser::role::request, data, size);
  return 0;
}
