// weir/kernels/tensor.hpp - element types, and a view of a tensor that someone else owns. Needs the standard library
// only.
#ifndef WEIR_KERNELS_TENSOR_HPP
#define WEIR_KERNELS_TENSOR_HPP

#include <cstddef>
#include <cstdint>

namespace weir::kernels::inline v0 {

/// Element types. i4 is two's complement, -8 .. 7, two a byte: the low nibble is the even element.
enum class dtype : std::uint8_t { f32, bf16, i8, i4, e4m3, i32 };

/// Bits of one element.
[[nodiscard]] constexpr int bits(dtype type) noexcept {
  switch (type) {
    case dtype::f32:
    case dtype::i32:
      return 32;
    case dtype::bf16:
      return 16;
    case dtype::i8:
    case dtype::e4m3:
      return 8;
    case dtype::i4:
      return 4;
  }
  return 0;
}

/// Bytes that `count` elements without gaps take.
[[nodiscard]] constexpr std::int64_t bytes(dtype type, std::int64_t count) noexcept {
  return (count * bits(type) + 7) / 8;
}

/// A tensor in memory of the backend that it is given to. Copies freely, owns nothing.
struct tensor_view {
  void* data = nullptr;
  dtype type = dtype::f32;
  std::int32_t rank = 0;        ///< 0 (absent) .. 3.
  std::int64_t shape[3] = {};   ///< Elements.
  std::int64_t stride[3] = {};  ///< Elements; 0 repeats one element (a scale of a whole tensor).

  [[nodiscard]] constexpr explicit operator bool() const noexcept { return rank != 0; }
  /// The number of elements.
  [[nodiscard]] constexpr std::int64_t count() const noexcept {
    std::int64_t product = rank == 0 ? 0 : 1;
    for (std::int32_t i = 0; i < rank; ++i) product *= shape[i];
    return product;
  }
  /// Size and stride of a dimension from the end: 1 is the last.
  [[nodiscard]] constexpr std::int64_t size_back(int i) const noexcept { return shape[rank - i]; }
  [[nodiscard]] constexpr std::int64_t stride_back(int i) const noexcept { return stride[rank - i]; }
};

/// A view without gaps, last dimension innermost. `data` may be const memory where the tensor is only read.
[[nodiscard]] inline tensor_view vector_view(const void* data, dtype type, std::int64_t n) noexcept {
  return {const_cast<void*>(data), type, 1, {n}, {1}};
}
[[nodiscard]] inline tensor_view matrix_view(const void* data, dtype type, std::int64_t rows,
                                             std::int64_t columns) noexcept {
  return {const_cast<void*>(data), type, 2, {rows, columns}, {columns, 1}};
}
[[nodiscard]] inline tensor_view stack_view(const void* data, dtype type, std::int64_t count, std::int64_t rows,
                                            std::int64_t columns) noexcept {
  return {const_cast<void*>(data), type, 3, {count, rows, columns}, {rows * columns, columns, 1}};
}

}  // namespace weir::kernels::inline v0

#endif  // WEIR_KERNELS_TENSOR_HPP
