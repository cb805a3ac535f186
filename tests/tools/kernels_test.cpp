#include <string>
#include <string_view>

#include "catch.hpp"
#include "shell.hpp"

namespace {

const std::string kernels = std::string(WEIR_TOOLS_DIR) + "/weir-kernels ";

/// A model of one layer: q [8, 4], k and v [4, 4], o [4, 8], gate and up [16, 4], down [4, 16], head [100, 4].
constexpr std::string_view config = R"({"model_type":"llama","hidden_size":4,"intermediate_size":16,
"num_hidden_layers":1,"num_attention_heads":2,"num_key_value_heads":1,"head_dim":4,"vocab_size":100})";

std::string metric(const std::string& name, const std::string& value) {
  return R"({"type":"metric","name":")" + name + R"(","value":)" + value + R"(,"unit":"","labels":{"machine":"m"}})" +
         "\n";
}

/// 1 MB/s: a byte takes a microsecond. Launches take 10 us, products 100.
std::string machine() {
  return metric("limit_read_gb_s", "0.001") + metric("limit_bf16_tera", "1") + metric("kernel_nothing_us", "10") +
         metric("product_bf16_start_us", "100") + metric("attention_start_us", "30");
}

}  // namespace

TEST_CASE("weir-kernels: a bound is bytes, a prediction is bytes and starts", "[tools]") {
  const temporary_directory here;
  const auto model = here.write("config.json", std::string(config)), file = here.write("m.jsonl", machine());
  const auto shown =
      shell(kernels + "roofline --format bf16 --batch 2 --context 5 --json --machine " + file + " --model " + model);
  REQUIRE(shown.status == 0);
  const auto value = [&](const std::string& name) {
    const auto at = shown.out.find("\"" + name + "\",\"value\":");
    return at == std::string::npos ? -1.0 : std::stod(shown.out.substr(at + name.size() + 11));
  };
  // Weights: 16*4 + 4*8 + 32*4 + 4*16 + 100*4 = 688, of 2 bytes; keys and values: 2 * 5 * 2 * 4 * 2.
  CHECK(value("roofline_bound_us") == Approx(688 * 2 + 160));
  // 5 products with x and y (2 rows of 4+16, 8+4, 4+32, 16+4, 4+100), attention with q and its result (2 rows of 16),
  // 2 norms of 4 rows of 4, rotation 2 * (8 + 4), cache 4 * 4, activation 3 * 16, embedding and last norm 2 * 4; two
  // sequences, 2 bytes each.
  const double products = 5 * 100 + 2 * (688 + 2 * (20 + 12 + 36 + 20 + 104)), attention = 30 + 160 + 2 * 2 * 16;
  const double small = 7 * 10 + 2 * 2 * (2 * 16 + 24 + 16 + 48 + 8 + 8);
  CHECK(value("roofline_predicted_us") == Approx(products + attention + small));
  CHECK(value("roofline_kernels") == 5 + 1 + 7);
  const auto separate =
      shell(kernels + "roofline --format bf16 --stack separate --parts --machine " + file + " --model " + model);
  CHECK(separate.out.find("gate, up") != std::string::npos);
  CHECK(separate.out.find("separate matrices") != std::string::npos);
}

TEST_CASE("weir-kernels: its records are a table of weir-summarize", "[tools]") {
  const auto shown = shell(kernels + "roofline --model qwen3-8b --format bf16,w8a8 --batch 1 --json | " +
                           std::string(WEIR_TOOLS_DIR) + "/weir-summarize --format csv");
  CHECK(shown.status == 0);
  CHECK(shown.out.starts_with("model,machine,format,sequences,tokens,context,name,value,unit,reason\n"));
  CHECK(shown.out.find("\nqwen3-8b,h100,w8a8,1,1,1024,roofline_predicted_us,") != std::string::npos);
  const auto timed = shell(kernels + "bench --shape 64x64 --m 1 --rounds 1 --format bf16 --json | " +
                           std::string(WEIR_TOOLS_DIR) + "/weir-summarize");
  CHECK(timed.status == 0);
  CHECK(timed.out.find("kernel_p90_us") != std::string::npos);
}

TEST_CASE("weir-kernels: what can't be predicted is refused with what is missing", "[tools]") {
  const temporary_directory here;
  const auto refused = [](const std::string& words) {
    const auto ran = shell(kernels + words + " 2>&1");
    return ran.status == 2 ? ran.out : "not refused: " + ran.out;
  };
  CHECK(refused("roofline --model qwen3-8b --machine h300").find("--machine is h100, h200, or a file") !=
        std::string::npos);
  const auto part = here.write("part.jsonl", metric("limit_read_gb_s", "1000"));
  CHECK(refused("roofline --model qwen3-8b --format bf16 --machine " + part).find("m has no limit_bf16_tera") !=
        std::string::npos);
  const auto nothing = here.write("none.jsonl", metric("kernel_us", "1"));
  CHECK(refused("roofline --model qwen3-8b --machine " + nothing).find("no figure of a machine") != std::string::npos);
  CHECK(refused("bench --shape 64x64 --early").find("--early is for bench --backend cuda") != std::string::npos);
  CHECK(refused("roofline --model qwen3-8b --prompt -1").find("--prompt is a number of tokens") != std::string::npos);
  CHECK(refused("roofline --model qwen3-8b --stack both").find("separate") != std::string::npos);
}
