// Any bytes as a file of a profiler, told by their content as weir-trace tells them: execution traces linked to a fixed
// profile, nsys' JSON Lines, Ascend's timelines and tables. The same figures wherever reads cut the file, no crash.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cuts.hpp"
#include "figures.hpp"
#include "weir/base/result.hpp"
#include "weir/data/source.hpp"
#include "weir/data/window.hpp"
#include "weir/trace/ascend_communication.hpp"
#include "weir/trace/execution_trace.hpp"
#include "weir/trace/nsys_lines.hpp"
#include "weir/trace/read_profile.hpp"
#include "weir/trace/set_metrics.hpp"
#include "weir/trace/step_metrics.hpp"
#include "weir/trace/trace_kind.hpp"

namespace {

const weir::kind_table kinds;

/// Two operations and a collective, with and without record function ids.
weir::rank_profile read_traced(bool ids) {
  std::string text =
      R"([{"ph":"X","cat":"cpu_op","name":"aten::mm","pid":1,"tid":1,"ts":1,"dur":2,"args":{"External id":1)";
  text += ids ? R"(,"Record function id":7)" : "";
  text +=
      R"(}},{"ph":"X","cat":"cpu_op","name":"record_param_comms","pid":1,"tid":1,"ts":5,"dur":9,"args":{"External id":2)";
  text += ids ? R"(,"Record function id":8)" : "";
  text += R"(}},{"ph":"X","cat":"cuda_runtime","name":"l","pid":1,"tid":1,"ts":6,"dur":1,"args":{"correlation":3}},
    {"ph":"X","cat":"kernel","name":"ncclKernel_SendRecv","pid":0,"ts":9,"dur":3,"args":{"External id":2,"correlation":3}}])";
  weir::profile_options options;
  options.ops = true;
  auto read = weir::read_profile(weir::memory_source(text), "rank0.json", kinds, options);
  fuzz::require(static_cast<bool>(read), "the fixed profile is read");
  return *std::move(read);
}
weir::rank_profile traced(bool ids) {
  static const weir::rank_profile with = read_traced(true), without = read_traced(false);
  return ids ? with : without;
}

fuzz::report figures_of(weir::result<weir::rank_profile> read) {
  if (!read) return {read.error().detail, {}};
  std::vector<weir::rank_profile> set;
  auto others = std::exchange(read->other_devices, {});
  set.push_back(*std::move(read));
  for (auto& other : others) set.push_back(std::move(other));
  fuzz::report out;
  for (const auto& p : set)
    fuzz::require(static_cast<bool>(append_rank_metrics(out.figures, p, {})), "no step is asked for");
  append_set_metrics(out.figures, set, find_skew(set));
  return out;
}

fuzz::report links_of(weir::result<weir::execution_trace> et) {
  if (!et) return {et.error().detail, {}};
  fuzz::report out{std::to_string(et->summary.damaged), {}};
  for (const bool ids : {true, false}) {
    auto p = traced(ids);
    p.execution = link_execution_trace(p.collectives, *p.ops, *et);
    fuzz::require(p.execution->collectives <= 1 && p.execution->ops <= 2, "no more is linked than there is");
    auto one = figures_of(std::move(p)).figures;
    std::ranges::move(one, std::back_inserter(out.figures));
  }
  return out;
}

fuzz::report read(std::string_view text, weir::trace_kind kind, std::size_t step) {
  const weir::memory_source source(text, step);
  switch (kind) {
    case weir::trace_kind::execution:
      return links_of(weir::read_execution_trace(source, "torch_et_0.json"));
    case weir::trace_kind::nsys_lines:
      return figures_of(weir::read_nsys_lines(source, "rank0.jsonl", kinds));
    case weir::trace_kind::communication_table: {
      const std::string padded = std::string(text) + std::string(weir::row_padding, ' ');
      const auto rows = weir::read_ascend_communication(std::string_view(padded).substr(0, text.size()));
      return {rows ? std::to_string(rows->rows.size()) + " " + std::to_string(rows->damaged) : rows.error().detail, {}};
    }
    default:
      return figures_of(weir::read_profile(source, "rank0.json", kinds));
  }
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string padded =
      std::string(reinterpret_cast<const char*>(data), size) + std::string(weir::row_padding, ' ');
  const std::string_view text = std::string_view(padded).substr(0, size);
  const auto kind = weir::kind_of_file("file.json", text);
  fuzz::require(read(text, kind, fuzz::step_of(text)) == read(text, kind, text.npos),
                "figures do not depend on where reads cut the file");
  return 0;
}
