// weir/serve/log_tail.hpp - the end of a server's log, and what it means. Needs POSIX.
#ifndef WEIR_SERVE_LOG_TAIL_HPP
#define WEIR_SERVE_LOG_TAIL_HPP

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "weir/base/unique_fd.hpp"

namespace weir::inline v0 {

/// The bytes that `path` has now: where the next server's lines in it will begin. 0 where there is no such file.
[[nodiscard]] inline std::int64_t log_size(const std::string& path) {
  struct stat about{};
  return ::stat(path.c_str(), &about) == 0 ? static_cast<std::int64_t>(about.st_size) : 0;
}

/// The last `lines` lines of a log, at most 16 KiB of it, of those written from byte `from` on.
[[nodiscard]] inline std::string log_tail(const std::string& path, std::int64_t from = 0, std::size_t lines = 20) {
  const unique_fd log(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 16384> buffer;
  const std::int64_t size = log_size(path);
  const std::int64_t start = std::max(from, size - static_cast<std::int64_t>(buffer.size()));
  const ssize_t got = log && start < size ? ::pread(log.get(), buffer.data(), buffer.size(), start) : 0;
  std::string_view text(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  while (text.ends_with('\n')) text.remove_suffix(1);
  std::size_t begin = text.size();
  for (std::size_t n = 0; n < lines && begin != 0; ++n) {
    const auto newline = text.rfind('\n', begin - 1);
    begin = newline == text.npos ? 0 : newline;
  }
  if (text.substr(begin).starts_with('\n')) ++begin;
  return std::string(text.substr(begin));
}

/// What to do about an error that servers are known to end with; empty where none is recognized.
[[nodiscard]] inline std::string_view log_advice(std::string_view log) {
  struct known {
    std::string_view says, advice;
  };
  static constexpr std::array<known, 15> table{{
      {"No available memory for the cache blocks",
       "other processes use this device's memory, or --gpu-memory-utilization is too low for the model"},
      {"less than desired GPU memory utilization",
       "other processes use this device's memory: weir-serve-many status shows what earlier runs left"},
      {"CUDA out of memory",
       "the model does not fit: more devices an instance, a smaller model or context, or less in "
       "--gpu-memory-utilization; or another process uses the device"},
      {"OutOfMemoryError", "the model does not fit: more devices an instance, or a smaller model or context"},
      {"NPU out of memory", "the model does not fit: more devices an instance, or a smaller model or context"},
      {"is larger than the maximum number of tokens that can be stored in KV cache",
       "a smaller --max-model-len, or more memory for the cache"},
      {"estimated maximum model length", "a smaller --max-model-len, or more memory for the cache"},
      {"Address already in use", "another process took one of its ports"},
      {"EADDRINUSE", "another process took one of its ports"},
      {"trust_remote_code", "the model brings its own code: --trust-remote-code, if you trust it"},
      {"Unknown quantization method", "this engine does not know the model's quantization"},
      {"is not supported for the current GPU",
       "this device is too old for the model's quantization: another device, or another format of the model"},
      {"pip install ", "the engine's Python packages are not complete: its message says which one to install"},
      {"No space left on device", "a disk or /dev/shm is full: weir-serve-many gc removes what earlier runs left"},
      {"ModuleNotFoundError",
       "the engine's Python packages are not complete: WEIR_PYTHON names the interpreter to use"},
  }};
  for (const auto& entry : table)
    if (log.find(entry.says) != log.npos) return entry.advice;
  return {};
}

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_LOG_TAIL_HPP
