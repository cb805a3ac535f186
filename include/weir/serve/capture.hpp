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

/// What a command prints, to standard output and error, until it ends.
/// \return  errc::not_found where there is no such command, errc::limit where it took longer (it is killed),
///          errc::io where it failed, with the end of what it said.
[[nodiscard]] inline result<std::string> capture_output(std::vector<std::string> argv, std::int64_t timeout_ns) {
  const unique_fd memory(::memfd_create("weir-capture", MFD_CLOEXEC));
  if (!memory) return io_failure("memfd_create", errno);
  const std::string name = argv.empty() ? "" : argv.back();
  const std::string file = "/proc/self/fd/" + std::to_string(memory.get());
  auto command = process::start({.argv = std::move(argv), .log = file, .use_cgroup = false});
  if (!command) return command.error();
  const bool ended = command->wait(timeout_ns);
  if (!ended) return failure{errc::limit, name + " took longer than " + seconds_text(timeout_ns) + " s"};
  auto text = read_text_file(file);
  if (!text || shell_status(command->state().status) == 0) return text;
  return failure{shell_status(command->state().status) == 127 ? errc::not_found : errc::io,
                 name + ": " + describe_end(command->state().status) + ": " + text->substr(0, text->find('\n'))};
}

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_CAPTURE_HPP
