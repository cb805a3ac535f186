// weir/net/tls.hpp - TLS as a layer of a connection. Needs OpenSSL (1.1.1 or later).
#ifndef WEIR_NET_TLS_HPP
#define WEIR_NET_TLS_HPP

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "weir/base/result.hpp"
#include "weir/net/layer.hpp"

namespace weir::inline v0 {

struct tls_options {
  std::string ca_file;              ///< PEM: who may vouch for the server; empty: whom the system trusts.
  std::string cert_file, key_file;  ///< PEM: our own certificate, where the server wants one.
  bool insecure = false;            ///< Speak to whoever answers. Say so in what is recorded.
};

namespace detail {

/// OpenSSL's own words for the oldest error of this thread; the others are dropped.
inline std::string tls_words() {
  const unsigned long code = ::ERR_get_error();
  ::ERR_clear_error();
  const char* words = code == 0 ? nullptr : ::ERR_reason_error_string(code);
  return words ? words : "no reason is known";
}

struct tls_free {
  void operator()(SSL_CTX* context) const noexcept { ::SSL_CTX_free(context); }
  void operator()(SSL* session) const noexcept { ::SSL_free(session); }
};

/// One session over memory BIOs.
class tls_layer final : public byte_layer {
 public:
  /// \param host  whose certificate it must be; empty: anybody's.
  tls_layer(SSL_CTX* context, const std::string& host, bool verify) : session_(::SSL_new(context)) {
    from_peer_ = ::BIO_new(::BIO_s_mem());
    to_peer_ = ::BIO_new(::BIO_s_mem());
    ::SSL_set_bio(session_.get(), from_peer_, to_peer_);  // which owns them now
    ::SSL_set_connect_state(session_.get());
    in_addr four{};
    in6_addr six{};
    const bool literal =
        ::inet_pton(AF_INET, host.c_str(), &four) == 1 || ::inet_pton(AF_INET6, host.c_str(), &six) == 1;
    if (!literal) ::SSL_set_tlsext_host_name(session_.get(), host.c_str());
    if (!verify) return;
    ::SSL_set_verify(session_.get(), SSL_VERIFY_PEER, nullptr);
    if (literal)
      ::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(session_.get()), host.c_str());
    else
      ::SSL_set1_host(session_.get(), host.c_str());
  }

  result<void> start(std::string& out) override { return shake_hands(out); }

  result<void> receive(std::string_view bytes, std::string& in, std::string& out) override {
    while (!bytes.empty()) {  // a memory BIO takes all, but in pieces that fit an int
      const auto piece = bytes.substr(0, std::numeric_limits<int>::max());
      if (::BIO_write(from_peer_, piece.data(), static_cast<int>(piece.size())) <= 0) return failed();
      bytes.remove_prefix(piece.size());
    }
    if (!ready())
      if (auto shaken = shake_hands(out); !shaken || !ready()) return shaken;
    return read(in, out);
  }

  result<void> send(std::string_view bytes, std::string& out) override {
    std::size_t took = 0;
    ::ERR_clear_error();
    if (!bytes.empty() && ::SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &took) != 1) return failed();
    drain(out);
    return {};
  }

  [[nodiscard]] bool ready() const override { return ::SSL_is_init_finished(session_.get()) == 1; }

 private:
  result<void> shake_hands(std::string& out) {
    ::ERR_clear_error();
    const int done = ::SSL_do_handshake(session_.get());
    const bool waiting = done != 1 && ::SSL_get_error(session_.get(), done) == SSL_ERROR_WANT_READ;
    drain(out);  // also the alert that tells the peer why
    return done == 1 || waiting ? result<void>{} : failed();
  }

  result<void> read(std::string& in, std::string& out) {
    for (;;) {
      const std::size_t before = in.size();
      std::size_t got = 0;
      in.resize(before + record);
      ::ERR_clear_error();
      const int done = ::SSL_read_ex(session_.get(), in.data() + before, record, &got);
      in.resize(before + (done == 1 ? got : 0));
      if (done == 1) continue;
      const int error = ::SSL_get_error(session_.get(), done);
      drain(out);
      return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_ZERO_RETURN ? result<void>{} : failed();
    }
  }

  void drain(std::string& out) {
    const std::size_t waiting = ::BIO_ctrl_pending(to_peer_), before = out.size();
    out.resize(before + waiting);
    if (waiting > 0) ::BIO_read(to_peer_, out.data() + before, static_cast<int>(waiting));
  }

  [[nodiscard]] failure failed() const {
    const long verdict = ::SSL_get_verify_result(session_.get());
    const std::string words = detail::tls_words();
    if (verdict != X509_V_OK && !ready())
      return {errc::io, std::string("TLS: the server's certificate is refused: ") +
                            ::X509_verify_cert_error_string(verdict) +
                            " (--cacert names who may vouch for it, --insecure takes anybody)"};
    return {errc::io, "TLS: " + words};
  }

  static constexpr std::size_t record = std::size_t{16} << 10;  // the most that one holds

  std::unique_ptr<SSL, tls_free> session_;
  BIO* from_peer_;
  BIO* to_peer_;
};

}  // namespace detail

/// What all TLS connections of a program share: whom to trust, who we are. Its layers verify chain and name.
///
///     auto tls = weir::tls_context::make({.ca_file = "ca.pem"});
///     for (auto& address : addresses) address.layers = (*tls)->layers("api.example.org");
class tls_context : public std::enable_shared_from_this<tls_context> {
 public:
  /// \return  errc::io where a file can't be read or holds no PEM, or key and certificate are not a pair.
  static result<std::shared_ptr<tls_context>> make(const tls_options& options) {
    std::shared_ptr<tls_context> self(new tls_context(options.insecure));
    SSL_CTX* context = self->context_.get();
    ::SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    ::SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    static constexpr std::array<unsigned char, 9> http1{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    ::SSL_CTX_set_alpn_protos(context, http1.data(), http1.size());
    const auto bad = [](const std::string& file) {
      return failure{errc::io, "cannot use " + file + ": " + detail::tls_words()};
    };
    if (options.ca_file.empty())
      ::SSL_CTX_set_default_verify_paths(context);
    else if (::SSL_CTX_load_verify_locations(context, options.ca_file.c_str(), nullptr) != 1)
      return bad(options.ca_file);
    if (options.cert_file.empty()) return self;
    const std::string& key = options.key_file.empty() ? options.cert_file : options.key_file;
    if (::SSL_CTX_use_certificate_chain_file(context, options.cert_file.c_str()) != 1) return bad(options.cert_file);
    if (::SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) return bad(key);
    return self;
  }

  /// Layers for connections to `host`, a name or an address.
  [[nodiscard]] std::shared_ptr<const layer_source> layers(std::string host) const {
    return std::make_shared<source>(shared_from_this(), std::move(host));
  }

 private:
  struct source final : layer_source {
    source(std::shared_ptr<const tls_context> of, std::string name) : tls(std::move(of)), host(std::move(name)) {}
    [[nodiscard]] std::unique_ptr<byte_layer> make() const override {
      return std::make_unique<detail::tls_layer>(tls->context_.get(), host, !tls->insecure_);
    }
    std::shared_ptr<const tls_context> tls;
    std::string host;
  };

  explicit tls_context(bool insecure) : context_(::SSL_CTX_new(::TLS_client_method())), insecure_(insecure) {}

  std::unique_ptr<SSL_CTX, detail::tls_free> context_;
  bool insecure_;
};

}  // namespace weir::inline v0

#endif  // WEIR_NET_TLS_HPP
