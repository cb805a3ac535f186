// Keeps two servers for a second. However this program ends, also by SIGKILL, they and all that they started are gone
// afterwards: try `example_03_keep_servers & sleep 0.2; kill -9 $!; pgrep -f 'sleep 1234'`.
#include <cstdint>
#include <cstdio>

#include "weir/base/clock.hpp"
#include "weir/net/loop.hpp"
#include "weir/serve/supervise.hpp"

namespace {

class owner final : public weir::instance_user, public weir::timer {
 public:
  explicit owner(weir::loop& on) : loop_(&on), servers_(on, *this) {
    for (const char* name : {"a", "b"})
      servers_.add({.name = name, .process = {.argv = {"sh", "-c", "sleep 1234 & wait"}}});
    servers_.start();
    on.arm(*this, weir::now_ns() + std::int64_t{1'000'000'000});
  }

  void on_change(weir::instance& which) override {
    if (which.state() == weir::instance_state::ready) std::printf("%s runs\n", which.spec().name.c_str());
    if (which.over()) std::printf("%s is gone, and all that it started\n", which.spec().name.c_str());
    if (servers_.all_over()) loop_->stop();
  }
  void on_time(std::int64_t /*now*/) override { servers_.stop(); }

 private:
  weir::loop* loop_;
  weir::supervisor servers_;
};

}  // namespace

int main() {
  weir::loop loop;
  const owner two(loop);
  return loop.run() ? 0 : 2;
}
