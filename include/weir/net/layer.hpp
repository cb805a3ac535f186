// weir/net/layer.hpp - what may stand between a socket and who uses it: TLS, a proxy. Needs the standard library only.
#ifndef WEIR_NET_LAYER_HPP
#define WEIR_NET_LAYER_HPP

#include <memory>
#include <string>
#include <string_view>

#include "weir/base/result.hpp"

namespace weir::inline v0 {

/// Turns the bytes of one connection into those that its user means, and back. It owns no socket: what has to be sent
/// is appended to `out`, what has arrived for the user to `in`.
///
/// A failure ends the connection. Its code says what failed: errc::closed where there is no way to the server (a proxy
/// that refuses), anything else where the peer can't be trusted or understood (TLS).
class byte_layer {
 public:
  byte_layer() = default;
  byte_layer(const byte_layer&) = delete;
  byte_layer& operator=(const byte_layer&) = delete;
  virtual ~byte_layer() = default;

  /// The socket is connected.
  virtual result<void> start(std::string& out) = 0;
  /// The socket brought `bytes`.
  virtual result<void> receive(std::string_view bytes, std::string& in, std::string& out) = 0;
  /// The user sends `bytes`. \pre ready()
  virtual result<void> send(std::string_view bytes, std::string& out) = 0;
  /// Whether the user may send: greetings are over. Never becomes false again.
  [[nodiscard]] virtual bool ready() const = 0;
};

/// Makes a layer for each connection of a kind. May be used by several threads.
class layer_source {
 public:
  layer_source() = default;
  layer_source(const layer_source&) = delete;
  layer_source& operator=(const layer_source&) = delete;
  virtual ~layer_source() = default;
  [[nodiscard]] virtual std::unique_ptr<byte_layer> make() const = 0;
};

}  // namespace weir::inline v0

#endif  // WEIR_NET_LAYER_HPP
