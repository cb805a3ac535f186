// weir/trace/read_profile.hpp - a profile from one pass over a trace. Needs weir/data.
#ifndef WEIR_TRACE_READ_PROFILE_HPP
#define WEIR_TRACE_READ_PROFILE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "weir/base/result.hpp"
#include "weir/data/window.hpp"
#include "weir/trace/kinds.hpp"
#include "weir/trace/kineto.hpp"
#include "weir/trace/profile.hpp"
#include "weir/trace/profile_collector.hpp"
#include "weir/trace/rank_of_name.hpp"

namespace weir::inline v0 {

namespace detail {

/// What the members beside the events say of the run.
inline void take_metadata(rank_profile& out, const std::string& file) {
  const auto& metadata = out.summary.metadata;
  const auto base = metadata.find("baseTimeNanoseconds");
  out.rank = integer_or(metadata_member(out.summary, "distributedInfo", "rank"), rank_of_name(file).value_or(-1));
  out.world_size = integer_or(metadata_member(out.summary, "distributedInfo", "world_size"), -1);
  out.base_ns = std::clamp<std::int64_t>(base == metadata.end() ? 0 : integer_or(base->second, 0), 0, latest_ns);
  out.file = file;
}

/// The first of the document's members.
inline std::string some_keys(const stream_summary& summary) {
  constexpr std::size_t most = 6;
  std::string text;
  std::size_t count = 0;
  for (const auto& [key, value] : summary.metadata) {
    if (count++ == most) return text + " and " + std::to_string(summary.metadata.size() - most) + " more";
    text += (text.empty() ? "" : ", ") + key;
  }
  return text.empty() ? "nothing" : text;
}

}  // namespace detail

/// Reads a whole trace. Where it holds events of several devices, the first is the profile and the others are its
/// other_devices.
/// \param kinds  must outlive the profile.
/// \return  errc::parse where the bytes are no trace, errc::not_found where they are whole JSON of another kind; damage
///          inside a trace is told in `summary`.
/// \complexity  one pass; memory is that of device_time and of 40 bytes a collective, not of the file.
template <class Source>
result<rank_profile> read_profile(Source source, const std::string& file, const kind_table& kinds,
                                  profile_options options = {}) {
  rank_profile out;
  detail::profile_collector collector(out, kinds, options);
  kineto_reader<Source> reader(std::move(source));
  auto ok = reader.read(collector, [&](const kineto_event& e) { collector.take(e); });
  if (!ok && reader.summary().events == 0) return ok.error();
  out.summary = reader.summary();
  if (!ok) {  // a cut gzip file: what it gave counts, and the cut is told
    out.summary.truncated = true;
    if (out.summary.first_damage.empty()) out.summary.first_damage = ok.error().detail;
  }
  if (!out.summary.has_events)
    return failure{out.summary.truncated ? errc::parse : errc::not_found,
                   "not a trace: there is no traceEvents in it, only: " + detail::some_keys(out.summary)};
  detail::take_metadata(out, file);
  if (auto done = collector.finish(); !done) return done.error();
  return out;
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_READ_PROFILE_HPP
