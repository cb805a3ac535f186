// weir/load/self_test.hpp - how far this client, on this machine, at this load, is from the truth. Needs Linux,
// simdjson.
#ifndef WEIR_LOAD_SELF_TEST_HPP
#define WEIR_LOAD_SELF_TEST_HPP

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <future>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/measured.hpp"
#include "weir/base/result.hpp"
#include "weir/data/json_row.hpp"
#include "weir/data/rows.hpp"
#include "weir/load/validity.hpp"
#include "weir/net/loop.hpp"
#include "weir/net/server.hpp"
#include "weir/openai/mock.hpp"
#include "weir/openai/mock_truth.hpp"
#include "weir/record/read.hpp"
#include "weir/stats/samples.hpp"

namespace weir::inline v0 {

/// A mock server in a thread of this process, on a port of its own, that logs what it sends and when.
class own_mock {
 public:
  /// Serves once this returns. \return  errc::io, errc::busy where it can't.
  result<std::string> start(const mock_options& options, const std::string& truth_path) {
    std::promise<result<std::string>> ready;
    auto answer = ready.get_future();
    thread_ = std::thread(
        [this, options, truth_path, ready = std::move(ready)]() mutable { serve(options, truth_path, ready); });
    return answer.get();
  }
  /// Ends it. \return  whether its log is whole.
  result<void> stop() {
    over_.store(true, std::memory_order_relaxed);
    if (thread_.joinable()) thread_.join();
    return logged_;
  }
  own_mock() = default;
  own_mock(const own_mock&) = delete;
  own_mock& operator=(const own_mock&) = delete;
  ~own_mock() { (void)stop(); }

 private:
  void serve(const mock_options& options, const std::string& truth_path, std::promise<result<std::string>>& ready) {
    auto file = truth_log::create(truth_path);
    if (!file) return ready.set_value(file.error());
    truth_log log(*std::move(file), truth_path);
    loop on;
    mock_server mock(on, options);
    {
      server_limits limits;
      limits.kernel_stamps = true;  // as the client reads its own
      http_server http(on, mock, limits);
      if (auto bound = http.bind("127.0.0.1", 0); !bound) return ready.set_value(bound.error());
      mock.log_to(log, "self-test");
      if (auto listening = http.listen(); !listening) return ready.set_value(listening.error());
      ready.set_value("http://127.0.0.1:" + std::to_string(http.port()));
      constexpr std::int64_t look_ns = 20'000'000;
      while (!over_.load(std::memory_order_relaxed))
        if (!on.turn(now_ns() + look_ns)) break;
      mock.stopping();
    }
    logged_ = log.close();
  }

