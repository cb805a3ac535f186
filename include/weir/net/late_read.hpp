// weir/net/late_read.hpp - when a read of an event stream comes so late that several events wait, and where each of
// them ends. Needs the standard library only.
#ifndef WEIR_NET_LATE_READ_HPP
#define WEIR_NET_LATE_READ_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace weir::inline v0 {

/// Where each event ends of an event stream's `bytes` that a socket holds: behind a blank line (LF LF, or CRLF CRLF)
/// that `data:` follows somewhere, and the last at the end of all. The head of a response counts as an event. They are
/// places to cut at, and nothing hangs on them but the stamps: the parsers read any cut alike.
/// \complexity  linear
inline void event_ends(std::string_view bytes, std::vector<std::size_t>& ends) {
  ends.clear();
  const std::size_t last_data = bytes.rfind("data:");
  for (auto at = bytes.find('\n'); at < last_data && last_data != bytes.npos; at = bytes.find('\n', at + 1)) {
    const std::string_view next = bytes.substr(at + 1);
    const std::size_t end = next.starts_with('\n') ? at + 2 : next.starts_with("\r\n") ? at + 3 : 0;
    if (end > 0 && end <= last_data) ends.push_back(end), at = end - 1;
  }
  if (!bytes.empty()) ends.push_back(bytes.size());
}

/// Of `size` things in a row, how many from the first on are like it. `like_first(i)` says so of the i-th (from 0,
/// never asked for 0): once not, never again, and it is expensive.
/// \param guess      asked first: where it is right, no more than two questions are asked.
/// \complexity       logarithmic in how wrong the guess is
template <class LikeFirst>
[[nodiscard]] std::size_t count_like_first(std::size_t size, std::size_t guess, LikeFirst like_first) {
  if (size < 2) return size;
  std::size_t low = 1, high = size;  // so many are alike at least, and at most
  for (std::size_t next = std::clamp<std::size_t>(guess, 2, size), step = 1; low < high; step *= 2) {
    if (!like_first(next - 1)) {
      high = next - 1;
      break;
    }
    low = next;
    next = std::min(high, next + step);
  }
  while (low < high) {
    const std::size_t middle = low + (high - low + 1) / 2;
    if (like_first(middle - 1))
      low = middle;
    else
      high = middle - 1;
  }
  return low;
}

/// From when on a read of a stream is so late that two events may wait: a quarter more than the usual gap behind the
/// last arrival, and at least 0.2 ms. The usual gap falls fast and grows slowly, so that it is rather too short: that
/// costs a look, where too long costs a stamp. A server that sends several events at once is looked at ever more
/// rarely, until its events come alone again.
class event_pace {
 public:
  /// Events arrived `gap_ns` behind those before.
  /// \param together  several, and the kernel has one stamp for them.
  /// \param unknown   several, and nobody has looked how many stamps the kernel has.
  void take(std::int64_t gap_ns, bool together, bool unknown = false) noexcept {
    const std::int64_t most = gap_ns_ + gap_ns_ / 4 + 1;
    gap_ns_ = gap_ns_ == 0 ? gap_ns + 1 : gap_ns < gap_ns_ ? (gap_ns_ + gap_ns) / 2 + 1 : std::min(gap_ns, most);
    if (!unknown) vain_ = together ? std::min(vain_ + 1, most_vain) : std::max(vain_ - 1, 0);
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
