// weir-serve-many - N instances of any engine: started, ready, watched, and gone without a trace.
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "cli.hpp"
#include "serve_about.hpp"
#include "serve_cluster.hpp"
#include "serve_flags.hpp"
#include "serve_runs.hpp"
#include "weir/serve/session.hpp"

namespace {

using weir::result;
using weir::tool::arguments;

/// Writes news to standard error, and keeps a status line below them on a terminal.
class narrator final : public weir::session_user {
 public:
  narrator(bool quiet, bool print_endpoints)
      : quiet_(quiet), print_endpoints_(print_endpoints), live_(!quiet && ::isatty(STDERR_FILENO) == 1) {}
  ~narrator() { wipe(); }

  void say(std::string_view line) override {
    wipe();
    if (!quiet_) weir::tool::say(line);
  }
  void warn(std::string_view line) override {
    wipe();
    weir::tool::say(line);
  }
  void on_endpoints(std::string_view records) override {
    if (print_endpoints_) weir::tool::print(records).value();
  }
  void on_status(std::string_view line) override {
    line = line.substr(0, 100);
    if (!live_ || line == shown_) return;
    wipe();
    shown_ = line;
    write("\r" + shown_);
  }

 private:
  void wipe() {
    if (!shown_.empty()) write("\r\x1b[K");
    shown_.clear();
  }
  static void write(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stderr); }

  bool quiet_, print_endpoints_, live_;
  std::string shown_;
};

result<int> run(const arguments& args) {
  if (!args.operands().empty()) return weir::tool::look_after_runs(args.operands()[0], args.has("json"));
  const bool has_command = args.has("run");
  narrator user(args.has("quiet"), !has_command && !args.has("endpoints"));
  const auto ended = [&](const result<int>& status) {
    if (!status) user.warn(status.error().detail);
    return status ? *status : has_command ? 125 : 2;
  };
  if (args.get("launcher", "local") != "local") {
    auto cluster = weir::tool::given_cluster(args);
    if (!cluster) return cluster.error();
    return ended(weir::cluster_session(*std::move(cluster), user).run());
  }
  auto fleet = weir::tool::given_fleet(args);
  if (!fleet) return fleet.error();
  const auto every = args.duration_ns("sample-every", 1'000'000'000);
  if (!every) return every.error();
  if (*every < 10'000'000) return weir::failure{weir::errc::invalid_argument, "--sample-every must be at least 10ms"};
  auto run = weir::tool::run_of(*fleet);
  std::vector<std::string> command;
  if (has_command) command = {"/bin/sh", "-c", std::string(args.get("run"))};
  weir::session session({*std::move(fleet), std::string(args.get("endpoints")), std::move(command),
                         std::string(args.get("samples")), *every, std::move(run)},
                        user);
  return ended(session.run());
}

}  // namespace

int main(int argc, char** argv) {
  return weir::tool::run(weir::tool::serve_many_about, argc, argv, run);
}
