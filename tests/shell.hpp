// tests/shell.hpp - runs a shell command and keeps what it printed, for tests of whole programs.
#ifndef WEIR_TESTS_SHELL_HPP
#define WEIR_TESTS_SHELL_HPP

#include <sys/wait.h>

#include <array>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

/// What a command printed on standard output, and its status: 128 + signal where one ended it.
struct shell_result {
  int status;
  std::string out;
};

/// Runs `command` with sh, standard input empty, for at most 30 seconds (then the status is 124).
inline shell_result shell(std::string_view command) {
  std::string quoted = "'";
  for (const char c : command) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  std::FILE* pipe = ::popen(("timeout 30 sh -c " + quoted + "' < /dev/null").c_str(), "re");
  if (!pipe) throw std::runtime_error("popen failed");
  std::string out;
  std::array<char, 4096> bytes{};
  for (std::size_t n = 0; (n = std::fread(bytes.data(), 1, bytes.size(), pipe)) > 0;) out.append(bytes.data(), n);
  const int status = ::pclose(pipe);
  return {WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status), out};
}

/// A directory of its own for one test; gone afterwards.
class temporary_directory {
 public:
  temporary_directory() {
    std::string name = std::filesystem::temp_directory_path() / "weir-test-XXXXXX";
    if (!::mkdtemp(name.data())) throw std::runtime_error("cannot make a directory under " + name);
    path_ = name;
  }
  temporary_directory(const temporary_directory&) = delete;
  temporary_directory& operator=(const temporary_directory&) = delete;
  ~temporary_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] std::string file(const std::string& name) const { return path_ / name; }
  /// Writes a file and returns its path.
  std::string write(const std::string& name, std::string_view bytes) const {
    std::ofstream(path_ / name, std::ios::binary) << bytes;
    return file(name);
  }

 private:
  std::filesystem::path path_;
};

#endif  // WEIR_TESTS_SHELL_HPP
