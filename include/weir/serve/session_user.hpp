// weir/serve/session_user.hpp - whom a session of servers tells what happens. Needs POSIX.
#ifndef WEIR_SERVE_SESSION_USER_HPP
#define WEIR_SERVE_SESSION_USER_HPP

#include <unistd.h>

#include <string>
#include <string_view>

#include "weir/base/result.hpp"
#include "weir/base/text_file.hpp"

namespace weir::inline v0 {

/// Where a session's words go. Its exit statuses: the command's, or 128 + signal; 124 not ready in time, 125 its own
/// failure, 126 and 127 as env(1); without a command 1 where servers are not ready or all have ended.
class session_user {
 public:
  virtual void say(std::string_view news) = 0;              ///< What goes as it should.
  virtual void warn(std::string_view news) = 0;             ///< What does not.
  virtual void on_endpoints(std::string_view records) = 0;  ///< All are ready.
  virtual void on_status(std::string_view line) = 0;        ///< The state of all, several times a second.

 protected:
  ~session_user() = default;
};

/// Removes the endpoints file of an earlier run, which must not be taken for this run's; and better to learn now that
/// it can't be written. An empty path is none.
inline result<void> clear_endpoints(const std::string& path) {
  if (path.empty()) return {};
  if (auto can = check_replaceable(path); !can || is_special_file(path)) return can;
  if (::access(path.c_str(), F_OK) != 0) return {};
  const auto old = read_text_file(path);
  if (!old && old.error().code != errc::limit) return old.error();
  if (!old || (!old->empty() && !old->starts_with(R"({"type":"endpoint")")))
    return failure{errc::invalid_argument, path + " exists and holds something else than endpoint records"};
  ::unlink(path.c_str());
  return {};
}

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_SESSION_USER_HPP
