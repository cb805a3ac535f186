// tools/bench_client.hpp - the part of weir-bench's command line that says how the client runs and connects.
#ifndef WEIR_TOOLS_BENCH_CLIENT_HPP
#define WEIR_TOOLS_BENCH_CLIENT_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "bench_load.hpp"
#include "cli.hpp"
#include "server_flags.hpp"
#include "weir/base/units.hpp"
#include "weir/load/bench_options.hpp"

namespace weir::tool {

/// Processor numbers separated by commas.
inline std::vector<int> processors_of(const arguments& args) {
  std::vector<int> out;
  std::string_view words = args.get("pin");
  while (!words.empty()) {
    const auto word = words.substr(0, words.find(','));
    words.remove_prefix(std::min(word.size() + 1, words.size()));
    const auto number = parse_number<int>(word);
    if (!number || *number < 0 || *number >= 1024) refuse("--pin: '" + std::string(word) + "' is not a processor");
    out.push_back(*number);
  }
  return out;
}

/// Threads, their places, the choice among servers, time-outs.
inline void add_client(bench_options& o, const arguments& args) {
  o.max_concurrency = at_least<std::size_t>(args, "max-concurrency", 0, 1);
  o.max_sessions = at_least<std::size_t>(args, "max-sessions", 0, 1);
  o.threads = at_least<std::size_t>(args, "threads", 1, 1);
  const std::string_view how = args.get("balance");
  o.how = how == "shard" ? balance::shard : how == "round-robin" ? balance::round_robin : balance::least_busy;
  o.tls = tls_of(args, o.endpoints).value();
  o.insecure = args.has("insecure");
  o.place = {.cpus = processors_of(args), .fifo = args.has("fifo")};
  o.limits = {.connect_ns = args.duration_ns("connect-timeout", o.limits.connect_ns).value(),
              .first_token_ns = args.duration_ns("first-token-timeout", o.limits.first_token_ns).value(),
              .stall_ns = args.duration_ns("stall-timeout", o.limits.stall_ns).value(),
              .total_ns = args.duration_ns("timeout", o.limits.total_ns).value(),
              .linger_ns = o.limits.linger_ns};
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_BENCH_CLIENT_HPP
