// weir/trace/execution_link.hpp - links a rank's execution trace to its profile, and fills in what the profile lacks.
// Needs weir/data.
//
// Kineto's "Record function id" is the execution trace's rf_id. Where a profiler did not write it (before torch 2.1 or
// so), both files hold the same calls in the same order on each thread: they are linked where the shorter sequence of
// names occurs in the longer one exactly once, and not guessed otherwise.
#ifndef WEIR_TRACE_EXECUTION_LINK_HPP
#define WEIR_TRACE_EXECUTION_LINK_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "weir/trace/collective_log.hpp"
#include "weir/trace/execution_trace.hpp"
#include "weir/trace/op_log.hpp"

namespace weir::inline v0 {

/// What came of a link.
struct execution_link {
  std::string file;                 ///< Of the execution trace.
  std::string reason;               ///< Why nothing was linked; empty: it was.
  bool by_id = false;               ///< Else by order.
  std::uint64_t nodes = 0;          ///< Of the execution trace, with a record function.
  std::uint64_t ops = 0;            ///< Operations of the profile that have their node.
  std::uint64_t traced = 0;         ///< Operations of the profile.
  std::uint64_t collectives = 0;    ///< Calls of the rank's collective_log that have their node.
  std::uint64_t filled = 0;         ///< Of these, calls that got a size, a group or a number from it.
  std::uint64_t disagreements = 0;  ///< Calls whose size or kind the two files tell otherwise.
  double matmul_flops = 0;          ///< Of the linked matrix products.
};

namespace detail {

/// Where `needle` begins in `hay`; nothing where it does not occur, or more than once.
/// \complexity  linear (Knuth, Morris and Pratt).
inline std::optional<std::size_t> unique_place(const std::vector<std::uint64_t>& needle,
                                               const std::vector<std::uint64_t>& hay) {
  std::vector<std::size_t> border(needle.size(), 0);
  for (std::size_t i = 1, k = 0; i < needle.size(); ++i) {
    while (k > 0 && needle[i] != needle[k]) k = border[k - 1];
    border[i] = k += needle[i] == needle[k] ? 1 : 0;
  }
  std::optional<std::size_t> found;
  for (std::size_t i = 0, k = 0; i < hay.size() && !needle.empty(); ++i) {
    while (k > 0 && (k == needle.size() || hay[i] != needle[k])) k = border[k - 1];
    k += hay[i] == needle[k] ? 1 : 0;
    if (k < needle.size()) continue;
    if (found) return std::nullopt;
    found = i + 1 - k;
  }
  return found;
}

/// Which node each operation is: an index into `et.ops`, none where it has none.
struct op_nodes {
  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  std::vector<std::size_t> node;
  std::string reason;
};

inline op_nodes nodes_by_id(const std::vector<traced_op>& ops, const execution_trace& et) {
  std::unordered_map<std::int64_t, std::size_t> by_id;
  for (std::size_t i = 0; i < et.ops.size(); ++i) by_id.emplace(et.ops[i].record_id, i);
  op_nodes out{std::vector(ops.size(), op_nodes::none), {}};
  std::uint64_t found = 0, other = 0;
  for (std::size_t i = 0; i < ops.size(); ++i) {
    const auto at = by_id.find(ops[i].record_id);
    if (ops[i].record_id <= 0 || at == by_id.end()) continue;
    ++found;
    if (et.ops[at->second].name == ops[i].name)
      out.node[i] = at->second;
    else
      ++other;
  }
  if (found == 0) out.reason = "no record function of the trace is in it: it is of another time or another run";
  if (other > 0)
    out.reason = std::to_string(other) + " of " + std::to_string(found) +
                 " record functions have another name there: it is of another run";
  return out;
}

/// The indexes of operations by thread, each in order.
template <class Op, class Thread, class Order>
std::map<std::uint64_t, std::vector<std::size_t>> by_thread(const std::vector<Op>& ops, Thread thread, Order order) {
  std::map<std::uint64_t, std::vector<std::size_t>> out;
  for (std::size_t i = 0; i < ops.size(); ++i) out[thread(ops[i])].push_back(i);
  for (auto& [id, list] : out)
    std::stable_sort(list.begin(), list.end(), [&](auto a, auto b) { return order(ops[a]) < order(ops[b]); });
  return out;
}

template <class Op>
std::vector<std::uint64_t> names_of(const std::vector<Op>& ops, const std::vector<std::size_t>& list) {
  std::vector<std::uint64_t> names(list.size());
  std::transform(list.begin(), list.end(), names.begin(), [&](auto i) { return ops[i].name; });
  return names;
}

inline op_nodes nodes_by_order(const std::vector<traced_op>& ops, const execution_trace& et) {
  const auto traced =
      by_thread(ops, [](const auto& op) { return op.thread; }, [](const auto& op) { return op.external_id; });
  const auto recorded = by_thread(
      et.ops, [](const auto& op) { return static_cast<std::uint64_t>(op.thread); },
      [](const auto& op) { return op.record_id; });
  op_nodes out{std::vector(ops.size(), op_nodes::none), {}};
  std::size_t threads = 0;
  for (const auto& [thread, own] : traced) {
    const auto own_names = names_of(ops, own);
    const std::vector<std::size_t>* match = nullptr;
    std::size_t matches = 0, skip_own = 0, skip_other = 0;
    for (const auto& [id, others] : recorded) {
      const auto names = names_of(et.ops, others);
      const bool longer = own.size() >= others.size();
      const auto place = longer ? unique_place(names, own_names) : unique_place(own_names, names);
      if (!place) continue;
      match = &others, ++matches;
      skip_own = longer ? *place : 0, skip_other = longer ? 0 : *place;
    }
    if (matches != 1) continue;
    ++threads;
    for (std::size_t i = 0; i < std::min(own.size(), match->size()); ++i)
      out.node[own[skip_own + i]] = (*match)[skip_other + i];
  }
  if (threads == 0) out.reason = "the trace has no record function ids, and its calls are not those of a thread there";
  return out;
}

/// Finds the operation that launched a collective.
class launcher_of {
 public:
  launcher_of(const op_log& log, const execution_trace& et, const std::vector<std::size_t>& node) : ops_(&log.ops()) {
    for (std::size_t i = 0; i < ops_->size(); ++i) {
      if (node[i] == op_nodes::none || !et.collectives.contains(et.ops[node[i]].record_id)) continue;
      by_external_.emplace((*ops_)[i].external_id, i);
      by_thread_[(*ops_)[i].thread].push_back(i);
    }
    for (auto& [thread, list] : by_thread_)
      std::sort(list.begin(), list.end(), [&](auto a, auto b) { return (*ops_)[a].begin < (*ops_)[b].begin; });
    for (const auto& launch : log.launches()) launches_.emplace(launch.correlation, &launch);
  }

