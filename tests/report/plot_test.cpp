#include "weir/report/plot.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "catch.hpp"
#include "weir/report/plot_svg.hpp"
#include "weir/report/plot_terminal.hpp"

namespace {

std::string drawn(const weir::plot& p) {
  std::string out;
  weir::append_svg(out, p);
  return out;
}
std::size_t count(const std::string& text, const std::string& of) {
  std::size_t n = 0;
  for (auto at = text.find(of); at != text.npos; at = text.find(of, at + 1)) ++n;
  return n;
}

}  // namespace

TEST_CASE("plot: a scale has round ends that hold every value, and four to ten ticks", "[plot][property]") {
  for (const double low : {-7.3, 0.0, 0.02, 99.0, 1e9})
    for (const double width : {1e-3, 0.7, 3.0, 41.0, 12345.0}) {
      CAPTURE(low, width);
      const auto s = weir::scale_over({low, low + width}, false, false);
      CHECK(s.low <= low + 1e-9 * std::abs(low));
      CHECK(s.high >= low + width - 1e-9 * std::abs(low + width));
      CHECK((s.ticks.size() >= 4 && s.ticks.size() <= 10));
      CHECK(s.place(s.low) == Approx(0).margin(1e-9));
      CHECK(s.place(s.high) == Approx(1));
    }
  const auto log = weir::scale_over({3, 4500}, true, false);
  CHECK((log.low == 1 && log.high == 10000 && log.ticks.size() == 5));
  CHECK(log.place(100) == Approx(0.5));
  CHECK_FALSE(log.shows(0));
  CHECK(weir::scale_over({std::nan("")}, false, true).high == 1);  // nothing to show is no reason to fail
  CHECK(weir::scale_over({0.5, 10}, false, true).low == 0);
}

TEST_CASE("plot: a line breaks where a value is missing, and each point tells its numbers", "[plot]") {
  const double nan = std::nan("");
  weir::plot p{"Throughput & <more>", weir::plot_kind::lines, {"concurrency", false}, {"tokens/s", false}};
  p.series.push_back({"a", {1, 2, 3, 4}, {10, nan, 30, 40}, {9, nan, 28, 39}, {11, nan, 33, 41}});
  const auto svg = drawn(p);
  CHECK(svg.find("Throughput &amp; &lt;more&gt;") != svg.npos);
  CHECK(count(svg, "<circle") == 3);
  CHECK(svg.find("<title>a: 3, 30</title>") != svg.npos);
  const auto curve = svg.substr(svg.find("class=\"curve\""));
  const auto path = curve.substr(0, curve.find("/>"));
  CHECK(count(path, "M") == 2);  // before and after the gap
  CHECK(count(path, "L") == 1);
  CHECK(svg.find("nan") == svg.npos);
  CHECK(svg.find("class=\"band\"") != svg.npos);
}

TEST_CASE("plot: stacked bars stand on each other, and reach the height of their sum", "[plot]") {
  weir::plot p{"Ranks", weir::plot_kind::bars, {"rank", false}, {"ms", false}, {"0", "1"}};
  p.series = {{"compute", {}, {6, 4}}, {"exposed communication", {}, {2, 4}}};
  const auto scale = weir::value_scale(p);
  CHECK((scale.low == 0 && scale.high == 8));  // not 6: the sum counts
  const auto svg = drawn(p);
  CHECK(count(svg, "class=\"bar\"") == 4);
  // The plot's area is 296 high (44 to 340): 6 of 8 is 222, and what is on top of it is 74.
  CHECK(count(svg, "height=\"222.00\"") == 1);
  CHECK(count(svg, "y=\"44.00\" width=\"48.00\" height=\"74.00\"") == 1);
}

