// weir/net/proxy.hpp - the way through an HTTP proxy, as the environment names it. Needs the standard library only.
#ifndef WEIR_NET_PROXY_HPP
#define WEIR_NET_PROXY_HPP

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "weir/base/result.hpp"
#include "weir/net/http1.hpp"
#include "weir/net/layer.hpp"
#include "weir/net/url.hpp"

namespace weir::inline v0 {

namespace detail {

/// Whether `host` is named by the list of no_proxy: "*", or a name or domain ("example.org", ".example.org").
inline bool spared_by(std::string_view list, std::string_view host) {
  bool spared = false;
  for_each_element(list, [&](std::string_view name) {
    if (name.starts_with('.')) name.remove_prefix(1);
    const bool ends = host.size() >= name.size() && ascii_same(host.substr(host.size() - name.size()), name);
    const bool whole = host.size() == name.size() || (ends && host[host.size() - name.size() - 1] == '.');
    spared = spared || name == "*" || (ends && whole);
  });
  return spared;
}

inline bool loopback(std::string_view host) noexcept {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

}  // namespace detail

/// The proxy for `to`: of http_proxy (small letters only: a CGI server sets HTTP_PROXY from a header), https_proxy,
/// all_proxy and no_proxy, the last three in capitals too, as curl reads them. Never one for this machine itself.
/// \param env  gives the value of a variable, or null: std::getenv.
/// \return     nothing where none is named; errc::invalid_argument where its URL is none that we can use.
template <class Env>
[[nodiscard]] result<std::optional<url>> proxy_for(const url& to, Env&& env) {
  const auto value = [&env](const char* lower, const char* upper) -> std::string {
    for (const char* name : {lower, upper})
      if (const char* text = name ? env(name) : nullptr; text && *text) return text;
    return {};
  };
  if (detail::loopback(to.host) || detail::spared_by(value("no_proxy", "NO_PROXY"), to.host))
    return std::optional<url>{};
  std::string text = to.tls ? value("https_proxy", "HTTPS_PROXY") : value("http_proxy", nullptr);
  if (text.empty()) text = value("all_proxy", "ALL_PROXY");
  if (text.empty()) return std::optional<url>{};
  if (text.find("://") == text.npos) text.insert(0, "http://");
  auto proxy = parse_url(text);
  if (!proxy) return failure{proxy.error().code, "the proxy that the environment names: " + proxy.error().detail};
  if (proxy->tls) return failure{errc::invalid_argument, "a proxy that is itself reached by https is not supported"};
  return std::optional<url>(*std::move(proxy));
}

namespace detail {

/// Asks the proxy for a way to the server, then hands over to what is spoken there.
class tunnel_layer final : public byte_layer {
 public:
  tunnel_layer(std::string authority, std::unique_ptr<byte_layer> inner)
      : authority_(std::move(authority)), inner_(std::move(inner)) {
    answer_.expect_no_body();  // whatever a 2xx to CONNECT says of its length: RFC 9110 section 9.3.6
  }

  result<void> start(std::string& out) override {
    out.append("CONNECT ").append(authority_).append(" HTTP/1.1\r\nHost: ").append(authority_).append("\r\n\r\n");
    return {};
  }
  result<void> receive(std::string_view bytes, std::string& in, std::string& out) override {
    if (through_) return inner_->receive(bytes, in, out);
    const auto used = answer_.feed(bytes, nobody{});
    if (!used) return failure{errc::closed, "the proxy speaks no HTTP: " + used.error().detail};
    if (!answer_.done()) return {};
    if (const int status = answer_.head().status; status < 200 || status > 299)
      return failure{errc::closed, "the proxy answers HTTP " + std::to_string(status) + " to CONNECT " + authority_};
    through_ = true;
    if (auto begun = inner_->start(out); !begun) return begun;
    bytes.remove_prefix(*used);
    return bytes.empty() ? result<void>{} : inner_->receive(bytes, in, out);
  }
  result<void> send(std::string_view bytes, std::string& out) override { return inner_->send(bytes, out); }
  [[nodiscard]] bool ready() const override { return through_ && inner_->ready(); }

 private:
  struct nobody {
    static void on_head(const http1_head&) {}
    static void on_body(std::string_view) {}
    static void on_end() {}
  };
  std::string authority_;
  std::unique_ptr<byte_layer> inner_;
  http1_parser answer_{http1_parser::role::response};
  bool through_ = false;
};

}  // namespace detail

/// Layers for connections to a proxy that leads to `authority` ("host:port"), where `inner` is spoken.
class tunnel_source final : public layer_source {
 public:
  tunnel_source(std::string authority, std::shared_ptr<const layer_source> inner)
      : authority_(std::move(authority)), inner_(std::move(inner)) {}
  [[nodiscard]] std::unique_ptr<byte_layer> make() const override {
    return std::make_unique<detail::tunnel_layer>(authority_, inner_->make());
  }

 private:
  std::string authority_;
  std::shared_ptr<const layer_source> inner_;
};

}  // namespace weir::inline v0

#endif  // WEIR_NET_PROXY_HPP
