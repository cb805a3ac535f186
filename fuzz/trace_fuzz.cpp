// Any bytes as a trace, whole and cut anywhere: the same profile, no crash, no event that is neither read nor counted,
// and the same events where each one's end is found before it is read.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cuts.hpp"
#include "figures.hpp"
#include "weir/base/result.hpp"
#include "weir/data/source.hpp"
#include "weir/trace/kineto.hpp"
#include "weir/trace/read_profile.hpp"
#include "weir/trace/skew.hpp"
#include "weir/trace/step_metrics.hpp"

namespace {

fuzz::report metrics_of(std::string_view text, std::size_t step) {
  static const weir::kind_table kinds;
  weir::profile_options options;
  options.idle = options.coverage = true;
  std::vector<weir::rank_profile> set;
  for (int i = 0; i < 2; ++i) {
    auto read = weir::read_profile(weir::memory_source(text, step), "rank0.json", kinds, options);
    if (!read) return {read.error().detail, {}};
    set.push_back(*std::move(read));
  }
  fuzz::report out;
  fuzz::require(static_cast<bool>(append_rank_metrics(out.figures, set[0], {})), "no step is asked for");
  for (const auto& m : find_skew(set).collectives) fuzz::require(m.skew_ns() == 0, "a rank does not wait for itself");
  return out;
}

const auto all_but_operations = [](std::string_view category) { return category != "cpu_op"; };

void append_event(std::string& out, const weir::kineto_event& e) {
  for (const auto part : {e.phase, e.category, e.name, e.pid, e.tid, e.args}) out.append(part).append("|");
  out.append(std::to_string(e.t_ns)).append("|").append(std::to_string(e.dur_ns)).append("\n");
}

/// Writes into each mark what the event is, and finds it there again.
struct marked_events {
  std::vector<std::string> known;
  void see(const weir::kineto_event& e) {
    if (e.mark == nullptr) return;
    std::string all;
    for (const auto part : {e.phase, e.category, e.name, e.pid, e.tid}) all.append(part).append("|");
    if (*e.mark != 0) return fuzz::require(known.at(*e.mark - 1) == all, "a mark is of events with the same names");
    known.push_back(all);
    *e.mark = static_cast<std::uint32_t>(known.size());
  }
};

std::string events_of(std::string_view text) {
  std::string out;
  marked_events marked;
  weir::kineto_reader reader{weir::memory_source(text)};
  (void)reader.read(all_but_operations, [&](const weir::kineto_event& e) {
    append_event(out, e);
    marked.see(e);
  });
  return out + std::to_string(reader.summary().damaged) + " " + std::to_string(reader.summary().skipped);
}

std::string events_by_ends_of(std::string_view text) {
  std::string out;
  weir::object_stream<weir::memory_source> stream(weir::memory_source(text), {"traceEvents", {"\"ph\"", "\"name\""}});
  weir::kineto_event event;
  (void)stream.read([&](std::string_view object) {
    const auto read = weir::read_kineto_event(object, event, all_but_operations);
    if (read == weir::object_read::ok) append_event(out, event);
    return read;
  });
  return out + std::to_string(stream.summary().damaged) + " " + std::to_string(stream.summary().skipped);
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  fuzz::require(metrics_of(text, fuzz::step_of(text)) == metrics_of(text, text.npos),
                "figures do not depend on where reads cut the file");
  fuzz::require(events_of(text) == events_by_ends_of(text), "an event's layout changes nothing of what is read");
  return 0;
}
