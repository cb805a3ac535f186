// tests/run/fake_slurm.hpp - programs of SLURM's names that do what a test tells them, first in PATH.
#ifndef WEIR_TESTS_RUN_FAKE_SLURM_HPP
#define WEIR_TESTS_RUN_FAKE_SLURM_HPP

#include <sys/stat.h>

#include <cstdlib>
#include <string>

#include "serve/scratch.hpp"

namespace test {

/// While it lives, the commands that were faked are found before any real one.
class fake_slurm : public scratch {
 public:
  fake_slurm() : path_before_(std::getenv("PATH")) { ::setenv("PATH", (path("") + ":" + path_before_).c_str(), 1); }
  ~fake_slurm() { ::setenv("PATH", path_before_.c_str(), 1); }

  /// Makes `name` a shell script. Each call of it leaves its words as a line in the file NAME.calls.
  void command(const std::string& name, const std::string& script) const {
    write(name, "#!/bin/sh\necho \"$*\" >> '" + path(name + ".calls") + "'\n" + script + "\n");
    ::chmod(path(name).c_str(), 0755);
  }
  /// One that prints a text and ends with a status.
  void says(const std::string& name, const std::string& text, int status = 0) const {
    write(name + ".text", text);
    command(name, "cat '" + path(name + ".text") + "'; exit " + std::to_string(status));
  }
  [[nodiscard]] std::string calls(const std::string& name) const { return text_of(path(name + ".calls")); }

 private:
  std::string path_before_;
};

}  // namespace test

#endif  // WEIR_TESTS_RUN_FAKE_SLURM_HPP
