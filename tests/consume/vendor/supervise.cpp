namespace {
struct owner final : weir::instance_user {
  explicit owner(weir::loop& on) : events(&on) {}
  void on_change(weir::instance& which) override {
    if (which.state() == weir::instance_state::ready) ++ready, which.stop(0);
    if (which.over()) events->stop();
  }
  weir::loop* events;
  int ready = 0;
};
}  // namespace

int main() {
  weir::loop loop;
  owner user(loop);
  weir::supervisor servers(loop, user);
  servers.add({.name = "0", .process = {.argv = {"sleep", "60"}}});
  servers.start();
  return loop.run() && user.ready == 1 && servers.all_over() ? 0 : 1;
}
