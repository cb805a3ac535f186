#include "cli.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/base/units.hpp"
#include "weir/base/version.hpp"

namespace weir::tool {
namespace {

std::string_view running = "weir";  // the tool's name, for messages

}  // namespace

std::string_view arguments::get(std::string_view name, std::string_view fallback) const {
  const auto it = values_.find(name);
  return it == values_.end() || it->second.empty() ? fallback : std::string_view(it->second.back());
}

const std::vector<std::string>& arguments::all(std::string_view name) const {
  static const std::vector<std::string> nothing;
  const auto it = values_.find(name);
  return it == values_.end() ? nothing : it->second;
}

result<std::int64_t> arguments::duration_ns(std::string_view name, std::int64_t fallback_ns,
                                            double bare_unit_ns) const {
  if (!has(name)) return fallback_ns;
  auto value = parse_duration_ns(get(name), bare_unit_ns);
  if (!value) return failure{errc::invalid_argument, "--" + std::string(name) + ": " + value.error().detail};
  return value;
}

result<void> print(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return io_failure("cannot write standard output", errno);
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return {};
}

void say(std::string_view text) {
  const std::string line = std::string(running) + ": " + std::string(text) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
}

int run(const description& tool, int argc, char** argv, result<int> (*body)(const arguments&)) noexcept try {
  running = tool.name;
  const auto finish = [](const result<void>& printed) { return printed ? 0 : (say(printed.error().detail), 2); };
  const std::span<char*> all(argv, static_cast<std::size_t>(argc));
  const auto given = parse(tool, {all.begin() + (argc > 0 ? 1 : 0), all.end()});
  if (!given) return say(given.error().detail + "\ntry '" + std::string(tool.name) + " --help'"), 2;
  if (given->has("help")) return finish(print(help_text(tool)));
  if (given->has("version")) return finish(print(std::string(tool.name) + " " WEIR_VERSION_STRING "\n"));
  if (given->has("summary")) return finish(print(std::string(tool.name) + ": " + std::string(tool.summary) + "\n"));
  if (given->has("man")) return finish(print(man_page(tool)));
  if (given->has("completion")) return finish(print(completion(tool, given->get("completion")).value()));

  const result<int> status = body(*given);
  if (!status) return say(status.error().detail), 2;
  if (std::fflush(stdout) != 0 || std::ferror(stdout)) return say("cannot write standard output"), 2;
  return *status;
} catch (const std::exception& e) {
  say(e.what());
  return 2;
}

}  // namespace weir::tool
