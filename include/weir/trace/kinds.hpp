// weir/trace/kinds.hpp - what a device event is by its name: computation, communication or memory. Needs the standard
// library only.
//
// The table below is the field's knowledge of names; a user's own rules go before it. What no rule knows is
// computation, and its share of time is reported, so that a new library's collectives can't hide in it unseen.
#ifndef WEIR_TRACE_KINDS_HPP
#define WEIR_TRACE_KINDS_HPP

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/byte_pairs.hpp"
#include "weir/base/result.hpp"

namespace weir::inline v0 {

enum class device_kind : unsigned char { computation, communication, memory };
[[nodiscard]] constexpr std::string_view to_string(device_kind k) noexcept {
  constexpr std::string_view names[] = {"computation", "communication", "memory"};
  return names[static_cast<unsigned char>(k)];
}

/// A rule of the table: `pattern` occurs in the name; a '*' in it stands for any bytes.
struct kind_rule {
  std::string_view pattern;
  device_kind kind = device_kind::communication;
  std::string_view word = {};  ///< The collective, "all_reduce", or the family, "gemm"; empty: the name does not tell.
};

/// Whether the pieces of `pattern` between its stars occur in `name`, in order.
[[nodiscard]] constexpr bool name_matches(std::string_view pattern, std::string_view name) noexcept {
  while (!pattern.empty()) {
    const std::size_t star = pattern.find('*');
    const std::string_view piece = pattern.substr(0, star);
    const std::size_t at = name.find(piece);
    if (at == name.npos) return false;
    name.remove_prefix(at + piece.size());
    pattern.remove_prefix(star == pattern.npos ? pattern.size() : star + 1);
  }
  return true;
}

/// Names of kernels that move data between devices, most specific first. NCCL writes ncclKernel_<What>_ before 2.19 and
/// ncclDevKernel_<What>_ since; RCCL's Generic kernel tells the collective in its arguments only.
inline constexpr kind_rule communication_kernels[] = {
    {"nccl*Kernel_AllReduce", device_kind::communication, "all_reduce"},
    {"nccl*Kernel_AllGather", device_kind::communication, "all_gather"},
    {"nccl*Kernel_ReduceScatter", device_kind::communication, "reduce_scatter"},
    {"nccl*Kernel_Broadcast", device_kind::communication, "broadcast"},
    {"nccl*Kernel_Reduce", device_kind::communication, "reduce"},
    {"nccl*Kernel_SendRecv", device_kind::communication, "send_recv"},
    {"nccl*Kernel_AllToAll", device_kind::communication, "all_to_all"},
    {"ncclKernel", device_kind::communication},
    {"ncclDevKernel", device_kind::communication},
    {"ncclSymkDevKernel_AllReduce", device_kind::communication, "all_reduce"},
    {"ncclSymk", device_kind::communication},
    {"multimem_all_reduce", device_kind::communication, "all_reduce"},
    {"multimem_all_gather", device_kind::communication, "all_gather"},
    {"one_shot_all_reduce", device_kind::communication, "all_reduce"},
    {"two_shot_all_reduce", device_kind::communication, "all_reduce"},
    {"multimem_one_shot_all_reduce", device_kind::communication, "all_reduce"},
    {"cross_device_reduce_", device_kind::communication, "all_reduce"},
    {"allreduce_fusion_kernel", device_kind::communication, "all_reduce"},
    {"lamport*allreduce", device_kind::communication, "all_reduce"},
    {"allreduce_prototype_twoshot", device_kind::communication, "all_reduce"},
    {"trtllm*allreduce", device_kind::communication, "all_reduce"},
    {"oneShotAllReduceKernel", device_kind::communication, "all_reduce"},
    {"twoShotAllReduceKernel", device_kind::communication, "all_reduce"},
    {"rcclGenericKernel", device_kind::communication},
    {"mscclKernel", device_kind::communication},
    {"moeA2ADispatch", device_kind::communication, "all_to_all"},
    {"moeA2ACombine", device_kind::communication, "all_to_all"},
    {"deep_ep*dispatch", device_kind::communication, "all_to_all"},
    {"deep_ep*combine", device_kind::communication, "all_to_all"},
    {"nvshmem", device_kind::communication},
    {"hcom_allReduce", device_kind::communication, "all_reduce"},
    {"hcom_allGather", device_kind::communication, "all_gather"},
    {"hcom_reduceScatter", device_kind::communication, "reduce_scatter"},
    {"hcom_broadcast", device_kind::communication, "broadcast"},
    {"hcom_alltoall", device_kind::communication, "all_to_all"},
    {"hcom_send", device_kind::communication, "send_recv"},
    {"hcom_receive", device_kind::communication, "send_recv"},
    {"hcom_", device_kind::communication},
    {"hccl_", device_kind::communication},
    {"gloo:all_reduce", device_kind::communication, "all_reduce"},
    {"gloo:all_gather", device_kind::communication, "all_gather"},
    {"gloo:reduce_scatter", device_kind::communication, "reduce_scatter"},
    {"gloo:broadcast", device_kind::communication, "broadcast"},
    {"gloo:", device_kind::communication},
};

/// Words that name a collective in the kernels of any other library, in small letters and without underscores: aiter's
/// "reduce_scatter_cross_device_store" would else be a reduction, and no share of unclassified time would tell.
inline constexpr kind_rule collective_words[] = {{"allreduce", device_kind::communication, "all_reduce"},
                                                 {"allgather", device_kind::communication, "all_gather"},
                                                 {"reducescatter", device_kind::communication, "reduce_scatter"},
                                                 {"alltoall", device_kind::communication, "all_to_all"}};

/// A family of computation, and pieces of the names of kernels that belong to it; empty ones are none.
struct kernel_family {
  std::string_view name;
  std::string_view pieces[20];
};

/// Names of kernels that compute, of the libraries that serving and training stacks use, most specific first: a name
/// belongs to the first family of which it holds a piece. They change no figure but the split of computation by family,
/// and the share of time in kernels that nothing here knows.
inline constexpr kernel_family kernel_families[] = {
    {"cache", {"reshape_and_cache", "concat_and_cache", "copy_blocks"}},
    {"moe", {"moe", "expert", "grouped_topk", "matmul_ogs", "_combined_routing", "_sum_bitmatrix"}},
    {"attention", {"flash", "attention", "Attention", "fmha", "attn", "Attn", "_kernel_mha"}},
    {"gemm",
     {"gemm", "Gemm", "GEMM", "gemv", "cutlass", "nvjet", "cublas", "Cijk_", "wvSplitK", "marlin", "splitKreduce",
      "splitk", "split_k", "dot_kernel", "MatMul", "triton_mm", "bmm_"}},
    {"convolution", {"conv", "Conv", "winograd", "cudnn"}},
    {"normalization", {"norm", "Norm"}},
    {"softmax", {"softmax", "Softmax", "SoftMax"}},
    {"sampling", {"topk", "TopK", "sample", "argmax", "ArgMax"}},
    {"position", {"rotary", "rope"}},
    {"activation", {"act_and_mul", "silu", "gelu", "swiglu"}},
    {"embedding", {"embedding", "Embedding", "fbgemm", "pooled_emb"}},
    {"quantization", {"quant", "Quant"}},
    {"optimizer", {"multi_tensor_apply", "adam", "adagrad"}},
    {"index", {"index", "gather", "scatter"}},
    {"copy", {"CatArrayBatchedCopy", "copy", "batched_transpose", "transpose_CNHW", "transpose_NCHW"}},
    {"sort", {"sort", "Sort", "scan", "Scan"}},
    {"reduction", {"triton_red", "triton_per", "reduce", "Reduce"}},
    {"elementwise", {"triton_poi", "elementwise", "vectorized", "SubTensorOp"}},
    {"other",
     {"at::", "at_cuda", "c10::", "cub::", "rocprim", "thrust", "triton_", "vllm::", "flashinfer", "aiter", "ck_tile",
      "ck::", "aclnn"}}};

namespace detail {

/// The family of which `text` holds a piece; empty: of none.
/// \param pairs  of `text`, or of one that holds it.
[[nodiscard]] inline std::string_view family_of(std::string_view text, const byte_pairs& pairs) noexcept {
  for (const auto& family : kernel_families)
    for (const auto piece : family.pieces)
      if (!piece.empty() && pairs.may_hold(piece) && text.find(piece) != text.npos) return family.name;
  return {};
}

}  // namespace detail

/// A kernel's own name, without its return type, the arguments of its template and its parameters: of
/// "void ns::kernel<int>(int*)" it is "ns::kernel", of "std::enable_if<(8)>(0), void>::type kernel<8>(int)" "kernel".
[[nodiscard]] constexpr std::string_view qualified_kernel_name(std::string_view name) noexcept {
  std::size_t begin = 0, end = name.npos, angles = 0, round = 0;  // a > inside of round brackets is a comparison
  for (std::size_t i = 0; i < name.size(); ++i) {
    const std::string_view rest = name.substr(i);
    if (angles + round == 0 && (rest.starts_with("(anonymous namespace)") || rest.starts_with("<unnamed>"))) {
      i = name.find_first_of(">)", i);  // nsys' way is the last
      continue;
    }
    const char c = name[i];
    if (angles + round == 0 && c == ' ') begin = i + 1, end = name.npos;
    if (angles + round == 0 && (c == '<' || c == '(') && end == name.npos) end = i;
    if (angles + round == 0 && c == '(') break;
    if (c == '(') ++round;
    if (c == ')' && round > 0) --round;
    if (c == '<' && round == 0) ++angles;
    if (c == '>' && round == 0 && angles > 0) --angles;
  }
  const auto own = name.substr(begin, end == name.npos ? end : end - begin);
  return own.empty() ? name : own;
}

namespace detail {

/// Whether `name` holds `word`, with letters of any case and underscores between them.
[[nodiscard]] constexpr bool holds_word(std::string_view name, std::string_view word) noexcept {
  for (std::size_t begin = 0; begin < name.size(); ++begin) {
    std::size_t found = 0;
    for (const char c : name.substr(begin)) {
      if (c == '_' && found > 0) continue;
      if (found == word.size() || (c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) != word[found]) break;
      ++found;
    }
    if (found == word.size()) return true;
  }
  return false;
}

}  // namespace detail

/// One name for what the arguments of events call a collective: "_allgather_base" is "all_gather". Unknown ones stay.
[[nodiscard]] constexpr std::string_view canonical_collective(std::string_view named) noexcept {
  struct alias {
    std::string_view piece, canonical;
  };
  constexpr alias aliases[] = {{"reduce_scatter", "reduce_scatter"},
                               {"reducescatter", "reduce_scatter"},
                               {"allreduce", "all_reduce"},
                               {"all_reduce", "all_reduce"},
                               {"allgather", "all_gather"},
                               {"all_gather", "all_gather"},
                               {"alltoall", "all_to_all"},
                               {"all_to_all", "all_to_all"},
                               {"broadcast", "broadcast"},
                               {"send", "send_recv"},
                               {"recv", "send_recv"},
                               {"barrier", "barrier"},
                               {"reduce", "reduce"},
                               {"gather", "gather"},
                               {"scatter", "scatter"}};
  for (const auto& a : aliases)
    if (named.find(a.piece) != named.npos) return a.canonical;
  return named;
}

/// What a name is.
struct device_class {
  device_kind kind = device_kind::computation;
  std::string_view collective;  ///< Canonical; empty where the name does not tell. Views into the rule.
  bool known = false;           ///< A rule spoke.
  std::string_view family;      ///< Of computation: "gemm"; empty where no rule spoke.
};

/// A user's rules in front of the built-in ones.
class kind_table {
 public:
  /// Reads rules, one a line: PATTERN, white space, computation|communication|memory, and for communication the
  /// collective, for computation its family. `#` begins a comment. A pattern's own spaces are written as '*'.
  /// \return  errc::parse naming the line.
  static result<kind_table> parse(std::string text) {
    kind_table out;
    out.text_ = std::make_unique<std::string>(std::move(text));
    std::string_view rest = *out.text_;
    for (int line = 1; !rest.empty(); ++line) {
      const std::size_t end = rest.find('\n');
      std::string_view row = rest.substr(0, end);
      rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
      row = row.substr(0, row.find('#'));
      const auto pattern = next_word(row), kind = next_word(row), name = next_word(row);
      if (pattern.empty()) continue;
      if (kind != "computation" && kind != "communication" && kind != "memory")
        return failure{errc::parse, "line " + std::to_string(line) + ": '" + std::string(kind) +
                                        "' is not computation, communication or memory"};
      out.own_.push_back({pattern,
                          kind == "memory"          ? device_kind::memory
                          : kind == "communication" ? device_kind::communication
                                                    : device_kind::computation,
                          name});
    }
    return out;
  }

