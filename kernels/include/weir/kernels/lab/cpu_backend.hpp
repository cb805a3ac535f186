// weir/kernels/lab/cpu_backend.hpp - the processor behind the interface of a device. Needs the standard library only.
#ifndef WEIR_KERNELS_LAB_CPU_BACKEND_HPP
#define WEIR_KERNELS_LAB_CPU_BACKEND_HPP

#include <chrono>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "weir/kernels/cpu/gemm.hpp"
#include "weir/kernels/lab/backend.hpp"

namespace weir::kernels::inline v0::lab {

class cpu_backend : public backend {
 public:
  /// \param use  an instruction set that this processor has.
  explicit cpu_backend(cpu::isa use = cpu::best_isa()) : use_(use) {}

  [[nodiscard]] std::string device() const override {
    constexpr const char* names[] = {"plain C++", "AVX2", "AVX-512 VNNI"};
    return std::string("this processor, ") + names[static_cast<int>(use_)];
  }
  void* allocate(std::size_t size) override {
    void* memory = ::operator new(size, std::nothrow);
    return memory ? std::memset(memory, 0, size) : nullptr;
  }
  void release(void* memory) noexcept override { ::operator delete(memory); }
  bool upload(void* to, const void* from, std::size_t size) override { return std::memcpy(to, from, size) != nullptr; }
  bool download(void* to, const void* from, std::size_t size) override {
    return std::memcpy(to, from, size) != nullptr;
  }
  status make_plan(const gemm_desc& d, plan& p, tuning) override { return cpu::make_plan(d, p); }
  status run(const plan& p, const gemm_desc& d, void* workspace) override { return cpu::run(p, d, workspace, use_); }
  std::unique_ptr<stopwatch> prepare(const work& w) override { return std::make_unique<runs>(w, use_); }

 private:
  class runs : public stopwatch {
   public:
    runs(work w, cpu::isa use) : work_(std::move(w)), use_(use) {}
    double run_us() override {
      const auto begin = std::chrono::steady_clock::now();
      for (const gemm_desc& d : work_.what)
        if (cpu::run(work_.how, d, work_.workspace, use_) != status::ok) return -1;
      const std::chrono::duration<double, std::micro> taken = std::chrono::steady_clock::now() - begin;
      return taken.count() / static_cast<double>(work_.what.size());
    }

   private:
    work work_;
    cpu::isa use_;
  };
  cpu::isa use_;
};

}  // namespace weir::kernels::inline v0::lab

#endif  // WEIR_KERNELS_LAB_CPU_BACKEND_HPP
