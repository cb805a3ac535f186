// Checks, or times, the cuda backend on the device at hand: what tests/device/kernels builds and runs. Needs only
// kernels/.
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "kernels_backends.hpp"
#include "weir/kernels/lab/backend.hpp"
#include "weir/kernels/lab/bench.hpp"
#include "weir/kernels/lab/cases.hpp"
#include "weir/kernels/lab/tune.hpp"
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
  const char* const part = std::getenv("KERNELS_PART");  // "1/2": the second half, for processes side by side
  const int of = part ? std::atoi(part + 2) : 1, which = part ? std::atoi(part) : 0;
  int index = 0;
  for (const problem& p : k::lab::cases_of(f, quick)) {
    if (index++ % of != which) continue;
    k::lab::operands from(p, 1000 + static_cast<std::uint64_t>(p.m * 7 + p.n * 3 + p.k));
    const k::lab::expectation exact(from.description());
    std::vector<k::tuning> choices{{}};
    if (p.m > 0) {
      for (const int variant : {1, 2, 3, 4})
        for (const int split : {1, 3}) choices.push_back({variant, split, 2});
      for (const int variant : {5, 6, 7, 8})
        for (const int split : {1, 2, 4, 8})
          choices.push_back({variant, split, 2, split == 2 ? 2 : 1, split == 4 ? 1 : 0});
      for (const int instance : {1, 2, 3, 4, 5, 6, 7, 8}) choices.push_back({instance, 0, 3});
    }
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

/// The kernels for clusters alone, or the streaming ones, over few small sizes that between them take every kernel: for
/// a sanitizer, which makes each launch a hundred times as long. Clusters of one block are left out: memcheck ends a
/// kernel whose only block sends to itself ("Cluster needs to have at least 2 blocks"), which the device does rightly,
/// as `check` sees.
/// \param only  a format; empty: all. \param brief  a quarter of them.
int check_few(k::lab::backend& device, bool clusters, const std::string& only, bool brief) {
  const std::vector<int> variants = clusters ? std::vector<int>{5, 6, 7, 8} : std::vector<int>{1, 2, 3, 4};
  const std::vector<int> splits = clusters ? std::vector<int>{4, 2} : std::vector<int>{1, 3};
  int cases = 0;
  for (const k::format f : k::formats)
    for (problem p : k::lab::kinds_of(f)) {
      if ((!only.empty() && only != k::name(f)) || (clusters && p.group != 0 && p.group != 128)) continue;
      for (const std::int64_t m : brief ? std::vector<std::int64_t>{1, 17} : std::vector<std::int64_t>{1, 12, 17, 50}) {
        p.m = m, p.n = 136, p.k = 1152;
        const k::lab::operands from(p, 9);
        const k::lab::expectation exact(from.description());
        for (const int variant : variants)
          for (const int split : splits) {
            if (brief && split == splits[1]) continue;
            const auto v = k::lab::verify(device, from, exact, {variant, split, 2});
            if (v.answer == k::status::no_kernel) continue;
            report(p, v, ("variant " + std::to_string(variant)).c_str());
            ++cases;
          }
      }
    }
  std::printf("%s: %d cases, %d wrong\n", clusters ? "clusters" : "streams", cases, failures);
  return failures == 0 && cases > 0 ? 0 : 1;
}

/// Products of so many tiles that each block has several, `times` times each: what is computed depends on nothing but
/// the operands, so all results have the same bits. This finds what waits too little, once in some thousand runs.
int repeat(k::lab::backend& device, int times, const std::string& only) {
  std::int64_t runs = 0, different = 0;
  for (const k::format f : k::formats) {
    if (!only.empty() && only != k::name(f)) continue;
    problem p;
    p.kind = f, p.m = f == k::format::w8a16 ? 16 : 32, p.n = 28672, p.k = 4096;
    p.group = f == k::format::w4a16 ? 128 : 0, p.dynamic = k::activation_type(f) != k::dtype::bf16;
    const k::lab::operands from(p, 3);
    k::lab::placed_operands there(device, from, 4);
    for (const int variant : {5, 6, 7, 8})
      for (const int split : {4, 8})
        for (const int per : {1, 2})
          for (const int early : {0, 1}) {
            k::plan how;
            if (device.make_plan(there.descriptions()[0], how, {variant, split, 2, per, early}) != k::status::ok)
              continue;
            const k::lab::memory workspace(device, k::workspace_bytes(how));
            std::vector<std::uint8_t> first;
            std::int64_t odd = 0;
            for (int i = 0; i < times; ++i, ++runs) {
              there.poison();
              if (device.run(how, there.descriptions()[static_cast<std::size_t>(i % 4)], workspace.get()) !=
                  k::status::ok)
                return std::puts("repeat: a run failed"), 1;
              const auto now = there.result();
              if (i == 0) first = now;
              odd += now != first ? 1 : 0;
            }
            if (odd == 0) continue;
            std::printf("WRONG %s, clusters %d of %d, %d a multiprocessor%s: %lld of %d runs differ from the first\n",
                        k::lab::describe(p).c_str(), variant, split, per, early ? ", early" : "",
                        static_cast<long long>(odd), times);
            different += odd;
          }
  }
  std::printf("repeat: %lld runs, %lld differ\n", static_cast<long long>(runs), static_cast<long long>(different));
  return different == 0 && runs > 0 ? 0 : 1;
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

/// x [rows, columns] on the device, through one of the fused steps, against the same in double: scales and values may
/// differ by what rounding to bf16 differently brings.
void check_fused(k::lab::backend& device, bool silu, std::int64_t rows, std::int64_t columns, k::dtype to) {
  k::lab::detail::random_bits random(static_cast<std::uint64_t>(rows + columns));
  const std::int64_t wide = silu ? 2 * columns : columns;
  std::vector<std::uint16_t> x(static_cast<std::size_t>(rows * wide)), w(static_cast<std::size_t>(columns));
  for (auto& v : x) v = k::to_bf16(static_cast<float>(2 * random.normal()));
  for (auto& v : w) v = k::to_bf16(static_cast<float>(1 + 0.2 * random.normal()));
  const auto row_bytes = static_cast<std::size_t>(k::bytes(to, columns));
  k::lab::memory at_x(device, x.size() * 2), at_w(device, w.size() * 2),
      at_q(device, row_bytes * static_cast<std::size_t>(rows)), at_s(device, static_cast<std::size_t>(rows) * 4);
  device.upload(at_x.get(), x.data(), x.size() * 2), device.upload(at_w.get(), w.data(), w.size() * 2);
  const auto xv = k::matrix_view(at_x.get(), k::dtype::bf16, rows, wide),
             qv = k::matrix_view(at_q.get(), to, rows, columns);
  const auto sv = k::vector_view(at_s.get(), k::dtype::f32, rows);
  const k::status s = weir::tool::cuda_fused_quantize(xv, silu ? nullptr : at_w.get(), 1e-6F, qv, sv);
  std::vector<std::uint8_t> q(row_bytes * static_cast<std::size_t>(rows));
  std::vector<float> scales(static_cast<std::size_t>(rows));
  device.download(q.data(), at_q.get(), q.size()), device.download(scales.data(), at_s.get(), scales.size() * 4);
  std::int64_t wrong = s == k::status::ok ? 0 : rows * columns;
  for (std::int64_t r = 0; wrong == 0 && r < rows; ++r) {
    std::vector<double> exact(static_cast<std::size_t>(columns));
    double squares = 0, most = 0;
    const auto value = [&](std::int64_t c) {
      return static_cast<double>(k::from_bf16(x[static_cast<std::size_t>(r * wide + c)]));
    };
    for (std::int64_t c = 0; c < columns; ++c) squares += value(c) * value(c);
    for (std::int64_t c = 0; c < columns; ++c) {
      const double plain = silu ? value(c) / (1 + std::exp(-value(c))) * value(columns + c)
                                : value(c) / std::sqrt(squares / static_cast<double>(columns) + 1e-6) *
                                      static_cast<double>(k::from_bf16(w[static_cast<std::size_t>(c)]));
      exact[static_cast<std::size_t>(c)] = plain, most = std::max(most, std::fabs(plain));
    }
    const double scale = static_cast<double>(scales[static_cast<std::size_t>(r)]),
                 expected = most / static_cast<double>(k::largest(to));
    if (std::fabs(scale - expected) > 0x1p-8 * expected) ++wrong;
    for (std::int64_t c = 0; c < columns; ++c) {
      const double e = exact[static_cast<std::size_t>(c)],
                   got = k::cpu::read(q.data() + static_cast<std::size_t>(r) * row_bytes, to, c) * scale;
      const double step = to == k::dtype::e4m3 ? std::max(0x1p-4 * std::fabs(e), scale * 0x1p-10) : scale / 2;
      if (std::fabs(got - e) > 1.01 * step + 0x1p-7 * std::fabs(e) + 0x1p-7 * scale) ++wrong;
    }
  }
  if (wrong == 0) return;
  ++failures;
  std::printf("WRONG %s then quantize %lld x %lld: %s, %lld values\n", silu ? "silu times" : "rms norm",
              static_cast<long long>(rows), static_cast<long long>(columns), k::rule(s), static_cast<long long>(wrong));
}

int check(k::lab::backend& device, bool quick, const std::string& only) {
  for (const k::format f : k::formats)
    if (only.empty() || only == k::name(f)) check_format(device, f, quick);
  check_odd_rows(device);
  for (const bool silu : {false, true})
    for (const auto to : {k::dtype::i8, k::dtype::i4, k::dtype::e4m3})
      for (const std::int64_t columns : {16, 528, 4096, 14336}) check_fused(device, silu, 5, columns, to);
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

/// The fastest way of each format, size and number of tokens: rows of cuda/tuned_h100.cuh, with the runners-up beside.
/// Stops after `seconds`. \param only  null, or names of formats.
int tune_all(k::lab::backend& device, double seconds, const char* only) {
  const auto began = std::chrono::steady_clock::now();
  const char* const from = std::getenv("KERNELS_LEAST");  // tokens to begin with, and to end with
  const char* const to = std::getenv("KERNELS_MOST");
  const std::int64_t least = from ? std::atoll(from) : 1, up_to = to ? std::atoll(to) : 4096;
  constexpr named_shape models[] = {{"7B.o, Llama-3.1-8B o", 4096, 4096}, {"Llama-3.1-8B gate+up", 28672, 4096},
                                    {"Llama-3.1-8B down", 4096, 14336},   {"8B qkv", 6144, 4096},
                                    {"Qwen3-1.7B qkv", 4096, 2048},       {"Qwen3-1.7B o", 2048, 2048},
                                    {"Qwen3-1.7B gate+up", 12288, 2048},  {"Qwen3-1.7B down", 2048, 6144},
                                    {"Qwen3-8B gate+up", 24576, 4096},    {"Qwen3-8B down", 4096, 12288},
                                    {"A3B expert gate+up", 1536, 2048}};
  struct kind {
    k::format f;
    int group;
    bool dynamic;
  };
  constexpr kind kinds[] = {
      {k::format::w8a16, 0, false},   {k::format::w8a8, 0, true},  {k::format::w4a16, 128, false},
      {k::format::w4a8, 0, true},     {k::format::bf16, 0, false}, {k::format::w8a8_fp8, 0, false},
      {k::format::w8a8_fp8, 0, true}, {k::format::w8a8, 0, false}, {k::format::w4a8, 0, false}};
  for (const named_shape& s : models)
    for (const kind& one : kinds)
      for (const std::int64_t m : {1, 2, 4, 8, 16, 32, 64, 256, 4096}) {
        if (m < least || m > up_to) continue;
        const bool main_shape = &s - models < 2;
        if (!main_shape && (m == 2 || m == 4 || m > 64 || &one - kinds >= 5)) continue;
        if (std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count() > seconds) return 0;
        problem p;
        p.kind = one.f, p.m = m, p.n = s.n, p.k = s.k, p.group = one.group, p.dynamic = one.dynamic;
        if (only && std::strstr(only, k::name(one.f)) == nullptr) continue;
        const auto best = k::lab::tune(device, p, k::lab::ways_to_try(m));
        if (best.empty()) continue;
        std::printf("%s", k::lab::tuned_line(p, best[0]).c_str());
        for (std::size_t i = 1; i < best.size(); ++i) std::printf("//   %s", k::lab::tuned_line(p, best[i]).c_str());
        std::fflush(stdout);
      }
  return 0;
}

/// Products with experts, dealt to them unevenly: w once for each expert that has tokens.
int time_experts(k::lab::backend& device) {
  const double read = device.read_gb_s();
  for (const std::int64_t tokens : {1024, 128, 8192})
    for (const named_shape& s :
         {named_shape{"gate+up 1536x2048", 1536, 2048}, named_shape{"down 2048x768", 2048, 768}}) {
      std::vector<candidate> all;
      for (const auto& [f, group, dynamic] :
           {std::tuple(k::format::bf16, 0, false), std::tuple(k::format::w8a16, 0, false),
            std::tuple(k::format::w8a8, 0, true), std::tuple(k::format::w4a16, 128, false)})
        for (const bool streaming : {false, true}) {
          candidate c = make(f, tokens, s, group, dynamic, streaming ? k::tuning{3, 1, 2} : k::tuning{},
                             std::string(k::name(f)) + (streaming ? " streaming" : ""));
          c.what.experts = 128;
          all.push_back(std::move(c));
        }
      std::printf("128 experts, %s, %lld rows of tokens\n", s.name, static_cast<long long>(tokens));
      k::lab::bench_options options;
      options.rounds = 7, options.least_runs = 4;
      const auto timings = k::lab::bench(device, all, options);
      for (std::size_t i = 0; i < timings.size(); ++i) print(all[i], timings[i], read);
      std::fflush(stdout);
    }
  return 0;
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
  if (what == "tune") return tune_all(*device, argc > 2 ? std::stod(argv[2]) : 1e9, argc > 3 ? argv[3] : nullptr);
  if (what == "experts") return time_experts(*device);
  if (what == "repeat") return repeat(*device, argc > 2 ? std::atoi(argv[2]) : 200, argc > 3 ? argv[3] : "");
  if (what == "clusters" || what == "streams")
    return check_few(*device, what == "clusters", argc > 2 ? argv[2] : "", argc > 3);
  if (what == "check" || what == "quick") return check(*device, what == "quick", argc > 2 ? argv[2] : "");
  return time_all(*device, what == "sweep");
}
