// weir/serve/engine.hpp - how each engine's server is started and asked whether it is ready. Needs Linux.
#ifndef WEIR_SERVE_ENGINE_HPP
#define WEIR_SERVE_ENGINE_HPP

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/serve/command.hpp"
#include "weir/serve/placeholders.hpp"

namespace weir::inline v0 {

/// What must hold before a server is used: it accepts a connection, answers `health`, lists a model, and has made one
/// token. (vLLM on a CPU said "healthy" 47 s before its first token.) An empty path leaves its step out.
struct ready_rule {
  std::string health = "/health";
  std::string models = "/v1/models";
  std::vector<std::string> generate = {"/v1/completions", "/v1/chat/completions"};  ///< The first that is accepted.
  std::string model = {};  ///< The name to ask for; empty: the first that the server lists.
  bool asks = true;        ///< false: none of this, it is ready as soon as it is started.
};

/// An engine, ready to be started any number of times. Words and values hold placeholders.
struct engine {
  std::string name;
  std::vector<std::string> command;
  environment variables = {};
  std::string config = {};         ///< A file whose placeholders are replaced on its way to {dir}/config.json.
  bool wants_devices = false;      ///< It computes on accelerators where there are any.
  std::string parallel_flag = {};  ///< The flag that takes the number of devices; empty: it has none.
  ready_rule ready = {};
  std::int64_t grace_ns = 10'000'000'000;  ///< From SIGTERM to SIGKILL.

  /// Whether an instance needs ports beside {port}.
  [[nodiscard]] bool uses_block() const {
    const auto uses = [](std::string_view text) { return has_placeholder(text, "block"); };
    return std::any_of(command.begin(), command.end(), uses) ||
           std::any_of(variables.begin(), variables.end(), [&](const auto& v) { return uses(v.second); });
  }
};

namespace detail {

/// Whether `words` hold one of `flags`, as "--flag" or "--flag=value".
inline bool gives(const std::vector<std::string>& words, std::initializer_list<std::string_view> flags) {
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    return std::find(flags.begin(), flags.end(), std::string_view(word).substr(0, word.find('='))) != flags.end();
  });
}

inline void add(std::vector<std::string>& to, std::initializer_list<std::string> words) {
  to.insert(to.end(), words);
}
inline void add(std::vector<std::string>& to, const std::vector<std::string>& words) {
  to.insert(to.end(), words.begin(), words.end());
}

/// The interpreter that has the engine installed: $WEIR_PYTHON, or python3.
inline std::string python() {
  return std::string(variable("WEIR_PYTHON", "python3"));
}

/// vLLM's own program: of the interpreter that WEIR_PYTHON names, or else as it is found in PATH.
inline std::vector<std::string> vllm_program() {
  if (variable("WEIR_PYTHON").empty()) return {"vllm"};
  return {python(), "-m", "vllm.entrypoints.cli.main"};
}

/// A tool of this project: beside the running program, or else found in PATH by its name.
inline std::string sibling(std::string_view tool) {
  std::array<char, 4096> self;
  const ssize_t size = ::readlink("/proc/self/exe", self.data(), self.size());
  std::string path(self.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  path = path.substr(0, path.rfind('/') + 1) + std::string(tool);
  return ::access(path.c_str(), X_OK) == 0 ? path : std::string(tool);
}

/// llama.cpp's own server out of the Python package xllamacpp, for machines without a build of it.
inline constexpr std::string_view xllamacpp_server = R"(import argparse, time, xllamacpp as x
a = argparse.ArgumentParser(prog='xllamacpp')
a.add_argument('model'); a.add_argument('--host', default='127.0.0.1'); a.add_argument('--port', type=int)
a.add_argument('-np', '--parallel', type=int, default=4); a.add_argument('-c', '--ctx-size', type=int, default=8192)
a.add_argument('-t', '--threads', type=int, default=2); a.add_argument('-a', '--alias')
a = a.parse_args(); p = x.CommonParams()
p.model.path = a.model; p.hostnames = [a.host]; p.port = a.port; p.n_parallel = a.parallel; p.n_ctx = a.ctx_size
p.cpuparams.n_threads = a.threads; p.endpoint_metrics = True
if a.alias: p.model_alias = {a.alias}
s = x.Server(p); print(s.listening_address, flush=True)
while True: time.sleep(3600)
)";

inline void add_address(engine& e, const std::vector<std::string>& words) {
  if (!gives(words, {"--host"})) add(e.command, {"--host", "{host}"});
  add(e.command, {"--port", "{port}"});
}

inline result<engine> vllm(engine e, const std::vector<std::string>& words) {
  e.command = vllm_program();
  add(e.command, {"serve"});
  add(e.command, words);
  add_address(e, words);
  if (gives(words, {"--data-parallel-size", "-dp"}) && !gives(words, {"--data-parallel-rpc-port", "-dpp"}))
    add(e.command, {"--data-parallel-rpc-port", "{block+60}"});  // else all instances want the same default
  e.parallel_flag = gives(words, {"--tensor-parallel-size", "-tp"}) ? "" : "--tensor-parallel-size";
  // Its ports come from a block of its own: it scans upward from VLLM_PORT, and so would its neighbours. Its sockets
  // stay in its directory: it leaves seven of them in /tmp even after an orderly end.
  e.variables = {{"VLLM_PORT", "{block+1}"},
                 {"VLLM_DP_MASTER_PORT", "{block+50}"},
                 {"MASTER_PORT", "{block+40}"},
                 {"VLLM_RPC_BASE_PATH", "{dir}"}};
  return e;
}

