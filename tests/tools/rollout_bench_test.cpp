#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "catch.hpp"
#include "shell.hpp"

namespace {

const std::string scripts = WEIR_SOURCE_DIR "/examples/rollout-bench/";

void has(const std::string& text, const std::string& piece) {
  INFO(text);
  CHECK(text.find(piece) != std::string::npos);
}

/// A weir-kernels whose times are easy to reckon with: a decode step of S sequences after C tokens takes 10 S + C us at
/// least, a prompt 100 us a token of each sequence; w8a8 takes half, fp8 a quarter; predicted is twice the bound.
const std::string fake_kernels = R"(#!/bin/sh
while [ $# -gt 0 ]; do
  case $1 in --batch) s=$2 ;; --context) c=$2 ;; --prompt) p=$2 ;; esac
  shift
done
[ -z "$p" ] && bound=$((10 * s + c)) || bound=$((100 * s * p))
for f in bf16/4 w8a8/2 w8a8-fp8/1; do
  for kind in bound/1 predicted/2; do
    echo "{\"type\":\"metric\",\"name\":\"roofline_${kind%/*}_us\",\"value\":$((bound * ${f#*/} / 4 * ${kind#*/})),\"unit\":\"us\",\"labels\":{\"model\":\"m\",\"machine\":\"h\",\"format\":\"${f%/*}\",\"sequences\":\"$s\",\"tokens\":\"${p:-1}\",\"context\":\"$c\"}}"
  done
done
)";

/// A directory of a sweep's table, and of that weir-kernels.
struct sweep_table {
  explicit sweep_table(const std::string& rows) {
    std::filesystem::create_directories(folder.file("rollout/benchmark_results"));
    std::filesystem::create_directories(folder.file("bin"));
    folder.write("bin/weir-kernels", fake_kernels);
    std::filesystem::permissions(folder.file("bin/weir-kernels"), std::filesystem::perms::owner_all);
    folder.write(
        "rollout/benchmark_results/summary.csv",
        "cell,quant,status,mode,batch_size,num_prompts,input_len,output_len,n,iteration_s,tpot_mean_ms\n" + rows);
  }
  [[nodiscard]] shell_result run(const std::string& words) const {
    return shell("cd '" + folder.file("") + "' && WEIR_TOOLS=$PWD/bin " + scripts + "beside-roofline " + words +
                 " 2>&1");
  }
  temporary_directory folder;
};

}  // namespace

TEST_CASE("beside-roofline: a step's cache is the prompt and half of the answer", "[tools]") {
  const sweep_table s("a,bf16,done,online,4,,512,128,1,9,2.464\nb,w8a8,done,online,4,,512,128,1,9,1.54\n");
  const auto shown = s.run("rollout");
  CHECK(shown.status == 0);
  // 10 x 4 + 512 + 64 = 616 us, predicted 1.232 ms: measured is twice that; w8a8's 1.54 is 2.464 / 1.6
  has(shown.out, "| bf16 | online | 4 | 576 | 0.62 | 1.23 | 2.46 | 2.00 | 1.00 | 1.00 | 1.00 |");
  has(shown.out, "| w8a8 | online | 4 | 576 | 0.31 | 0.62 | 1.54 | 2.50 | 2.00 | 2.00 | 1.60 |");
}

TEST_CASE("beside-roofline: offline, a step has its share of the prompts, each once for all samples", "[tools]") {
  const sweep_table s(
      "a,bf16,done,offline,32,32,512,256,8,2.56,\nb,fp8,done,offline,,32,512,256,8,1.28,\nc,w4a16,done,offline,32,32,"
      "512,256,8,"
      "2,\nd,w8a8,failed,offline,32,32,512,256,8,,\n");
  const auto shown = s.run("rollout");
  // 10 x 256 + 640 = 3200 us, and 100 x 32 x 512 / 256 = 6400 us of prompts: 9.6 ms, predicted 19.2; measured 2560 /
  // 256
  has(shown.out, "| bf16 | offline | 256 | 640 | 9.60 | 19.20 | 10.00 | 0.52 | 1.00 | 1.00 | 1.00 |");
  has(shown.out, "| fp8 | offline | 256 | 640 | 2.40 | 4.80 | 5.00 | 1.04 | 4.00 | 4.00 | 2.00 |");
  has(shown.out, "| w4a16 | offline | 256 | 640 | roofline has no w4a16 |");
  CHECK(shown.out.find("w8a8") == std::string::npos);  // was not measured
}

TEST_CASE("beside-roofline: what can't be shown is said", "[tools]") {
  const sweep_table s("d,w8a8,failed,offline,32,32,512,256,8,,\n");
  CHECK(s.run("").status == 2);
  has(s.run("nowhere").out, "no nowhere/benchmark_results/summary.csv: is nowhere weir-sweep's directory?");
  has(s.run("rollout").out, "has no measured point");
}

TEST_CASE("made-up-model: Qwen3-1.7B's shape, a word for each of its tokens", "[tools]") {
  const temporary_directory here;
  CHECK(shell(scripts + "made-up-model " + here.file("m") + " w8a16").status == 0);
  const auto text = [&](const std::string& name) {
    std::ifstream file(here.file("m/" + name));
    return std::string{std::istreambuf_iterator<char>(file), {}};
  };
  has(text("config.json"), R"("hidden_size":2048,"num_hidden_layers":28)");
  has(text("config.json"), R"("format":"pack-quantized")");
  const auto words = text("tokenizer.json");
  CHECK(std::count(words.begin(), words.end(), ':') == 151936 + 3 * 7 + 13);
  has(words, R"("<unk>":2,"aaad":3,)");   // 3 is d in letters for digits
  has(words, R"("aaaz":25,"aaba":26,)");  // and a carry follows z
  has(words, R"("iqtr":151935}}})");      // 8 x 26^3 + 16 x 26^2 + 19 x 26 + 17
  CHECK(shell(scripts + "made-up-model " + here.file("n") + " w3a3").status == 2);
}
