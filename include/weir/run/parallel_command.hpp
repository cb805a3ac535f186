// weir/run/parallel_command.hpp - one engine over several nodes: what its command says on each of them. Needs the
// standard library only.
#ifndef WEIR_RUN_PARALLEL_COMMAND_HPP
#define WEIR_RUN_PARALLEL_COMMAND_HPP

#include <cstddef>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace weir::inline v0 {

/// Where a node stands among those of one command. By default what a scheduler's job fills in (task_words.hpp); without
/// one a person starts the command on each node, and says it.
struct node_place {
  std::string nnodes = "{nnodes}";
  std::string rank = "{node_rank}";
  std::string master_addr = "{master_addr}";
  std::string master_port = "{master_port}";
};

/// vLLM's own multi-node executor: the flags that `vllm serve` needs beside its tensor and pipeline sizes, whose
/// product is the devices of all nodes. All but the first node serve no requests: they are headless.
[[nodiscard]] inline std::vector<std::string> vllm_node_flags(const node_place& at = {}) {
  std::vector<std::string> flags{"--nnodes",      at.nnodes,      "--node-rank",   at.rank,
                                 "--master-addr", at.master_addr, "--master-port", at.master_port};
  if (at.rank == node_place{}.rank)
    flags.emplace_back("{rest:--headless}");
  else if (at.rank != "0")
    flags.emplace_back("--headless");
  return flags;
}

/// `program` and its arguments under torchrun, `processes` times on each node. Of one node torchrun is told that it
/// stands alone, and it finds a port of its own.
/// \param torchrun  how to start it: {"torchrun"}, or {python, "-m", "torch.distributed.run"}.
[[nodiscard]] inline std::vector<std::string> torchrun_command(std::vector<std::string> torchrun, std::size_t nodes,
                                                               std::size_t processes, std::vector<std::string> program,
                                                               const node_place& at = {}) {
  const auto add = [&](std::initializer_list<std::string> words) {
    torchrun.insert(torchrun.end(), words.begin(), words.end());
  };
  if (nodes > 1)
    add({"--nnodes", at.nnodes, "--node-rank", at.rank, "--master-addr", at.master_addr, "--master-port",
         at.master_port});
  else
    add({"--standalone", "--nnodes", "1"});
  add({"--nproc-per-node", std::to_string(processes)});
  for (auto& word : program) torchrun.push_back(std::move(word));
  return torchrun;
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_PARALLEL_COMMAND_HPP