  /// By the id that the kernel names, else as the collective that was open on the launching thread.
  /// \return  an index into the log's ops.
  [[nodiscard]] std::optional<std::size_t> operator()(const traced_kernel& kernel) const {
    if (const auto found = by_external_.find(kernel.external_id); found != by_external_.end()) return found->second;
    const auto launch = launches_.find(kernel.correlation);
    if (kernel.correlation < 0 || launch == launches_.end()) return std::nullopt;
    const auto thread = by_thread_.find(launch->second->thread);
    if (thread == by_thread_.end()) return std::nullopt;
    const std::int64_t moment = launch->second->begin;
    auto after = std::upper_bound(thread->second.begin(), thread->second.end(), moment,
                                  [&](std::int64_t m, std::size_t i) { return m < (*ops_)[i].begin; });
    if (after == thread->second.begin() || (*ops_)[*--after].end < moment) return std::nullopt;
    return *after;
  }

 private:
  const std::vector<traced_op>* ops_;
  std::unordered_map<std::int64_t, std::size_t> by_external_;
  std::map<std::uint64_t, std::vector<std::size_t>> by_thread_;
  std::unordered_map<std::int64_t, const traced_launch*> launches_;
};

/// Whether a name says which collective it is. Kernels that send and receive do any.
inline bool tells(std::string_view collective) noexcept {
  return collective != "send_recv" && bus_factor(collective, 2) > 0;
}

/// Whether both tell something of the call, and not the same.
inline bool disagrees(const collective_call& call, const collective_kind& kind, const execution_collective& et) {
  const bool bytes = call.bytes >= 0 && et.bytes >= 0 && call.bytes != et.bytes;
  return bytes || (tells(kind.collective) && tells(et.kind.collective) && kind.collective != et.kind.collective);
}

/// What both know of a call: the profile's word first, the execution trace's for what it lacks.
/// \param alone  no other kernel belongs to the same node, so that the node's bytes are this kernel's.
/// \return  whether anything was added.
inline bool fill_call(collective_log& log, std::size_t index, const execution_collective& et, bool alone) {
  const collective_call call = log.calls()[index];
  const collective_kind old = log.kind(call);
  collective_kind kind = old;
  if (!tells(old.collective)) kind.collective = et.kind.collective;
  if (old.group.empty()) kind.group = et.kind.group;
  if (old.group_size == 0) kind.group_size = et.kind.group_size;
  const std::int64_t bytes = call.bytes < 0 && alone ? et.bytes : call.bytes;
  const std::int64_t sequence = call.sequence == unmeasured && alone ? et.sequence : call.sequence;
  log.amend(index, kind, bytes, sequence);
  return kind != old || bytes != call.bytes || sequence != call.sequence;
}

inline void fill_collectives(collective_log& log, const op_log& ops, const execution_trace& et,
                             const std::vector<std::size_t>& node, execution_link& link) {
  const launcher_of launcher(ops, et, node);
  std::vector<std::pair<std::size_t, std::size_t>> found;  // call, node
  std::map<std::size_t, int> kernels;                      // of a node
  for (const auto& kernel : ops.kernels())
    if (const auto op = launcher(kernel)) {
      found.emplace_back(kernel.call, node[*op]);
      ++kernels[node[*op]];
    }
  for (const auto& [call, at] : found) {
    const auto& c = et.collectives.at(et.ops[at].record_id);
    ++link.collectives;
    link.disagreements += disagrees(log.calls()[call], log.kind(log.calls()[call]), c) ? 1 : 0;
    link.filled += fill_call(log, call, c, kernels[at] == 1) ? 1 : 0;
  }
}

}  // namespace detail

/// Links `et` to the operations in `ops` and completes `log`, the collectives of the same rank.
/// Where both files tell a size or a kind of collective and differ, the profile's stays and the call is counted.
/// \complexity  O(n log n) in operations and nodes.
inline execution_link link_execution_trace(collective_log& log, const op_log& ops, const execution_trace& et) {
  execution_link link;
  link.file = et.file;
  link.nodes = et.ops.size();
  link.traced = ops.ops().size();
  link.by_id = std::any_of(ops.ops().begin(), ops.ops().end(), [](const auto& op) { return op.record_id > 0; });
  const auto nodes = link.by_id ? detail::nodes_by_id(ops.ops(), et) : detail::nodes_by_order(ops.ops(), et);
  link.reason = nodes.reason;
  if (!link.reason.empty()) return link;
  for (const std::size_t at : nodes.node) {
    if (at == detail::op_nodes::none) continue;
    ++link.ops;
    if (const auto found = et.matmul_flops.find(et.ops[at].record_id); found != et.matmul_flops.end())
      link.matmul_flops += found->second;
  }
  detail::fill_collectives(log, ops, et, nodes.node, link);
  return link;
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_EXECUTION_LINK_HPP
