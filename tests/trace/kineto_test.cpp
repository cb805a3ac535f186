#include "weir/trace/kineto.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "weir/data/source.hpp"
#include "weir/data/window.hpp"

namespace {

const auto everything = [](std::string_view) { return true; };

struct outcome_of {
  std::vector<std::string> names;
  std::vector<std::int64_t> begins;
  weir::stream_summary summary;
  bool ok = false;
};

template <class Source>
outcome_of read_from(Source source, std::size_t window) {
  outcome_of out;
  weir::kineto_reader reader(std::move(source), window);
  out.ok = static_cast<bool>(reader.read(everything, [&](const weir::kineto_event& e) {
    out.names.emplace_back(e.name);
    out.begins.push_back(e.t_ns);
  }));
  out.summary = reader.summary();
  return out;
}

/// Reads `trace` through a window of `window` bytes that is filled `step` bytes at a time.
outcome_of read(std::string_view trace, std::size_t window = 64, std::size_t step = std::string_view::npos) {
  return read_from(weir::memory_source(trace, step), window);
}

/// Reads `trace` where it lies, behind it what must not be used: quotes and brackets.
outcome_of read_in_place(std::string trace) {
  const std::size_t size = trace.size();
  for (std::size_t i = 0; i < weir::row_padding; ++i) trace += "\"{]}"[i % 4];
  return read_from(weir::padded_memory{{trace.data(), size}}, 0);
}

}  // namespace

TEST_CASE("kineto: microseconds become nanoseconds exactly, and nothing else is a time", "[trace]") {
  CHECK(weir::exact_ns("4461810182019.683") == 4461810182019683);
  CHECK(weir::exact_ns("1712195495505583.0") == 1712195495505583000);
  CHECK(weir::exact_ns("1694128201436249") == 1694128201436249000);
  CHECK(weir::exact_ns("0.0019") == 1);
  CHECK(weir::exact_ns("-3.5") == -3500);
  for (const char* bad : {"", ".", "-", "NaN", "1e3", "1.2.3", "99999999999999999999", "9223372036854775.808"})
    CHECK_FALSE(weir::exact_ns(bad));
}

TEST_CASE("kineto: the events do not depend on the window, nor on how bytes come", "[trace][property]") {
  const std::string trace =
      R"({"schemaVersion": 1, "deviceProperties": [{"id": 0, "name": "a \"B\" {"}],
  "traceEvents": [
  {"ph": "X", "cat": "kernel", "name": "gemm<[{\"x\\", "pid": 0, "tid": 7, "ts": 10.5, "dur": 2, "args": {"grid": [8,1,1], "s": "}"}},
  {"name": "last keys first", "args": {}, "ts": 1.001, "dur": 3, "cat": "cpu_op", "ph": "X", "pid": "p", "tid": 1}
  ,{"ph":"M","name":"process_name","pid":0,"args":{"name":"python"}}
  ], "traceName": "t.json", "baseTimeNanoseconds": 1790857026000000000})";
  const std::vector<std::string> names{R"(gemm<[{\"x\\)", "last keys first", "process_name"};
  CHECK(read_in_place(trace).names == names);
  for (std::size_t cut = 1; cut < trace.size(); ++cut) {
    CAPTURE(cut);
    const auto in_place = read_in_place(trace.substr(0, cut)), copied = read(trace.substr(0, cut));
    CHECK(in_place.names == copied.names);
    CHECK(in_place.begins == copied.begins);
    CHECK(in_place.summary.metadata == copied.summary.metadata);
    CHECK(in_place.summary.first_damage == copied.summary.first_damage);
    CHECK(in_place.summary.truncated == copied.summary.truncated);
  }
  for (std::size_t step = 1; step < 80; ++step)
    for (const std::size_t window : {std::size_t{1}, std::size_t{64}, std::size_t{100}, trace.size()}) {
      CAPTURE(step, window);
      const auto out = read(trace, window, step);
      REQUIRE(out.ok);
      CHECK(out.names == names);
      CHECK(out.begins == std::vector<std::int64_t>{10500, 1001, weir::unmeasured});
      CHECK(out.summary.events == 3);
      CHECK(out.summary.damaged == 0);
      CHECK_FALSE(out.summary.truncated);
      CHECK(out.summary.metadata.at("baseTimeNanoseconds") == "1790857026000000000");
      CHECK(out.summary.metadata.at("deviceProperties") == R"([{"id": 0, "name": "a \"B\" {"}])");
    }
}

