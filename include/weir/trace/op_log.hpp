// weir/trace/op_log.hpp - the operations of a profiler's trace, as far as an execution trace can be linked by them.
// Needs the standard library.
#ifndef WEIR_TRACE_OP_LOG_HPP
#define WEIR_TRACE_OP_LOG_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/hash.hpp"
#include "weir/trace/idle_causes.hpp"
#include "weir/trace/json_cursor.hpp"
#include "weir/trace/kineto_event.hpp"

namespace weir::inline v0 {

/// An operation on the CPU.
struct traced_op {
  std::int64_t external_id = -1;  ///< What the kernels that it launches name; in order of begin within a thread.
  std::int64_t record_id = 0;     ///< "Record function id"; 0: profilers before torch 2.1 or so do not tell.
  std::int64_t begin = 0, end = 0;
  std::uint64_t thread = 0, name = 0;  ///< hash64 of them.
};

/// A call of the runtime that launches a kernel.
struct traced_launch {
  std::int64_t correlation = -1, begin = 0;
  std::uint64_t thread = 0;
};

/// A kernel that is a collective: `call` is its index in the rank's collective_log.
struct traced_kernel {
  std::size_t call = 0;
  std::int64_t external_id = -1, correlation = -1;
};

/// The event of a collective, on the device or of gloo, which is call `call` of the rank's log.
[[nodiscard]] inline traced_kernel traced_kernel_of(const kineto_event& e, std::size_t call) {
  traced_kernel kernel{call, -1, -1};
  (void)for_each_member(e.args, [&](auto key, auto value) {
    if (detail::is(key, "External id")) kernel.external_id = detail::integer_or(value, -1);
    if (detail::is(key, "correlation")) kernel.correlation = detail::integer_or(value, -1);
  });
  return kernel;
}

/// Collects operations and launches from events.
/// \complexity  48 bytes an operation, 24 a launch and a collective.
class op_log {
 public:
  [[nodiscard]] static bool wants(std::string_view category) noexcept {
    return is_op(category) || launch_log::wants(category);
  }

  /// Takes an event that is an operation, an annotation or a launch.
  void take(const kineto_event& e) {
    if (e.t_ns == unmeasured || e.dur_ns < 0) return;
    std::int64_t external = -1, record = 0, correlation = -1;
    (void)for_each_member(e.args, [&](auto key, auto value) {
      if (detail::is(key, "External id")) external = detail::integer_or(value, -1);
      if (detail::is(key, "Record function id")) record = detail::integer_or(value, 0);
      if (detail::is(key, "correlation")) correlation = detail::integer_or(value, -1);
    });
    const std::uint64_t thread = hash64(e.tid, hash64(e.pid));
    if (launch_log::wants(e.category)) {
      if (correlation >= 0) launches_.push_back({correlation, e.t_ns, thread});
    } else if (external >= 0) {
      ops_.push_back({external, record, e.t_ns, e.t_ns + e.dur_ns, thread, hash64(e.name)});
    }
  }
  /// \param kernels  of the rank's collectives: what its log's calls were made of.
  void set_kernels(std::vector<traced_kernel> kernels) { kernels_ = std::move(kernels); }

  [[nodiscard]] const std::vector<traced_op>& ops() const noexcept { return ops_; }
  [[nodiscard]] const std::vector<traced_launch>& launches() const noexcept { return launches_; }
  [[nodiscard]] const std::vector<traced_kernel>& kernels() const noexcept { return kernels_; }

 private:
  static bool is_op(std::string_view c) noexcept {
    return detail::is(c, "cpu_op") || detail::is(c, "user_annotation") || detail::is(c, "operator") ||
           detail::is(c, "Operator");
  }
  std::vector<traced_op> ops_;
  std::vector<traced_launch> launches_;
  std::vector<traced_kernel> kernels_;
};

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_OP_LOG_HPP
