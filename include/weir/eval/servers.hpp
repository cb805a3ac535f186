// weir/eval/servers.hpp - the servers of an evaluation, and requests for each style of asking. Needs Linux and
// simdjson.
#ifndef WEIR_EVAL_SERVERS_HPP
#define WEIR_EVAL_SERVERS_HPP

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/eval/agent.hpp"
#include "weir/eval/server_load.hpp"
#include "weir/net/loop.hpp"
#include "weir/openai/client.hpp"
#include "weir/openai/endpoint.hpp"
#include "weir/openai/reach.hpp"
#include "weir/openai/request.hpp"

namespace weir::inline v0 {

/// Sends asks to the servers with the fewest requests under way. Chat prompts and string prompts may be mixed.
class eval_servers {
 public:
  eval_servers(loop& on, request_options request, client_limits limits)
      : loop_(&on), request_(std::move(request)), limits_(limits) {}

  /// Finds the way to a server and its model: see reach().
  result<void> add(endpoint where, const tls_maker& tls, const std::function<void(std::string_view)>& note) {
    auto addresses = reach(where, request_, tls, note);
    if (!addresses) return addresses.error();
    for (const char* path : {"/v1/completions", "/v1/chat/completions"})
      if (const auto target = where.target(path); !target) return target.error();
    load_.add(where, *addresses, request_);
    servers_.push_back({std::move(where), std::make_unique<client>(*loop_, *std::move(addresses), limits_), {}});
    return {};
  }
  /// Has the servers asked how much they have to do, again after as many nanoseconds as `heard` returns.
  /// \pre  all are added
  void watch(std::function<std::int64_t(const server_metrics&)> heard) {
    heard_ = std::move(heard);
    load_.start();
  }
  [[nodiscard]] const std::string& model() const { return servers_.front().where.model; }

  void submit(const agent_ask& ask, request_record about, exchange_observer& observer) {
    server& to = least_busy();
    about.endpoint = to.where.base_url;
    about.instance = to.where.instance;
    about.model = ask.what.model.empty() ? to.where.model : ask.what.model;
    std::string bytes;
    writer(to, ask).append(bytes, ask.what);
    to.connections->submit(std::move(bytes), {.choices = ask.choices, .keep_events = false}, std::move(about),
                           observer);
  }
  void cancel_all(std::string_view why) {
    for (auto& each : servers_) each.connections->cancel_all(why);
  }

 private:
  struct style {
    bool chat;
    std::int32_t choices;
    std::optional<double> temperature;
    auto operator<=>(const style&) const = default;
  };
  struct server {
    endpoint where;
    std::unique_ptr<client> connections;
    std::map<style, request_writer> writers;
  };

  const request_writer& writer(server& to, const agent_ask& ask) {
    const style how{ask.what.form == prompt_form::messages || request_.chat, ask.choices, ask.temperature};
    const auto known = to.writers.find(how);
    if (known != to.writers.end()) return known->second;
    request_options options = request_;
    options.chat = how.chat;
    options.choices = how.choices;
    options.model = to.where.model;
    if (how.temperature) options.temperature = how.temperature;
    const auto target = to.where.target(how.chat ? "/v1/chat/completions" : "/v1/completions");
    return to.writers.emplace(how, request_writer(std::move(options), to.where.where.authority(), *target))
        .first->second;
  }

  /// Of equals, the one that was not chosen for the longest time.
  server& least_busy() {
    std::size_t best = turn_ % servers_.size();
    for (std::size_t i = 1; i < servers_.size(); ++i) {
      const std::size_t other = (turn_ + i) % servers_.size();
      if (servers_[other].connections->outstanding() < servers_[best].connections->outstanding()) best = other;
    }
    turn_ = best + 1;
    return servers_[best];
  }

  loop* loop_;
  request_options request_;
  client_limits limits_;
  std::vector<server> servers_;
  std::size_t turn_ = 0;
  std::function<std::int64_t(const server_metrics&)> heard_;
  server_load load_{*loop_, [this](const server_metrics& now) { return heard_(now); }};
};

}  // namespace weir::inline v0

#endif  // WEIR_EVAL_SERVERS_HPP
