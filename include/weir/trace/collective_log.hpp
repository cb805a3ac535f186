// weir/trace/collective_log.hpp - the calls of collectives on one rank: when, in which group, how many bytes. Needs the
// standard library.
#ifndef WEIR_TRACE_COLLECTIVE_LOG_HPP
#define WEIR_TRACE_COLLECTIVE_LOG_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/units.hpp"
#include "weir/trace/device_time.hpp"
#include "weir/trace/kinds.hpp"
#include "weir/trace/kineto_event.hpp"

namespace weir::inline v0 {

/// What the calls of one collective have in common.
struct collective_kind {
  std::string collective;       ///< "all_reduce"; the kernel's name where nothing tells what it does.
  std::string group;            ///< "Process Group Name" and its ranks as the trace writes them; empty: not told.
  std::int64_t group_size = 0;  ///< 0: not told.
  friend auto operator<=>(const collective_kind&, const collective_kind&) = default;
};

/// One call on one rank.
struct collective_call {
  std::size_t kind = 0;                ///< Index into collective_log::kinds().
  std::int64_t begin = 0, end = 0;     ///< ns, of the trace's own clock.
  std::int64_t bytes = -1;             ///< The larger of what goes in and what comes out of this rank; -1: not told.
  std::int64_t sequence = unmeasured;  ///< "Seq": the group's own count of its collectives.
};

/// How many times the bytes of the algorithm cross a link, as nccl-tests defines bus bandwidth.
/// \param ranks  of the group, > 0. \return  0 where no factor is defined for the collective.
/// \source  NVIDIA/nccl-tests, doc/PERFORMANCE.md.
[[nodiscard]] inline double bus_factor(std::string_view collective, std::int64_t ranks) noexcept {
  const double n = static_cast<double>(ranks);
  if (collective == "all_reduce") return 2 * (n - 1) / n;
  if (collective == "all_gather" || collective == "reduce_scatter" || collective == "all_to_all") return (n - 1) / n;
  if (collective == "broadcast" || collective == "reduce" || collective == "send_recv") return 1;
  return 0;
}

namespace detail {

/// The product of the first list of numbers in "[[4, 1, 256], []]"; -1 where there is none.
inline std::int64_t first_shape(std::string_view dims) noexcept {
  const std::size_t open = dims.find_first_of("0123456789");
  if (open == dims.npos) return -1;
  dims = dims.substr(open, dims.find(']', open) - open);
  std::int64_t product = 1;
  while (!dims.empty()) {
    const auto value = parse_number<std::int64_t>(dims.substr(0, dims.find_first_of(", ")));
    if (!value || *value < 0 || (*value > 0 && product > (std::int64_t{1} << 50) / *value)) return -1;
    product *= *value;
    const std::size_t next = dims.find_first_of("0123456789", std::min(dims.find_first_of(", "), dims.size()));
    dims = next == dims.npos ? std::string_view{} : dims.substr(next);
  }
  return product;
}

/// Of Ascend's "hcom_allReduce__673_0_1", the group: "673", the end of its number. Empty where it is another name.
[[nodiscard]] constexpr std::string_view hcom_group(std::string_view name) noexcept {
  const std::size_t mark = name.starts_with("hcom_") ? name.find("__") : name.npos;
  if (mark == name.npos) return {};
  name.remove_prefix(mark + 2);
  return name.substr(0, name.find_first_not_of("0123456789"));
}

}  // namespace detail

/// All calls of collectives of one rank, in the order of the file.
/// \complexity  40 bytes a call.
class collective_log {
 public:
  /// Takes an event that is communication.
  void take(const kineto_event& e, const device_class& what) {
    if (e.t_ns == unmeasured || e.dur_ns < 0) return;
    arguments args;
    if (!args.read(e.args)) ++damaged_;
    const auto named =
        what.collective.empty() || !args.name.empty() ? canonical_collective(args.name) : what.collective;
    collective_call call{
        .begin = e.t_ns, .end = e.t_ns + e.dur_ns, .bytes = args.bytes(named), .sequence = args.sequence};
    collective_kind kind{std::string(named.empty() ? short_kernel_name(e.name) : named), {}, args.group_size};
    if (!args.group.empty())
      kind.group.append(args.group).append(" ").append(args.ranks);
    else
      kind.group = detail::hcom_group(e.name);
    call.kind = index_of(std::move(kind));
    calls_.push_back(call);
  }
  /// Says more of a call than its event did.
  /// \pre  index < calls().size()
  void amend(std::size_t index, collective_kind kind, std::int64_t bytes, std::int64_t sequence) {
    calls_[index].kind = index_of(std::move(kind));
    calls_[index].bytes = bytes;
    calls_[index].sequence = sequence;
  }

  [[nodiscard]] const std::vector<collective_kind>& kinds() const noexcept { return kinds_; }
  [[nodiscard]] const std::vector<collective_call>& calls() const noexcept { return calls_; }
  /// Calls whose arguments are damaged: they are in all figures but those of what they moved.
  [[nodiscard]] std::uint64_t damaged() const noexcept { return damaged_; }
  [[nodiscard]] const collective_kind& kind(const collective_call& call) const { return kinds_[call.kind]; }

 private:
  /// The arguments that matter, in one pass. NCCL kernels name message sizes, Ascend's collectives counts, gloo's
  /// annotations the shapes of inputs.
  struct arguments {
    std::string_view name, group, ranks, type, shape, shape_type;
    std::int64_t in = -1, out = -1, group_size = 0, sequence = unmeasured;

    /// \return  false where `object` is damaged.
    bool read(std::string_view object) {
      return object.empty() || for_each_member(object, [this](auto key, auto value) { one(key, value); });
    }
    /// Where only what goes in is told, as of gloo's and Ascend's, an all_gather gives out that of each rank.
    [[nodiscard]] std::int64_t bytes(std::string_view collective) const noexcept {
      const bool message = in >= 0 || out >= 0;
      const std::int64_t each = element_bytes(message ? type : shape_type);
      std::int64_t elements = message ? std::max(in, out) : detail::first_shape(shape);
      if (collective == "all_gather" && out < 0)
        elements = group_size > 0 && elements <= most_elements / group_size ? elements * group_size : -1;
      return each > 0 && elements >= 0 && elements <= most_elements ? elements * each : -1;
    }

   private:
    void one(std::string_view key, std::string_view value) {
      const auto text = detail::unquoted(value);
      const auto number = [&](std::int64_t& into) {
        if (const auto n = parse_number<std::int64_t>(value)) into = *n;
      };
      if (key == "Collective name") name = text;
      if (key == "Process Group Name") group = text;
      if (key == "Process Group Ranks") ranks = text;
      if (key == "dtype" || key == "data_type") type = text;
      if (key == "In msg nelems" || key == "count") number(in);
      if (key == "Out msg nelems") number(out);
      if (key == "Group size") number(group_size);
      if (key == "Seq") number(sequence);
      if (key == "Input Dims") shape = value;
      if (key == "Input type") shape_type = value.substr(0, value.find(','));
    }
  };

  std::size_t index_of(collective_kind kind) {
    const auto [found, fresh] = index_.try_emplace(std::move(kind), kinds_.size());
    if (fresh) kinds_.push_back(found->first);
    return found->second;
  }

  std::map<collective_kind, std::size_t> index_;
  std::vector<collective_kind> kinds_;
  std::vector<collective_call> calls_;
  std::uint64_t damaged_ = 0;
};

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_COLLECTIVE_LOG_HPP
