// weir/base/result.hpp - a value or an error, for failures that a caller is expected to handle.
//
// The shape is that of std::expected (C++23) so that code reads the same after the move to it.
#ifndef WEIR_BASE_RESULT_HPP
#define WEIR_BASE_RESULT_HPP

#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace weir::inline v0 {

/// What went wrong, as a number that tests and exit codes can rely on.
enum class errc : unsigned char {
  invalid_argument = 1,  ///< The caller passed a value outside the documented range.
  parse,                 ///< Input bytes do not follow their format.
  limit,                 ///< A configured bound (bytes, seconds, slots) was reached.
  io,                    ///< The operating system refused; `detail` holds errno's text.
  closed,                ///< The peer ended the stream before the message was complete.
  not_found,             ///< A named thing (file, command, device, field) is not there.
  busy,                  ///< The thing exists but somebody else holds it (port, lease, output).
};

/// An error code and one sentence for the person who reads the log.
struct failure {
  errc code;
  std::string detail;
};

/// A failure for an errno value: "open trace.json: No such file or directory".
[[nodiscard]] inline failure io_failure(std::string_view what, int error_number) {
  return {errc::io, std::string(what) + ": " + std::strerror(error_number)};
}

/// Holds a T or a failure; `value()` throws std::runtime_error where the failure was not checked.
///
///     weir::result<int> port = weir::parse_port(text);
///     if (!port) return port.error();      // a failure converts to any result<U>
///     use(*port);
template <class T>
class [[nodiscard]] result {
 public:
  result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  result(failure f) : state_(std::in_place_index<1>, std::move(f)) {}

  explicit operator bool() const noexcept { return state_.index() == 0; }
  T& operator*() & noexcept { return *std::get_if<0>(&state_); }
  const T& operator*() const& noexcept { return *std::get_if<0>(&state_); }
  T&& operator*() && noexcept { return std::move(*std::get_if<0>(&state_)); }
  T* operator->() noexcept { return std::get_if<0>(&state_); }
  const T* operator->() const noexcept { return std::get_if<0>(&state_); }
  const failure& error() const noexcept { return *std::get_if<1>(&state_); }

  T value() && {
    if (!*this) throw std::runtime_error(error().detail);
    return std::move(*std::get_if<0>(&state_));
  }

 private:
  std::variant<T, failure> state_;
};

/// Success without a value, or a failure: `return {};` is success.
template <>
class [[nodiscard]] result<void> {
 public:
  result() = default;
  result(failure f) : failure_(std::move(f)), failed_(true) {}

  explicit operator bool() const noexcept { return !failed_; }
  const failure& error() const noexcept { return failure_; }
  void value() && {
    if (failed_) throw std::runtime_error(failure_.detail);
  }

 private:
  failure failure_{};
  bool failed_ = false;
};

}  // namespace weir::inline v0

#endif  // WEIR_BASE_RESULT_HPP
