#include "weir/kernels/cpu/quantize.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "weir/base/hash.hpp"

namespace {

namespace kernels = weir::kernels;
using kernels::status;

struct quantized {
  std::vector<std::int8_t> q;
  std::vector<float> scale;
};

std::vector<std::uint16_t> bf16(const std::vector<float>& values) {
  std::vector<std::uint16_t> bits(values.size());
  std::transform(values.begin(), values.end(), bits.begin(), kernels::to_bf16);
  return bits;
}

/// Outputs start out poisoned, so what is not written shows.
quantized quantize(const std::vector<std::uint16_t>& x, std::int64_t rows, std::int64_t cols) {
  quantized out{std::vector<std::int8_t>(x.size(), -128), std::vector<float>(static_cast<std::size_t>(rows), -1)};
  REQUIRE(kernels::cpu::quantize_rows(x.data(), out.q.data(), out.scale.data(), rows, cols) == status::ok);
  return out;
}

std::vector<float> random_values(std::size_t count, std::uint64_t seed) {
  weir::random_stream random(seed);
  std::vector<float> values(count);
  for (auto& v : values) v = static_cast<float>((random.uniform() - 0.5) * std::exp(20 * random.uniform() - 10));
  return values;
}

}  // namespace

TEST_CASE("bf16: rounds to nearest, ties to even, and keeps what is not a number", "[kernels]") {
  CHECK(kernels::to_bf16(1.0F) == 0x3F80);
  CHECK(kernels::to_bf16(-2.0F) == 0xC000);
  CHECK(kernels::to_bf16(1.0F + 0x1p-8F) == 0x3F80);      // a tie, down to even
  CHECK(kernels::to_bf16(1.0F + 0x1.8p-7F) == 0x3F82);    // a tie, up to even
  CHECK(kernels::to_bf16(1.0F + 0x1.002p-8F) == 0x3F81);  // just above a tie
  CHECK(kernels::to_bf16(std::numeric_limits<float>::max()) == 0x7F80);
  CHECK(std::isnan(kernels::from_bf16(kernels::to_bf16(std::numeric_limits<float>::signaling_NaN()))));
  CHECK(std::isnan(kernels::from_bf16(kernels::to_bf16(-std::numeric_limits<float>::quiet_NaN()))));
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    const float value = kernels::from_bf16(static_cast<std::uint16_t>(bits));
    if (!std::isnan(value)) REQUIRE(kernels::to_bf16(value) == bits);
  }
}

TEST_CASE("quantize: a row worked out by hand", "[kernels]") {
  // max|x| = 127, so the scale is 1 and what is left is rounding: halves go to the even neighbour.
  const auto out = quantize(bf16({127, 0.5F, 1.5F, 2.5F, -0.5F, -1.5F, 3.25F, -127}), 1, 8);
  CHECK(out.scale == std::vector<float>{1});
  CHECK(out.q == std::vector<std::int8_t>{127, 0, 2, 2, 0, -2, 3, -127});
}

TEST_CASE("quantize: the error is at most half a step, and the largest value takes the last step",
          "[kernels][property]") {
  const std::int64_t rows = 5, cols = GENERATE(1, 2, 7, 17, 300);
  const auto x = bf16(random_values(static_cast<std::size_t>(rows * cols), static_cast<std::uint64_t>(cols)));
  const auto out = quantize(x, rows, cols);
  for (std::size_t row = 0; row < 5; ++row) {
    int largest = 0;
    for (std::size_t i = row * static_cast<std::size_t>(cols); i < (row + 1) * static_cast<std::size_t>(cols); ++i) {
      const double value = kernels::from_bf16(x[i]), scale = out.scale[row];
      REQUIRE(std::fabs(out.q[i] * scale - value) <= scale * 0.5000001);
      largest = std::max(largest, std::abs(out.q[i]));
    }
    CHECK(largest == 127);
  }
}

TEST_CASE("quantize: a sign or a power of two in x stands in scale, not in q", "[kernels][property]") {
  const auto values = random_values(64, 9);
  const auto times = [&](float factor) {
    auto scaled = values;
    for (auto& v : scaled) v *= factor;
    return quantize(bf16(scaled), 4, 16);
  };
  const auto one = times(1), eight = times(8), minus = times(-1);
  CHECK(eight.q == one.q);
  CHECK(minus.scale == one.scale);
  for (std::size_t row = 0; row < 4; ++row) CHECK(eight.scale[row] == 8 * one.scale[row]);
  for (std::size_t i = 0; i < one.q.size(); ++i) REQUIRE(minus.q[i] == -one.q[i]);
}

TEST_CASE("quantize: rows of zeros, of the smallest and of the largest numbers keep their values", "[kernels]") {
  const auto smallest = kernels::from_bf16(1), largest = kernels::from_bf16(0x7F7F);
  const auto out = quantize(bf16({0, -0.0F, 0, smallest, 0, -smallest, largest, -largest, 0}), 3, 3);
  CHECK(out.scale[0] == 1);
  CHECK(out.q == std::vector<std::int8_t>{0, 0, 0, 127, 0, -127, 127, -127, 0});
  CHECK(out.scale[2] * 127 == Approx(largest));
}

TEST_CASE("quantize: a row that is not finite says so and leaves its neighbours alone", "[kernels]") {
  const float bad = GENERATE(std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
                             std::numeric_limits<float>::quiet_NaN());
  const auto out = quantize(bf16({1, 2, bad, 2, 2, bad, 3, 1, 1}), 3, 3);
  CHECK(std::isnan(out.scale[0]));
  CHECK(std::isnan(out.scale[1]));
  CHECK(out.scale[2] == 3 / 127.0F);
  CHECK(out.q == std::vector<std::int8_t>{0, 0, 0, 0, 0, 0, 127, 42, 42});  // 127 / 3 = 42.33
}

TEST_CASE("quantize: shapes and pointers are checked before anything is written", "[kernels]") {
  std::uint16_t x = kernels::to_bf16(5);
  std::int8_t q = 77;
  float scale = 7;
  const auto call = kernels::cpu::quantize_rows;
  CHECK(call(&x, &q, &scale, -1, 1) == status::bad_shape);
  CHECK(call(&x, &q, &scale, 1, -1) == status::bad_shape);
  CHECK(call(nullptr, &q, &scale, 1, 1) == status::bad_pointer);
  CHECK(call(&x, nullptr, &scale, 1, 1) == status::bad_pointer);
  CHECK(call(&x, &q, nullptr, 1, 1) == status::bad_pointer);
  CHECK(call(nullptr, nullptr, nullptr, 0, 8) == status::ok);
  CHECK(call(&x, &q, &scale, 8, 0) == status::ok);
  CHECK(q == 77);
  CHECK(scale == 7);
}
