// weir/trace/execution_trace.hpp - what a PyTorch execution trace (torch_et_*.json) knows that a profiler's trace may
// not: which collective a call was, its number in its group, its bytes; and the shapes of matrix products. Needs
// weir/data.
#ifndef WEIR_TRACE_EXECUTION_TRACE_HPP
#define WEIR_TRACE_EXECUTION_TRACE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/hash.hpp"
#include "weir/base/measured.hpp"
#include "weir/base/result.hpp"
#include "weir/data/window.hpp"
#include "weir/trace/collective_log.hpp"
#include "weir/trace/execution_node.hpp"
#include "weir/trace/object_stream.hpp"

namespace weir::inline v0 {

/// A node with a record function, in the order of the file.
struct execution_op {
  std::int64_t record_id = 0, thread = 0;
  std::uint64_t name = 0;  ///< hash64 of it.
};

/// A collective as its caller asked for it.
struct execution_collective {
  collective_kind kind;
  std::int64_t bytes = -1;             ///< As collective_call::bytes.
  std::int64_t sequence = unmeasured;  ///< The group's own count.
  std::int64_t group_address = 0;      ///< Of the old generation, which names groups by where they lie in memory.
};

/// An execution trace, with what is of use beside a profiler's trace.
struct execution_trace {
  std::string file, schema;
  std::int64_t rank = -1;  ///< Of the file's name; -1: it does not tell.
  std::vector<execution_op> ops;
  std::map<std::int64_t, execution_collective> collectives;  ///< By record id.
  std::map<std::int64_t, double> matmul_flops;               ///< By record id.
  stream_summary summary;
};

namespace detail {

/// 2 m n k of a product of [.., m, k] and [.., k, n]; 0 where the shapes are not that.
inline double matmul_flops(std::string_view left, std::string_view right) {
  const auto a = elements_of(left), b = elements_of(right);
  if (a.size() < 2 || a.size() != b.size() || a.size() > 3) return 0;
  double flops = 2;
  for (const auto size : a) flops *= static_cast<double>(integer_or(size, 0));
  return a.back() == b[b.size() - 2] ? flops * static_cast<double>(integer_or(b.back(), 0)) : 0;
}

/// Floating-point operations of a node that is one of ATen's matrix products; 0: it is none. linear and matmul call
/// one of these, and are not counted again.
inline double flops_of(const execution_node& node) {
  const bool plain = node.name == "aten::mm" || node.name == "aten::bmm" || node.name == "aten::_scaled_mm" ||
                     node.name == "aten::_int_mm";
  const bool adds = node.name == "aten::addmm" || node.name == "aten::baddbmm";
  if (!plain && !adds) return 0;
  const auto shapes = elements_of(node.shapes);
  const std::size_t first = adds ? 1 : 0;
  return shapes.size() < first + 2 ? 0 : matmul_flops(shapes[first], shapes[first + 1]);
}

/// The ranks of a group as Kineto writes them: "[0, 2, 4]".
inline std::string listed_ranks(std::int64_t first, std::int64_t stride, std::int64_t count) {
  constexpr std::int64_t most = 1 << 16;
  if (first < 0 || stride < 1 || count < 1 || count > most || stride > most) return {};
  std::string text;
  for (std::int64_t i = 0; i < count; ++i) text += (i == 0 ? "[" : ", ") + std::to_string(first + i * stride);
  return text + "]";
}

/// record_param_comms: [tensors.., number, group, rank, "collective", splits, splits, ...]; "wait" is no collective.
inline bool read_comms(const execution_node& node, execution_collective& out) {
  const auto values = elements_of(node.values), types = elements_of(node.types);
  const auto name = static_cast<std::size_t>(std::find(types.begin(), types.end(), "\"String\"") - types.begin());
  if (name < 3 || name >= values.size() || name >= types.size() || unquoted(values[name]) == "wait") return false;
  out.kind.collective = canonical_collective(unquoted(values[name]));
  const auto first_number = [](std::string_view value) {
    return integer_or(value.starts_with('[') ? elements_of(value).empty() ? value : elements_of(value)[0] : value,
                      unmeasured);
  };
  out.sequence = first_number(values[name - 3]);
  out.group_address = values[name - 2].starts_with('[') ? 0 : integer_or(values[name - 2], 0);
  const std::int64_t each = element_bytes(node.dtype), elements = std::max(node.in_elements, node.out_elements);
  if (each > 0 && elements >= 0 && elements <= most_elements)
    out.bytes = elements * each;
  else
    out.bytes = std::max(tensors_bytes(values, types),
                         tensors_bytes(elements_of(node.out_values), elements_of(node.out_types)));
  out.kind.group_size = node.group_size;
  if (!node.group.empty()) {
    const auto ranks = listed_ranks(node.first_rank, node.rank_stride, node.group_size);
    out.kind.group.append(node.group).append(" ").append(ranks);
  } else if (name + 1 < values.size()) {
    out.kind.group_size = static_cast<std::int64_t>(elements_of(values[name + 1]).size());  // a split goes to each rank
  }
  return true;
}

/// gloo:all_reduce and its like: a tensor that goes in, or a list of them. What comes out of an all_gather is more.
inline bool read_gloo(const execution_node& node, execution_collective& out) {
  out.kind.collective = canonical_collective(node.name);
  if (out.kind.collective != "all_gather") out.bytes = tensors_bytes(elements_of(node.values), elements_of(node.types));
  return true;
}

/// Groups of the old generation are addresses: their sizes are known by their calls that split, and sequence numbers
/// tell calls apart only where there is one group.
inline void settle_old_groups(execution_trace& trace) {
  std::map<std::int64_t, std::int64_t> sizes;
  for (const auto& [id, c] : trace.collectives)
    if (c.group_address != 0) sizes[c.group_address] = std::max(sizes[c.group_address], c.kind.group_size);
  for (auto& [id, c] : trace.collectives) {
    if (c.group_address == 0) continue;
    c.kind.group_size = sizes[c.group_address];
    if (sizes.size() > 1) c.sequence = unmeasured;
  }
}

}  // namespace detail

/// Reads an execution trace of either generation.
/// \param file  its name, for the rank in it and for messages.
/// \return  errc::parse where the bytes are no JSON object with `nodes`; damaged nodes are counted in `summary`.
/// \complexity  one pass; 24 bytes a node, and some hundred a collective.
template <class Source>
result<execution_trace> read_execution_trace(Source source, std::string file) {
  execution_trace out;
  object_stream<Source> stream(std::move(source), {"nodes", {"\"id\"", "\"name\""}});
  auto ok = stream.read([&](std::string_view object) {
    execution_node node;
    if (!read_execution_node(object, node)) return object_read::damaged;
    if (node.record_id <= 0) return object_read::skipped;
    out.ops.push_back({node.record_id, node.thread, hash64(node.name)});
    execution_collective c;
    const bool comms = node.name == "record_param_comms" && detail::read_comms(node, c);
    const bool gloo = node.name.starts_with("gloo:") && detail::read_gloo(node, c);
    if (comms || gloo) out.collectives.emplace(node.record_id, std::move(c));
    if (const double flops = detail::flops_of(node); flops > 0) out.matmul_flops.emplace(node.record_id, flops);
    return object_read::ok;
  });
  if (!ok && stream.summary().events == 0) return ok.error();
  out.summary = stream.summary();
  if (!out.summary.has_events) return failure{errc::parse, "not an execution trace: there are no nodes in it"};
  if (!ok) out.summary.truncated = true;
  if (const auto found = out.summary.metadata.find("schema"); found != out.summary.metadata.end())
    out.schema = detail::unquoted(found->second);
  detail::settle_old_groups(out);
  out.file = std::move(file);
  return out;
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_EXECUTION_TRACE_HPP
