// weir/serve/http_health.hpp - an OpenAI-compatible server's way to ready, and its pulse after that. Needs simdjson and
// Linux.
#ifndef WEIR_SERVE_HTTP_HEALTH_HPP
#define WEIR_SERVE_HTTP_HEALTH_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/json_write.hpp"
#include "weir/base/result.hpp"
#include "weir/net/address.hpp"
#include "weir/net/connection.hpp"
#include "weir/net/http_call.hpp"
#include "weir/net/loop.hpp"
#include "weir/openai/models.hpp"
#include "weir/serve/engine.hpp"
#include "weir/serve/health.hpp"

namespace weir::inline v0 {

/// Walks a server through its ready_rule: each step is asked for until it holds, with pauses that grow with the time
/// waited. Then asks for `health` every five seconds; three wrong or missing answers in a row are a sick server.
class http_health final : public health, private timer {
 public:
  http_health(loop& on, receive_buffer& buffer, int port, ready_rule rule, health_user& user)
      : loop_(&on), question_(on, buffer), port_(port), rule_(std::move(rule)), user_(&user), model_(rule_.model) {
    if (auto here = resolve("127.0.0.1", static_cast<std::uint16_t>(port))) here_ = *std::move(here);
    loop_->arm(*this, now_ns());
  }
  ~http_health() override { loop_->disarm(*this); }

  [[nodiscard]] std::string doing() const override {
    const std::string last = question_.waiting() ? " (no answer yet)" : last_.empty() ? "" : " (" + last_ + ")";
    switch (step_) {
      case step::connect:
        return "starting" + last;
      case step::health:
        return "loading" + last;
      case step::models:
        return "listing its model" + last;
      case step::generate:
        return "making its first token" + last;
      case step::ready:
        break;
    }
    return "ready";
  }
  [[nodiscard]] std::string model() const override { return model_; }
  [[nodiscard]] std::string note() const override { return note_; }

 private:
  enum class step { connect, health, models, generate, ready };
  static constexpr std::int64_t ms = 1'000'000;
  static constexpr std::int64_t quick_ns = 5'000 * ms, pulse_ns = 5'000 * ms, recheck_ns = 1'000 * ms;
  static constexpr std::int64_t token_ns = 3'600'000 * ms;  // the supervisor's ready time-out comes first

  void on_time(std::int64_t) override {
    if (step_ == step::models) return ask(rule_.models, {}, quick_ns);
    if (step_ == step::generate) return ask(rule_.generate[way_], token_question(), token_ns);
    ask(rule_.health.empty() ? "/" : rule_.health, {}, quick_ns);
  }

  /// Asks this machine's server for `path`; with a `json` body it is a POST.
  void ask(const std::string& path, const std::string& json, std::int64_t timeout_ns) {
    std::string request = (json.empty() ? "GET " : "POST ") + path +
                          " HTTP/1.1\r\nhost: 127.0.0.1:" + std::to_string(port_) +
                          "\r\nconnection: close\r\naccept: application/json\r\n";
    if (!json.empty())
      request += "content-type: application/json\r\ncontent-length: " + std::to_string(json.size()) + "\r\n";
    question_.ask(here_, request + "\r\n" + json, timeout_ns,
                  [this](result<http_answer> reply) { on_reply(std::move(reply)); });
  }

  void on_reply(result<http_answer> reply) {
    if (step_ == step::ready) return on_pulse(reply);
    last_ = reply ? "HTTP " + std::to_string(reply->status) : reply.error().detail;
    if (!reply && step_ != step::generate) return again();
    if (step_ == step::connect) step_ = step::health;  // somebody answered
    if (step_ == step::health && alive(*reply)) return advance(step::models);
    if (step_ == step::models && listed(*reply)) return advance(step::generate);
    if (step_ == step::generate && generated(reply)) return advance(step::ready);
    if (step_ == step::health || step_ == step::models || !reply || reply->status >= 500) return again();
    on_time(0);  // the next way to ask for a token
  }

  /// Goes on to `next`, past the steps that the rule leaves out.
  void advance(step next) {
    step_ = next;
    last_.clear();
    if (step_ == step::models && rule_.models.empty()) step_ = step::generate;
    if (step_ == step::generate && rule_.generate.empty()) step_ = step::ready;
    if (step_ != step::ready) return on_time(0);
    if (!rule_.health.empty()) loop_->arm(*this, now_ns() + pulse_ns);
    user_->on_healthy();  // the last thing done: the user may destroy this object
  }

  void again() {
    const std::int64_t now = now_ns();
    loop_->arm(*this, now + std::clamp((now - start_ns_) / 10, 10 * ms, 500 * ms));
  }

  /// A server that does not know the path answers all the same: 404 is a sign of life, 503 is "loading".
  [[nodiscard]] bool alive(const http_answer& reply) const {
    return rule_.health.empty() || reply.status < 300 || (reply.status >= 400 && reply.status < 500);
  }

  bool listed(const http_answer& reply) {
    if (reply.status >= 400 && reply.status < 500) return true;  // no such list, or not without a key
    if (reply.status != 200) return false;
    const auto models = parse_models(reply.body);
    last_ = !models ? models.error().detail : models->empty() ? "it lists none" : "";
    if (last_.empty() && model_.empty()) model_ = models->front();
    return last_.empty();
  }

  /// One token was made, or every way to ask for one was refused (an embedding server): that is all it will ever say.
  bool generated(const result<http_answer>& reply) {
    if (!reply || reply->status >= 500) return false;
    if (reply->status == 200) return note_.clear(), true;
    note_ = "makes no token when asked: " + rule_.generate[way_] + " answers HTTP " + std::to_string(reply->status);
    return ++way_ == rule_.generate.size();
  }

  [[nodiscard]] std::string token_question() const {
    std::string body;
    json_writer json(body);
    json.begin_object().field("model", model_).field("max_tokens", 1).field("temperature", 0);
    if (rule_.generate[way_].ends_with("/chat/completions"))
      json.key("messages")
          .begin_array()
          .begin_object()
          .field("role", "user")
          .field("content", "Hi")
          .end_object()
          .end_array();
    else
      json.field("prompt", "Hi");
    json.end_object();
    return body;
  }

  void on_pulse(const result<http_answer>& reply) {
    const bool good = reply && alive(*reply);
    missed_ = good ? 0 : missed_ + 1;
    loop_->arm(*this, now_ns() + (good ? pulse_ns : recheck_ns));
    if (missed_ != 3) return;
    user_->on_unhealthy(rule_.health + ": " + (reply ? "HTTP " + std::to_string(reply->status) : reply.error().detail));
  }

  loop* loop_;
  http_question question_;
  int port_;
  std::vector<socket_address> here_;
  ready_rule rule_;
  health_user* user_;
  std::string model_, last_, note_;
  step step_ = step::connect;
  std::size_t way_ = 0;  // of rule_.generate
  int missed_ = 0;       // pulses in a row
  std::int64_t start_ns_ = now_ns();
};

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_HTTP_HEALTH_HPP