TEST_CASE("kineto: a bare array is a trace; an empty input and prose are not", "[trace]") {
  CHECK(read(R"([{"ph":"X","name":"a","ts":1,"dur":1}])").names == std::vector<std::string>{"a"});
  CHECK_FALSE(read("").ok);
  CHECK_FALSE(read("hello").ok);
}

TEST_CASE("kineto: a cut trace gives what it holds and says that it was cut", "[trace]") {
  const std::string whole =
      R"({"traceEvents":[{"ph":"X","name":"a","ts":1,"dur":1},{"ph":"X","name":"b","ts":2,"dur":1}]})";
  const std::size_t first_ends = whole.find("},{") + 1;
  for (std::size_t length = 16; length < whole.size(); ++length) {
    CAPTURE(length);
    const auto out = read(std::string_view(whole).substr(0, length));
    CHECK(out.summary.truncated);
    const std::size_t complete = length < first_ends ? 0 : length < whole.size() - 2 ? 1 : 2;
    CHECK(out.names.size() == complete);
  }
}

TEST_CASE("kineto: a damaged event is counted and named, and the ones behind it are read", "[trace]") {
  const auto with = [](std::string_view damaged) {
    return R"({"traceEvents":[{"ph":"X","name":"a","ts":1,"dur":1},)" + std::string(damaged) +
           R"(,{"ph":"X","name":"b","ts":2,"dur":1}]})";
  };
  for (const std::string_view damaged :
       {R"({"ph":"X","name":"bad","ts":NaN,"dur":1})", R"({"ph":"X","name":"ba"d","ts":1}
)",
        R"({"ph":"X" "name":"bad"})", "garbage"}) {
    CAPTURE(damaged);
    const auto out = read(with(damaged));
    REQUIRE(out.names.size() == 2);
    CHECK(out.names.back() == "b");
    CHECK(out.summary.damaged == 1);
    CHECK(out.summary.first_damage.find(damaged.substr(0, 6)) != std::string::npos);
  }
}

TEST_CASE("kineto: where reading goes on behind damage does not depend on how bytes come", "[trace][property]") {
  const std::string trace =
      "[{\"ph\":\"X\",\"name\":\"a\nb\"},{\"ph\":\"M\"},{\"ph\":\"X\",\"name\":\"k\",\"ts\":1,\"dur\":1}]";
  const auto whole = read(trace);
  CHECK(whole.names == std::vector<std::string>{"k"});
  CHECK(whole.summary.damaged == 1);
  for (std::size_t step = 1; step < trace.size(); ++step) {
    CAPTURE(step);
    const auto out = read(trace, 1, step);
    CHECK(out.names == whole.names);
    CHECK(out.summary.events == whole.summary.events);
    CHECK(out.summary.first_damage == whole.summary.first_damage);
  }
}

TEST_CASE("kineto: arguments are found by name, whatever their values hold", "[trace]") {
  const std::string args =
      R"({"External id": 5, "Process Group Ranks": "[0, 1]", "grid": [8,{"a":1},1], "last": null})" +
      std::string(weir::row_padding, ' ');
  const auto object = std::string_view(args).substr(0, args.size() - weir::row_padding);
  CHECK(weir::event_arg(object, "External id") == "5");
  CHECK(weir::event_arg(object, "Process Group Ranks") == "\"[0, 1]\"");
  CHECK(weir::event_arg(object, "grid") == "[8,{\"a\":1},1]");
  CHECK(weir::event_arg(object, "last") == "null");
  CHECK(weir::event_arg(object, "a").empty());
}
