// weir/kernels/lab/operands.hpp - random tensors for a product of any format, here and on a backend. Needs the standard
// library only.
#ifndef WEIR_KERNELS_LAB_OPERANDS_HPP
#define WEIR_KERNELS_LAB_OPERANDS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "weir/kernels/bf16.hpp"
#include "weir/kernels/desc.hpp"
#include "weir/kernels/format.hpp"
#include "weir/kernels/lab/backend.hpp"

namespace weir::kernels::inline v0::lab {

/// What is multiplied.
struct problem {
  format kind = format::bf16;
  std::int64_t m = 1, n = 1, k = 1;
  std::int64_t experts = 0;  ///< 0: one matrix; else tokens are dealt to them unevenly, some get none.
  std::int32_t group = 0;    ///< 0: scales by channel.
  bool dynamic = false;      ///< x is bf16 and quantized by the call.
  bool bias = false;
  dtype y = dtype::bf16;
};

namespace detail {

/// splitmix64.
class random_bits {
 public:
  explicit random_bits(std::uint64_t seed) noexcept : state_(seed) {}
  std::uint64_t next() noexcept {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15U;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
  }
  double uniform() noexcept { return static_cast<double>(next() >> 11) * 0x1p-53; }
  /// Normal, mean 0 and variance 1, by Box and Muller.
  double normal() noexcept { return std::sqrt(-2 * std::log1p(-uniform())) * std::cos(6.283185307179586 * uniform()); }

 private:
  std::uint64_t state_;
};

/// Bytes of a tensor whose rows begin at multiples of 16 bytes.
[[nodiscard]] inline std::int64_t row_elements(dtype type, std::int64_t columns) noexcept {
  const std::int64_t per_16 = 128 / bits(type);
  return (columns + per_16 - 1) / per_16 * per_16;
}

/// Fills `out` with elements of a type: integers over their whole range, floats over a few powers of two, no NaN.
inline void fill(std::vector<std::uint8_t>& out, dtype type, random_bits& random) {
  out.resize((out.size() + 7) / 8 * 8);
  for (std::size_t i = 0; i < out.size(); i += 8) {
    std::uint64_t word = random.next();
    if (type == dtype::bf16)  // sign and mantissa stay; exponents -7 .. 0
      word = (word & 0x83FF83FF83FF83FFU) | 0x3C003C003C003C00U;
    if (type == dtype::e4m3)  // exponents -6 .. 1: no NaN
      word &= 0xBFBFBFBFBFBFBFBFU;
    std::memcpy(out.data() + i, &word, 8);
  }
}

}  // namespace detail

/// The tensors of a problem in plain memory, and the description of them. What lies between the end of a row and the
/// beginning of the next is poison: all bits set.
class operands {
 public:
  operands(const problem& p, std::uint64_t seed) : what_(p), random_(seed) {
    make_x();
    make_w();
    d_.y = matrix_view(nullptr, p.y, p.m, p.n);
    if (p.bias) {
      bias_.resize(static_cast<std::size_t>(std::max<std::int64_t>(p.experts, 1) * p.n));
      for (auto& b : bias_) b = to_bf16(static_cast<float>(random_.normal()));
      d_.bias = p.experts > 0 ? matrix_view(bias_.data(), dtype::bf16, p.experts, p.n)
                              : vector_view(bias_.data(), dtype::bf16, p.n);
    }
    if (p.experts > 0) {
      begin_.assign(static_cast<std::size_t>(p.experts) + 1, 0);
      for (std::int64_t i = 0; i < p.m; ++i)  // squared: the first experts get more, and some of the last none
        ++begin_[1 + static_cast<std::size_t>(std::pow(random_.uniform(), 2) * static_cast<double>(p.experts))];
      for (std::size_t e = 1; e < begin_.size(); ++e) begin_[e] += begin_[e - 1];
      d_.expert_begin = vector_view(begin_.data(), dtype::i32, p.experts + 1);
    }
  }

  [[nodiscard]] const problem& what() const noexcept { return what_; }
  /// In plain memory; y has no address.
  [[nodiscard]] const gemm_desc& description() const noexcept { return d_; }
  [[nodiscard]] gemm_desc& description() noexcept { return d_; }

  /// Bytes of weights and their scales: what a product with few tokens has to read.
  [[nodiscard]] std::size_t weight_bytes() const noexcept { return w_.size() + w_scale_.size(); }

  /// Element (row, column) of bf16 x.
  void set_x(std::int64_t row, std::int64_t column, float value) {
    const std::uint16_t bits = to_bf16(value);
    std::memcpy(x_.data() + 2 * (row * d_.x.stride[0] + column), &bits, 2);
  }

 private:
  friend class placed_operands;

  void make_x() {
    const dtype type = what_.dynamic ? dtype::bf16 : activation_type(what_.kind);
    const std::int64_t row = detail::row_elements(type, what_.k);
    x_.resize(static_cast<std::size_t>(bytes(type, row * what_.m)));
    detail::fill(x_, type, random_);
    d_.x = {x_.data(), type, 2, {what_.m, what_.k}, {row, 1}};
    if (type == dtype::bf16)
      for (std::int64_t m = 0; m < what_.m; ++m)
        for (std::int64_t k = 0; k < what_.k; ++k) set_x(m, k, static_cast<float>(random_.normal()));
    poison(x_, type, row, what_.m);
    if (what_.dynamic) {
      d_.xq = {quant_mode::dynamic, 0, {}, activation_type(what_.kind)};
    } else if (type != dtype::bf16) {
      for (std::int64_t m = 0; m < what_.m; ++m)
        x_scale_.push_back(0.01F * static_cast<float>(0.5 + random_.uniform()));
      d_.xq = {quant_mode::per_token, 0, vector_view(x_scale_.data(), dtype::f32, what_.m), type};
    }
  }

