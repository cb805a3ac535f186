#include "weir/observe/prometheus.hpp"

#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"

namespace {

struct seen {
  std::string name, labels;
  double value;
};

std::vector<seen> samples(std::string_view text) {
  std::vector<seen> all;
  const auto read = weir::read_prometheus(text, [&](const weir::metric_sample& s) {
    all.push_back({std::string(s.name), std::string(s.labels), s.value});
  });
  REQUIRE(read);
  return all;
}

}  // namespace

// The example of Prometheus's own page "Exposition formats".
TEST_CASE("prometheus: the example of the format's page is read line by line", "[observe]") {
  const auto all = samples(
      "# HELP http_requests_total The total number of HTTP requests.\n"
      "# TYPE http_requests_total counter\n"
      "http_requests_total{method=\"post\",code=\"200\"} 1027 1395066363000\n"
      "http_requests_total{method=\"post\",code=\"400\"}    3 1395066363000\n"
      "\n"
      "# Escaping in label values:\n"
      "msdos_file_access_time_seconds{path=\"C:\\\\DIR\\\\FILE.TXT\",error=\"Cannot find file:\\n\\\"FILE.TXT\\\"\"} "
      "1.458255915e9\n"
      "# Minimalistic line:\n"
      "metric_without_timestamp_and_labels 12.47\n"
      "# A weird metric from before the epoch:\n"
      "something_weird{problem=\"division by zero\"} +Inf -3982045\n"
      "rpc_duration_seconds_count 2693\n");
  REQUIRE(all.size() == 6);
  CHECK(all[0].value == 1027);
  CHECK(weir::label_of(all[1].labels, "code") == "400");
  CHECK(weir::label_of(all[2].labels, "path") == "C:\\DIR\\FILE.TXT");
  CHECK(weir::label_of(all[2].labels, "error") == "Cannot find file:\n\"FILE.TXT\"");
  CHECK(all[2].value == 1.458255915e9);
  CHECK(all[3].labels.empty());
  CHECK(all[3].value == 12.47);
  CHECK(std::isinf(all[4].value));
  CHECK_FALSE(weir::label_of(all[4].labels, "method"));
}

TEST_CASE("prometheus: a brace, a comma or an equals sign inside of a label's value ends nothing", "[observe]") {
  const auto all = samples("m{a=\"x}y\",b=\"1,c=\\\"2\\\"\"} 5\n");
  REQUIRE(all.size() == 1);
  CHECK(all[0].value == 5);
  CHECK(weir::label_of(all[0].labels, "a") == "x}y");
  CHECK(weir::label_of(all[0].labels, "b") == "1,c=\"2\"");
  CHECK_FALSE(weir::label_of(all[0].labels, "c"));
}

TEST_CASE("prometheus: CRLF, tabs, a last line without its end, exemplars and NaN are understood", "[observe]") {
  const auto all = samples("a\t1\r\nb {x=\"1\"} 2 # {trace_id=\"z\"} 0.67\n  c NaN");
  REQUIRE(all.size() == 3);
  CHECK(all[0].value == 1);
  CHECK(all[1].value == 2);
  CHECK(std::isnan(all[2].value));
}

TEST_CASE("prometheus: what is no sample is refused with its line", "[observe]") {
  const auto line = GENERATE(as<std::string>{}, "name", "name{a=\"b\" 1", "name{a=\"b\"}", "name x", "{a=\"b\"} 1",
                             "name 1x", "<html>", "name{a=\"} 1");
  CAPTURE(line);
  const auto read = weir::read_prometheus("good 1\n" + line + "\n", [](const weir::metric_sample&) {});
  REQUIRE_FALSE(read);
  CHECK(read.error().code == weir::errc::parse);
  CHECK(read.error().detail.find("line 2") != std::string::npos);
}

TEST_CASE("prometheus: no cut of a text makes the reader see what is not there", "[observe][property]") {
  const std::string text = "a{x=\"1\",y=\"\\\"}\"} 1.5e3\nb 2\n";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const auto ok = weir::read_prometheus(text.substr(0, cut), [&](const weir::metric_sample& s) {
      CHECK((s.name == "a" || s.name == "b"));
      (void)weir::label_of(s.labels, "y");
    });
    (void)ok;
  }
  for (std::size_t cut = 0; cut <= 20; ++cut) (void)weir::label_of(text.substr(2, cut), "y");
}
