// weir/observe/ask_metrics.hpp - asks a server for its counters before and after a run. Needs Linux (epoll).
#ifndef WEIR_OBSERVE_ASK_METRICS_HPP
#define WEIR_OBSERVE_ASK_METRICS_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/net/address.hpp"
#include "weir/net/http_call.hpp"
#include "weir/net/url.hpp"
#include "weir/observe/server_metrics.hpp"

namespace weir::inline v0 {

/// Where a server keeps a page of its own, such as /metrics: beside the base URL's /v1, wherever that stands.
[[nodiscard]] inline std::string page_beside_v1(const url& base, std::string_view page) {
  std::string_view path = std::string_view(base.target).substr(0, base.target.find('?'));
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.ends_with("/v1")) path.remove_suffix(3);
  return std::string(path).append(page);
}

/// The head of a request for them, but for its last line.
[[nodiscard]] inline std::string metrics_request(const url& base) {
  return "GET " + page_beside_v1(base, "/metrics") + " HTTP/1.1\r\nHost: " + base.authority() +
         "\r\nConnection: close\r\nAccept: text/plain\r\n";
}

/// Asks `base` for its counters. Blocks for at most `timeout_ns`: not for the time of a measurement.
/// \param headers  lines to add to the request, each with its CRLF (authorization).
/// \return  errc::not_found where the server has no such page or none of the names known here.
[[nodiscard]] inline result<server_metrics> ask_metrics(const url& base, const std::vector<socket_address>& addresses,
                                                        std::string_view headers = {},
                                                        std::int64_t timeout_ns = 5'000'000'000) {
  const std::string target = page_beside_v1(base, "/metrics");
  const std::string request = metrics_request(base) + std::string(headers) + "\r\n";
  constexpr std::size_t enough = std::size_t{16} << 20;
  const auto answer = http_call(addresses, request, timeout_ns, enough);
  if (!answer) return failure{answer.error().code, target + ": " + answer.error().detail};
  if (answer->status != 200)
    return failure{errc::not_found, target + " answers HTTP " + std::to_string(answer->status)};
  auto metrics = parse_server_metrics(answer->body);
  if (!metrics) return failure{metrics.error().code, target + ": " + metrics.error().detail};
  if (metrics->engine.empty()) return failure{errc::not_found, target + " has no metric that is known here"};
  return metrics;
}

}  // namespace weir::inline v0

#endif  // WEIR_OBSERVE_ASK_METRICS_HPP
