// A weir-mock that runs beside a test, on a port of its own, and is gone when the test is.
#ifndef WEIR_TESTS_TOOLS_MOCK_PROCESS_HPP
#define WEIR_TESTS_TOOLS_MOCK_PROCESS_HPP

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <stdexcept>
#include <string>

class mock_process {
 public:
  /// \param flags  of weir-mock, as a shell reads them.
  explicit mock_process(const std::string& flags) {
    std::array<int, 2> said{};
    if (::pipe2(said.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(said[1], STDERR_FILENO);
      const std::string command = "exec " WEIR_TOOLS_DIR "/weir-mock --port 0 " + flags;
      ::execl("/bin/sh", "sh", "-c", command.c_str(), static_cast<char*>(nullptr));
      ::_exit(127);
    }
    ::close(said[1]);
    std::string words;
    for (char c = 0; ::read(said[0], &c, 1) == 1 && c != '\n';) words += c;
    ::close(said[0]);
    const auto at = words.find("http://");
    if (at == words.npos) throw std::runtime_error("weir-mock said: " + words);
    url = words.substr(at, words.find_first_of(", \n", at) - at);
  }
  mock_process(const mock_process&) = delete;
  mock_process& operator=(const mock_process&) = delete;
  ~mock_process() {
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
  }

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

  std::string url;

 private:
  pid_t pid_ = 0;
};

#endif  // WEIR_TESTS_TOOLS_MOCK_PROCESS_HPP
