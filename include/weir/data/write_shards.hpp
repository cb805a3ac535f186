// weir/data/write_shards.hpp - all shards of a file or a tree, in one pass. Needs range-v3, simdjson, POSIX.
#ifndef WEIR_DATA_WRITE_SHARDS_HPP
#define WEIR_DATA_WRITE_SHARDS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/data/dealer.hpp"
#include "weir/data/output.hpp"
#include "weir/data/read_shards.hpp"
#include "weir/data/row_format.hpp"
#include "weir/data/shards.hpp"
#include "weir/data/split_input.hpp"
#include "weir/data/split_job.hpp"

namespace weir::inline v0 {

namespace detail {

/// Writes one split. Parts stand under partial names until all are whole; shards.json comes last, so that where it is,
/// the parts beside it are whole and belong together.
class shard_writer {
 public:
  shard_writer(const split_job& job, shard_plan plan) : job_(job), plan_(std::move(plan)) {}

  result<shard_plan> write(const std::vector<std::string>& directories) {
    if (auto opened = plan_.tree ? result<void>{} : open_input(plan_.files.front()); !opened) return opened.error();
    if (auto counted = count(); !counted) return counted.error();
    if (auto made = make_parts(directories); !made) return made.error();
    if (auto dealt = deal_files(); !dealt) return with_partial_names(dealt.error());
    if (auto named = name_parts(); !named) return with_partial_names(named.error());
    return std::move(plan_);
  }

 private:
  [[nodiscard]] std::string in_directory(std::string_view name) const {
    return job_.directory + "/" + std::string(name);
  }
  [[nodiscard]] std::string part(std::uint64_t index) const { return in_directory(plan_.part(index)); }
  /// Where part `index` of a file is written.
  [[nodiscard]] std::string part_of(std::uint64_t index, const dealt_file& file) const {
    return partial_name(part(index)) + (plan_.tree ? "/" + file.path : "");
  }

  result<void> open_input(const dealt_file& file) {
    auto opened = split_input::open(plan_.tree ? job_.input + "/" + file.path : job_.input);
    if (!opened) return opened.error();
    input_ = *std::move(opened);
    return {};
  }

  /// Blocks need to know beforehand how many rows there are.
  result<void> count() {
    if (plan_.rule.by != deal_by::block) return {};
    for (auto& file : plan_.files) {
      if (file.copied) continue;
      if (auto opened = plan_.tree ? open_input(file) : result<void>{}; !opened) return opened;
      const auto rows = input_.count_rows(file.format, file.header);
      if (!rows) return rows.error();
      file.rows = *rows;
    }
    return {};
  }

  result<void> make_parts(const std::vector<std::string>& directories) {
    std::error_code error;
    std::filesystem::create_directories(job_.directory, error);
    for (std::uint64_t i = 0; !error && i < plan_.rule.shards; ++i) {
      std::filesystem::remove_all(partial_name(part(i)), error);  // of a split that failed
      if (!error && plan_.tree) std::filesystem::create_directory(partial_name(part(i)), error);
      for (const auto& directory : directories)
        if (!error) std::filesystem::create_directory(partial_name(part(i)) + "/" + directory, error);
    }
    if (error) return failure{errc::io, "cannot make " + job_.directory + ": " + error.message()};
    return {};
  }

  result<void> deal_files() {
    dealer deal(plan_.rule, plan_.rows());
    if (plan_.rule.by_content()) {
      auto owners = create_file(partial_name(in_directory(owners_name)));
      if (!owners) return owners.error();
      owners_.emplace(*std::move(owners));
    }
    for (auto& file : plan_.files) {
      if (auto opened = plan_.tree ? open_input(file) : result<void>{}; !opened) return opened;
      auto done = file.copied ? copy_file(file) : deal_file(deal, file);
      if (!done) return in_file(input_.name(), done.error());
    }
    return owners_ ? owners_->close() : result<void>{};
  }

  result<void> copy_file(const dealt_file& file) {
    for (std::uint64_t i = 0; i < plan_.rule.shards; ++i) {
      std::error_code error;
      std::filesystem::copy_file(input_.name(), part_of(i, file), error);
      if (error) return failure{errc::io, "cannot copy to " + part_of(i, file) + ": " + error.message()};
    }
    return {};
  }

