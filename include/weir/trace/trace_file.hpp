// weir/trace/trace_file.hpp - reads one file of any kind that belongs to a set of traces. Needs POSIX, zlib.
#ifndef WEIR_TRACE_TRACE_FILE_HPP
#define WEIR_TRACE_TRACE_FILE_HPP

#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "weir/base/result.hpp"
#include "weir/base/text_file.hpp"
#include "weir/base/unique_fd.hpp"
#include "weir/data/source.hpp"
#include "weir/data/window.hpp"
#include "weir/trace/ascend_communication.hpp"
#include "weir/trace/ascend_steps.hpp"
#include "weir/trace/csv_profile.hpp"
#include "weir/trace/execution_trace.hpp"
#include "weir/trace/gz_source.hpp"
#include "weir/trace/headed_source.hpp"
#include "weir/trace/kinds.hpp"
#include "weir/trace/nsys_lines.hpp"
#include "weir/trace/rank_of_name.hpp"
#include "weir/trace/read_profile.hpp"
#include "weir/trace/timing_stats.hpp"
#include "weir/trace/trace_inputs.hpp"
#include "weir/trace/trace_kind.hpp"

namespace weir::inline v0 {

/// What a file held: one of them.
struct trace_file {
  std::string name;
  std::int64_t rank = -1;
  std::optional<rank_profile> profile;
  std::optional<execution_trace> execution;
  std::optional<timing_stats> timing;
  std::optional<ascend_steps> step_table;
  std::optional<ascend_communication> communication_table;
};

namespace detail {

using trace_source = headed_source<gz_source>;

inline result<trace_source> open_trace(const trace_input& input) {
  auto packed = input.path == "-" ? gz_source::from(unique_fd(::dup(0)), input.name()) : gz_source::open(input.path);
  if (!packed) return packed.error();
  return trace_source::open(*std::move(packed), kind_bytes);
}

/// All of a small file that was begun, and 64 bytes behind it; errc::limit where it is not small.
inline result<std::string> rest_of(trace_source& source) {
  constexpr std::size_t most = std::size_t{64} << 20;
  std::string text, buffer(kind_bytes, '\0');
  for (;;) {
    const auto got = source.read(buffer);
    if (!got) return got.error();
    if (*got == 0) break;
    text.append(buffer, 0, *got);
    if (text.size() > most) return failure{errc::limit, "larger than 64 MiB, which no such file is"};
  }
  return text.append(row_padding, ' ');
}

template <class Read>
result<void> read_small(trace_source& source, Read&& read) {
  const auto text = rest_of(source);
  if (!text) return text.error();
  return read(std::string_view(*text).substr(0, text->size() - row_padding));
}

/// Puts what a reader gave into `slot`.
template <class Value>
result<void> keep(std::optional<Value>& slot, result<Value> value) {
  if (!value) return value.error();
  slot = *std::move(value);
  return {};
}

/// Goes to the header of a table: `nsys stats` says what it does in lines before it.
inline void skip_preamble(int fd) {
  std::string head(4096, '\0');
  const ssize_t got = ::pread(fd, head.data(), head.size(), 0);
  if (got <= 0) return;  // a pipe: its first line has to be the header
  const std::string_view text(head.data(), static_cast<std::size_t>(got));
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const auto line = text.substr(at, end - at);
    if (line.find("Start") != line.npos && line.find("Duration") != line.npos)
      return (void)::lseek(fd, static_cast<off_t>(at), SEEK_SET);
    at = end + 1;
  }
}

inline result<void> read_table(const trace_input& input, trace_kind kind, const kind_table& kinds, trace_file& out) {
  auto fd = open_input(input.path);
  if (!fd) return fd.error();
  if (kind == trace_kind::device_table) skip_preamble(fd->get());
  if (kind == trace_kind::step_table)
    return keep(out.step_table, read_ascend_steps(fd_source(*std::move(fd), input.path), out.name));
  return keep(out.profile, read_csv_profile(*std::move(fd), out.name, kinds));
}

inline result<void> read_kind(const trace_input& input, const kind_table& kinds, profile_options options,
                              trace_file& out) {
  auto source = open_trace(input);
  if (!source) return source.error();
  const trace_kind kind = kind_of_file(input.path, source->head());
  switch (kind) {
    case trace_kind::device_table:
    case trace_kind::step_table:
      return read_table(input, kind, kinds, out);
    case trace_kind::execution:
      return keep(out.execution, read_execution_trace(*std::move(source), out.name));
    case trace_kind::nsys_lines:
      return keep(out.profile, read_nsys_lines(*std::move(source), out.name, kinds));
    case trace_kind::timing:
      return read_small(*source, [&](auto text) { return keep(out.timing, read_timing_stats(text)); });
    case trace_kind::communication_table:
      return read_small(*source,
                        [&](auto text) { return keep(out.communication_table, read_ascend_communication(text)); });
    case trace_kind::nsys_database:
      if (options.read_database != nullptr && input.path != "-")
        return keep(out.profile, options.read_database(input.path, out.name, kinds));
      return failure{errc::invalid_argument,
                     "an SQLite database, which this weir can't read here: export nsys' report as json"};
    case trace_kind::events:
      break;
  }
  return keep(out.profile, read_profile(*std::move(source), out.name, kinds, options));
}

}  // namespace detail

/// Whether a file is an execution trace, by its first bytes; standard input is none.
[[nodiscard]] inline bool is_execution_trace(const trace_input& input) {
  if (input.path == "-" || input.path.find(".json") == std::string::npos) return false;
  const auto source = detail::open_trace(input);
  return source && kind_of_file(input.path, source->head()) == trace_kind::execution;
}

/// Reads a file of any kind. A rank that its directory tells goes before the one that it tells itself.
/// \return  errc::not_found where it is whole, and of no kind that is known; else what its reader says.
inline result<trace_file> read_trace_file(const trace_input& input, const kind_table& kinds, profile_options options) {
  trace_file out;
  out.name = input.name();
  out.rank = input.rank >= 0 ? input.rank : rank_of_name(input.path).value_or(-1);
  if (auto ok = detail::read_kind(input, kinds, options, out); !ok)
    return in_file(input.path == "-" ? out.name : input.path, ok.error());
  if (out.profile && input.rank >= 0) out.profile->rank = input.rank;
  return out;
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_TRACE_FILE_HPP
