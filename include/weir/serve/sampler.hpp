// weir/serve/sampler.hpp - power, memory and load of instances over time, as records. Needs Linux.
#ifndef WEIR_SERVE_SAMPLER_HPP
#define WEIR_SERVE_SAMPLER_HPP

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/result.hpp"
#include "weir/base/text_file.hpp"
#include "weir/base/unique_fd.hpp"
#include "weir/observe/memory.hpp"
#include "weir/observe/power.hpp"
#include "weir/observe/sample.hpp"
#include "weir/serve/device.hpp"
#include "weir/serve/proc.hpp"

namespace weir::inline v0 {

/// Whom to look at.
struct sampled_instance {
  std::string name;
  std::vector<std::size_t> devices;  ///< Places in the device source.
};

/// Looks at instances, their devices and the host. Every name is in every record of its kind: what can't be known is
/// null, and `missing` says why.
///
///     {"type":"sample","t_ns":1,"source":"GPU-8c6e...","instance":"0","values":{"device_memory_bytes":1,"watts":412.5,
///      "joules":9e6,"busy_percent":97}}
///     {"type":"sample","t_ns":1,"source":"processes","instance":"0","values":{"processes":3,"memory_bytes":1,"cpu_s":7}}
///     {"type":"sample","t_ns":1,"source":"host","instance":"","values":{"memory_used_bytes":1,"memory_total_bytes":2,
///      "package_joules":null}}
class sampler {
 public:
  /// \param devices  their source, or nullptr; it must outlive this.
  sampler(std::vector<sampled_instance> instances, const device_source* devices, const std::string& sys = "/sys")
      : instances_(std::move(instances)), devices_(devices) {
    auto rapl = rapl_counter::open(sys);
    if (rapl) rapl_ = std::move(*rapl);
    if (!rapl) missing_.push_back("the processors' energy is not known: " + rapl.error().detail);
    if (!devices) missing_.emplace_back("the instances have no devices: no device's power or memory is sampled");
  }

  /// Appends what is now.
  /// \param keepers  by instance, the process below which all of it is; 0: it does not run.
  void look(std::string& out, const std::vector<pid_t>& keepers) {
    const auto uses = devices_ ? devices_->uses() : std::vector<result<device_use>>();
    const auto t_ns = now_ns();
    for (std::size_t i = 0; i < instances_.size(); ++i) {
      for (const auto at : instances_[i].devices)
        if (devices_) note_device(out, {t_ns, devices_->devices()[at].id, instances_[i].name, {}}, uses[at]);
      if (keepers[i] > 0) look_at_processes(out, instances_[i].name, keepers[i]);
    }
    look_at_host(out);
  }

  /// What is null in the records, and why; known after the first look.
  [[nodiscard]] const std::vector<std::string>& missing() const noexcept { return missing_; }

 private:
  static constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

  void note_device(std::string& out, sample_record record, const result<device_use>& now) {
    record.values.emplace_back("device_memory_bytes", now ? static_cast<double>(now->used_bytes) : unknown);
    record.values.emplace_back("watts", now ? now->watts.value_or(unknown) : unknown);
    record.values.emplace_back("joules", now ? now->joules.value_or(unknown) : unknown);
    record.values.emplace_back("busy_percent", now ? now->busy_percent.value_or(unknown) : unknown);
    append_record(out, record);
    if (!now)
      note(record.source + " can't be asked: " + now.error().detail);
    else if (!now->watts && !now->joules)
      note(record.source + ": the driver does not tell the power drawn");
  }

  void look_at_processes(std::string& out, const std::string& name, pid_t keeper) {
    std::array<tree_entry, 4096> tree;
    const auto size = descendants(keeper, tree);
    std::vector<pid_t> pids;
    for (std::size_t i = 0; i < size; ++i) pids.push_back(tree[i].pid);
    const auto t_ns = now_ns();
    const auto use = use_of(pids);
    if (use.processes == 0) return;  // it is just ending
    append_record(out, {t_ns,
                        "processes",
                        name,
                        {{"processes", use.processes},
                         {"memory_bytes", static_cast<double>(use.memory_bytes)},
                         {"cpu_s", use.cpu_s}}});
    if (use.resident) note("shared memory of instance " + name + " counts in each of its processes");
  }

