// weir/net/late_read.hpp - when a read of an event stream comes so late that several events wait, and where the first
// of them ends. Needs the standard library only.
#ifndef WEIR_NET_LATE_READ_HPP
#define WEIR_NET_LATE_READ_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::inline v0 {

/// How many of `bytes`, which a socket holds of an event stream, reach to the end of its first event, that is behind
/// the first blank line (LF LF, or CRLF CRLF); all of them where no `data:` follows. The head of a response counts as
/// an event. It is a place to cut at, and nothing hangs on it but the stamps: the parsers read any cut alike.
/// \complexity  linear
[[nodiscard]] inline std::size_t first_event(std::string_view bytes) noexcept {
  for (auto at = bytes.find('\n'); at != bytes.npos; at = bytes.find('\n', at + 1)) {
    const std::string_view next = bytes.substr(at + 1);
    const std::size_t end = next.starts_with('\n') ? at + 2 : next.starts_with("\r\n") ? at + 3 : 0;
    if (end > 0) return bytes.find("data:", end) == bytes.npos ? bytes.size() : end;
  }
  return bytes.size();
}

/// From when on a read of a stream is so late that two events may wait: a quarter more than the usual gap behind the
/// last arrival, and at least 0.2 ms. The usual gap falls fast and grows slowly, so that it is rather too short: that
/// costs a look, where too long costs a stamp. A server that sends several events at once is looked at ever more
/// rarely.
class event_pace {
 public:
  /// Events arrived `gap_ns` behind those before. \param together  several, and the kernel has one stamp for them.
  void take(std::int64_t gap_ns, bool together) noexcept {
    const std::int64_t most = gap_ns_ + gap_ns_ / 4 + 1;
    gap_ns_ = gap_ns_ == 0 ? gap_ns + 1 : gap_ns < gap_ns_ ? (gap_ns_ + gap_ns) / 2 + 1 : std::min(gap_ns, most);
    vain_ = together ? std::min(vain_ + 1, most_vain) : std::max(vain_ - 1, 0);
  }
  /// \param last_ns  when the last bytes arrived
  [[nodiscard]] std::int64_t late_from(std::int64_t last_ns) const noexcept {
    if (gap_ns_ == 0) return 0;  // not known yet: it looks each time
    return last_ns + (std::max(least_ns, gap_ns_ + gap_ns_ / 4) << vain_);
  }

 private:
  static constexpr std::int64_t least_ns = 200'000;
  static constexpr int most_vain = 6;

  std::int64_t gap_ns_ = 0;
  int vain_ = 0;
};

}  // namespace weir::inline v0

#endif  // WEIR_NET_LATE_READ_HPP
