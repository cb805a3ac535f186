// weir/load/server_side.hpp - a run as the server counted it, beside what the client saw. Needs Linux and weir/observe.
#ifndef WEIR_LOAD_SERVER_SIDE_HPP
#define WEIR_LOAD_SERVER_SIDE_HPP

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/load/run_summary.hpp"
#include "weir/load/validity.hpp"
#include "weir/net/address.hpp"
#include "weir/observe/ask_metrics.hpp"
#include "weir/openai/endpoint.hpp"
#include "weir/openai/request.hpp"
#include "weir/report/latency.hpp"

namespace weir::inline v0 {

/// What the servers of a run counted while it lasted.
struct server_side {
  std::optional<server_metrics> grown;  ///< All servers added up.
  std::string missing;                  ///< Why there is none.
};

/// A latency as the server measured it, and as the client did.
struct server_comparison {
  std::string_view name;  ///< "TTFT"
  double server_ms, client_ms;
  [[nodiscard]] double ratio() const noexcept { return client_ms / server_ms; }
};

/// The means that both sides have. Sums and counts only: the buckets of servers are too coarse for percentiles.
[[nodiscard]] inline std::vector<server_comparison> compare_latencies(const server_metrics& server, run_summary& s) {
  std::vector<server_comparison> all;
  const auto add = [&](std::string_view name, server_figure sum, server_figure count, latency which) {
    const double server_ms = server.mean_ms(sum, count), client_ms = s.of(which).describe().mean / 1e6;
    if (server_ms > 0 && client_ms > 0) all.push_back({name, server_ms, client_ms});
  };
  add("TTFT", server_figure::ttft_s, server_figure::ttft_count, latency::ttft);
  add("ITL", server_figure::itl_s, server_figure::itl_count, latency::itl);
  add("E2EL", server_figure::e2el_s, server_figure::e2el_count, latency::e2el);
  return all;
}

/// What the server counted otherwise than the client: somebody else was using it, or one of the two is wrong. Only runs
/// without a failure are compared: of a failed request the server counts what the client never saw.
[[nodiscard]] inline std::vector<std::string> disagreements(const server_metrics& server, const run_summary& s,
                                                            std::int32_t choices) {
  std::vector<std::string> all;
  if (s.failed > 0 || s.resent > 0 || s.completed == 0) return all;
  const auto check = [&](std::string_view what, server_figure figure, double ours) {
    const double theirs = server.of(figure);
    if (std::isnan(theirs) || std::isnan(ours) || theirs == ours) return;
    all.push_back("the server counted " + detail::shown(theirs, 0) + " " + std::string(what) + ", the client " +
                  detail::shown(ours, 0) + ": was somebody else using it?");
  };
  const bool estimated = s.attempts.counts.by_basis[static_cast<std::size_t>(tokens_basis::chunks)] > 0;
  if (!estimated) check("generated tokens", server_figure::generation_tokens, s.tokens_out());
  check("requests", server_figure::requests, static_cast<double>(s.completed) * choices);
  if (choices == 1 && server.engine != "llamacpp") check("prompt tokens", server_figure::prompt_tokens, s.tokens_in());
  return all;
}

/// The share of the prompt tokens that came from the server's prefix cache; NaN where it does not say.
[[nodiscard]] inline double prefix_hit_share(const server_metrics& server) noexcept {
  const double asked = server.of(server_figure::prefix_queries);
  return asked > 0 ? server.of(server_figure::prefix_hits) / asked : std::numeric_limits<double>::quiet_NaN();
}

/// Asks the servers of a run for their counters before and after it.
class server_watch {
 public:
  /// \param request  its headers (authorization) are sent along.
  explicit server_watch(const request_options& request) { append_own_headers(headers_, request); }

  void add(const endpoint& where, std::vector<socket_address> addresses) {
    servers_.push_back({where, std::move(addresses), {}});
  }

  /// Before the first request. \param warmed_up  others came before it, which the server may still be counting.
  void before(bool warmed_up) {
    for (auto& server : servers_) {
      auto said = settled(server, warmed_up ? 5 : 1);
      if (!said) {
        missing_ = said.error().detail;
        return;
      }
      server.before = *std::move(said);
    }
  }

  /// After the last answer. Servers count a request when they are through with it, which may be a moment later than
  /// its last byte: waits for that, a second at most.
  [[nodiscard]] server_side after() const {
    server_side side{std::nullopt, missing_};
    if (!missing_.empty() || servers_.empty()) return side;
    server_metrics sum;
    for (const auto& server : servers_) {
      const auto now = settled(server, 5);
      if (!now) return {std::nullopt, now.error().detail};
      const auto grown = growth(server.before, *now);
      if (!grown) return {std::nullopt, grown.error().detail};
      weir::add(sum, *grown);
    }
    side.grown = sum;
    return side;
  }

 private:
  struct watched {
    endpoint where;
    std::vector<socket_address> addresses;
    server_metrics before;
  };

  /// Asks until nothing moves any more, `most` times at most.
  [[nodiscard]] result<server_metrics> settled(const watched& of, int most) const {
    auto last = ask_metrics(of.where.where, of.addresses, headers_);
    for (int asked = 1; last && asked < most; ++asked) {
      std::this_thread::sleep_for(std::chrono::milliseconds(asked == 1 ? 50 : 200));
      auto next = ask_metrics(of.where.where, of.addresses, headers_);
      const bool still = next &&
                         next->of(server_figure::generation_tokens) == last->of(server_figure::generation_tokens) &&
                         !(next->of(server_figure::running) > 0);
      last = std::move(next);
      if (still) break;
    }
    return last;
  }

  std::string headers_;
  std::vector<watched> servers_;
  std::string missing_;
};

}  // namespace weir::inline v0

#endif  // WEIR_LOAD_SERVER_SIDE_HPP