  void make_w() {
    const dtype type = weight_type(what_.kind);
    const std::int64_t row = detail::row_elements(type, what_.k), count = std::max<std::int64_t>(what_.experts, 1);
    w_.resize(static_cast<std::size_t>(bytes(type, row * what_.n * count)));
    detail::fill(w_, type, random_);
    poison(w_, type, row, what_.n * count);
    d_.w = what_.experts > 0 ? tensor_view{w_.data(), type, 3, {count, what_.n, what_.k}, {row * what_.n, row, 1}}
                             : tensor_view{w_.data(), type, 2, {what_.n, what_.k}, {row, 1}};
    if (type == dtype::bf16) return;
    const dtype scale_type = what_.group > 0 ? dtype::bf16 : dtype::f32;
    const std::int64_t groups = what_.group > 0 ? what_.k / what_.group : 1;
    w_scale_.resize(static_cast<std::size_t>(bytes(scale_type, count * what_.n * groups)));
    for (std::int64_t i = 0; i < count * what_.n * groups; ++i) {
      const auto scale = static_cast<float>(0.001 * (0.5 + random_.uniform()));
      const std::uint16_t half = to_bf16(scale);
      if (scale_type == dtype::f32)
        std::memcpy(w_scale_.data() + 4 * i, &scale, 4);
      else
        std::memcpy(w_scale_.data() + 2 * i, &half, 2);
    }
    tensor_view s;
    if (what_.group > 0)
      s = what_.experts > 0 ? stack_view(w_scale_.data(), scale_type, count, what_.n, groups)
                            : matrix_view(w_scale_.data(), scale_type, what_.n, groups);
    else
      s = what_.experts > 0 ? matrix_view(w_scale_.data(), scale_type, count, what_.n)
                            : vector_view(w_scale_.data(), scale_type, what_.n);
    d_.wq = {what_.group > 0 ? quant_mode::per_group : quant_mode::per_channel, what_.group, s, type};
  }

  void poison(std::vector<std::uint8_t>& data, dtype type, std::int64_t row, std::int64_t rows) const {
    const auto used = static_cast<std::size_t>(bytes(type, what_.k)),
               pitch = static_cast<std::size_t>(bytes(type, row));
    for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r)
      std::memset(data.data() + r * pitch + used, 0xFF, pitch - used);
  }

  problem what_;
  detail::random_bits random_;
  gemm_desc d_;
  std::vector<std::uint8_t> x_, w_, w_scale_;
  std::vector<float> x_scale_;
  std::vector<std::uint16_t> bias_;
  std::vector<std::int32_t> begin_;
};

/// The same tensors in a backend's memory, the weights as often as asked for, y poisoned with NaN.
class placed_operands {
 public:
  placed_operands(backend& at, const operands& from, int copies) : at_(&at) {
    gemm_desc d = from.d_;
    move(d.x, from.x_.data(), from.x_.size());
    move(d.xq.scale, from.x_scale_.data(), from.x_scale_.size() * 4);
    move(d.bias, from.bias_.data(), from.bias_.size() * 2);
    move(d.expert_begin, from.begin_.data(), from.begin_.size() * 4);
    y_bytes_ = static_cast<std::size_t>(bytes(d.y.type, d.y.count()));
    move(d.y, nullptr, y_bytes_);
    for (int i = 0; i < copies; ++i) {
      move(d.w, from.w_.data(), from.w_.size());
      move(d.wq.scale, from.w_scale_.data(), from.w_scale_.size());
      all_.push_back(d);
    }
    poison();
  }
  /// Whether there was room for all of it.
  [[nodiscard]] explicit operator bool() const noexcept { return whole_; }
  [[nodiscard]] const std::vector<gemm_desc>& descriptions() const noexcept { return all_; }
  /// Fills y with NaN (all bits set).
  void poison() {
    const std::vector<std::uint8_t> ones(y_bytes_, 0xFF);
    if (whole_ && y_bytes_ != 0) whole_ = at_->upload(all_[0].y.data, ones.data(), y_bytes_);
  }
  [[nodiscard]] std::vector<std::uint8_t> result() const {
    std::vector<std::uint8_t> y(y_bytes_);
    if (y_bytes_ != 0 && !at_->download(y.data(), all_[0].y.data, y_bytes_)) y.clear();
    return y;
  }

 private:
  void move(tensor_view& t, const void* from, std::size_t size) {
    if (size == 0) return;
    held_.emplace_back(*at_, size);
    t.data = held_.back().get();
    whole_ = whole_ && t.data && (!from || at_->upload(t.data, from, size));
  }
  backend* at_;
  std::vector<memory> held_;
  std::vector<gemm_desc> all_;
  std::size_t y_bytes_ = 0;
  bool whole_ = true;
};

}  // namespace weir::kernels::inline v0::lab

#endif  // WEIR_KERNELS_LAB_OPERANDS_HPP
