// weir/report/sample_log.hpp - the samples of a run, sorted by what they are of. Needs weir/record.
#ifndef WEIR_REPORT_SAMPLE_LOG_HPP
#define WEIR_REPORT_SAMPLE_LOG_HPP

#include <cmath>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "weir/record/sample.hpp"
#include "weir/report/sample_track.hpp"

namespace weir::inline v0 {

/// A device that an instance had.
struct device_track {
  energy_track energy;
  value_track memory_bytes, busy_percent;
};

/// The processes of an instance.
struct process_track {
  value_track memory_bytes, cpu_s;
};

/// Samples as weir-serve-many writes them: of devices, of processes, of the host. Others (a server's /metrics) are
/// passed over.
class sample_log {
 public:
  void add(const sample_record& s) {
    if (s.source == "host") {
      host_.joules.add(s.t_ns, s.value("package_joules"));
    } else if (s.source == "processes") {
      auto& track = processes_[s.instance];
      track.memory_bytes.add(s.t_ns, s.value("memory_bytes"));
      track.cpu_s.add(s.t_ns, s.value("cpu_s"));
    } else if (!std::isnan(s.value("device_memory_bytes"))) {
      auto& track = devices_[{s.instance, s.source}];
      track.energy.joules.add(s.t_ns, s.value("joules"));
      track.energy.watts.add(s.t_ns, s.value("watts"));
      track.memory_bytes.add(s.t_ns, s.value("device_memory_bytes"));
      track.busy_percent.add(s.t_ns, s.value("busy_percent"));
    } else {
      return;
    }
    any_ = true;
  }
  /// Call it once all samples are in.
  void sort() {
    host_.joules.sort();
    for (auto& [unused, p] : processes_) p.memory_bytes.sort(), p.cpu_s.sort();
    for (auto& [unused, d] : devices_)
      d.energy.joules.sort(), d.energy.watts.sort(), d.memory_bytes.sort(), d.busy_percent.sort();
  }

  [[nodiscard]] bool any() const noexcept { return any_; }
  [[nodiscard]] const energy_track& host() const noexcept { return host_; }

  /// Calls `visit(device_track)` for the devices of an instance, or of all where `instance` is nullptr.
  template <class Visit>
  void each_device(const std::string* instance, Visit&& visit) const {
    for (const auto& [name, track] : devices_)
      if (!instance || name.first == *instance) visit(track);
  }
  /// The same for processes.
  template <class Visit>
  void each_process(const std::string* instance, Visit&& visit) const {
    for (const auto& [name, track] : processes_)
      if (!instance || name == *instance) visit(track);
  }

 private:
  bool any_ = false;
  energy_track host_;
  std::map<std::string, process_track> processes_;                       // by instance
  std::map<std::pair<std::string, std::string>, device_track> devices_;  // by instance and device
};

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_SAMPLE_LOG_HPP
