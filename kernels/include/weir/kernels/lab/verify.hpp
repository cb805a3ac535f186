// weir/kernels/lab/verify.hpp - a backend's result against the reference: bounds that a wrong kernel can't keep. Needs
// the standard library only.
#ifndef WEIR_KERNELS_LAB_VERIFY_HPP
#define WEIR_KERNELS_LAB_VERIFY_HPP

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "weir/kernels/cpu/reference.hpp"
#include "weir/kernels/lab/backend.hpp"
#include "weir/kernels/lab/operands.hpp"

namespace weir::kernels::inline v0::lab {

/// What a comparison found.
struct verdict {
  status answer = status::ok;  ///< Of make_plan or run.
  double relative = 0;         ///< Frobenius norm of the error over that of the reference.
  double worst = 0;            ///< The largest |error| over its bound; above 1 is wrong.
  std::int64_t wrong = 0;      ///< Elements beyond their bound, or not written, or (integers) not equal.
  double bound = 0;            ///< What `relative` may be.
  bool good = false;
  std::string how;  ///< What the backend chose.
};

/// The exact results of a problem, computed once for all the ways of running it.
class expectation {
 public:
  /// \param host  in plain memory; y needs no address.
  explicit expectation(gemm_desc host) : d_(host) {
    char nothing = 0;
    if (!d_.y.data) d_.y.data = &nothing;  // only y's shape and type are looked at
    exact_.reserve(static_cast<std::size_t>(d_.y.count()));
    answer_ = cpu::reference(d_, [&](std::int64_t, std::int64_t, const cpu::exact_element& e) { exact_.push_back(e); });
    d_.y.data = nullptr;
  }

  /// Holds results, [M, N] without gaps, to the bounds.
  /// \param coarse  weights times scales were rounded to bf16 on the way.
  /// \source        Bounds: 2^-8 of the result for rounding to bf16 (8 significant bits), and k additions in f32;
  ///                rounding alone gives a relative Frobenius error of 1.65e-3. Sums of fp8 products are kept to fewer
  ///                bits by the hardware.
  [[nodiscard]] verdict judge(const std::vector<std::uint8_t>& y, bool coarse = false) const {
    verdict v;
    v.answer = answer_;
    const bool fp8 = d_.w.type == dtype::e4m3, integers = d_.y.type == dtype::i32;
    // Few results average less of their rounding out: three standard deviations of a mean over so many.
    const double few = exact_.size() < 4096 ? 1 + 3 / std::sqrt(static_cast<double>(exact_.size())) : 1;
    v.bound = integers ? 0 : few * (fp8 || coarse ? 2.6e-3 : 1.75e-3);
    const double rounding = d_.y.type == dtype::bf16 ? 0x1p-8 : 0x1p-22;
    const double additions = fp8 ? 0x1p-11 : coarse ? 0x1p-8 : 0x1p-24 * static_cast<double>(inner(d_) + 8);
    double errors = 0, norm = 0;
    for (std::size_t i = 0; i < exact_.size(); ++i) {
      const cpu::exact_element& exact = exact_[i];
      const double got = cpu::read(y.data(), d_.y.type, static_cast<std::int64_t>(i));
      if (!std::isfinite(exact.value)) {
        if (std::isfinite(got)) ++v.wrong;
        continue;
      }
      const double error = std::fabs(got - exact.value);
      const double allowed = integers ? 0 : rounding * std::fabs(exact.value) + additions * exact.magnitude;
      if (!(error <= allowed)) ++v.wrong;
      if (allowed > 0) v.worst = std::max(v.worst, error / allowed);
      errors += error * error, norm += exact.value * exact.value;
    }
    v.relative = norm > 0 ? std::sqrt(errors / norm) : 0;
    v.good = v.answer == status::ok && v.wrong == 0 && v.relative <= v.bound;
    return v;
  }

 private:
  gemm_desc d_;
  std::vector<cpu::exact_element> exact_;
  status answer_ = status::ok;
};

/// Runs a problem twice on `at` (the second time with what the first left in the workspace) and compares.
[[nodiscard]] inline verdict verify(backend& at, const operands& from, const expectation& exact, tuning choice = {}) {
  verdict v;
  placed_operands there(at, from, 1);
  plan p;
  v.answer = there ? at.make_plan(there.descriptions()[0], p, choice) : status::no_device;
  if (v.answer != status::ok) return v;
  const memory workspace(at, workspace_bytes(p));
  for (int round = 0; round < 2; ++round) {
    there.poison();
    v.answer = at.run(p, there.descriptions()[0], workspace.get());
    if (v.answer != status::ok) return v;
  }
  v = exact.judge(there.result(), p.choice.library == 1 && p.kind == format::w4a16 && p.group > 0);
  v.how = p.choice.library == 1 ? "library"
          : p.choice.library == 2
              ? "own " + std::to_string(p.choice.variant) + " split " + std::to_string(p.choice.split_k)
              : "";
  return v;
}
[[nodiscard]] inline verdict verify(backend& at, const operands& from) {
  return verify(at, from, expectation(from.description()));
}

}  // namespace weir::kernels::inline v0::lab

#endif  // WEIR_KERNELS_LAB_VERIFY_HPP
