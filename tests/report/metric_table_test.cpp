#include "weir/report/metric_table.hpp"

#include <cmath>
#include <string>
#include <vector>

#include "catch.hpp"

namespace {

weir::metric_record number(std::string name, double value, std::string unit = "us") {
  weir::metric_record m;
  m.name = std::move(name), m.value = value, m.unit = std::move(unit);
  return m;
}

std::vector<std::string> row_of(const weir::table& t, std::size_t row) {
  std::vector<std::string> out;
  for (const auto& c : t.rows.at(row))
    out.push_back(c.is(weir::cell::kind::missing) ? "(" + std::string(c.reason()) + ")" : std::string(c.shown()));
  return out;
}

}  // namespace

TEST_CASE("metric_table: labels are columns, and what a record does not have is empty", "[report]") {
  auto a = number("kernel_us", 8.5), b = number("copy_gb_s", 2950, "GB/s"), c = number("kernel_us", std::nan(""));
  a.labels = {{"device", "H100"}, {"m", "1"}}, b.labels = {{"device", "H100"}}, c.labels = {{"m", "9"}};
  c.reason = "no kernel";
  const auto t = weir::metric_table({a, b, c}, true);
  std::vector<std::string> heads;
  for (const auto& column : t.columns) heads.push_back(column.header());
  CHECK(heads == std::vector<std::string>{"device", "m", "name", "value", "unit", "reason"});
  CHECK(t.keys == 3);
  CHECK(row_of(t, 0) == std::vector<std::string>{"H100", "1", "kernel_us", "8.5000", "us", ""});
  CHECK(row_of(t, 1) == std::vector<std::string>{"H100", "", "copy_gb_s", "2950", "GB/s", ""});
  CHECK(row_of(t, 2) == std::vector<std::string>{"", "9", "kernel_us", "(no kernel)", "us", "no kernel"});
}

TEST_CASE("metric_table: a number has five significant digits, and no reason is not silence", "[report]") {
  const auto shown = [](double value) { return row_of(weir::metric_table({number("x", value)}, false), 0)[1]; };
  CHECK(shown(12345.678) == "12346");
  CHECK(shown(1234.5678) == "1234.6");
  CHECK(shown(0.0012345678) == "0.0012346");
  CHECK(shown(-9.87654321) == "-9.8765");
  CHECK(shown(0) == "0");
  CHECK(shown(1e9) == "1000000000");
  CHECK(shown(1.25e-9) == "0.0000000012500");
  CHECK(shown(std::nan("")) == "(the record does not say why)");
}
