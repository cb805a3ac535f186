// weir-sweep run-cell, in a translation unit of its own.
#include "sweep_cell.hpp"

#include <unistd.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "sweep_profile.hpp"
#include "weir/run/cell_job.hpp"
#include "weir/run/run_cell.hpp"

namespace weir::tool {

std::string own_program() {
  std::array<char, 4096> self;
  const ssize_t size = ::readlink("/proc/self/exe", self.data(), self.size());
  return size > 0 ? std::string(self.data(), static_cast<std::size_t>(size)) : "weir-sweep";
}

result<int> run_one_cell(const arguments& args) {
  if (args.operands().size() != 2) return failure{errc::invalid_argument, "run-cell takes one directory"};
  const auto job = read_cell_job(args.operands()[1] + "/cell.json");
  if (!job) return job.error();
  const auto count = args.number<std::int64_t>("nnodes", 1), rank = args.number<std::int64_t>("node-rank", 0);
  if (!count || !rank) return count ? rank.error() : count.error();
  if (*count < 1 || *rank < 0 || *rank >= *count)
    return failure{errc::invalid_argument, "--node-rank is from 0 to --nnodes - 1"};
  cell_surroundings around{.node = {.rank = *rank, .count = *count},
                           .measurer = {own_program(), "measure", job->directory()}};
  if (args.has("master-addr")) around.node.master = args.get("master-addr");
  if (args.has("master-port")) around.node.port = args.get("master-port");
  around.say = [](std::string_view text) { say(text); };
  around.look_at_profile = look_at_profile;
  return run_cell(*job, around);
}

}  // namespace weir::tool
