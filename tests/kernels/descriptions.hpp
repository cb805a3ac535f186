// tests/kernels/descriptions.hpp - well-formed descriptions in plain memory, for tests to break or to run.
#ifndef WEIR_TESTS_KERNELS_DESCRIPTIONS_HPP
#define WEIR_TESTS_KERNELS_DESCRIPTIONS_HPP

#include <cstddef>
#include <vector>

#include "weir/kernels/cpu/gemm.hpp"
#include "weir/kernels/lab/backend.hpp"
#include "weir/kernels/lab/operands.hpp"

namespace test {

namespace k = weir::kernels;

inline k::lab::problem problem(k::format f, std::int64_t m, std::int64_t n, std::int64_t kk, int group = 0,
                               bool dynamic = false) {
  k::lab::problem p;
  p.kind = f, p.m = m, p.n = n, p.k = kk, p.group = group, p.dynamic = dynamic;
  return p;
}

/// The processor behind the interface of a device, with the instruction set of one's choice.
class cpu_backend : public k::lab::backend {
 public:
  explicit cpu_backend(k::cpu::isa use = k::cpu::best_isa()) : use_(use) {}
  [[nodiscard]] std::string device() const override { return "cpu"; }
  void* allocate(std::size_t size) override { return ::operator new(size); }
  void release(void* p) noexcept override { ::operator delete(p); }
  bool upload(void* to, const void* from, std::size_t size) override { return std::memcpy(to, from, size) != nullptr; }
  bool download(void* to, const void* from, std::size_t size) override {
    return std::memcpy(to, from, size) != nullptr;
  }
  k::status make_plan(const k::gemm_desc& d, k::plan& p, k::tuning) override { return k::cpu::make_plan(d, p); }
  k::status run(const k::plan& p, const k::gemm_desc& d, void* workspace) override {
    return k::cpu::run(p, d, workspace, use_);
  }
  std::unique_ptr<k::lab::stopwatch> prepare(const k::lab::work&) override { return nullptr; }

 private:
  k::cpu::isa use_;
};

}  // namespace test

#endif  // WEIR_TESTS_KERNELS_DESCRIPTIONS_HPP
