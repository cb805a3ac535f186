// weir/kernels/status.hpp - what a kernel call answers. Includes nothing.
#ifndef WEIR_KERNELS_STATUS_HPP
#define WEIR_KERNELS_STATUS_HPP

namespace weir::kernels::inline v0 {

/// The first rule that was broken; nothing was written unless ok.
enum class status : int {
  ok = 0,
  bad_shape,    ///< A size is negative.
  bad_pointer,  ///< A pointer is null though there is something to read or write.
};

}  // namespace weir::kernels::inline v0

#endif  // WEIR_KERNELS_STATUS_HPP
