// weir/serve/capture.hpp - a command's output, in a bounded time. Needs Linux.
#ifndef WEIR_SERVE_CAPTURE_HPP
#define WEIR_SERVE_CAPTURE_HPP

#include <sys/mman.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/base/text_file.hpp"
#include "weir/base/unique_fd.hpp"
#include "weir/serve/describe.hpp"
#include "weir/serve/process.hpp"

namespace weir::inline v0 {

/// A command that runs while its caller does something else, and what it has printed. It is killed with this object.
class captured_command {
 public:
  /// \return  errc::not_found where there is no such command.
  [[nodiscard]] static result<captured_command> start(std::vector<std::string> argv) {
    unique_fd memory(::memfd_create("weir-capture", MFD_CLOEXEC));
    if (!memory) return io_failure("memfd_create", errno);
    const std::string file = "/proc/self/fd/" + std::to_string(memory.get());
    auto running = process::start({.argv = std::move(argv), .log = file, .use_cgroup = false});
    if (!running) return running.error();
    return captured_command(std::move(*running), std::move(memory));
  }

  [[nodiscard]] int fd() const noexcept { return running_.fd(); }  ///< See process::fd.
  /// Waits for its end, or for `timeout_ns`; 0 only looks. \return  whether it has ended.
  bool wait(std::int64_t timeout_ns) { return running_.wait(timeout_ns); }
  /// Of a command that has ended: its wait status.
  [[nodiscard]] int status() const { return running_.state().status; }
  /// What it has printed by now, to standard output and error.
  [[nodiscard]] result<std::string> text() const {
    return read_text_file("/proc/self/fd/" + std::to_string(memory_.get()));
  }

 private:
  captured_command(process running, unique_fd memory) : running_(std::move(running)), memory_(std::move(memory)) {}
  process running_;
  unique_fd memory_;
};

/// What a command prints, to standard output and error, until it ends.
/// \return  errc::not_found where there is no such command, errc::limit where it took longer (it is killed),
///          errc::io where it failed, with the end of what it said.
[[nodiscard]] inline result<std::string> capture_output(std::vector<std::string> argv, std::int64_t timeout_ns) {
  const std::string name = argv.empty() ? "" : argv.back();
  auto command = captured_command::start(std::move(argv));
  if (!command) return command.error();
  if (!command->wait(timeout_ns))
    return failure{errc::limit, name + " took longer than " + seconds_text(timeout_ns) + " s"};
  auto text = command->text();
  if (!text || shell_status(command->status()) == 0) return text;
  return failure{shell_status(command->status()) == 127 ? errc::not_found : errc::io,
                 name + ": " + describe_end(command->status()) + ": " + text->substr(0, text->find('\n'))};
}

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_CAPTURE_HPP
