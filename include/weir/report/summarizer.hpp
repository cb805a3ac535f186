// weir/report/summarizer.hpp - sorts the records of a run into groups and counts them. Needs simdjson (through
// records).
#ifndef WEIR_REPORT_SUMMARIZER_HPP
#define WEIR_REPORT_SUMMARIZER_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/hash.hpp"
#include "weir/base/result.hpp"
#include "weir/record/answer.hpp"
#include "weir/record/metric.hpp"
#include "weir/record/request.hpp"
#include "weir/record/run.hpp"
#include "weir/record/sample.hpp"
#include "weir/report/answer_group.hpp"
#include "weir/report/hash_set.hpp"
#include "weir/report/latency.hpp"
#include "weir/report/request_group.hpp"
#include "weir/report/sample_log.hpp"
#include "weir/report/time_axis.hpp"

namespace weir::inline v0 {

/// What records can be grouped by.
enum class group_key : unsigned char { instance = 0, model, subject, endpoint, session, turn, file };
inline constexpr unsigned char group_key_count = 7;
[[nodiscard]] constexpr std::string_view to_string(group_key k) noexcept {
  constexpr std::array<std::string_view, group_key_count> names{"instance", "model", "subject", "endpoint",
                                                                "session",  "turn",  "file"};
  return names[static_cast<std::size_t>(k)];
}

/// Reads "instance,subject". \return  errc::invalid_argument naming the word that is no key.
[[nodiscard]] inline result<std::vector<group_key>> parse_group_keys(std::string_view words) {
  std::vector<group_key> keys;
  while (!words.empty()) {
    const std::string_view word = words.substr(0, words.find(','));
    words.remove_prefix(std::min(word.size() + 1, words.size()));
    unsigned char key = 0;
    while (key < group_key_count && to_string(static_cast<group_key>(key)) != word) ++key;
    if (key == group_key_count)
      return failure{
          errc::invalid_argument,
          "'" + std::string(word) + "' is none of instance, model, subject, endpoint, session, turn and file"};
    if (!std::ranges::count(keys, static_cast<group_key>(key))) keys.push_back(static_cast<group_key>(key));
  }
  return keys;
}

/// What was counted of all records with the same values of the keys.
struct record_group {
  std::vector<std::string> labels;  ///< The value of each key; empty where the records have none.
  request_group requests;
  answer_group answers;
};

/// Counts records. What it holds afterwards depends on the records and the files they are in alone, not on their order.
///
///     weir::summarizer counted({weir::group_key::instance});
///     counted.begin_file("a.jsonl");
///     counted.add(request);
/// \complexity  8 bytes for each latency of a request, up to the limit of sample_set, and 12 to 24 for its identity.
class summarizer {
 public:
  /// \param goals  by which requests are called good.
  explicit summarizer(std::vector<group_key> keys, service_level goals = {}) : keys_(std::move(keys)), goals_(goals) {}

  /// The records to come are those of this file.
  void begin_file(std::string name) { files_.push_back(std::move(name)); }

  /// \return  whether it was counted; false: it came before.
  bool add(const request_record& r) {
    // A record that came in two files is one: nobody sends the same request twice in the same nanosecond.
    const std::uint64_t identity = identity_of(r);
    const bool has_time = r.t_sched_ns != unmeasured || r.t_connect_ns != unmeasured || r.t_send_ns != unmeasured;
    // What was sent, or ended, later than all before is surely new.
    const bool later = has_time && (latest_send_ns_ < r.t_send_ns || latest_done_ns_ < r.t_done_ns);
    if (!later) requests_seen_.expect(identity);
    std::string turn;
    const auto value = [&](group_key key) -> std::string_view {
      switch (key) {
        case group_key::instance:
          return r.instance;
        case group_key::model:
          return r.model;
        case group_key::subject:
          return r.subject;
        case group_key::endpoint:
          return r.endpoint;
        case group_key::session:
          return r.session;
        case group_key::turn:
          return turn = r.turn == unmeasured ? "" : std::to_string(r.turn);
        case group_key::file:
          break;
      }
      return files_.back();
    };
    const auto group = find_group(value);
    if (later) {
      requests_seen_.insert_new(identity);
      latest_send_ns_ = std::max(latest_send_ns_, r.t_send_ns),
      latest_done_ns_ = std::max(latest_done_ns_, r.t_done_ns);
    } else if (has_time && !requests_seen_.insert(identity)) {
      ++requests_twice_;
      return false;
    }
    group_at(group, value).requests.add(r, files_.size() - 1, latencies_, goals_);
    unbounded_ += latency_count + 2 * r.events.size();
    if (unbounded_ > check_every) bound_samples();
    return true;
  }

  void add(const answer_record& a) {
    const std::uint64_t identity = hash64(a.id, hash64(a.instance, hash64(a.model)));
    answers_repeated_ += !answers_seen_.insert(identity);
    const auto value = [&](group_key key) -> std::string_view {
      switch (key) {
        case group_key::instance:
          return a.instance;
        case group_key::model:
          return a.model;
        case group_key::subject:
          return a.subject;
        case group_key::file:
          return files_.back();
        case group_key::endpoint:
        case group_key::session:
        case group_key::turn:
          break;  // an answer does not say
      }
      return {};
    };
    group_at(find_group(value), value).answers.add(a);
  }

