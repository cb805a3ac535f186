// weir/serve/supervise.hpp - many servers, kept up together and taken down together. Needs Linux 5.11.
//
//     weir::loop loop;
//     weir::supervisor servers(loop, user);
//     for (int i = 0; i < 4; ++i) servers.add({.name = std::to_string(i), .process = {.argv = {"my-server"}}});
//     servers.start();
//     loop.run();                      // user.on_change tells of every change; servers.stop() when it is enough
//
// Whatever ends this program, also SIGKILL, ends the servers and all that they started: see keeper.hpp.
#ifndef WEIR_SERVE_SUPERVISE_HPP
#define WEIR_SERVE_SUPERVISE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

#include "weir/net/loop.hpp"
#include "weir/serve/instance.hpp"

namespace weir::inline v0 {

/// Keeps a set of servers.
class supervisor {
 public:
  supervisor(loop& on, instance_user& user) : loop_(&on), user_(&user) {}

  void add(instance_spec spec) { instances_.emplace_back(*loop_, std::move(spec), *user_); }
  void start() {
    for (auto& each : instances_)
      if (!stopping_) each.start();
  }
  /// Adds a server to those that run already.
  void add_started(instance_spec spec) {
    add(std::move(spec));
    if (!stopping_) instances_.back().start();
  }
  /// Stops all, those that wait to be restarted too. Once more with a shorter grace hurries them.
  /// \param grace_ns  at most this from SIGTERM to SIGKILL; each has its own grace as another bound.
  void stop(std::int64_t grace_ns = std::int64_t{1} << 62) {
    stopping_ = true;
    for (auto& each : instances_) each.stop(std::min(grace_ns, each.spec().grace_ns));
  }

  [[nodiscard]] bool stopping() const noexcept { return stopping_; }
  [[nodiscard]] const std::deque<instance>& instances() const noexcept { return instances_; }
  [[nodiscard]] std::size_t count(instance_state state) const {
    return static_cast<std::size_t>(
        std::count_if(instances_.begin(), instances_.end(), [&](const auto& each) { return each.state() == state; }));
  }
  [[nodiscard]] bool all_ready() const { return count(instance_state::ready) == instances_.size(); }
  /// Nothing is left of any of them, and none will come back.
  [[nodiscard]] bool all_over() const {
    return std::all_of(instances_.begin(), instances_.end(), [](const auto& each) { return each.over(); });
  }

 private:
  loop* loop_;
  instance_user* user_;
  std::deque<instance> instances_;
  bool stopping_ = false;
};

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_SUPERVISE_HPP
