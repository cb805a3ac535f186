// weir/net/detail/http_status.hpp - the fixed words of a response head. Needs the standard library only.
#ifndef WEIR_NET_DETAIL_HTTP_STATUS_HPP
#define WEIR_NET_DETAIL_HTTP_STATUS_HPP

#include <array>
#include <cstdint>
#include <ctime>
#include <string_view>

#include "weir/base/clock.hpp"

namespace weir::inline v0::detail {

/// The reason phrase of RFC 9110 for the statuses that a small server gives; empty for others, which is legal.
constexpr std::string_view http_reason(int status) noexcept {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 413:
      return "Content Too Large";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    default:
      return "";
  }
}

/// The Date field of RFC 9110 section 5.6.7, made anew once a second.
class http_date {
 public:
  [[nodiscard]] std::string_view text() {
    if (const std::int64_t second = wall_ns() / 1'000'000'000; second != second_) write(second);
    return {text_.data(), size_};
  }

 private:
  void write(std::int64_t second) {
    // Names of days and months are English here whatever the locale, so strftime's %a and %b won't do.
    static constexpr std::string_view days = "SunMonTueWedThuFriSat";
    static constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    second_ = second;
    const auto when = static_cast<std::time_t>(second);
    std::tm t{};
    ::gmtime_r(&when, &t);
    size_ = std::strftime(text_.data(), text_.size(), "Www, %d Mmm %Y %H:%M:%S GMT", &t);
    days.copy(text_.data(), 3, static_cast<std::size_t>(t.tm_wday) * 3);
    months.copy(text_.data() + 8, 3, static_cast<std::size_t>(t.tm_mon) * 3);
  }

  std::int64_t second_ = -1;
  std::size_t size_ = 0;
  std::array<char, 40> text_{};
};

}  // namespace weir::inline v0::detail

#endif  // WEIR_NET_DETAIL_HTTP_STATUS_HPP
