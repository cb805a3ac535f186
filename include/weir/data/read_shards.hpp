// weir/data/read_shards.hpp - reads shards.json, and with it which shard each row of the input went to. Needs simdjson,
// range-v3, POSIX.
#ifndef WEIR_DATA_READ_SHARDS_HPP
#define WEIR_DATA_READ_SHARDS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "weir/base/result.hpp"
#include "weir/data/json_row.hpp"
#include "weir/data/rows.hpp"
#include "weir/data/shards.hpp"
#include "weir/data/source.hpp"
#include "weir/data/window.hpp"

namespace weir::inline v0 {

namespace detail {
template <class T>
result<void> read_as(T& out, std::string_view name, json_value value) {
  return value.get(out) == simdjson::SUCCESS ? result<void>{} : field_failure(name, "as weir-split writes it");
}
inline result<void> read_string(std::string& out, std::string_view name, json_value value) {
  std::string_view text;
  auto read = read_as(text, name, value);
  out = text;
  return read;
}
/// Calls `take(name, value)` for each field of each object in an array.
template <class Begin, class Take>
result<void> each_object(json_value array, Begin&& begin, Take&& take) {
  simdjson::ondemand::array objects;
  if (const auto error = array.get_array().get(objects)) return json_failure(error);
  for (auto each : objects) {
    simdjson::ondemand::object object;
    if (const auto error = each.get_object().get(object)) return json_failure(error);
    begin();
    if (result<void> taken = each_field(object, take); !taken) return taken;
  }
  return {};
}

inline result<void> read_file_field(dealt_file& file, std::string_view name, json_value value) {
  if (name == "path") return read_string(file.path, name, value);
  if (name == "copied") return read_as(file.copied, name, value);
  if (name == "header") return read_as(file.header, name, value);
  if (name == "rows") return read_as(file.rows, name, value);
  if (name != "format") return {};
  std::string text;
  if (auto read = read_string(text, name, value); !read) return read;
  const auto format = parse_row_format(text);
  if (!format) return format.error();
  file.format = *format;
  return {};
}

inline result<void> read_plan_field(shard_plan& plan, std::string_view name, json_value value) {
  if (name == "shards") return read_as(plan.rule.shards, name, value);
  if (name == "tree") return read_as(plan.tree, name, value);
  if (name == "per_file") return read_as(plan.rule.per_file, name, value);
  if (name == "extension") return read_string(plan.extension, name, value);
  if (name == "field") return read_string(plan.rule.field, name, value);
  if (name == "parts")
    return each_object(
        value, [&] { plan.shard_rows.push_back(0); },
        [&](std::string_view part_field, json_value v) -> result<void> {
          return part_field == "rows" ? read_as(plan.shard_rows.back(), part_field, v) : result<void>{};
        });
  if (name == "files")
    return each_object(
        value, [&] { plan.files.emplace_back(); },
        [&](std::string_view file_field, json_value v) { return read_file_field(plan.files.back(), file_field, v); });
  if (name != "by") return {};
  std::string text;
  if (auto read = read_string(text, name, value); !read) return read;
  const auto by = parse_deal_by(text);
  if (!by) return field_failure(name, "a rule that this version knows");
  plan.rule.by = *by;
  return {};
}
}  // namespace detail

/// Reads DIR/shards.json. \return  errc::not_found where there is none, errc::parse where it is not weir-split's.
[[nodiscard]] inline result<shard_plan> read_shards(const std::string& directory) {
  const std::string path = directory + "/" + std::string(shards_name);
  auto rows = open_rows(path, {.max_row_bytes = any_length});
  if (!rows) return rows.error();
  std::string_view line;
  shard_plan plan;
  if (!rows->next(line)) return rows->status() ? failure{errc::parse, path + " is empty"} : rows->status().error();
  plan.rule.shards = 0;
  const auto read = json_row_reader{}(
      line, [&](std::string_view name, json_value value) { return detail::read_plan_field(plan, name, value); });
  if (!read) return in_file(path, read.error());
  const auto leads_out = [](const dealt_file& f) {
    return f.path.starts_with('/') || ("/" + f.path + "/").find("/../") != std::string::npos;
  };
  if (plan.extension.find('/') != plan.extension.npos || std::any_of(plan.files.begin(), plan.files.end(), leads_out))
    return failure{errc::parse, path + " names files outside its directory"};
  if (plan.rule.shards == 0 || plan.shard_rows.size() != plan.rule.shards || plan.files.empty())
    return failure{errc::parse, path + " does not tell of any shards"};
  return plan;
}

/// Gives the shard of each row of the input, in the input's order.
class owner_reader {
 public:
  [[nodiscard]] static result<owner_reader> open(const shard_plan& plan, const std::string& directory) {
    owner_reader owners(plan);
    if (!plan.rule.by_content()) return owners;
    owners.name_ = directory + "/" + std::string(owners_name);
    auto fd = open_input(owners.name_);
    if (!fd) return fd.error();
    owners.digits_.emplace(fd_source(*std::move(fd), owners.name_), std::size_t{1} << 16);
    return owners;
  }

  /// Must be called before the rows of each file.
  void begin_file(const dealt_file& file) {
    if (plan_->rule.per_file) turns_.restart(file.rows);
  }
  /// \return  a number below the count of shards, or errc::parse where more rows are asked for than were dealt.
  result<std::uint64_t> next() {
    const auto owner = digits_ ? next_written(*digits_) : turns_.next();
    if (owner && *owner < plan_->rule.shards) return *owner;
    return failure{errc::parse, (digits_ ? name_ : std::string(shards_name)) + " does not tell of all rows"};
  }

 private:
  explicit owner_reader(const shard_plan& plan)
      : plan_(&plan), turns_(plan.rule), width_(owner_width(plan.rule.shards)) {
    turns_.restart(plan.rows());
  }
  std::optional<std::uint64_t> next_written(window<fd_source>& digits) const {
    while (digits.unread().size() < width_)
      if (!digits.more()) return std::nullopt;
    const auto owner = parse_owner(digits.unread().substr(0, width_));
    digits.consume(width_);
    return owner;
  }

  const shard_plan* plan_;
  row_turns turns_;
  std::size_t width_;
  std::string name_;
  std::optional<window<fd_source>> digits_;
};

}  // namespace weir::inline v0

#endif  // WEIR_DATA_READ_SHARDS_HPP
