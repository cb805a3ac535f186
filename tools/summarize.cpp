// weir-summarize: records in, the tables that people look at out.
#include <memory_resource>

#include "summarize_flags.hpp"
#include "summarize_job.hpp"
#include "summarize_live.hpp"
#include "summarize_sweep.hpp"
#include "terminal.hpp"
#include "weir/base/huge_pages.hpp"

namespace {

using weir::errc, weir::failure, weir::result, weir::tool::arguments;

/// The text that --format, --plot and --json ask for.
result<std::string> text_of(const arguments& args, weir::report_input& input, const weir::tool::summarized& done,
                            double devices) {
  const std::string format(args.get("format", args.has("plot") ? "svg" : "txt"));
  if (args.has("json")) return weir::tool::metrics_of(input, done);
  if (args.has("plot") || format == "svg" || format == "gnuplot")
    return weir::tool::drawn(input, done, args.get("plot", "cdf"), format, devices);
  if (format == "html") return render_html(weir::tool::page_parts(input, done, devices));
  if (format == "trace") return weir::tool::trace_text(input);
  const auto known = std::ranges::find(weir::report_formats, format, [](auto f) { return to_string(f); });
  if (args.has("pivot")) return weir::tool::pivot_text(done, args.get("pivot"), *known, weir::tool::terminal_width());
  return weir::tool::tables_text(input, done, *known, weir::tool::terminal_width());
}

/// The page, until the program is ended.
result<int> serve(const arguments& args, weir::summarizer empty, const weir::summary_options& options) {
  const auto port = args.number<std::uint16_t>("serve", 0);
  if (!port) return port.error();
  if (args.operands().empty())
    return failure{errc::invalid_argument, "--serve needs files: standard input is read once"};
  weir::tool::live_report report(std::move(empty), options, args.operands());
  if (auto ok = weir::tool::serve_live(report, *port); !ok) return ok.error();
  return 0;
}

result<int> summarize(const arguments& args) {
  if (const auto sweep = weir::tool::summarize_sweep(args)) return *sweep;
  auto empty = weir::tool::empty_summarizer(args);
  if (!empty) return empty.error();
  const auto format = args.get("format");
  const bool live = args.has("serve") || args.has("follow"), html = format == "html" || live;
  const bool pictures = html || args.has("plot") || format == "svg" || format == "gnuplot" || format == "trace";
  const auto percentiles =
      weir::tool::percentiles_of(args.get("percentiles", pictures ? "1,10,25,50,75,90,95,99,99.9" : "50,90,95,99"));
  if (!percentiles) return percentiles.error();
  const auto price = weir::tool::positive(args, "price", 0), devices = weir::tool::positive(args, "devices", 1);
  if (!price || !devices) return price ? devices.error() : price.error();

  weir::summary_options options{
      .percentiles = *percentiles, .intervals = args.has("intervals"), .price = {*price, *devices}};
  if (live) return serve(args, *std::move(empty), options);
  weir::report_input input{*std::move(empty)};
  const bool steady = html || args.has("steady");
  if (auto ok = gather(input, args.operands(), pictures || steady); !ok) return ok.error();
  for (const auto& remark : input.remarks) weir::tool::say(remark);
  if (steady) options.steady = &input.log;
  if (*price > 0) add_costs(input.rivals, *price * *devices);
  const auto done = weir::tool::summarized_of(input, options);
  if (args.has("out"))
    if (auto ok = weir::tool::write_files(std::string(args.get("out")), args.has("force"), input, done); !ok)
      return ok.error();
  const auto text = text_of(args, input, done, *devices);
  if (!text) return text.error();
  if (auto ok = weir::tool::print(*text); !ok) return ok.error();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  static weir::huge_pages pages;
  std::pmr::set_default_resource(&pages);  // what tells a million requests apart is reached at random
  return weir::tool::run(weir::tool::summarize_about, argc, argv, summarize);
}
