// A certificate for a test, made on the spot.
#ifndef WEIR_TESTS_NET_IDENTITY_HPP
#define WEIR_TESTS_NET_IDENTITY_HPP

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "catch.hpp"

namespace tls_tests {

/// A key and a certificate that it signed itself, as files that last as long as this.
class identity {
 public:
  /// \param names  subjectAltName: "DNS:localhost,IP:127.0.0.1"
  explicit identity(const std::string& names)
      : path("tls_test." + std::to_string(::getpid()) + "." + std::to_string(number++) + ".pem") {
    EVP_PKEY* const key = EVP_EC_gen("P-256");
    X509* const cert = X509_new();
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), number);
    X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_set_pubkey(cert, key);
    X509_NAME* const name = X509_get_subject_name(cert);
    const std::string common = "weir test " + std::to_string(number);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(common.c_str()), -1, -1,
                               0);
    X509_set_issuer_name(cert, name);
    X509_EXTENSION* const alt = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
    X509_add_ext(cert, alt, -1);
    X509_sign(cert, key, EVP_sha256());
    std::FILE* const file = std::fopen(path.c_str(), "w");
    REQUIRE(file != nullptr);
    PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    PEM_write_X509(file, cert);
    std::fclose(file);
    X509_EXTENSION_free(alt);
    X509_free(cert);
    EVP_PKEY_free(key);
  }
  identity(const identity&) = delete;
  identity& operator=(const identity&) = delete;
  ~identity() { std::remove(path.c_str()); }
  const std::string path;

 private:
  static inline int number = 0;
};

}  // namespace tls_tests

#endif  // WEIR_TESTS_NET_IDENTITY_HPP
