// tests/device/smi.hpp - what nvidia-smi says: the second source of the device checks.
#ifndef WEIR_TESTS_DEVICE_SMI_HPP
#define WEIR_TESTS_DEVICE_SMI_HPP

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/text_file.hpp"
#include "weir/serve/capture.hpp"
#include "weir/serve/process.hpp"

namespace test {

/// The comma-separated fields of each line, without the blanks around them.
inline std::vector<std::vector<std::string>> csv_rows(std::string_view text) {
  std::vector<std::vector<std::string>> rows;
  weir::each_line(text, [&](std::string_view line) {
    auto& row = rows.emplace_back();
    for (bool more = true; more;) {
      const auto comma = std::min(line.find(','), line.size());
      std::string_view field = line.substr(0, comma);
      while (field.starts_with(' ')) field.remove_prefix(1);
      while (field.ends_with(' ')) field.remove_suffix(1);
      row.emplace_back(field);
      more = comma < line.size();
      line.remove_prefix(std::min(comma + 1, line.size()));
    }
  });
  return rows;
}

inline std::vector<std::vector<std::string>> ask_smi(const std::string& fields) {
  const auto text =
      weir::capture_output({"nvidia-smi", "--query-gpu=" + fields, "--format=csv,noheader,nounits"}, 20'000'000'000);
  return text ? csv_rows(*text) : std::vector<std::vector<std::string>>();
}

/// What `nvidia-smi topo -m` calls the way between two devices: "NV18", "SYS", ...; empty where it does not say.
inline std::string smi_link(std::size_t one, std::size_t other) {
  const auto text = weir::capture_output({"nvidia-smi", "topo", "-m"}, 20'000'000'000);
  std::string found;
  if (!text) return found;
  weir::each_line(*text, [&](std::string_view line) {
    if (line.starts_with("\x1b[4m")) return;  // the heading
    if (weir::next_word(line) != "GPU" + std::to_string(one)) return;
    std::string_view word;
    for (std::size_t i = 0; i <= other; ++i) word = weir::next_word(line);
    if (!word.starts_with("GPU")) found = word;
  });
  return found;
}

/// Samples of nvidia-smi ten times a second, from its start to `stop`.
class smi_watch {
 public:
  struct means {
    double watts = 0, used_mib = 0, busy_percent = 0;
    int samples = 0;
  };

  explicit smi_watch(std::string file)
      : file_(std::move(file)),
        smi_(weir::process::start({.argv = {"nvidia-smi", "--query-gpu=index,power.draw,memory.used,utilization.gpu",
                                            "--format=csv,noheader,nounits", "-lms", "100"},
                                   .log = file_})
                 .value()) {}

  /// Ends it. \return  by device.
  std::vector<means> stop(std::size_t devices) {
    smi_.stop(0);
    smi_.wait();
    std::vector<means> out(devices);
    for (const auto& row : csv_rows(weir::read_text_file(file_).value())) {
      if (row.size() != 4) continue;  // cut off at its end
      const auto at = static_cast<std::size_t>(std::atoi(row[0].c_str()));
      if (at >= devices) continue;
      out[at].watts += std::atof(row[1].c_str());
      out[at].used_mib += std::atof(row[2].c_str());
      out[at].busy_percent += std::atof(row[3].c_str());
      ++out[at].samples;
    }
    for (auto& each : out)
      if (each.samples > 0)
        each.watts /= each.samples, each.used_mib /= each.samples, each.busy_percent /= each.samples;
    return out;
  }

 private:
  std::string file_;
  weir::process smi_;
};

}  // namespace test

#endif  // WEIR_TESTS_DEVICE_SMI_HPP
