// weir/kernels/status.hpp - what a kernel call answers: the first rule that was broken. Includes nothing.
#ifndef WEIR_KERNELS_STATUS_HPP
#define WEIR_KERNELS_STATUS_HPP

namespace weir::kernels::inline v0 {

/// The first rule that was broken. Up to and including no_kernel, nothing was read, written or queued unless ok.
enum class status : int {
  ok = 0,
  bad_shape,
  bad_pointer,
  bad_rank,
  bad_stride,
  shapes_differ,
  no_format,
  bad_scale_shape,
  bad_scale_type,
  bad_group,
  k_too_large,
  bad_output_type,
  bad_bias,
  bad_experts,
  bad_alignment,
  bad_workspace,
  wrong_plan,
  no_device,
  no_library,
  no_kernel,
  launch_failed,
};

/// The rule in words, for a log; a literal.
[[nodiscard]] constexpr const char* rule(status s) noexcept {
  switch (s) {
    case status::ok:
      return "no rule was broken";
    case status::bad_shape:
      return "sizes are not negative, and a size of 4-bit elements along k is even";
    case status::bad_pointer:
      return "a tensor with something to read or write has an address";
    case status::bad_rank:
      return "x and y have rank 2, w has rank 2 or (one matrix an expert) 3";
    case status::bad_stride:
      return "k runs without gaps in x and w; rows of 4-bit elements begin on a whole byte";
    case status::shapes_differ:
      return "x is [M, K], w [N, K] or [experts, N, K], y [M, N]";
    case status::no_format:
      return "the types of x and w and their quantization are one of the formats in format.hpp";
    case status::bad_scale_shape:
      return "scales are [M] for tokens, [N] for channels, [N, K / group] for groups, with the experts before";
    case status::bad_scale_type:
      return "scales of tokens are f32, scales of w f32 or bf16, and of the type that the backend takes";
    case status::bad_group:
      return "a group is a multiple of 32 that divides K";
    case status::k_too_large:
      return "K is at most 131071 where products are summed in int32";
    case status::bad_output_type:
      return "y is bf16 or f32, or i32 (sums without scales) where sums are integers";
    case status::bad_bias:
      return "a bias is [N] bf16 or f32, and y is not i32";
    case status::bad_experts:
      return "expert_begin is [experts + 1] i32 where w has rank 3, and absent elsewhere";
    case status::bad_alignment:
      return "rows of x and w begin at a multiple of 16 bytes";
    case status::bad_workspace:
      return "a workspace of workspace_bytes(plan) bytes is given";
    case status::wrong_plan:
      return "run gets what the plan was made for: the same types, quantization and sizes";
    case status::no_device:
      return "this backend finds a device that it can use";
    case status::no_library:
      return "this backend finds the vendor's library and the functions it needs there";
    case status::no_kernel:
      return "this backend has a kernel for this format, size and device";
    case status::launch_failed:
      return "the device takes the work that is queued";
  }
  return "unknown status";
}

}  // namespace weir::kernels::inline v0

#endif  // WEIR_KERNELS_STATUS_HPP
