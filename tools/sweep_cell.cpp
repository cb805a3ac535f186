// weir-sweep run-cell, in a translation unit of its own.
#include "sweep_cell.hpp"

#include <unistd.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "sweep_place.hpp"
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
  auto place = place_of(args, "nnodes");
  if (!place) return place.error();
  cell_surroundings around{.node = *std::move(place), .measurer = {own_program(), "measure", job->directory()}};
  around.say = [](std::string_view text) { say(text); };
  around.look_at_profile = look_at_profile;
  return run_cell(*job, around);
}

}  // namespace weir::tool
