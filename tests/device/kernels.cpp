// Checks, or times, the cuda backend on the device at hand: what tests/device/kernels builds and runs. Needs only
// kernels/.
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "kernels_backends.hpp"
#include "weir/kernels/lab/backend.hpp"
#include "weir/kernels/lab/bench.hpp"
#include "weir/kernels/lab/cases.hpp"
#include "weir/kernels/lab/verify.hpp"

namespace {

namespace k = weir::kernels;
using k::lab::candidate, k::lab::problem;

int failures = 0;

void report(const problem& p, const k::lab::verdict& v, const char* extra = "") {
  if (v.good) return;
  ++failures;
  if (failures < 40)
    std::printf("WRONG %s %s: %s, %lld elements, relative error %.2e (bound %.2e), worst %.2f; %s\n",
                k::lab::describe(p).c_str(), extra, v.answer == k::status::ok ? "ran" : k::rule(v.answer),
                static_cast<long long>(v.wrong), v.relative, v.bound, v.worst, v.how.c_str());
}

/// Every format and size, with what the backend chooses and with each tiling and split by hand.
void check_format(k::lab::backend& device, k::format f, bool quick) {
  int cases = 0;
  double most = 0;
  for (const problem& p : k::lab::cases_of(f, quick)) {
    k::lab::operands from(p, 1000 + static_cast<std::uint64_t>(p.m * 7 + p.n * 3 + p.k));
    const k::lab::expectation exact(from.description());
    std::vector<k::tuning> choices{{}};
    if (p.m > 0)
      for (const int variant : {1, 2, 3, 4})
        for (const int split : {1, 3}) choices.push_back({variant, split, 2});
    for (const k::tuning& choice : choices) {
      const auto v = k::lab::verify(device, from, exact, choice);
      if (v.answer == k::status::no_kernel && choice.variant != 0) continue;  // not for so many tokens
      report(p, v);
      most = std::max(most, v.good ? v.relative : 0);
      ++cases;
    }
  }
  std::printf("%-9s %4d cases, largest relative error %.3e\n", k::name(f), cases, most);
  std::fflush(stdout);
}

/// Rows of zeros, of very large values, with an infinity and a NaN: other rows must not notice.
void check_odd_rows(k::lab::backend& device) {
  for (const k::format f : k::formats)
    for (const std::int64_t m : {4, 6}) {
      problem p;
      p.kind = f, p.m = m, p.n = 40, p.k = 640, p.dynamic = k::activation_type(f) != k::dtype::bf16;
      k::lab::operands from(p, 5);
      for (std::int64_t c = 0; c < p.k; ++c) from.set_x(0, c, 0), from.set_x(1, c, c % 2 == 0 ? 1e30F : -1e30F);
      from.set_x(2, 17, INFINITY), from.set_x(3, 600, NAN);
      report(p, k::lab::verify(device, from), "with odd rows");
    }
}

int check(k::lab::backend& device, bool quick, const std::string& only) {
  for (const k::format f : k::formats)
    if (only.empty() || only == k::name(f)) check_format(device, f, quick);
  check_odd_rows(device);
  std::printf("%s: %d wrong\n", quick ? "quick check" : "check", failures);
  return failures == 0 ? 0 : 1;
}

struct named_shape {
  const char* name;
  std::int64_t n, k;
};
constexpr named_shape shapes[] = {{"7B.o 4096x4096", 4096, 4096},
                                  {"8B.gateup 28672x4096", 28672, 4096},
                                  {"8B.down 4096x14336", 4096, 14336},
                                  {"1.7B.qkv 4096x2048", 4096, 2048},
                                  {"A3B.expert 1536x2048", 1536, 2048}};

candidate make(k::format f, std::int64_t m, const named_shape& s, int group, bool dynamic, k::tuning choice,
               std::string label) {
  candidate c;
  c.what.kind = f, c.what.m = m, c.what.n = s.n, c.what.k = s.k, c.what.group = group, c.what.dynamic = dynamic;
  c.choice = choice;
  c.label = std::move(label);
  return c;
}

void print(const candidate& c, const k::lab::timing& t, double read_gb_s) {
  if (t.answer != k::status::ok) {
    std::printf("  %-26s %s\n", c.label.c_str(), k::rule(t.answer));
    return;
  }
  std::printf("  %-26s %8.2f us  %8.2f - %8.2f  %6.0f GB/s %5.1f %%  %7.1f T/s  %s%d/%d\n", c.label.c_str(),
              t.median_us, t.p10_us, t.p90_us, t.weight_gb_s(), 100 * t.weight_gb_s() / read_gb_s, t.tera_ops(),
              t.how.choice.library == 1 ? "lt " : "own ", t.how.choice.variant, t.how.choice.split_k);
}

/// What stands in the tables: each format's way of running, cuBLASLt's bf16 twice as the control pair.
std::vector<candidate> table(std::int64_t m, const named_shape& s) {
  using k::format;
  std::vector<candidate> all{make(format::bf16, m, s, 0, false, {0, 0, 1}, "bf16 cublaslt"),
                             make(format::bf16, m, s, 0, false, {0, 0, 1}, "bf16 cublaslt (again)")};
  if (m <= 64) all.push_back(make(format::bf16, m, s, 0, false, {0, 0, 2}, "bf16 own"));
  all.push_back(make(format::w8a16, m, s, 0, false, {}, "w8a16"));
  all.push_back(make(format::w8a16, m, s, 0, false, {}, "w8a16 (again)"));
  all.push_back(make(format::w8a8, m, s, 0, false, {}, "w8a8 quantized before"));
  all.push_back(make(format::w8a8, m, s, 0, true, {}, "w8a8 with quantization"));
  all.push_back(make(format::w8a8_fp8, m, s, 0, false, {}, "w8a8-fp8 quantized before"));
  all.push_back(make(format::w8a8_fp8, m, s, 0, false, {0, 0, 1}, "w8a8-fp8 cublaslt"));
  all.push_back(make(format::w4a16, m, s, 128, false, {}, "w4a16 g128"));
  all.push_back(make(format::w4a8, m, s, 0, true, {}, "w4a8 with quantization"));
  all.push_back(make(format::w4a8, m, s, 128, true, {}, "w4a8 g128 with quant."));
  all.push_back(make(format::w4a4, m, s, 0, true, {}, "w4a4 with quantization"));
  return all;
}

/// Every tiling and split of the formats that matter most: what the choice in plan_own is made from.
std::vector<candidate> sweep(std::int64_t m, const named_shape& s) {
  using k::format;
  std::vector<candidate> all;
  for (const auto& [f, group] :
       {std::pair(format::w8a16, 0), std::pair(format::w4a16, 128), std::pair(format::w8a8, 0)})
    for (const int variant : {1, 2, 3})
      for (const int split : {1, 2, 4})
        if (m <= 16 || variant == 3)
          all.push_back(make(f, m, s, group, false, {variant, split, 2},
                             std::string(k::name(f)) + " " + std::to_string(variant) + "/" + std::to_string(split)));
  return all;
}

int time_all(k::lab::backend& device, bool sweeping) {
  const double read = device.read_gb_s(), copy = device.copy_gb_s();
  std::printf("%s: read %.0f GB/s, copy %.0f GB/s (read + written)\n", device.device().c_str(), read, copy);
  for (const named_shape& s : shapes)
    for (const std::int64_t m : {1, 4, 8, 16, 64, 256, 4096}) {
      const bool large = m > 64, main_shape = &s - shapes < 2;
      if (sweeping ? large || m == 8 || (!main_shape && s.k != 2048) : large && !main_shape) continue;
      std::printf("%s, M = %lld\n", s.name, static_cast<long long>(m));
      const auto candidates = sweeping ? sweep(m, s) : table(m, s);
      k::lab::bench_options options;
      if (m >= 4096) options.least_runs = 4, options.cold_bytes = 0;
      const auto timings = k::lab::bench(device, candidates, options);
      for (std::size_t i = 0; i < timings.size(); ++i) print(candidates[i], timings[i], read);
      std::fflush(stdout);
    }
  return 0;
}

/// FORMAT M N K GROUP VARIANT SPLIT: runs one product a few times, for a profiler to look at.
int run_one(k::lab::backend& device, char** words) {
  problem p;
  for (const k::format f : k::formats)
    if (std::strcmp(words[0], k::name(f)) == 0) p.kind = f;
  p.m = std::stoll(words[1]), p.n = std::stoll(words[2]), p.k = std::stoll(words[3]), p.group = std::stoi(words[4]);
  const k::tuning choice{std::stoi(words[5]), std::stoi(words[6]), 2};
  const k::lab::operands from(p, 1);
  const k::lab::placed_operands there(device, from, 8);
  k::plan how;
  if (const auto s = device.make_plan(there.descriptions()[0], how, choice); s != k::status::ok)
    return std::puts(k::rule(s)), 1;
  const k::lab::memory workspace(device, k::workspace_bytes(how));
  for (const auto& d : there.descriptions())
    if (device.run(how, d, workspace.get()) != k::status::ok) return 1;
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "check";
  const auto device = weir::tool::cuda_or_null();
  if (!device) {
    std::fputs("there is no CUDA device here\n", stderr);
    return 77;
  }
  if (what == "one" && argc == 9) return run_one(*device, argv + 2);
  if (what == "check" || what == "quick") return check(*device, what == "quick", argc > 2 ? argv[2] : "");
  return time_all(*device, what == "sweep");
}
