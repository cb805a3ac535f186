#include "weir/report/html.hpp"

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "catch.hpp"
#include "weir/report/pivot.hpp"
#include "weir/report/plot_gnuplot.hpp"
#include "weir/report/plot_terminal.hpp"
#include "weir/report/report_page.hpp"
#include "weir/report/table_data.hpp"
#include "weir/report/table_latex.hpp"
#include "weir/report/trace_events.hpp"

namespace {

std::size_t count(const std::string& text, const std::string& of) {
  std::size_t n = 0;
  for (auto at = text.find(of); at != text.npos; at = text.find(of, at + 1)) ++n;
  return n;
}

weir::request_log log_of(std::size_t requests) {
  weir::request_log log;
  for (std::size_t i = 0; i < requests; ++i) {
    weir::request_record r;
    const auto at = static_cast<std::int64_t>(i) * 10'000'000;
    r.t_send_ns = at;
    r.t_first_ns = at + 50'000'000;
    r.t_last_ns = at + 150'000'000;
    r.tokens_out = 11;
    log.add(r, i % 2 == 0 ? "0" : "1");
  }
  return log;
}

}  // namespace

TEST_CASE("html: a page loads nothing from outside, and hostile names stay text", "[html][hostile]") {
  weir::html_page page{.title = "a</title><script>alert(1)</script>",
                       .facts = {"<b>x</b>"},
                       .tables = {},
                       .plots = {},
                       .notes = {"& <i>"},
                       .definitions = {}};
  page.tables.push_back({"t<",
                         {{"name", "", weir::side::left}, {"p99", "ms"}},
                         {{weir::cell::text("<img src=x onerror=1>"), weir::cell::missing("no \"value\"")}}});
  weir::plot p{.title = "</script><script>alert(2)</script>", .x = {}, .y = {}};
  p.series.push_back({"</script>", {1, 2}, {3, 4}});
  page.plots.push_back(p);
  const auto html = weir::render_html(page);
  CHECK(html.find("alert(1)</script>") == html.npos);
  CHECK(html.find("<img") == html.npos);
  CHECK(html.find("alert(2)</script>") == html.npos);
  CHECK(count(html, "<script") == 2);  // the plot's numbers, and our own
  CHECK(count(html, "</script>") == 2);
  for (const auto* outside : {" src=\"", "href=\"http", "url(", "@import"}) CHECK(html.find(outside) == html.npos);
  CHECK(html.find("title=\"no &quot;value&quot;\"") != html.npos);
  CHECK(html.find("data-p=\"p99\"") != html.npos);
  CHECK(weir::detail::percentile_class("adj_p99.9") == "p99.9");  // the picker turns these columns off too
  CHECK(weir::detail::percentile_class("prompts").empty());
  CHECK(count(html, "class=\"view\"") == 2);  // linear and logarithmic
}

TEST_CASE("html: the tables have the digits that every other format has", "[html]") {
  const weir::table t{"t",
                      {{"name", "", weir::side::left}, {"x", "ms"}},
                      {{weir::cell::text("r_1 & 50%"), weir::cell::number(1234.5678, 2)}}};
  std::string html, latex;
  weir::append_html(html, t);
  weir::append_latex(latex, t);
  CHECK(html.find("<td>1234.57</td>") != html.npos);
  CHECK(latex ==
        "% t\n\\begin{tabular}{lr}\n\\hline\nname & x (ms) \\\\\n\\hline\nr\\_1 \\& 50\\% & 1234.57 "
        "\\\\\n\\hline\n\\end{tabular}\n");
}

TEST_CASE("html: why values are missing stands below a table, each reason once with its columns", "[html]") {
  weir::table t{"t", {{"a"}, {"b"}, {"c"}}};
  t.rows = {{weir::cell::missing("not <asked>"), weir::cell::count(1), weir::cell::missing("not sent")},
            {weir::cell::missing("not <asked>"), weir::cell::missing("not <asked>"), weir::cell::count(2)}};
  std::string out;
  weir::append_html(out, t);
  CHECK(
      out.find(
          "<ul class=\"why\"><li>\xE2\x80\x93 not &lt;asked&gt; (a, b)</li><li>\xE2\x80\x93 not sent (c)</li></ul>") !=
      out.npos);
  t.rows = {{weir::cell::count(1), weir::cell::count(1), weir::cell::count(1)}};
  out.clear();
  weir::append_html(out, t);
  CHECK(out.find("why") == out.npos);
}

