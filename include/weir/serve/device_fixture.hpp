// weir/serve/device_fixture.hpp - devices out of a file: recorded from a machine, or made up for a test. Needs
// simdjson.
#ifndef WEIR_SERVE_DEVICE_FIXTURE_HPP
#define WEIR_SERVE_DEVICE_FIXTURE_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/base/text_file.hpp"
#include "weir/data/json_row.hpp"
#include "weir/serve/device.hpp"

namespace weir::inline v0 {

/// A file with one device a line:
/// {"type":"device","vendor":"nvidia","index":0,"id":"GPU-a","name":"H100","bus":"","numa":0,"total_bytes":1,
///  "used_bytes":0,"processes":[{"pid":7,"bytes":1}],"links":[0,18,18,18],"watts":101.8,"joules":5,"busy_percent":97}
/// `vendor`, `index` and `id` are required. The file is read again for every look at a device's use, so that a test can
/// change it.
class fixture_source final : public device_source {
 public:
  [[nodiscard]] static result<std::unique_ptr<device_source>> open(std::string path) {
    auto rows = read(path);
    if (!rows) return rows.error();
    std::unique_ptr<fixture_source> source(new fixture_source(std::move(path)));
    for (auto& row : *rows) {
      source->devices_.push_back(std::move(row.about));
      source->links_.push_back(std::move(row.links));
    }
    return std::unique_ptr<device_source>(std::move(source));
  }

  [[nodiscard]] const std::vector<device>& devices() const override { return devices_; }
  [[nodiscard]] result<device_use> use(std::size_t at) const override {
    auto rows = read(path_);
    if (!rows) return rows.error();
    if (rows->size() != devices_.size()) return failure{errc::io, path_ + " lists other devices than before"};
    return std::move((*rows)[at].now);
  }
  [[nodiscard]] int link(std::size_t one, std::size_t other) const override {
    return other < links_[one].size() ? links_[one][other] : 0;
  }

 private:
  struct row {
    device about;
    device_use now;
    std::vector<int> links;
  };

  explicit fixture_source(std::string path) : path_(std::move(path)) {}

  static result<std::vector<row>> read(const std::string& path) {
    const auto text = read_text_file(path);
    if (!text) return text.error();
    std::vector<row> rows;
    result<void> good;
    json_row_reader reader;
    each_line(*text, [&](std::string_view line) {
      if (!good || line.empty()) return;
      row& into = rows.emplace_back();
      good = reader(line, [&](std::string_view name, json_value value) { return take(into, name, value); });
    });
    if (!good) return failure{good.error().code, path + ": " + good.error().detail};
    return rows;
  }

  static result<void> take(row& into, std::string_view name, json_value value) {
    if (name == "vendor") {
      std::string vendor;
      if (auto read = read_text(vendor, name, value); !read) return read;
      if (vendor == "amd") into.about.maker = device::vendor::amd;
      if (vendor == "ascend") into.about.maker = device::vendor::ascend;
      return {};
    }
    if (name == "id") return read_text(into.about.id, name, value);
    if (name == "name") return read_text(into.about.name, name, value);
    if (name == "bus") return read_text(into.about.bus, name, value);
    if (name == "index") return number(into.about.index, name, value);
    if (name == "numa") return number(into.about.numa, name, value);
    if (name == "total_bytes") return number(into.about.total_bytes, name, value);
    if (name == "used_bytes") return number(into.now.used_bytes, name, value);
    if (name == "watts") return real(into.now.watts, name, value);
    if (name == "joules") return real(into.now.joules, name, value);
    if (name == "busy_percent") return real(into.now.busy_percent, name, value);
    if (name != "links" && name != "processes") return {};
    simdjson::ondemand::array items;
    if (value.get_array().get(items)) return field_failure(name, "an array");
    for (auto item : items) {
      std::int64_t first = 0, second = 0;
      if (name == "links" ? item.get_int64().get(first) != 0
                          : item["pid"].get_int64().get(first) != 0 || item["bytes"].get_int64().get(second) != 0)
        return field_failure(name, "a list of numbers, or of processes");
      if (name == "links")
        into.links.push_back(static_cast<int>(first));
      else
        into.now.processes.push_back({static_cast<pid_t>(first), static_cast<std::uint64_t>(second)});
    }
    return {};
  }

  static result<void> real(std::optional<double>& into, std::string_view name, json_value value) {
    double read = 0;
    if (value.get_double().get(read)) return field_failure(name, "a number");
    into = read;
    return {};
  }

  template <class Number>
  static result<void> number(Number& into, std::string_view name, json_value value) {
    std::int64_t read = 0;
    if (value.get_int64().get(read)) return field_failure(name, "an integer");
    into = static_cast<Number>(read);
    return {};
  }

  std::string path_;
  std::vector<device> devices_;
  std::vector<std::vector<int>> links_;
};

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_DEVICE_FIXTURE_HPP
