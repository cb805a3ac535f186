// weir/trace/execution_node.hpp - one node of a PyTorch execution trace, read from its text. Needs the standard
// library.
//
// Two generations of the file: up to schema 1.0 a node holds flat lists (inputs, input_shapes, ...), since 1.1
// ("chakra") it holds objects of lists and a list of named attributes. Both name the record function of the node, which
// Kineto calls "Record function id".
#ifndef WEIR_TRACE_EXECUTION_NODE_HPP
#define WEIR_TRACE_EXECUTION_NODE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "weir/trace/json_cursor.hpp"

namespace weir::inline v0 {

/// A node. All views point into the text it was read from; lists are as written, strings not unescaped.
struct execution_node {
  std::string_view name;
  std::int64_t record_id = 0;              ///< "rf_id"; 0: it has none.
  std::int64_t thread = 0;                 ///< The trace's own number of the thread.
  std::string_view values, shapes, types;  ///< Of the inputs.
  std::string_view out_values, out_types;  ///< Of the outputs.
  std::string_view collective, dtype, group;
  std::int64_t in_elements = -1, out_elements = -1, group_size = 0, first_rank = -1, rank_stride = 0;
};

namespace detail {

/// Takes a value that the old generation has as a member and the new one as an attribute.
inline void take_attribute(execution_node& node, std::string_view name, std::string_view value) {
  if (name == "rf_id") node.record_id = integer_or(value, 0);
  if (name == "tid") node.thread = integer_or(value, 0);
  if (name == "collective_name") node.collective = unquoted(value);
  if (name == "dtype") node.dtype = unquoted(value);
  if (name == "pg_name") node.group = unquoted(value);
  if (name == "in_msg_nelems") node.in_elements = integer_or(value, -1);
  if (name == "out_msg_nelems") node.out_elements = integer_or(value, -1);
  if (name == "pg_size") node.group_size = integer_or(value, 0);
  if (name == "global_rank_start") node.first_rank = integer_or(value, -1);
  if (name == "global_rank_stride") node.rank_stride = integer_or(value, 0);
}

/// \return  false where one of them is no {"name","type","value"}.
inline bool take_attributes(execution_node& node, std::string_view list) {
  bool whole = true;
  return for_each_in_array(list,
                           [&](auto attribute) {
                             std::string_view name, value;
                             whole = whole && for_each_member(attribute, [&](auto key, auto text) {
                                       if (is(key, "name")) name = unquoted(text);
                                       if (is(key, "value")) value = text;
                                     });
                             take_attribute(node, name, value);
                           }) &&
         whole;
}

/// Inputs or outputs: an object of lists, or a list of values alone.
inline bool take_lists(std::string_view text, std::string_view& values, std::string_view& shapes,
                       std::string_view& types) {
  if (text.starts_with('[')) return values = text, true;
  return for_each_member(text, [&](auto key, auto value) {
    if (is(key, "values")) values = value;
    if (is(key, "shapes")) shapes = value;
    if (is(key, "types")) types = value;
  });
}

}  // namespace detail

/// Reads the node that `object` holds. 64 bytes behind it are readable.
/// \return  false where it is no node: no object, no name, lists that can't be read.
[[nodiscard]] inline bool read_execution_node(std::string_view object, execution_node& node) {
  node = {};
  bool whole = true;
  std::string_view unused;
  const bool object_ok = for_each_member(object, [&](auto key, auto value) {
    if (detail::is(key, "name"))
      node.name = detail::unquoted(value);
    else if (detail::is(key, "inputs"))
      whole = whole && detail::take_lists(value, node.values, node.shapes, node.types);
    else if (detail::is(key, "outputs"))
      whole = whole && detail::take_lists(value, node.out_values, unused, node.out_types);
    else if (detail::is(key, "input_shapes"))
      node.shapes = value;
    else if (detail::is(key, "input_types"))
      node.types = value;
    else if (detail::is(key, "output_types"))
      node.out_types = value;
    else if (detail::is(key, "attrs"))
      whole = whole && detail::take_attributes(node, value);
    else
      detail::take_attribute(node, key, value);
  });
  return object_ok && whole && !node.name.empty();
}

namespace detail {

/// The elements of a list as written; empty where it is none.
inline std::vector<std::string_view> elements_of(std::string_view list) {
  std::vector<std::string_view> out;
  (void)for_each_in_array(list, [&](auto value) { out.push_back(value); });
  return out;
}

/// Bytes of a tensor, or of all tensors of a list, written as [id, storage, offset, elements, bytes of one, "device"].
/// \return  -1 where one can't be read, or is larger than any device.
inline std::int64_t tensor_bytes(std::string_view value) {  // NOLINT(misc-no-recursion): lists of tensors, one deep
  constexpr std::int64_t most = std::int64_t{1} << 48;
  const auto parts = elements_of(value);
  if (parts.empty()) return -1;
  if (!parts[0].starts_with('[')) {
    const std::int64_t count = parts.size() > 4 ? integer_or(parts[3], -1) : -1;
    const std::int64_t each = parts.size() > 4 ? integer_or(parts[4], -1) : -1;
    return count < 0 || each < 0 || each > 64 || count > most / 64 ? -1 : count * each;
  }
  std::int64_t sum = 0;
  for (const auto part : parts) {
    const std::int64_t one = tensor_bytes(part);
    if (one < 0 || sum > most) return -1;
    sum += one;
  }
  return sum;
}

/// Bytes of those of `values` whose type is a tensor or a list of them; -1 where there is none.
inline std::int64_t tensors_bytes(const std::vector<std::string_view>& values,
                                  const std::vector<std::string_view>& types) {
  std::int64_t sum = -1;
  for (std::size_t i = 0; i < std::min(values.size(), types.size()); ++i) {
    if (types[i].find("Tensor") == types[i].npos) continue;
    const std::int64_t one = tensor_bytes(values[i]);
    if (one < 0) return -1;
    sum = std::max<std::int64_t>(sum, 0) + one;
  }
  return sum;
}

}  // namespace detail

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_EXECUTION_NODE_HPP
