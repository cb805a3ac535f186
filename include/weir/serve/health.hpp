// weir/serve/health.hpp - whoever judges whether a started server may be used. Needs the standard library only.
#ifndef WEIR_SERVE_HEALTH_HPP
#define WEIR_SERVE_HEALTH_HPP

#include <string>
#include <string_view>

namespace weir::inline v0 {

/// Hears of a server's health.
class health_user {
 public:
  virtual void on_healthy() = 0;                        ///< Once: the server may be used.
  virtual void on_unhealthy(std::string_view why) = 0;  ///< It was ready, and now does not answer as it should.

 protected:
  ~health_user() = default;
};

/// Watches one start of one server from when it was made until it is destroyed.
class health {
 public:
  health() = default;
  health(const health&) = delete;
  health& operator=(const health&) = delete;
  virtual ~health() = default;
  /// What is being waited for, for people: "connecting", "loading".
  [[nodiscard]] virtual std::string doing() const = 0;
  /// What a person should know of a server that is ready all the same; mostly nothing.
  [[nodiscard]] virtual std::string note() const { return {}; }
  [[nodiscard]] virtual std::string model() const { return {}; }  ///< The served model's name, once it is known.
};

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_HEALTH_HPP
