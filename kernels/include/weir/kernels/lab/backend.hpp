// weir/kernels/lab/backend.hpp - a backend chosen at run time: memory, plans, runs and clocks behind one interface, for
// programs that check and measure. Needs the standard library only.
#ifndef WEIR_KERNELS_LAB_BACKEND_HPP
#define WEIR_KERNELS_LAB_BACKEND_HPP

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "weir/kernels/desc.hpp"
#include "weir/kernels/plan.hpp"
#include "weir/kernels/status.hpp"

namespace weir::kernels::inline v0::lab {

/// One product as it is to be run again and again: a plan, and descriptions that differ in where the weights are.
struct work {
  plan how;
  std::vector<gemm_desc> what;
  void* workspace = nullptr;
};

/// Work made ready to be timed.
class stopwatch {
 public:
  virtual ~stopwatch() = default;
  /// Runs every description once, back to back.
  /// \return  microseconds a run, the mean over the descriptions; negative where the device refused.
  virtual double run_us() = 0;
};

/// What kernels cost that move next to nothing, each after the other in a graph; 0: not measured.
struct small_kernels {
  double nothing_us = 0;  ///< Does nothing.
  double row_us = 0;      ///< Reads and writes a row of 4096 bf16 that a cache holds.
  double norm_us = 0;     ///< RMSNorm of such a row, with weights that no cache holds, as a model's.
};

class backend {
 public:
  virtual ~backend() = default;
  [[nodiscard]] virtual std::string device() const = 0;  ///< As the vendor names it.
  virtual void* allocate(std::size_t size) = 0;          ///< Zeroed; null where there is no room.
  virtual void release(void* memory) noexcept = 0;
  virtual bool upload(void* to, const void* from, std::size_t size) = 0;
  virtual bool download(void* to, const void* from, std::size_t size) = 0;
  virtual status make_plan(const gemm_desc& d, plan& p, tuning choice) = 0;
  virtual status run(const plan& p, const gemm_desc& d, void* workspace) = 0;  ///< And waits for the end.
  virtual std::unique_ptr<stopwatch> prepare(const work& w) = 0;
  virtual double read_gb_s() { return 0; }                   ///< Measured now: memory read; 0 where it is not measured.
  virtual double copy_gb_s() { return 0; }                   ///< Measured now: bytes read and bytes written of a copy.
  virtual small_kernels time_small_kernels() { return {}; }  ///< Measured now.
};

/// Memory of a backend, given back when it goes.
class memory {
 public:
  memory() noexcept = default;
  memory(backend& owner, std::size_t size) : owner_(&owner), data_(size == 0 ? nullptr : owner.allocate(size)) {}
  memory(memory&& other) noexcept : owner_(other.owner_), data_(std::exchange(other.data_, nullptr)) {}
  memory& operator=(memory&& other) noexcept {
    std::swap(owner_, other.owner_);
    std::swap(data_, other.data_);
    return *this;
  }
  ~memory() {
    if (data_) owner_->release(data_);
  }
  [[nodiscard]] void* get() const noexcept { return data_; }

 private:
  backend* owner_ = nullptr;
  void* data_ = nullptr;
};

}  // namespace weir::kernels::inline v0::lab

#endif  // WEIR_KERNELS_LAB_BACKEND_HPP
