// tools/sweep_place.hpp - which of several machines weir-sweep is on.
#ifndef WEIR_TOOLS_SWEEP_PLACE_HPP
#define WEIR_TOOLS_SWEEP_PLACE_HPP

#include <cstdint>
#include <string>
#include <string_view>

#include "cli.hpp"
#include "weir/base/result.hpp"
#include "weir/run/commands.hpp"

namespace weir::tool {

/// Which of several machines this one is; alone where no --node-rank is given.
/// \param count  the option that says how many there are.
/// \return       errc::invalid_argument for what is no number, a rank that is none of the machines', a port that is
/// none.
inline result<cell_node> place_of(const arguments& args, std::string_view count = "nodes") {
  cell_node node;
  if (!args.has("node-rank")) return node;
  const auto rank = args.number<std::int64_t>("node-rank", 0), machines = args.number<std::int64_t>(count, 1);
  if (!rank) return rank.error();
  if (!machines) return machines.error();
  if (*rank < 0 || *rank >= *machines)
    return failure{errc::invalid_argument, "--node-rank: " + std::to_string(*rank) + " is none of " +
                                               std::to_string(*machines) + (*machines == 1 ? " machine" : " machines") +
                                               ", which count from 0: --nnodes says how many there are"};
  const auto port = args.number<std::int64_t>("master-port", 29500);
  if (!port) return port.error();
  if (*port < 1 || *port > 65535)
    return failure{errc::invalid_argument, "--master-port: " + std::to_string(*port) + " is not from 1 to 65535"};
  return cell_node{*rank, *machines, std::string(args.get("master-addr", node.master)), std::to_string(*port)};
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_SWEEP_PLACE_HPP
