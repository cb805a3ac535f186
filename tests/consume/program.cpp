// What somebody's program looks like that takes a block from several rooms. It prints one line that the tests know.
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/json_write.hpp"
#include "weir/data/split.hpp"
#include "weir/net/sse.hpp"
#include "weir/openai/chunk.hpp"
#include "weir/stats/percentile.hpp"

int main() {
  const std::vector<int> rows{0, 1, 2, 3, 4, 5, 6};
  for (const int row : weir::shard(rows, 1, 3)) std::printf("%d ", row);

  std::string data;
  weir::sse_parser parser;
  const auto events = parser.feed("data: {\"a\":1}\n\ndata: [DONE]\n\n",
                                  [&](const weir::sse_parser::event& e) { weir::append_json_string(data, e.data); });
  weir::chunk_parser chunks;
  const auto chunk = chunks.parse(std::string_view(R"({"choices":[{"index":0,"text":"yes"}]})"));
  const std::string text(chunk && !(*chunk)->choices.empty() ? (*chunk)->choices[0].text : "no");

  const std::vector<double> ascending{1, 2, 4};
  std::printf("%zu %s %s %g\n", events ? *events : 0, data.c_str(), text.c_str(), weir::percentile(ascending, 50));
}