  void add(const run_record& run) {
    axis_.add_run(files_.size() - 1, run);
    std::string words = run.tool + " on " + (run.host.empty() ? "an unnamed host" : run.host);
    if (run.start_unix_ns != unmeasured) words += ", " + utc_text(run.start_unix_ns);
    const auto place = std::ranges::lower_bound(runs_, words);
    if (place == runs_.end() || *place != words) runs_.insert(place, std::move(words));
    config_.insert(config_.end(), run.config.begin(), run.config.end());
  }

  void add(const sample_record& s) { samples_.add(s); }
  void add(const metric_record& m) { metrics_.push_back(m); }

  /// Keeps all samples of a latency only while all groups together have few enough: 8 MiB a latency and group would be
  /// gigabytes for a hundred groups. What is bounded in the end depends on the counts alone. Called before figures are
  /// made, and now and then before.
  void bound_samples() {
    unbounded_ = 0;
    for (std::size_t i = 0; i < latency_count; ++i) {
      std::size_t all = 0;
      for (const auto& g : groups_) all += g.requests.samples[i].count();
      if (all > most_exact)
        for (auto& g : groups_) g.requests.samples[i].count_in_buckets();
    }
  }

  /// Nothing more will be added: frees what told records apart.
  void close() { requests_seen_ = {}, answers_seen_ = {}; }

  [[nodiscard]] sample_log& samples() noexcept { return samples_; }
  [[nodiscard]] const std::vector<metric_record>& metrics() const noexcept { return metrics_; }
  [[nodiscard]] const std::vector<group_key>& keys() const noexcept { return keys_; }
  [[nodiscard]] const service_level& goals() const noexcept { return goals_; }
  /// In the order in which they were met. Percentiles sort their samples, so groups are not const.
  [[nodiscard]] std::vector<record_group>& groups() noexcept { return groups_; }
  [[nodiscard]] const time_axis& axis() const noexcept { return axis_; }
  [[nodiscard]] std::uint64_t requests_read_twice() const noexcept { return requests_twice_; }
  [[nodiscard]] std::uint64_t answers_repeated() const noexcept { return answers_repeated_; }
  /// What the runs were asked to do, as their records say it: name and JSON value, run after run.
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& config() const noexcept { return config_; }
  /// "weir-bench on node7, 2026-11-22T12:40:00Z", each once, sorted.
  [[nodiscard]] const std::vector<std::string>& runs() const noexcept { return runs_; }

 private:
  static constexpr std::size_t most_exact = std::size_t{1} << 21;  // of one latency, in all groups: 16 MiB
  static constexpr std::size_t check_every = std::size_t{1} << 18;

  /// Two requests of one id and attempt that went out and ended in the same nanoseconds are one.
  static std::uint64_t identity_of(const request_record& r) noexcept {
    std::uint64_t id = static_cast<std::uint64_t>(r.attempt);
    std::string_view rest = r.id;
    for (std::uint64_t word = 0; !rest.empty(); rest.remove_prefix(std::min<std::size_t>(rest.size(), 8))) {
      word = rest.size();
      std::memcpy(&word, rest.data(), std::min<std::size_t>(rest.size(), 8));
      id = mix64(id ^ word) + rest.size();
    }
    const auto odd = [](std::int64_t t, std::uint64_t times) { return static_cast<std::uint64_t>(t) * times; };
    return mix64(id + odd(r.t_sched_ns, 0x9E3779B97F4A7C15U) + odd(r.t_connect_ns, 0xC2B2AE3D27D4EB4FU) +
                 odd(r.t_send_ns, 0x165667B19E3779F9U) + odd(r.t_done_ns, 0xD6E8FEB86659FD93U));
  }

  using group_index = std::map<std::string, std::size_t, std::less<>>;

  template <class ValueOf>
  group_index::iterator find_group(ValueOf&& value_of) {
    name_.clear();
    for (const auto key : keys_) name_.append(value_of(key)).push_back('\0');
    return index_.find(name_);
  }
  /// The group that find_group found, or a new one.
  template <class ValueOf>
  record_group& group_at(group_index::iterator known, ValueOf&& value_of) {
    if (known == index_.end()) {
      known = index_.emplace(name_, groups_.size()).first;
      groups_.emplace_back();
      for (const auto key : keys_) groups_.back().labels.emplace_back(value_of(key));
    }
    return groups_[known->second];
  }

  std::vector<group_key> keys_;
  service_level goals_;
  std::vector<record_group> groups_;
  group_index index_;
  std::vector<std::string> files_, runs_;
  std::vector<std::pair<std::string, std::string>> config_;
  time_axis axis_;
  hash_set requests_seen_, answers_seen_;
  std::uint64_t requests_twice_ = 0, answers_repeated_ = 0;
  std::int64_t latest_send_ns_ = unmeasured, latest_done_ns_ = unmeasured;  // of all requests
  std::size_t unbounded_ = 0;  // samples since the last look at their number
  latency_reader latencies_;
  sample_log samples_;
  std::vector<metric_record> metrics_;
  std::string name_;
};

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_SUMMARIZER_HPP
