// tools/sweep_runner.hpp - what weir-sweep runs a cell with.
#ifndef WEIR_TOOLS_SWEEP_RUNNER_HPP
#define WEIR_TOOLS_SWEEP_RUNNER_HPP

#include <filesystem>
#include <string>
#include <vector>

#include "cli.hpp"
#include "sweep_cell.hpp"
#include "weir/base/result.hpp"
#include "weir/base/text_file.hpp"
#include "weir/run/commands.hpp"
#include "weir_drivers.hpp"

namespace weir::tool {

/// The driver of the offline engine, in the sweep's directory: it stays with the results that it made.
inline result<std::string> put_driver(const arguments& args, const std::string& out) {
  if (args.has("driver")) return std::filesystem::absolute(std::string(args.get("driver"))).string();
  const std::string path = out + "/drivers/vllm_offline.py";
  if (const auto there = read_text_file(path); there && *there == vllm_offline_driver) return path;
  if (auto wrote = replace_text(path, vllm_offline_driver); !wrote) return wrote.error();
  return path;
}

/// The command that runs a cell.
/// \param placed  --node-rank said which machine this one is.
inline std::vector<std::string> runner_of(const cell_node& node, bool placed) {
  std::vector<std::string> words{own_program(), "run-cell"};
  if (!placed) return words;
  words.insert(words.end(), {"--nnodes", std::to_string(node.count), "--node-rank", std::to_string(node.rank),
                             "--master-addr", node.master, "--master-port", node.port});
  return words;
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_SWEEP_RUNNER_HPP