inline result<engine> sglang(engine e, const std::vector<std::string>& words) {
  e.command = {python(), "-m", "sglang.launch_server"};
  if (!words.empty() && !words[0].starts_with('-')) add(e.command, {"--model-path"});
  add(e.command, words);
  add_address(e, words);
  if (!gives(words, {"--nccl-port"})) add(e.command, {"--nccl-port", "{block+1}"});
  e.parallel_flag = gives(words, {"--tp-size", "--tp", "--tensor-parallel-size"}) ? "" : "--tp-size";
  return e;
}

inline result<engine> llama_cpp(engine e, const std::vector<std::string>& words) {
  if (find_program("llama-server", variable("PATH"))) {
    e.command = {"llama-server"};
    if (!words.empty() && !words[0].starts_with('-')) add(e.command, {"--model"});
  } else {
    e.command = {python(), "-c", std::string(xllamacpp_server)};
  }
  add(e.command, words);
  add_address(e, words);
  return e;
}

inline result<engine> transformers(engine e, const std::vector<std::string>& words) {
  if (variable("WEIR_PYTHON").empty())
    e.command = {"transformers", "serve"};
  else
    e.command = {python(), "-m", "transformers.cli.transformers", "serve"};
  add(e.command, words);
  add_address(e, words);
  e.ready.models.clear();  // lists what lies in the hub's cache, not what it serves
  e.ready.model = words.empty() ? "" : words[0];
  return e;
}

inline result<engine> trtllm(engine e, const std::vector<std::string>& words) {
  e.command = {"trtllm-serve"};
  add(e.command, words);
  add_address(e, words);
  e.parallel_flag = gives(words, {"--tp_size", "--tensor_parallel_size"}) ? "" : "--tp_size";
  return e;
}

/// MindIE takes everything from a file; the user's file has placeholders: "port": {port}, "npuDeviceIds":
/// [[{devices}]].
inline result<engine> mindie(engine e, const std::vector<std::string>& words) {
  if (words.size() != 1 || words[0].starts_with('-'))
    return failure{
        errc::invalid_argument,
        "mindie takes one word: its config.json, with {port}, {block+1} (management), {block+2} (metrics) and "
        "{devices} in their places"};
  e.command = {"mindieservice_daemon"};
  e.config = words[0];
  e.variables = {{"MIES_CONFIG_JSON_PATH", "{dir}/config.json"}, {"MASTER_PORT", "{block+40}"}};
  e.ready.health.clear();  // on the management port only
  return e;
}

inline result<engine> mock(engine e, const std::vector<std::string>& words) {
  e.command = {sibling("weir-mock")};
  add_address(e, words);
  add(e.command, words);
  e.grace_ns = 2'000'000'000;
  return e;
}

struct engine_preset {
  std::string_view name;
  bool wants_devices;
  result<engine> (*make)(engine, const std::vector<std::string>&);
};

inline constexpr std::array<engine_preset, 7> engine_presets{{{"vllm", true, vllm},
                                                              {"sglang", true, sglang},
                                                              {"llama.cpp", false, llama_cpp},
                                                              {"transformers", true, transformers},
                                                              {"trtllm", true, trtllm},
                                                              {"mindie", true, mindie},
                                                              {"mock", false, mock}}};

}  // namespace detail

/// Whether `name` is one of the engines that are known here.
[[nodiscard]] inline bool is_engine(std::string_view name) {
  return std::any_of(detail::engine_presets.begin(), detail::engine_presets.end(),
                     [&](const auto& preset) { return preset.name == name; });
}

/// The engine `name` with the user's `words` in its command line, model first; without a name the words are the whole
/// command. $WEIR_PYTHON names the interpreter of the virtual environment that the engine is installed in.
///
///     weir::make_engine("vllm", {"Qwen/Qwen3-1.7B", "--max-model-len", "2048"});
///     weir::make_engine("", {"./my-server", "--listen", "127.0.0.1:{port}"});
///
/// \return  errc::invalid_argument for an unknown name, words that name a port themselves, or that name none.
[[nodiscard]] inline result<engine> make_engine(std::string_view name, const std::vector<std::string>& words) {
  if (name.empty()) {
    if (words.empty()) return failure{errc::invalid_argument, "no server: give --engine NAME, or a command after --"};
    const auto uses_port = [](const std::string& word) { return has_placeholder(word, "port"); };
    if (std::none_of(words.begin(), words.end(), uses_port))
      return failure{errc::invalid_argument, "the command has no {port}: each instance must be told where to listen"};
    engine own{words[0].substr(words[0].rfind('/') + 1), words};
    own.wants_devices = std::any_of(words.begin(), words.end(),
                                    [](const std::string& word) { return has_placeholder(word, "devices"); });
    return own;
  }
  if (detail::gives(words, {"--port"}))
    return failure{errc::invalid_argument, "the server's port is chosen here: use --base-port"};
  for (const auto& preset : detail::engine_presets)
    if (preset.name == name)
      return preset.make(engine{.name = std::string(name), .command = {}, .wants_devices = preset.wants_devices},
                         words);
  return failure{errc::invalid_argument, "unknown engine '" + std::string(name) + "'"};
}

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_ENGINE_HPP
