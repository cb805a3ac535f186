// weir/serve/engine_check.hpp - which engines could be started on this machine. Needs Linux.
#ifndef WEIR_SERVE_ENGINE_CHECK_HPP
#define WEIR_SERVE_ENGINE_CHECK_HPP

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/serve/capture.hpp"
#include "weir/serve/command.hpp"
#include "weir/serve/engine.hpp"

namespace weir::inline v0 {

/// An engine, and the program or Python package that its preset would start.
struct engine_place {
  std::string name;
  std::string where;  ///< A path; of one that is not there, what was looked for.
  bool found = false;
};

namespace detail {

/// The package that a Python command runs: of `-m a.b.c` it is a; empty where it runs none.
inline std::string python_package(const std::vector<std::string>& command) {
  const auto module = std::ranges::find(command, "-m");
  if (module != command.end() && module + 1 != command.end()) return (module + 1)->substr(0, (module + 1)->find('.'));
  return std::ranges::find(command, std::string(xllamacpp_server)) != command.end() ? "xllamacpp" : "";
}

inline engine_place find_package(std::string name, const std::string& interpreter, const std::string& package) {
  const auto said = capture_output(
      {interpreter, "-c", "import importlib.util as u, sys; s = u.find_spec(sys.argv[1]); print(s.origin if s else '')",
       package},
      10'000'000'000);
  std::string origin = said ? said->substr(0, said->find('\n')) : "";
  if (!origin.empty()) return {std::move(name), std::move(origin), true};
  return {std::move(name), "no package " + package + " for " + interpreter, false};
}

}  // namespace detail

/// Looks on PATH, and asks the interpreter where an engine is a package ($WEIR_PYTHON, or python3), in the order of
/// the presets. Nothing is started but that interpreter.
[[nodiscard]] inline std::vector<engine_place> find_engines() {
  std::vector<engine_place> all;
  for (const auto& preset : detail::engine_presets) {
    const auto made = make_engine(preset.name, {"config.json"});
    if (!made) continue;
    std::string name(preset.name);
    const std::string& program = made->command[0];
    const auto path = find_program(program, variable("PATH"));
    const std::string package = detail::python_package(made->command);
    if (!path)
      all.push_back({std::move(name), "no " + program + " on PATH", false});
    else if (package.empty())
      all.push_back({std::move(name), *path, true});
    else
      all.push_back(detail::find_package(std::move(name), *path, package));
  }
  return all;
}

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_ENGINE_CHECK_HPP
