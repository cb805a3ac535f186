// weir/openai/dial.hpp - the way to an endpoint: addresses, TLS, a proxy, a unix socket. Needs simdjson and POSIX.
#ifndef WEIR_OPENAI_DIAL_HPP
#define WEIR_OPENAI_DIAL_HPP

#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/net/address.hpp"
#include "weir/net/layer.hpp"
#include "weir/net/proxy.hpp"
#include "weir/openai/endpoint.hpp"

namespace weir::inline v0 {

/// Gives the layers for TLS with a host; empty where there is no TLS in this program.
using tls_maker = std::function<std::shared_ptr<const layer_source>(const std::string& host)>;

/// Finds the way to `to`, and notes in it what a request has to say on the way. Blocks while names are looked up.
/// \return  errc::invalid_argument for https without TLS, or a proxy that can't be used; otherwise as resolve().
[[nodiscard]] inline result<std::vector<socket_address>> find_way(endpoint& to, const tls_maker& tls) {
  if (!to.socket.empty()) return unix_address(to.socket);
  if (to.where.tls && !tls)
    return failure{errc::invalid_argument, to.base_url + ": this weir was built without TLS (OpenSSL was not there)"};
  const auto proxy = proxy_for(to.where, [](const char* name) { return std::getenv(name); });
  if (!proxy) return proxy.error();
  const url& first = *proxy ? **proxy : to.where;
  if (*proxy) to.proxy = first.text();
  auto addresses = resolve(first.host, first.port);
  if (!addresses) return addresses;
  std::shared_ptr<const layer_source> layers = to.where.tls ? tls(to.where.host) : nullptr;
  if (*proxy && to.where.tls) {
    const bool literal = to.where.host.find(':') != std::string::npos;
    const std::string host = literal ? "[" + to.where.host + "]" : to.where.host;
    layers = std::make_shared<tunnel_source>(host + ":" + std::to_string(to.where.port), std::move(layers));
  } else if (*proxy) {
    to.prefix = "http://" + to.where.authority();
  }
  for (auto& address : *addresses) address.layers = layers;
  return addresses;
}

}  // namespace weir::inline v0

#endif  // WEIR_OPENAI_DIAL_HPP