TEST_CASE("plot: a waterfall's first series without a name only moves the others", "[plot]") {
  weir::plot p{"Requests", weir::plot_kind::spans, {"ms", false}, {}, {"r1", "r2"}};
  p.series = {{"", {}, {0, 50}}, {"TTFT", {}, {50, 25}}};
  const auto svg = drawn(p);
  CHECK(count(svg, "class=\"bar\"") == 2);
  CHECK(count(svg, "class=\"legend") == 1);
  CHECK(svg.find("r2, TTFT: 25") != svg.npos);
}

TEST_CASE("plot: whiskers show the value and its interval, and a mark crosses them", "[plot]") {
  weir::plot p{"A/B", weir::plot_kind::whiskers, {"change (%)", false}, {}, {"ttft", "tpot"}};
  p.series = {{"", {}, {1.5, -3}, {0.5, -4}, {2.5, -2}}};
  p.marks = {{0, true, "no change"}};
  const auto svg = drawn(p);
  CHECK(count(svg, "class=\"whisker\"") == 6);
  CHECK(count(svg, "class=\"mark\"") == 1);
  CHECK(count(svg, "<circle") == 2);
  p.marks.push_back({0.1, true, "threshold"});  // beside it: the words stand below those of the first
  const auto two = drawn(p);
  const auto line_of = [&](const std::string& words) {
    const auto end = two.find(">" + words + "<"), y = two.rfind(" y=\"", end);
    return two.substr(y, two.find('"', y + 4) - y);
  };
  CHECK(line_of("no change") == " y=\"56.00");
  CHECK(line_of("threshold") == " y=\"70.00");
}

TEST_CASE("plot: names in the legend do not run into each other, and take rows as they need", "[plot]") {
  weir::plot p{.title = "t", .x = {"x"}, .y = {"y"}};
  for (const auto* name :
       {"output_tok_s_gpu", "output_tok_s_gpu, dominated", "", "total_tok_s_gpu", "total_tok_s_gpu, dominated"})
    p.series.push_back({name, {1}, {1}});
  const auto places = weir::detail::legend_places(p.series, 670);
  for (std::size_t i = 0; i < places.size(); ++i)
    for (std::size_t k = 0; k < i; ++k) {
      if (p.series[i].name.empty() || p.series[k].name.empty() || places[i].row != places[k].row) continue;
      CHECK(places[i].x >= places[k].x + 14 + weir::detail::label_width(p.series[k].name));
      CHECK(places[i].x + 14 + weir::detail::label_width(p.series[i].name) <= 670);
    }
  CHECK((places.front().row == 0 && places.back().row == 1));
}

TEST_CASE("plot: long names keep both their ends, wide characters count two columns", "[plot]") {
  using weir::detail::shortened_label;
  CHECK(shortened_label("short", 5) == "short");
  CHECK(shortened_label("meta-llama/Llama-3.1-70B", 11) ==
        "meta-\xE2\x80\xA6"
        "1-70B");
  const auto cut = shortened_label("\xE6\xA8\xA1\xE5\x9E\x8B\xE6\xA8\xA1\xE5\x9E\x8B\xE6\xA8\xA1\xE5\x9E\x8B",
                                   6);  // six of two columns
  CHECK(weir::display_width(cut) <= 6);
  CHECK(weir::is_utf8(cut));
  weir::plot p{.title = "b", .kind = weir::plot_kind::bars, .x = {"model"}, .y = {"1/s"}};
  for (int i = 0; i < 8; ++i) p.categories.push_back("a-model-with-a-long-name-" + std::to_string(i));
  p.series = {{.name = "s", .x = {}, .y = std::vector<double>(8, 1)}};
  CHECK(count(drawn(p), "rotate(-45") == 8);
}

