// weir/eval/server_load.hpp - how much servers have to do, asked again and again beside the work. Needs Linux (epoll).
#ifndef WEIR_EVAL_SERVER_LOAD_HPP
#define WEIR_EVAL_SERVER_LOAD_HPP

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/result.hpp"
#include "weir/net/address.hpp"
#include "weir/net/connection.hpp"
#include "weir/net/http_call.hpp"
#include "weir/net/loop.hpp"
#include "weir/observe/ask_metrics.hpp"
#include "weir/observe/server_metrics.hpp"
#include "weir/openai/endpoint.hpp"
#include "weir/openai/request.hpp"

namespace weir::inline v0 {

/// Asks /metrics of several servers as often as its hearer wants, until one of them has no such page: then nothing is
/// known of all together.
class server_load final : private timer {
 public:
  /// \param heard  is told what all servers say together, and says after how many nanoseconds to ask again.
  server_load(loop& on, std::function<std::int64_t(const server_metrics&)> heard)
      : loop_(&on), heard_(std::move(heard)), buffer_(std::make_unique<receive_buffer>()) {}
  server_load(const server_load&) = delete;
  server_load& operator=(const server_load&) = delete;
  ~server_load() { loop_->disarm(*this); }

  void add(const endpoint& where, const std::vector<socket_address>& addresses, const request_options& options) {
    std::string request = metrics_request(where.where);
    append_own_headers(request, options);
    servers_.emplace_back(*loop_, *buffer_, addresses, request + "\r\n");
    if (!where.prefix.empty()) silent_ = true;  // a proxy's /metrics are not the server's
  }

  /// Begins to ask. \pre  all are added
  void start() {
    if (!servers_.empty() && !silent_) loop_->arm(*this, now_ns() + first_ns);
  }

 private:
  static constexpr std::int64_t first_ns = 100'000'000, timeout_ns = 5'000'000'000;
  static constexpr std::size_t enough = std::size_t{16} << 20;

  struct server {
    server(loop& on, receive_buffer& buffer, std::vector<socket_address> to, std::string bytes)
        : addresses(std::move(to)), request(std::move(bytes)), question(on, buffer, enough) {}
    std::vector<socket_address> addresses;
    std::string request;
    http_question question;
  };

  void on_time(std::int64_t) override {
    sum_ = {};
    waiting_ = servers_.size();
    for (auto& each : servers_)
      each.question.ask(each.addresses, each.request, timeout_ns,
                        [this](const result<http_answer>& answer) { take(answer); });
  }

  void take(const result<http_answer>& answer) {
    const auto metrics =
        answer && answer->status == 200 ? parse_server_metrics(answer->body) : result<server_metrics>(server_metrics{});
    if (!metrics || metrics->engine.empty())
      silent_ = true;
    else
      weir::add(sum_, *metrics);
    if (--waiting_ > 0 || silent_) return;
    const std::int64_t after_ns = heard_(sum_);
    loop_->arm(*this, now_ns() + after_ns);
  }

  loop* loop_;
  std::function<std::int64_t(const server_metrics&)> heard_;
  std::unique_ptr<receive_buffer> buffer_;
  std::deque<server> servers_;
  server_metrics sum_;
  std::size_t waiting_ = 0;
  bool silent_ = false;
};

}  // namespace weir::inline v0

#endif  // WEIR_EVAL_SERVER_LOAD_HPP