  void look_at_host(std::string& out) {
    const auto memory = memory_of_host();
    const auto joules = rapl_ ? rapl_->joules() : result<double>(unknown);
    append_record(
        out,
        {now_ns(),
         "host",
         "",
         {{"memory_used_bytes", memory ? static_cast<double>(memory->total_bytes - memory->available_bytes) : unknown},
          {"memory_total_bytes", memory ? static_cast<double>(memory->total_bytes) : unknown},
          {"package_joules", joules ? *joules : unknown}}});
  }

  void note(std::string why) {
    if (std::find(missing_.begin(), missing_.end(), why) == missing_.end()) missing_.push_back(std::move(why));
  }

  std::vector<sampled_instance> instances_;
  const device_source* devices_;
  std::optional<rapl_counter> rapl_;
  std::vector<std::string> missing_;
};

/// Takes samples into a file again and again, in a thread of its own: asking a driver may take a second (npu-smi).
class sampling {
 public:
  /// \param first  what stands in the file before the samples.
  /// \return       errc::io where the file can't be written.
  [[nodiscard]] static result<std::unique_ptr<sampling>> start(sampler taker, std::size_t instances, std::string file,
                                                               std::int64_t every_ns, const std::string& first = {}) {
    unique_fd out(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!out) return io_failure("cannot write the samples to " + file, errno);
    if (auto wrote = write_all(out.get(), first); !wrote) return failure{errc::io, file + ": " + wrote.error().detail};
    std::unique_ptr<sampling> made(
        new sampling(std::move(taker), instances, std::move(file), every_ns, std::move(out)));
    made->thread_ = std::jthread([self = made.get()](const std::stop_token& stop) { self->run(stop); });
    return made;
  }
  sampling(const sampling&) = delete;
  sampling& operator=(const sampling&) = delete;
  ~sampling() = default;  // the thread ends first: it is the last member

  /// Says under which process instance `i` runs now; 0: under none.
  void set_keeper(std::size_t i, pid_t keeper) noexcept { keepers_[i].store(keeper, std::memory_order_relaxed); }

  /// Takes a last sample and ends.
  /// \return  what is missing in the samples; errc::io where they are not all in the file.
  [[nodiscard]] result<std::vector<std::string>> finish() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
    if (!wrote_) return failure{errc::io, "cannot write the samples to " + file_ + ": " + wrote_.error().detail};
    return sampler_.missing();
  }

 private:
  sampling(sampler taker, std::size_t instances, std::string file, std::int64_t every_ns, unique_fd out)
      : sampler_(std::move(taker)),
        keepers_(instances),
        file_(std::move(file)),
        every_ns_(every_ns),
        out_(std::move(out)) {}

  void run(const std::stop_token& stop) {
    std::mutex nobodys;
    std::condition_variable_any woken;
    for (bool last = false; wrote_; last = stop.stop_requested()) {
      std::vector<pid_t> keepers;
      for (const auto& each : keepers_) keepers.push_back(each.load(std::memory_order_relaxed));
      std::string records;
      sampler_.look(records, keepers);
      wrote_ = write_all(out_.get(), records);
      if (last) return;
      std::unique_lock lock(nobodys);
      woken.wait_for(lock, stop, std::chrono::nanoseconds(every_ns_), [] { return false; });
    }
  }

  sampler sampler_;
  std::deque<std::atomic<pid_t>> keepers_;
  std::string file_;
  std::int64_t every_ns_;
  unique_fd out_;
  result<void> wrote_;
  std::jthread thread_;
};

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_SAMPLER_HPP
