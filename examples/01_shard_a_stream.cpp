// Prints every N-th line of standard input from line I on: one worker's share, in O(1) memory however long the stream.
//
//     seq 0 9 | example_01_shard_a_stream 1 3      # 1 4 7
#include <cstdio>
#include <string_view>

#include "weir/base/units.hpp"
#include "weir/data/rows.hpp"
#include "weir/data/split.hpp"

int main(int argc, char** argv) {
  const auto index = weir::parse_number<int>(argc > 1 ? argv[1] : "");
  const auto count = weir::parse_number<int>(argc > 2 ? argv[2] : "");
  if (!index || !count || *index < 0 || *count < 1)
    return std::fputs("usage: I N, with 0 <= I and 1 <= N\n", stderr), 2;

  weir::row_reader rows{weir::fd_source(0)};
  for (const std::string_view row : weir::shard(rows, *index, *count)) {
    std::fwrite(row.data(), 1, row.size(), stdout);
    std::putchar('\n');
  }
  if (!rows.status()) return std::fprintf(stderr, "%s\n", rows.status().error().detail.c_str()), 2;
  return std::fflush(stdout) == 0 ? 0 : 2;
}