TEST_CASE("plot: points have their names beside them, and their tips where there is no room", "[plot]") {
  weir::plot p{.title = "p", .x = {"x"}, .y = {"y"}};
  p.series = {{.name = "s", .x = {1, 1, 2}, .y = {5, 5, 9}, .labels = {"c1", "c2", "c4"}}};
  const auto svg = drawn(p);
  CHECK(count(svg, ">c1</text>") == 1);
  CHECK(count(svg, ">c2</text>") == 0);  // c1 stands there
  CHECK(count(svg, ">c4</text>") == 1);
  for (const auto* tip : {"<title>c1, s: 1, 5<", "<title>c2, s: 1, 5<", "<title>c4, s: 2, 9<"})
    CHECK(count(svg, tip) == 1);
}

TEST_CASE("plot: hostile names and empty plots give whole XML", "[plot][hostile]") {
  weir::plot p{std::string("a\0b\x01", 4), weir::plot_kind::lines, {}, {}};
  p.series.push_back({"<script>alert('x')</script>", {1}, {std::numeric_limits<double>::infinity()}});
  const auto svg = drawn(p);
  CHECK(svg.find("<script") == svg.npos);
  CHECK(svg.find('\x01') == svg.npos);
  CHECK(svg.find("inf") == svg.npos);
  CHECK(drawn({"empty", weir::plot_kind::lines, {}, {}}).find("no data") != std::string::npos);
}

TEST_CASE("plot: a waterfall of characters is a row a request, its parts behind each other", "[plot]") {
  weir::plot p{.title = "w", .kind = weir::plot_kind::spans, .x = {"ms"}, .y = {}};
  p.categories = {"1", "2"};
  p.series = {{"", {}, {0, 50}}, {"wait", {}, {50, 25}}, {"answer", {}, {50, 25}}};
  std::string text;
  weir::append_terminal(text, p, {.width = 56, .ascii = true});  // 41 columns for 100 ms
  CHECK(text.find("1 |" + std::string(21, '-') + std::string(20, '=') + " 100\n") != text.npos);
  CHECK(text.find("2 |" + std::string(21, ' ') + std::string(10, '-') + std::string(10, '=') + " 100\n") != text.npos);
  CHECK(text.find("- wait  = answer\n") != text.npos);
}

TEST_CASE("plot: whiskers of characters reach from low to high, round the value", "[plot]") {
  weir::plot p{.title = "ab", .kind = weir::plot_kind::whiskers, .x = {"%"}, .y = {}};
  p.categories = {"a"};
  p.series = {{.name = "", .x = {}, .y = {5}, .low = {0}, .high = {10}}};
  std::string text;
  weir::append_terminal(text, p, {.width = 56, .ascii = true});
  const auto low = text.find('|'), value = text.find('o'), high = text.rfind('|');
  CHECK((low < value && value < high));
  CHECK(high - low == 2 * (value - low));
  CHECK(text.find(" 5\n") != text.npos);
  CHECK(text.find("(log)") == text.npos);
  p.x.log = true, p.series[0].low = {1};
  text.clear();
  weir::append_terminal(text, p, {.width = 56, .ascii = true});
  CHECK(text.find("1 .. 10  % (log)\n") != text.npos);
}

TEST_CASE("plot: lines of characters have a letter or a colour each, and Braille only where one is enough", "[plot]") {
  weir::plot p{.title = "l", .x = {"x"}, .y = {"y"}};
  p.series = {{"up", {0, 1}, {0, 1}}, {"down", {0, 1}, {1, 0}}};
  std::string letters, colors, one;
  weir::append_terminal(letters, p, {.width = 60});
  CHECK((letters.find('*') != letters.npos && letters.find('o') != letters.npos));
  CHECK(letters.find("* up  o down") != letters.npos);
  weir::append_terminal(colors, p, {.width = 60, .color = true});
  CHECK((colors.find("\x1b[34m\xE2") != colors.npos && colors.find("\x1b[31m\xE2") != colors.npos));
  CHECK(colors.find("\x1b[31mdown\x1b[0m") != colors.npos);
  p.series.pop_back();
  weir::append_terminal(one, p, {.width = 60});
  CHECK(one.find("\xE2\xA0") != one.npos);
  CHECK(one.find('\x1b') == one.npos);
}
