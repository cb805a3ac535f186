// weir/trace/kineto.hpp - reads a Kineto (Chrome) trace as a stream of events, in constant memory. Needs weir/data.
#ifndef WEIR_TRACE_KINETO_HPP
#define WEIR_TRACE_KINETO_HPP

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include "weir/base/result.hpp"
#include "weir/trace/kineto_event.hpp"
#include "weir/trace/object_stream.hpp"
#include "weir/trace/usual_event.hpp"

namespace weir::inline v0 {

/// Reads a trace from front to back: see object_stream for layouts, damage and cuts.
///
///     weir::kineto_reader reader(weir::fd_source(0));
///     auto ok = reader.read([](std::string_view category) { return category == "kernel"; },
///                           [&](const weir::kineto_event& e) { total += e.dur_ns; });
///
/// \complexity  one pass; memory is the window, which grows only to hold one longer event or metadata value.
template <class Source>
class kineto_reader {
 public:
  explicit kineto_reader(Source source, std::size_t window_bytes = std::size_t{1} << 18)
      : stream_(std::move(source), {"traceEvents", {"\"ph\"", "\"name\""}}, window_bytes) {}

  /// \param wanted    bool(std::string_view category): false skips the event early. Events without one are always read.
  /// \param on_event  void(const kineto_event&); its views are valid until it returns.
  /// \return  errc::io where the source fails, errc::parse where the bytes are no trace at all.
  template <class Wanted, class OnEvent>
  result<void> read(Wanted&& wanted, OnEvent&& on_event) {
    event_reader<std::remove_reference_t<Wanted>, std::remove_reference_t<OnEvent>> each{wanted, on_event, {}, {}};
    return stream_.read(each);
  }

  [[nodiscard]] const stream_summary& summary() const noexcept { return stream_.summary(); }

 private:
  /// Reads the objects that the stream finds.
  template <class Wanted, class OnEvent>
  struct event_reader {
    Wanted& wanted;
    OnEvent& on_event;
    detail::usual_layout layout;
    kineto_event event;  // made once: most events are skipped before anything is written to it

    object_read operator()(std::string_view object) { return taken(read_kineto_event(object, event, wanted)); }
    usual_object usual(std::string_view text) {
      const usual_object found = read_usual_event(text, event, wanted, layout);
      if (found.length > 0) taken(found.read);
      return found;
    }
    object_read taken(object_read read) {
      if (read == object_read::ok) on_event(std::as_const(event));
      return read;
    }
  };

  object_stream<Source> stream_;
};

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_KINETO_HPP
