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
#include "weir/base/units.hpp"
#include "weir/load/bench_options.hpp"
#ifdef WEIR_HAVE_TLS
#include "weir/net/tls.hpp"
#endif

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

/// How https is spoken. Nothing is loaded where no option asks for it and no endpoint needs it.
inline void add_tls(bench_options& o, const arguments& args) {
  const bool asked = args.has("cacert") || args.has("cert") || args.has("key") || args.has("insecure");
  if (args.has("key") && !args.has("cert")) refuse("--key belongs to a --cert");
  o.insecure = args.has("insecure");
#ifdef WEIR_HAVE_TLS
  const bool needed = std::ranges::any_of(o.endpoints, [](const endpoint& e) { return e.where.tls; });
  if (asked && !needed) refuse("--cacert, --cert, --key and --insecure are for https, which no server here has");
  if (!needed) return;
  const auto tls = tls_context::make({.ca_file = std::string(args.get("cacert")),
                                      .cert_file = std::string(args.get("cert")),
                                      .key_file = std::string(args.get("key")),
                                      .insecure = o.insecure})
                       .value();
  o.tls = [tls](const std::string& host) { return tls->layers(host); };
#else
  if (asked) refuse("this weir was built without TLS: install OpenSSL's headers (libssl-dev) and build it again");
#endif
}

/// Threads, their places, the choice among servers, time-outs.
inline void add_client(bench_options& o, const arguments& args) {
  o.max_concurrency = at_least<std::size_t>(args, "max-concurrency", 0, 1);
  o.max_sessions = at_least<std::size_t>(args, "max-sessions", 0, 1);
  o.threads = at_least<std::size_t>(args, "threads", 1, 1);
  const std::string_view how = args.get("balance");
  o.how = how == "shard" ? balance::shard : how == "round-robin" ? balance::round_robin : balance::least_busy;
  add_tls(o, args);
  o.place = {.cpus = processors_of(args), .fifo = args.has("fifo")};
  o.limits = {.connect_ns = args.duration_ns("connect-timeout", o.limits.connect_ns).value(),
              .first_token_ns = args.duration_ns("first-token-timeout", o.limits.first_token_ns).value(),
              .stall_ns = args.duration_ns("stall-timeout", o.limits.stall_ns).value(),
              .total_ns = args.duration_ns("timeout", o.limits.total_ns).value(),
              .linger_ns = o.limits.linger_ns};
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_BENCH_CLIENT_HPP