TEST_CASE("html: plots of a run have the times and rates of its requests", "[html]") {
  const auto log = log_of(200);
  const auto cdf = weir::cdf_plot(log);
  REQUIRE(cdf.series.size() == 3);
  CHECK(cdf.series[0].x.front() == Approx(50));  // each TTFT is 50 ms
  CHECK(cdf.series[1].x.back() == Approx(10));   // 100 ms for the 10 tokens after the first
  CHECK(cdf.series[2].x.back() == Approx(150));
  CHECK(cdf.series[2].y.back() == Approx(100));
  const auto rate = weir::throughput_over_time(log);
  REQUIRE(rate.series.size() == 1);
  CHECK(rate.series[0].y[30] == Approx(1100).epsilon(0.15));  // 100 requests a second of 11 tokens
  double tokens = 0;
  for (const double y : rate.series[0].y) tokens += y * (199 * 0.01 + 0.15) / 60;
  CHECK(tokens == Approx(200 * 11).epsilon(1e-9));  // none is lost and none is made
  const auto falls = weir::waterfall_plot(log, 5);
  CHECK(falls.categories.size() == 5);
  CHECK(falls.series[0].y[4] == Approx(40));
  CHECK(falls.series[2].y[4] == Approx(50));
  CHECK(falls.series[3].y[4] == Approx(100));
}

TEST_CASE("html: no requests, or one, are pictures without numbers", "[html]") {
  for (const std::size_t n : {0U, 1U}) {
    const auto log = log_of(n);
    std::string svg;
    for (const auto& p : {weir::cdf_plot(log), weir::latency_over_time(log), weir::throughput_over_time(log),
                          weir::waterfall_plot(log)})
      append_svg(svg, p);
    CHECK(svg.find("nan") == svg.npos);
    CHECK(svg.find("inf") == svg.npos);
  }
}

TEST_CASE("html: a trace has each request in a row of its own while it lasts", "[html]") {
  std::string json;
  weir::append_trace_events(json, log_of(30));
  CHECK(count(json, "\"name\":\"request\"") == 30);
  CHECK(count(json, "\"name\":\"process_name\"") == 2);
  CHECK(json.find("\"tid\":8") != json.npos);  // 150 ms each, one every 20 ms an instance: eight at a time
  CHECK(json.find("\"tid\":9") == json.npos);
  CHECK(count(json, "\"ph\":\"C\"") == 60);
  CHECK(json.find("\"requests\":0") != json.npos);
}

