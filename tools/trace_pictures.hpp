// tools/trace_pictures.hpp - the files that weir-trace writes beside its report.
#ifndef WEIR_TOOLS_TRACE_PICTURES_HPP
#define WEIR_TOOLS_TRACE_PICTURES_HPP

#include <filesystem>
#include <string>
#include <system_error>

#include "cli.hpp"
#include "weir/base/text_file.hpp"
#include "weir/report/plot_svg.hpp"
#include "weir/trace/annotations.hpp"
#include "weir/trace/profile_files.hpp"
#include "weir/trace/set_plots.hpp"

namespace weir::tool {

/// Writes what --annotations and --plots name.
inline result<void> write_pictures(const arguments& args, const trace_set& set, const skew_report& skew) {
  if (args.has("annotations"))
    if (auto ok = replace_text(std::string(args.get("annotations")), annotations(set.ranks, skew)); !ok) return ok;
  if (!args.has("plots")) return {};
  const std::string directory(args.get("plots"));
  std::error_code error;
  if (!std::filesystem::create_directories(directory, error) && error)
    return failure{errc::io, "cannot make " + directory + ": " + error.message()};
  const auto write = [&](const char* name, const plot& p) {
    std::string svg;
    append_svg(svg, p);
    return replace_text(directory + name, svg);
  };
  if (auto ok = write("/ranks.svg", rank_stack_plot(set.ranks)); !ok) return ok;
  return write("/skew.svg", skew_plot(skew));
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_TRACE_PICTURES_HPP
