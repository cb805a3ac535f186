// tools/server_flags.hpp - the options of weir-bench and weir-eval that say how servers are spoken to: key and TLS.
#ifndef WEIR_TOOLS_SERVER_FLAGS_HPP
#define WEIR_TOOLS_SERVER_FLAGS_HPP

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "cli.hpp"
#include "weir/data/rows.hpp"
#include "weir/openai/dial.hpp"
#include "weir/openai/endpoint.hpp"
#ifdef WEIR_HAVE_TLS
#include "weir/net/tls.hpp"
#endif

namespace weir::tool {

inline const option cacert_flag{"cacert", "FILE",
                                "For https: who may vouch for the server (PEM). Default: whom the system trusts."};
inline const option cert_flag{"cert", "FILE",
                              "For https: our own certificate (PEM); --key where the key is not in it."};
inline const option key_flag{"key", "FILE", "The key of --cert (PEM)."};
inline const option insecure_flag{"insecure", "", "For https: take any certificate. The run's record says so."};
inline const option api_key_env_flag{"api-key-env", "NAME", "The environment variable that holds the API key."};
inline const option api_key_file_flag{"api-key-file", "FILE", "The file that holds the API key."};

/// The last word is what the key is; the name of the place is all that is ever printed.
/// \return  empty where none is given.
inline result<std::string> api_key_of(const arguments& args) {
  const auto refused = [](std::string why) { return failure{errc::invalid_argument, std::move(why)}; };
  if (args.has("api-key-env") && args.has("api-key-file")) return refused("--api-key-env or --api-key-file, not both");
  std::string key;
  if (args.has("api-key-env")) {
    const char* value = std::getenv(std::string(args.get("api-key-env")).c_str());
    if (!value) return refused("--api-key-env: the variable " + std::string(args.get("api-key-env")) + " is not set");
    key = value;
  } else if (args.has("api-key-file")) {
    auto rows = open_rows(std::string(args.get("api-key-file")));
    if (!rows) return rows.error();
    if (std::string_view row; rows->next(row)) key = row;
  } else {
    return key;
  }
  key.erase(0, key.find_first_not_of(" \t\r\n"));
  key.erase(key.find_last_not_of(" \t\r\n") + 1);
  if (key.empty()) return refused("the API key is empty");
  if (std::ranges::any_of(key, [](char c) { return static_cast<unsigned char>(c) <= 0x20; }))
    return refused("the API key holds a space or a control character");
  return key;
}

/// How https is spoken; empty where no endpoint needs it, and nothing is loaded then.
inline result<tls_maker> tls_of(const arguments& args, const std::vector<endpoint>& endpoints) {
  const auto refused = [](std::string why) { return failure{errc::invalid_argument, std::move(why)}; };
  const bool asked = args.has("cacert") || args.has("cert") || args.has("key") || args.has("insecure");
  if (args.has("key") && !args.has("cert")) return refused("--key belongs to a --cert");
#ifdef WEIR_HAVE_TLS
  const bool needed = std::ranges::any_of(endpoints, [](const endpoint& e) { return e.where.tls; });
  if (asked && !needed)
    return refused("--cacert, --cert, --key and --insecure are for https, which no server here has");
  if (!needed) return tls_maker{};
  const auto tls = tls_context::make({.ca_file = std::string(args.get("cacert")),
                                      .cert_file = std::string(args.get("cert")),
                                      .key_file = std::string(args.get("key")),
                                      .insecure = args.has("insecure")});
  if (!tls) return tls.error();
  return tls_maker([tls = *tls](const std::string& host) { return tls->layers(host); });
#else
  (void)endpoints;
  if (asked)
    return refused("this weir was built without TLS: install OpenSSL's headers (libssl-dev) and build it again");
  return tls_maker{};
#endif
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_SERVER_FLAGS_HPP
