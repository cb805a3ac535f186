// tools/summarize_live.hpp - the report of files that still grow, as a page on this machine.
#ifndef WEIR_TOOLS_SUMMARIZE_LIVE_HPP
#define WEIR_TOOLS_SUMMARIZE_LIVE_HPP

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "cli.hpp"
#include "summarize_job.hpp"
#include "weir/net/loop.hpp"
#include "weir/net/server.hpp"

namespace weir::tool {

/// Reads the files anew for each visit; the page asks again every few seconds.
class live_report final : public http_service {
 public:
  live_report(summarizer empty, summary_options options, std::vector<std::string> files)
      : empty_(std::move(empty)), options_(std::move(options)), files_(std::move(files)) {}

  void on_request(exchange& x) override {
    report_input input{empty_};
    if (auto ok = gather(input, files_, true); !ok)
      return x.reply(200, "text/html; charset=utf-8", waiting(ok.error().detail));
    summary_options options = options_;
    options.steady = &input.log;
    const auto done = summarized_of(input, options);
    auto page = page_parts(input, done, options.price.devices);
    page.refresh_s = refresh_s;
    x.reply(200, "text/html; charset=utf-8", render_html(page));
  }

 private:
  static constexpr int refresh_s = 3;
  static std::string waiting(const std::string& why) {
    return render_html({.title = "weir report",
                        .facts = {},
                        .tables = {},
                        .plots = {},
                        .notes = {"Nothing to show yet: " + why},
                        .definitions = {},
                        .refresh_s = refresh_s});
  }

  summarizer empty_;
  summary_options options_;
  std::vector<std::string> files_;
};

/// Serves the page to this machine alone, until the program is ended.
inline result<void> serve_live(live_report& report, std::uint16_t port) {
  loop on;
  http_server server(on, report);
  if (auto ok = server.bind("127.0.0.1", port); !ok) return ok;
  if (auto ok = server.listen(); !ok) return ok;
  say("http://127.0.0.1:" + std::to_string(server.port()) + "/ shows the report; Ctrl-C ends it");
  return on.run();
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_SUMMARIZE_LIVE_HPP