  std::thread thread_;
  std::atomic<bool> over_{false};
  result<void> logged_;
};

/// Errors are what the client said minus what the log says, in milliseconds, request by request and gap by gap.
struct self_test_report {
  std::size_t requests = 0, events = 0;
  double seconds = 0;            ///< From the first request to the last token.
  double true_ttft_mean_ms = 0;  ///< From the whole request read to the first event's send.
  double ttft_mean_ms = 0, ttft_p99_ms = 0, ttft_worst_ms = 0;  ///< Errors.
  double itl_p99_ms = 0;                                        ///< The 99th percentile of |error|.
};

namespace detail {

struct true_times {
  std::int64_t t_accept_ns = unmeasured;
  std::vector<std::int64_t> event_t_ns;
};

/// The mock's log by the id that --tag-user has sent.
inline result<std::map<std::string, true_times>> read_truth(const std::string& path) {
  auto rows = open_rows(path);
  if (!rows) return rows.error();
  std::map<std::string, true_times> all;
  json_row_reader read;
  for (std::string_view row; rows->next(row);) {
    std::string user;
    true_times times;
    const auto ok = read(row, [&](std::string_view name, json_value value) -> result<void> {
      if (name == "user") return read_text(user, name, value);
      if (name == "t_accept_ns") return read_count(times.t_accept_ns, name, value, 0);
      if (name != "event_t_ns") return {};
      simdjson::ondemand::array list;
      if (const auto error = value.get_array().get(list)) return json_failure(error);
      for (auto each : list) {
        std::int64_t t = 0;
        if (const auto error = each.get_int64().get(t)) return json_failure(error);
        times.event_t_ns.push_back(t);
      }
      return {};
    });
    if (!ok) return ok.error();
    if (!user.empty()) all[user] = std::move(times);
  }
  if (!rows->status()) return rows->status().error();
  return all;
}

}  // namespace detail

/// Compares the records of a run with the log of the mock that it ran against.
/// \return  errc::parse where a file is none; errc::not_found where no request is in both.
[[nodiscard]] inline result<self_test_report> compare_with_truth(const std::string& records_path,
                                                                 const std::string& truth_path) {
  const auto truth = detail::read_truth(truth_path);
  if (!truth) return truth.error();
  auto rows = open_rows(records_path);
  if (!rows) return rows.error();
  sample_set ttft_off, gap_off;
  double ttft_sum = 0, true_sum = 0, worst = 0;
  std::int64_t first = 0, last = 0;
  self_test_report report;
  record_reader reader({.text = false, .events = true});
  const auto seen = read_records(*rows, records_path, reader, [&](record_type type) {
    if (type != record_type::request) return;
    const request_record& r = reader.request();
    const auto known = truth->find(r.id);
    if (known == truth->end() || r.status != outcome::ok || r.events.size() != known->second.event_t_ns.size()) return;
    const auto& sent = known->second.event_t_ns;
    const double true_ns = static_cast<double>(sent[0] - known->second.t_accept_ns);
    const double off = static_cast<double>(r.t_first_ns - r.t_send_ns) - true_ns;
    ttft_sum += off, true_sum += true_ns;
    ttft_off.add(std::abs(off));
    worst = std::abs(off) > std::abs(worst) ? off : worst;
    for (std::size_t i = 1; i < sent.size(); ++i)
      gap_off.add(static_cast<double>(std::abs(r.events[i].t_ns - r.events[i - 1].t_ns - (sent[i] - sent[i - 1]))));
    first = report.requests == 0 ? r.t_send_ns : std::min(first, r.t_send_ns);
    last = std::max(last, r.t_last_ns);
    report.events += sent.size();
    ++report.requests;
  });
  if (!seen) return seen.error();
  if (report.requests == 0) return failure{errc::not_found, "no request is both in the records and in the mock's log"};
  const double n = static_cast<double>(report.requests) * 1e6;
  report.seconds = static_cast<double>(last - first) / 1e9;
  report.true_ttft_mean_ms = true_sum / n, report.ttft_mean_ms = ttft_sum / n;
  report.ttft_p99_ms = ttft_off.percentile(99) / 1e6, report.ttft_worst_ms = worst / 1e6;
  report.itl_p99_ms = gap_off.percentile(99) / 1e6;
  return report;
}

/// Three lines for people.
[[nodiscard]] inline std::string self_test_text(const self_test_report& r) {
  using detail::shown;
  std::string text = "self-test: " + std::to_string(r.requests) + " requests, " +
                     shown(static_cast<double>(r.events) / r.seconds, 0) +
                     " events/s, against the log of a mock in this process\n";
  text += "TTFT error: mean " + shown(r.ttft_mean_ms, 3) + " ms of " + shown(r.true_ttft_mean_ms) + " ms, p99 " +
          shown(r.ttft_p99_ms, 3) + " ms, worst " + shown(r.ttft_worst_ms, 3) + " ms\n";
  text += "ITL error:  p99 " + (std::isnan(r.itl_p99_ms) ? "n/a" : shown(r.itl_p99_ms, 3) + " ms") + "\n";
  return text;
}

}  // namespace weir::inline v0

#endif  // WEIR_LOAD_SELF_TEST_HPP
