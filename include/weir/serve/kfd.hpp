// weir/serve/kfd.hpp - AMD's devices, as the kernel driver shows them in sysfs. Needs Linux.
//
// Source: the Linux kernel's amdkfd driver (kfd_topology.c, kfd_process.c): class/kfd/kfd/topology/nodes/N/properties,
// class/kfd/kfd/proc/PID/vram_GPUID; amdgpu: class/drm/renderDM/device/mem_info_vram_{total,used},
// gpu_busy_percent, hwmon/hwmonN/power1_{average,input} (microwatts).
#ifndef WEIR_SERVE_KFD_HPP
#define WEIR_SERVE_KFD_HPP

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/base/text_file.hpp"
#include "weir/base/units.hpp"
#include "weir/serve/device.hpp"

namespace weir::inline v0 {

/// AMD's compute devices.
class kfd_source final : public device_source {
 public:
  /// \param sys  where sysfs is mounted.
  /// \return  errc::not_found where no node of it is a GPU.
  [[nodiscard]] static result<std::unique_ptr<device_source>> open(const std::string& sys = "/sys") {
    std::unique_ptr<kfd_source> source(new kfd_source(sys));
    for (int node = 0; std::filesystem::exists(source->node_path(node)); ++node) source->add(node);
    if (source->devices_.empty()) return failure{errc::not_found, "no AMD device in " + sys + "/class/kfd"};
    return std::unique_ptr<device_source>(std::move(source));
  }

  [[nodiscard]] const std::vector<device>& devices() const override { return devices_; }

  [[nodiscard]] result<device_use> use(std::size_t at) const override {
    device_use now;
    now.used_bytes = number_in(render_path(at) + "/mem_info_vram_used");
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(sys_ + "/class/kfd/kfd/proc", none)) {
      const auto pid = parse_number<pid_t>(entry.path().filename().string());
      const auto bytes = number_in(entry.path().string() + "/vram_" + std::to_string(nodes_[at].gpu));
      if (pid && bytes > 0) now.processes.push_back({*pid, bytes});
    }
    const std::string card = render_path(at);
    if (const auto busy = read_text_file(card + "/gpu_busy_percent"))
      now.busy_percent = static_cast<double>(number_in(card + "/gpu_busy_percent"));
    // One sensor directory; which of the two files there is depends on the chip.
    for (const auto& sensor : std::filesystem::directory_iterator(card + "/hwmon", none))
      for (const char* file : {"/power1_input", "/power1_average"})
        if (std::filesystem::exists(sensor.path().string() + file))
          now.watts = static_cast<double>(number_in(sensor.path().string() + file)) / 1e6;
    return now;
  }

  /// 1000 over a direct xGMI link; else the kernel's distance, negative.
  [[nodiscard]] int link(std::size_t one, std::size_t other) const override {
    const std::string links = node_path(nodes_[one].node) + "/io_links/";
    for (int i = 0; std::filesystem::exists(links + std::to_string(i)); ++i) {
      const auto properties = read_text_file(links + std::to_string(i) + "/properties");
      if (!properties || property(*properties, "node_to") != static_cast<std::uint64_t>(nodes_[other].node)) continue;
      constexpr std::uint64_t xgmi = 11;
      return property(*properties, "type") == xgmi ? 1000 : -static_cast<int>(property(*properties, "weight"));
    }
    return -1000;
  }

 private:
  struct place {
    int node;
    std::uint64_t gpu;  // the driver's name for it
    std::uint64_t render;
  };

  explicit kfd_source(std::string sys) : sys_(std::move(sys)) {}

  [[nodiscard]] std::string node_path(int node) const {
    return sys_ + "/class/kfd/kfd/topology/nodes/" + std::to_string(node);
  }
  [[nodiscard]] std::string render_path(std::size_t at) const {
    return sys_ + "/class/drm/renderD" + std::to_string(nodes_[at].render) + "/device";
  }
  static std::uint64_t number_in(const std::string& file) {
    const auto text = read_text_file(file);
    std::uint64_t value = 0;
    if (text) std::from_chars(text->data(), text->data() + text->size(), value);
    return value;
  }
  /// The value of a line "name 42"; 0 where there is none.
  static std::uint64_t property(std::string_view text, std::string_view name) {
    std::uint64_t value = 0;
    each_line(text, [&](std::string_view line) {
      if (next_word(line) != name) return;
      const auto word = next_word(line);
      std::from_chars(word.data(), word.data() + word.size(), value);
    });
    return value;
  }

  void add(int node) {
    const auto properties = read_text_file(node_path(node) + "/properties");
    if (!properties || property(*properties, "simd_count") == 0) return;  // a processor
    nodes_.push_back({node, number_in(node_path(node) + "/gpu_id"), property(*properties, "drm_render_minor")});
    device found;
    found.maker = device::vendor::amd;
    found.index = static_cast<int>(devices_.size());
    std::array<char, 17> hex{};
    const auto unique = property(*properties, "unique_id");
    const std::string digits(hex.data(), std::to_chars(hex.data(), hex.data() + 16, unique, 16).ptr);
    found.id = "GPU-" + std::string(16 - digits.size(), '0') + digits;
    found.name = "AMD gfx" + std::to_string(property(*properties, "gfx_target_version"));
    const std::string render = render_path(nodes_.size() - 1);
    found.total_bytes = number_in(render + "/mem_info_vram_total");
    if (const auto numa = read_text_file(render + "/numa_node"))
      found.numa =
          parse_number<int>(std::string_view(*numa).substr(0, numa->find('\n'))) ? std::atoi(numa->c_str()) : -1;
    std::error_code none;
    found.bus = std::filesystem::canonical(render, none).filename().string();
    devices_.push_back(std::move(found));
  }

  std::string sys_;
  std::vector<device> devices_;
  std::vector<place> nodes_;
};

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_KFD_HPP
