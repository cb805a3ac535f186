// weir-mock: an OpenAI-compatible server whose every event is due at a known time.
#include "weir/openai/mock.hpp"

#include <sys/resource.h>

#include <csignal>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "cli.hpp"
#include "mock_flags.hpp"
#include "weir/net/server.hpp"
#include "weir/openai/mock_key.hpp"
#include "weir/serve/signals.hpp"

namespace {

using weir::result, weir::tool::arguments;

/// Something to be done once, later.
class later final : public weir::timer {
 public:
  explicit later(std::function<void()> what) : what_(std::move(what)) {}
  void on_time(std::int64_t) override { what_(); }

 private:
  std::function<void()> what_;
};

/// Each stream is a descriptor: takes as many as the machine lets it.
void raise_file_limit() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

std::optional<weir::mock_answers> key_of(const arguments& args, std::uint64_t seed) {
  const double accuracy = weir::tool::share(args, "accuracy", 0.8);
  if (!args.has("answers")) return std::nullopt;
  return weir::mock_answers(weir::read_mock_key(std::string(args.get("answers"))).value(), accuracy, seed);
}

result<int> serve(const arguments& args) {
  const weir::mock_options options = weir::tool::mock_options_of(args);
  const std::string host(args.get("unix-socket", args.get("host", "127.0.0.1")));
  const auto port = args.number<std::uint16_t>("port", 8000).value();
  const std::int64_t slow_start = args.duration_ns("slow-start", 0).value();
  const std::int64_t loading = args.duration_ns("loading", 0).value();
  const auto key = key_of(args, options.seed);
  weir::server_limits limits;
  limits.kernel_stamps = true;
  limits.answers = static_cast<std::uint64_t>(weir::tool::count(args, "close-after", 0, 1));

  raise_file_limit();
  weir::loop loop;
  const weir::signal_source stop(loop, {SIGINT, SIGTERM}, [&](int) { loop.stop(); });  // before any thread starts
  std::optional<weir::truth_log> log;
  weir::mock_server mock(loop, options);
  if (key) mock.answer_from(*key);
  std::optional<weir::http_server> http(std::in_place, loop, mock, limits);
  http->bind(host, port).value();
  const std::string address = host.find(':') == host.npos ? host : "[" + host + "]";
  const std::string where = args.has("unix-socket") ? host : address + ":" + std::to_string(http->port());
  if (args.has("truth")) {  // not before the port is ours: a second mock must not empty the first one's log
    const std::string path(args.get("truth"));
    log.emplace(weir::truth_log::create(path).value(), path);
    mock.log_to(*log, where);
  }
  later open([&] {
    http->listen().value();
    mock.loading_until(weir::now_ns() + loading);
    weir::tool::say("listening on " + (args.has("unix-socket") ? where : "http://" + where) + ", model " +
                    options.model);
  });
  loop.arm(open, weir::now_ns() + slow_start);
  loop.run().value();

  mock.stopping();
  http.reset();
  if (log) log->close().value();
  if (mock.unknown_questions() > 0)
    weir::tool::say(std::to_string(mock.unknown_questions()) + " of " + std::to_string(mock.accepted()) +
                    " requests held no question of the key");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return weir::tool::run(weir::tool::mock_about, argc, argv, serve);
}
