// What weir's reader alone costs: every record of a file through record_reader, every field in its place, nothing kept.
// The counterpart of bare.cpp.
#include "weir/record/read.hpp"

#include <cstdint>
#include <cstdio>

#include "weir/data/rows.hpp"

int main(int, char** argv) {
  auto rows = weir::open_rows(argv[1]);
  weir::record_reader reader({.text = false, .events = true});
  std::int64_t sum = 0;
  if (!rows) return 2;
  const auto seen = weir::read_records(*rows, argv[1], reader, [&](weir::record_type type) {
    const auto& r = reader.request();
    if (type == weir::record_type::request) sum += r.t_last_ns + static_cast<std::int64_t>(r.events.size());
  });
  std::printf("%lld\n", static_cast<long long>(sum));
  return seen ? 0 : 2;
}
