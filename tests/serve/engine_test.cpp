#include "weir/serve/engine.hpp"

#include <sys/stat.h>

#include <cstdlib>

#include "catch.hpp"
#include "scratch.hpp"
#include "weir/serve/log_limit.hpp"
#include "weir/serve/log_tail.hpp"

namespace {

const weir::placeholder_values values{8001, 1, 20100, "2,3", "/run/i1"};

std::string replaced(std::string_view text) {
  return weir::replace_placeholders(text, values).value();
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

std::string command(std::string_view name, const std::vector<std::string>& words) {
  return joined(weir::make_engine(name, words).value().command);
}

}  // namespace

TEST_CASE("placeholders: each stands for its value, alone or inside a word", "[serve][engine]") {
  CHECK(replaced("--port={port}") == "--port=8001");
  CHECK(replaced("{index}:{devices}:{dir}/x") == "1:2,3:/run/i1/x");
  CHECK(replaced("{block}{block+50}{port+1000}") == "20100201509001");
  CHECK(replaced("") == "");
  CHECK(replaced("{host}:{port}") == "127.0.0.1:8001");
}

TEST_CASE("placeholders: JSON and other braces are left alone", "[serve][engine]") {
  for (const char* text : {R"({"temperature": 0, "x": {"y": [1]}})", "{}", "{ port }", "{Port}", "{port", "port}", "{{",
                           "{% if x %}{{ message }}", "${HOME}", "{1}"}) {
    CAPTURE(text);
    CHECK(replaced(text) == text);
  }
  CHECK(replaced("{{port}}") == "{port}");
  CHECK(replaced(R"({"port": {port}})") == R"({"port": 8001})");
}

TEST_CASE("placeholders: an unknown one is an error that names it", "[serve][engine]") {
  for (const char* text : {"{prot}", "--x={gpu}", "{devices+1}", "{dir+1}", "{host+1}", "{block+x}", "{port+}"}) {
    CAPTURE(text);
    const auto bad = weir::replace_placeholders(text, values);
    REQUIRE_FALSE(bad);
    CHECK(bad.error().code == weir::errc::invalid_argument);
  }
  CHECK(weir::replace_placeholders("a {prot} b", values).error().detail ==
        "unknown placeholder {prot}; there are {port}, {host}, {index}, {devices}, {dir} and {block}; write {{prot}} "
        "to have it "
        "left as it is");
}

TEST_CASE("engine: the user's words come model first, and what they say themselves is not said again",
          "[serve][engine]") {
  ::unsetenv("WEIR_PYTHON");
  CHECK(command("vllm", {"Qwen/Q", "--max-model-len", "9"}) ==
        "vllm serve Qwen/Q --max-model-len 9 --host {host} --port {port}");
  CHECK(command("vllm", {"--model", "Q", "--host=0.0.0.0"}) == "vllm serve --model Q --host=0.0.0.0 --port {port}");
  CHECK(command("sglang", {"Q"}) ==
        "python3 -m sglang.launch_server --model-path Q --host {host} --port {port} --nccl-port {block+1}");
  CHECK(command("transformers", {"Q"}) == "transformers serve Q --host {host} --port {port}");
  CHECK(command("trtllm", {"Q"}) == "trtllm-serve Q --host {host} --port {port}");
  CHECK(weir::make_engine("transformers", {"Q"})->ready.model == "Q");
}

TEST_CASE("engine: WEIR_PYTHON is the interpreter that runs Python's engines", "[serve][engine]") {
  ::setenv("WEIR_PYTHON", "/venv/bin/python", 1);
  CHECK(command("vllm", {"Q"}).starts_with("/venv/bin/python -m vllm.entrypoints.cli.main serve Q "));
  CHECK(command("sglang", {"Q"}).starts_with("/venv/bin/python -m sglang.launch_server "));
  if (!weir::find_program("llama-server", weir::variable("PATH")))
    CHECK(command("llama.cpp", {"m.gguf"}).starts_with("/venv/bin/python -c "));
  ::unsetenv("WEIR_PYTHON");
}

TEST_CASE("engine: the flag for several devices is given once", "[serve][engine]") {
  CHECK(weir::make_engine("vllm", {"Q"})->parallel_flag == "--tensor-parallel-size");
  CHECK(weir::make_engine("vllm", {"Q", "-tp", "2"})->parallel_flag.empty());
  CHECK(weir::make_engine("vllm", {"Q", "--tensor-parallel-size=2"})->parallel_flag.empty());
  CHECK(weir::make_engine("sglang", {"Q", "--tp", "2"})->parallel_flag.empty());
  CHECK(weir::make_engine("llama.cpp", {"m.gguf"})->parallel_flag.empty());
}

TEST_CASE("engine: only those that use a block of ports are given one", "[serve][engine]") {
  CHECK(weir::make_engine("vllm", {"Q"})->uses_block());
  CHECK(weir::make_engine("sglang", {"Q"})->uses_block());
  CHECK_FALSE(weir::make_engine("mock", {})->uses_block());
  CHECK(weir::make_engine("", {"x", "{port}", "{block+3}"})->uses_block());
  CHECK(weir::make_engine("vllm", {"Q"})->variables == weir::environment{{"VLLM_PORT", "{block+1}"},
                                                                         {"VLLM_DP_MASTER_PORT", "{block+50}"},
                                                                         {"MASTER_PORT", "{block+40}"},
                                                                         {"VLLM_RPC_BASE_PATH", "{dir}"}});
  CHECK(command("vllm", {"Q", "-dp", "2"}).ends_with("--data-parallel-rpc-port {block+60}"));
  CHECK(command("vllm", {"Q", "-dp", "2", "-dpp", "9"}).find("rpc-port") == std::string::npos);
  CHECK(command("vllm", {"Q"}).find("rpc-port") == std::string::npos);
}

TEST_CASE("engine: what can't work is refused before anything is started", "[serve][engine]") {
  const auto refused = [](std::string_view name, const std::vector<std::string>& words) {
    const auto made = weir::make_engine(name, words);
    return made ? std::string() : made.error().detail;
  };
  CHECK(refused("vlm", {"Q"}) == "unknown engine 'vlm'");
  CHECK(refused("vllm", {"Q", "--port", "1"}) == "the server's port is chosen here: use --base-port");
  CHECK(refused("vllm", {"Q", "--port=1"}) == "the server's port is chosen here: use --base-port");
  CHECK(refused("", {}) == "no server: give --engine NAME, or a command after --");
  CHECK(refused("", {"server", "--listen", "80"}) ==
        "the command has no {port}: each instance must be told where to listen");
  CHECK(refused("mindie", {"Q", "x"}).starts_with("mindie takes one word: its config.json"));
}

TEST_CASE("engine: a command of one's own is named after its program", "[serve][engine]") {
  CHECK(weir::make_engine("", {"/opt/bin/server", "{port}"})->name == "server");
  CHECK(weir::make_engine("", {"server", "{port}"})->name == "server");
}

TEST_CASE("log tail: the last lines, and only those of this start", "[serve][log]") {
  const test::scratch here;
  const auto log = here.write("log", "old\none\ntwo\n\nfour\n");
  CHECK(weir::log_tail(log) == "old\none\ntwo\n\nfour");
  CHECK(weir::log_tail(log, 4) == "one\ntwo\n\nfour");
  CHECK(weir::log_tail(log, 0, 2) == "\nfour");
  CHECK(weir::log_tail(log, 0, 1) == "four");
  CHECK(weir::log_tail(log, weir::log_size(log)) == "");
  CHECK(weir::log_tail(here.path("missing")) == "");
  CHECK(weir::log_tail(here.write("empty", "")) == "");
  CHECK(weir::log_tail(here.write("one", "no newline")) == "no newline");
  const auto large = here.write("large", std::string(100'000, 'x') + "\nlast\n");
  CHECK(weir::log_tail(large, 0, 1) == "last");
  CHECK(weir::log_tail(large).size() <= 16384);
}

TEST_CASE("log limit: the oldest part goes, the newest and the length stay", "[serve][log]") {
  const test::scratch here;
  std::string text;
  for (int i = 0; text.size() < 4'000'000; ++i) text += "line " + std::to_string(i) + "\n";
  const auto log = here.write("log", text);
  REQUIRE(weir::limit_log(log, 8'000'000));
  CHECK(test::text_of(log) == text);  // nothing to do
  const auto limited = weir::limit_log(log, 1'000'000);
  if (!limited) {
    WARN("skipped: " << limited.error().detail);
    return;
  }
  struct stat about{};
  REQUIRE(::stat(log.c_str(), &about) == 0);
  CHECK(about.st_blocks * 512 < 1'000'000);
  const auto left = test::text_of(log);
  CHECK(left.size() == text.size());
  CHECK(left.substr(left.size() - 500'000) == text.substr(text.size() - 500'000));
  CHECK(left[0] == '\0');
  CHECK_FALSE(weir::limit_log(here.path("missing"), 1));
}

TEST_CASE("log advice: known messages are explained, others are left alone", "[serve][log]") {
  CHECK(weir::log_advice("ValueError: No available memory for the cache blocks. Try increasing")
            .find("other processes") != std::string_view::npos);
  CHECK(weir::log_advice("torch.OutOfMemoryError: CUDA out of memory. Tried").find("does not fit") !=
        std::string_view::npos);
  // As vLLM 0.32 and transformers 5.19 word them.
  CHECK(weir::log_advice("ValueError: Unknown quantization method: w4a4. Must be one of [").find("does not know") !=
        std::string_view::npos);
  CHECK(weir::log_advice("Quantization scheme is not supported for the current GPU. Min capability: 90")
            .find("too old") != std::string_view::npos);
  CHECK(weir::log_advice("the estimated maximum model length is 1024. Try").find("--max-model-len") !=
        std::string_view::npos);
  CHECK(weir::log_advice("allow by `trust_remote_code=True` in LLM or").find("--trust-remote-code") !=
        std::string_view::npos);
  CHECK(weir::log_advice("requires `accelerate`. You can install it with `pip install accelerate`").find("packages") !=
        std::string_view::npos);
  CHECK(weir::log_advice("OSError: [Errno 98] Address already in use").find("port") != std::string_view::npos);
  CHECK(weir::log_advice("everything is fine").empty());
  CHECK(weir::log_advice("").empty());
}