TEST_CASE("html: what was sampled stands in the trace, and what counts up as its rate", "[html]") {
  auto log = log_of(4);
  for (int i = 0; i < 3; ++i)
    log.add(weir::sample_record{i * 1'000'000'000 - 500'000'000,
                                "GPU-1",
                                "1",
                                {{"watts", 200.5}, {"joules", 1000 + 300.0 * i}, {"busy_percent", std::nan("")}}});
  log.add(
      weir::sample_record{0, "/metrics", "", {{"vllm:num_requests_running", 3}, {"vllm:generation_tokens_total", 50}}});
  log.add(weir::sample_record{2'000'000'000, "/metrics", "", {{"vllm:generation_tokens_total", 40}}});  // began again
  log.sort();
  std::string json;
  weir::append_trace_events(json, log);
  CHECK(count(json, R"("name":"GPU-1 watts")") == 3);
  CHECK(count(json, R"("value":200.5)") == 3);
  CHECK(count(json, R"("name":"GPU-1 W, from joules")") == 2);
  CHECK(count(json, R"("value":300})") == 2);
  CHECK(json.find("busy_percent") == json.npos);
  CHECK(count(json, R"("name":"/metrics vllm:num_requests_running")") == 1);
  CHECK(json.find("generation_tokens_total / s") == json.npos);
  CHECK(json.find("\"ts\":-") == json.npos);  // the first sample is the zero
  CHECK(count(json, R"({"name":"host"})") == 1);
}

TEST_CASE("html: plots by load have the ideal, the share of it, and the bound that was to be kept", "[html]") {
  weir::summary s;
  s.keys = {"file"};
  s.goals = true;
  s.level.ttft_ms = 80;
  const auto group = [&](const std::string& name, double rate, double good, double low, double middle, double high) {
    weir::figure_list list;
    list.number("output_tokens_per_s", "1/s", rate, 2);
    list.number("requests_per_s", "1/s", rate / 10, 2);
    list.number("goodput_requests_per_s", "1/s", good, 2);
    list.number("ttft_p10_ms", "ms", low, 3), list.number("ttft_p50_ms", "ms", middle, 3);
    list.number("ttft_p90_ms", "ms", high, 3), list.number("ttft_p99_ms", "ms", 2 * high, 3);
    s.groups.push_back({{name}, std::move(list).take()});
  };
  group("c8.jsonl", 480, 40, 50, 60, 90), group("c1.jsonl", 100, 10, 40, 50, 55),
      group("c2.jsonl", 180, 18, 41, 51, 60);
  group("all", 0, 0, 0, 0, 0);
  const auto drawn = [&](const char* name) { return weir::plot_named(name, s, {}, 1).value(); };
  using values = std::vector<double>;
  const auto scaling = drawn("scaling"), efficiency = drawn("efficiency");
  CHECK(scaling.series[0].x == values{1, 2, 8});
  CHECK(scaling.series[0].y == values{100, 180, 480});
  CHECK(scaling.series[1].y == values{100, 200, 800});
  CHECK(efficiency.series[0].y == values{100, 90, 60});
  CHECK(efficiency.series[1].y == values{100, 100, 100});
  CHECK(drawn("goodput").series[0].y == values{10, 18, 40});
  CHECK(drawn("goodput").series[1].y == values{10, 18, 48});
  const auto load = drawn("load");
  CHECK(load.series[0].y == values{50, 51, 60});
  CHECK(load.series[0].low == values{40, 41, 50});
  CHECK(load.series[0].high == values{55, 60, 90});
  CHECK((load.series[1].name == "p99" && load.series[1].dashed));
  REQUIRE(load.marks.size() == 1);
  CHECK((load.marks[0].at == 80 && !load.marks[0].vertical));
  CHECK(drawn("load-tpot").marks.empty());
  const auto named = [&](std::vector<const char*> names) {
    for (std::size_t i = 0; i < names.size(); ++i) s.groups[i].labels = {names[i]};
    const auto p = weir::plot_named("scaling", s, {}, 1);
    return p ? p->series[0].x : values{};
  };
  // What all names begin with is no step of a load, be it a number itself.
  CHECK(named({"run7/c16.jsonl", "run7/c1.jsonl", "run7/c128.jsonl"}) == values{1, 16, 128});
  CHECK(named({"c4/shard0.jsonl", "c2/shard0.jsonl", "c8/shard0.jsonl"}) == values{2, 4, 8});
  CHECK(named({"rate-0.25", "rate-0.5", "rate-0.125"}) == values{0.125, 0.25, 0.5});
  CHECK(named({"c1", "c2", "warm"}).empty());
  const auto axis = [&](std::vector<const char*> names) {
    for (std::size_t i = 0; i < names.size(); ++i) s.groups[i].labels = {names[i]};
    return weir::plot_named("scaling", s, {}, 1)->x.label;
  };
  CHECK(axis({"run7/c16.jsonl", "run7/c1.jsonl", "run7/c128.jsonl"}) == "N of cN.jsonl");
  CHECK(axis({"rate-0.25", "rate-0.5", "rate-0.125"}) == "N of rate-N");
  CHECK(axis({"1", "2", "4"}) == "file");
  CHECK(axis({"a1.jsonl", "b2.jsonl", "c4.jsonl"}) == "number in the name of file");
  CHECK(named({"c1/a", "c1/b", "c2/a"}).empty());
  // TTFT and TPOT stand beside each other: a sum of the two means nothing.
  const auto by_group = drawn("latency");
  CHECK(by_group.categories ==
        std::vector<std::string>{"TTFT, c1/a", "TTFT, c1/b", "TTFT, c2/a", "TPOT, c1/a", "TPOT, c1/b", "TPOT, c2/a"});
  CHECK(std::vector(by_group.series[0].y.begin(), by_group.series[0].y.begin() + 3) == values{60, 50, 51});
  CHECK(std::vector(by_group.series[0].high.begin(), by_group.series[0].high.begin() + 3) == values{90, 55, 60});
  CHECK(std::isnan(by_group.series[0].y[3]));
  s.goals = false;
  CHECK_FALSE(weir::plot_named("goodput", s, {}, 1));
  CHECK_FALSE(weir::plot_named("no such plot", s, {}, 1));
}

TEST_CASE("html: gnuplot scripts hold their numbers, with gaps as NaN", "[html]") {
  weir::plot p{.title = "a \"quoted\" title", .x = {"x", true}, .y = {"y", false}};
  p.series.push_back({"s", {1, 10}, {3, std::nan("")}});
  std::string script;
  weir::append_gnuplot(script, p);
  CHECK(script.find("set title \"a \\\"quoted\\\" title\"") != script.npos);
  CHECK(script.find("set termoption noenhanced") < script.find("set title"));  // output_tok_s_gpu has no subscripts
  CHECK(script.find("1 3 3 3") != script.npos);
  CHECK(script.find("10 NaN") != script.npos);
  CHECK(script.find("set logscale x") != script.npos);
}

TEST_CASE("html: a plot of characters shows a rising line from left to right", "[html]") {
  weir::plot p{.title = "t", .x = {"x", false}, .y = {"y", false}};
  p.series.push_back({"s", {0, 1}, {0, 10}});
  std::string text;
  weir::append_terminal(text, p, {.width = 60, .ascii = true});
  const auto lines = count(text, "\n");
  CHECK(lines >= 16);
  const auto first = text.find(" |"), last = text.rfind(" |");
  CHECK(text.find('*', first) - first > 40);  // high at the right
  CHECK(text.find('*', last) - last < 10);    // low at the left
  for (const char c : text) CHECK(static_cast<unsigned char>(c) < 0x80);
}

TEST_CASE("pareto: what another beats in both is grey, and a group without a TPOT is no point and beats none",
          "[html]") {
  weir::summary s;
  s.keys = {"file"};
  const auto group = [&](const char* file, double tpot_ms, double tokens_per_s) {
    weir::figure_list list;
    list.number_or("tpot_p50_ms", "ms", tpot_ms, 3, "no answer was streamed");
    list.number("output_tokens_per_s", "1/s", tokens_per_s, 2), list.number("total_tokens_per_s", "1/s", 1, 2);
    s.groups.push_back({{file}, std::move(list).take()});
  };
  for (int i = 0; i < 20; ++i) group("whole", std::nan(""), 900);  // enough to upset a sort
  group("fast", 10, 100), group("full", 20, 400), group("worse", 25, 300), group("at once", 0, 500), group("", 1, 1);
  const auto p = weir::pareto_plot(s, 2);
  REQUIRE(p.series[1].name == "output_tok_s_gpu, dominated");
  CHECK(p.series[0].labels == std::vector<std::string>{"full", "fast"});
  CHECK((p.series[0].x == std::vector<double>{50, 100} && p.series[0].y == std::vector<double>{200, 50}));
  CHECK(p.series[1].labels == std::vector<std::string>{"worse"});
}

TEST_CASE("pivot: rows and columns by two keys, speed-up against a base, missing cells said", "[html]") {
  weir::summary s;
  s.keys = {"model", "file"};
  const auto group = [&](const char* model, const char* format, double ms) {
    weir::figure_list list;
    list.number("e2el_p50_ms", "ms", ms, 3);
    s.groups.push_back({{model, format}, std::move(list).take()});
  };
  group("a", "bf16", 100), group("a", "w8a8", 50), group("b", "w8a8", 30), group("", "", 0);
  const auto t = weir::pivot(s, "e2el_p50_ms", "bf16");
  REQUIRE(t);
  std::string csv;
  weir::append_csv(csv, *t);
  CHECK(csv == "model,bf16 (ms),w8a8 (ms),w8a8 speed-up (x)\na,100.000,50.000,2.00\nb,,30.000,\n");
  CHECK(t->title == "e2el_p50_ms by model and file, speed-up against bf16");
  CHECK(t->rows[1][1].reason() == "no such run");
  CHECK_FALSE(weir::pivot(s, "none"));
  CHECK(weir::pivot(s, "e2el_p50_ms", "int4").error().detail ==
        "no group has file 'int4' to compare with; there is bf16 and w8a8, say");
  s.keys = {"model"};
  CHECK_FALSE(weir::pivot(s, "e2el_p50_ms"));
}