  /// \complexity  linear in the rules: ask once a name, not once an event.
  [[nodiscard]] device_class classify(std::string_view name) const noexcept {
    const byte_pairs pairs(name);
    if (const auto found = first_match(own_, name, pairs); found.known) return found;
    if (const auto found = first_match(communication_kernels, name, pairs); found.known) return found;
    const auto own = qualified_kernel_name(name);
    if (!own.starts_with("triton_"))  // Inductor names a kernel after all that it was fused from
      for (const auto& rule : collective_words)
        if (detail::holds_word(own, rule.pattern)) return class_by(rule);
    auto family = detail::family_of(own, pairs);  // a template may be given any family
    if (family.empty()) family = detail::family_of(name, pairs);
    return {device_kind::computation, {}, !family.empty(), family};
  }

 private:
  static std::string_view next_word(std::string_view& row) {
    const std::size_t begin = row.find_first_not_of(" \t\r");
    if (begin == row.npos) return {};
    row.remove_prefix(begin);
    const std::string_view found = row.substr(0, row.find_first_of(" \t\r"));
    row.remove_prefix(found.size());
    return found;
  }
  static device_class first_match(std::span<const kind_rule> rules, std::string_view name,
                                  const byte_pairs& pairs) noexcept {
    for (const auto& rule : rules)
      if (pairs.may_hold(rule.pattern.substr(0, rule.pattern.find('*'))) && name_matches(rule.pattern, name))
        return class_by(rule);
    return {};
  }
  static device_class class_by(const kind_rule& rule) noexcept {
    if (rule.kind != device_kind::computation) return {rule.kind, rule.word, true, {}};
    return {rule.kind, {}, true, rule.word.empty() ? "other" : rule.word};
  }

  std::unique_ptr<std::string> text_;  // what own_ views
  std::vector<kind_rule> own_;
};

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_KINDS_HPP