  result<void> deal_file(dealer& deal, dealt_file& file) {
    constexpr std::size_t all_buffers = std::size_t{4} << 20;  // memory stays small with a thousand shards too
    const std::size_t buffer = std::clamp<std::size_t>(all_buffers / plan_.rule.shards, 4096, byte_sink::default_bytes);
    std::vector<byte_sink> parts;
    for (std::uint64_t i = 0; i < plan_.rule.shards; ++i) {
      auto part = create_file(part_of(i, file), buffer);
      if (!part) return part.error();
      parts.push_back(*std::move(part));
    }
    auto dealt = with_rows(file.format, input_.source(), split_limits,
                           [&](auto& reader) { return deal_rows(reader, deal, file, parts); });
    for (auto& part : parts)
      if (auto closed = part.close(); dealt && !closed) dealt = closed;
    return dealt;
  }

  template <class Reader>
  result<void> deal_rows(Reader& reader, dealer& deal, dealt_file& file, std::vector<byte_sink>& parts) {
    const auto head = read_input_head(reader, file.format, file.header);
    if (!head) return head.error();
    for (auto& part : parts) part(*head);
    if (auto begun = deal.begin_file(file.format, *head, file.rows); !begun) return begun;
    std::string digits;
    std::uint64_t rows = 0;
    for (auto* row : reader.unheld()) {
      const auto owner = deal.owner(*row);
      if (!owner) return owner.error();
      byte_sink& part = parts[*owner];
      if (!row->pieces(part)) break;
      if (!part.status()) return part.status();
      if (owners_) digits.clear(), append_owner(digits, *owner, owner_width(plan_.rule.shards)), (*owners_)(digits);
      ++plan_.shard_rows[*owner], ++rows;
    }
    if (plan_.rule.by == deal_by::block && reader.status() && rows < file.rows)
      return failure{errc::parse, "fewer rows than were counted before: it shrank while it was read"};
    file.rows = rows;
    return reader.status();
  }

  /// Takes away what --force allows to, and gives the new parts their names.
  result<void> name_parts() {
    std::error_code error;
    const auto old = read_shards(job_.directory);
    std::filesystem::remove(in_directory(shards_name), error);
    std::filesystem::remove(in_directory(owners_name), error);
    for (std::uint64_t i = 0; old && i < old->rule.shards; ++i)
      std::filesystem::remove_all(in_directory(old->part(i)), error);
    for (std::uint64_t i = 0; i < plan_.rule.shards; ++i) {
      if (std::filesystem::is_directory(part(i), error)) std::filesystem::remove_all(part(i), error);
      if (auto named = publish(part(i)); !named) return named;
    }
    if (auto named = owners_ ? publish(in_directory(owners_name)) : result<void>{}; !named) return named;
    return write_whole(in_directory(shards_name), to_json(plan_));
  }

  [[nodiscard]] failure with_partial_names(const failure& why) const {
    const std::string last = plan_.rule.shards > 1 ? " to " + partial_name(part(plan_.rule.shards - 1)) : "";
    const std::string owners = owners_ ? " and " + partial_name(in_directory(owners_name)) : "";
    return {why.code, why.detail + "\npartial output is left in " + partial_name(part(0)) + last + owners};
  }

  const split_job& job_;
  shard_plan plan_;
  split_input input_;
  std::optional<byte_sink> owners_;
};

/// A shard of an earlier split may be split further, but not over the shards it belongs to.
inline result<void> refuse_replacing_input(const split_job& job, const shard_plan& plan) {
  const auto old = read_shards(job.directory);
  std::error_code ignored;
  for (const shard_plan* parts : {&plan, old ? &*old : &plan})
    for (std::uint64_t i = 0; i < parts->rule.shards; ++i)
      if (std::filesystem::equivalent(job.directory + "/" + parts->part(i), job.input, ignored))
        return failure{errc::invalid_argument, job.input + " would be replaced; say another --out"};
  return {};
}

}  // namespace detail

/// Writes shard-0 ... shard-N-1 and shards.json into job.directory; a tree gives trees.
/// \return  what shards.json holds; errc::busy for names that exist; errc::parse for wrong input, with its line, and
///          errc::io, with the names of the partial outputs.
inline result<shard_plan> write_shards(const split_job& job) {
  std::vector<std::string> directories;
  auto plan = plan_split(job, directories);
  if (!plan) return plan.error();
  auto free = job.force ? detail::refuse_replacing_input(job, *plan) : refuse_existing(*plan, job.directory);
  if (!free) return free.error();
  return detail::shard_writer(job, *std::move(plan)).write(directories);
}

}  // namespace weir::inline v0

#endif  // WEIR_DATA_WRITE_SHARDS_HPP
