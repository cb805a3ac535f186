// weir/data/arrivals.hpp - when requests came, and how long they were: Mooncake and Azure traces, lists of times. Needs
// POSIX and simdjson.
#ifndef WEIR_DATA_ARRIVALS_HPP
#define WEIR_DATA_ARRIVALS_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/hash.hpp"
#include "weir/base/json_write.hpp"
#include "weir/base/measured.hpp"
#include "weir/base/result.hpp"
#include "weir/base/units.hpp"
#include "weir/data/json_row.hpp"
#include "weir/data/prompts.hpp"
#include "weir/data/rows.hpp"

namespace weir::inline v0 {

/// One request of a trace.
struct arrival {
  std::int64_t t_ns = 0;  ///< After the first of the trace; of a list of times: as it stands there.
  std::int64_t input_len = unmeasured, output_len = unmeasured;  ///< Tokens, where the trace says.
  std::vector<std::int64_t> blocks;  ///< Mooncake: names of the prompt's blocks of 512 tokens; equal ones are equal.
};

/// What a trace in JSON Lines calls its fields; as it stands, Mooncake's.
struct trace_form {
  std::string time = "timestamp", input_len = "input_length", output_len = "output_length", blocks = "hash_ids";
  double unit_s = 1e-3;  ///< Seconds of one unit of its time.
};

namespace detail {

inline std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  for (;;) {
    const auto comma = line.find(',');
    fields.push_back(line.substr(0, comma));
    if (comma == line.npos) return fields;
    line.remove_prefix(comma + 1);
  }
}

/// "2023-11-16 18:15:46.6805900" in ns since 1970, by the proleptic Gregorian calendar; an offset or a T is accepted.
inline result<std::int64_t> parse_date_time(std::string_view text) {
  const failure bad{errc::parse, "'" + std::string(text) + "' is no time such as 2023-11-16 18:15:46.6805900"};
  if (text.size() < 19 || text[4] != '-' || text[7] != '-' || (text[10] != ' ' && text[10] != 'T')) return bad;
  if (text[13] != ':' || text[16] != ':') return bad;
  std::array<std::int64_t, 6> parts{};
  constexpr std::array<std::pair<std::size_t, std::size_t>, 6> places{
      {{0, 4}, {5, 2}, {8, 2}, {11, 2}, {14, 2}, {17, 2}}};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto number = parse_number<std::int64_t>(text.substr(places[i].first, places[i].second));
    if (!number) return bad;
    parts[i] = *number;
  }
  std::int64_t fraction_ns = 0, digit_ns = 100'000'000;
  if (text.size() > 19 && text[19] == '.')
    for (std::size_t i = 20; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i, digit_ns /= 10)
      fraction_ns += (text[i] - '0') * digit_ns;
  // Days from civil: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
  const std::int64_t y = parts[0] - (parts[1] <= 2), era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
  const std::int64_t day = (153 * (parts[1] + (parts[1] > 2 ? -3 : 9)) + 2) / 5 + parts[2] - 1;
  const std::int64_t days = era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + day - 719468;
  return ((days * 24 + parts[3]) * 60 + parts[4]) * 60'000'000'000 + parts[5] * 1'000'000'000 + fraction_ns;
}

inline std::int64_t ns_of_seconds(double seconds) {
  return static_cast<std::int64_t>(std::llround(seconds * 1e9));
}

/// Azure: TIMESTAMP,ContextTokens,GeneratedTokens.
inline result<arrival> azure_arrival(std::string_view line) {
  const auto fields = fields_of(line);
  if (fields.size() < 3) return failure{errc::parse, "has not the three fields of an Azure trace"};
  const auto t = parse_date_time(fields[0]);
  if (!t) return t.error();
  const auto in = parse_number<std::int64_t>(fields[1]), out = parse_number<std::int64_t>(fields[2]);
  if (!in || !out || *in < 0 || *out < 0) return failure{errc::parse, "token counts are whole numbers from 0"};
  return arrival{*t, *in, *out, {}};
}

/// Mooncake: {"timestamp": ms, "input_length":, "output_length":, "hash_ids": []}; a prompt record: {"t_sched_ns":}.
inline result<arrival> json_arrival(json_row_reader& read, std::string_view line, const trace_form& form) {
  arrival a;
  a.t_ns = unmeasured;
  const auto ok = read(line, [&](std::string_view name, json_value value) -> result<void> {
    double time = 0;
    if (name == form.time) {
      if (const auto error = value.get_double().get(time)) return json_failure(error);
      const double seconds = time * form.unit_s;
      if (!(seconds >= 0 && seconds < 9e9)) return field_failure(name, "a time from 0");
      a.t_ns = ns_of_seconds(seconds);
      return {};
    }
    if (name == "t_sched_ns") return read_count(a.t_ns, name, value, 0);
    if (name == form.input_len) return read_count(a.input_len, name, value, 0);
    if (name == form.output_len) return read_count(a.output_len, name, value, 0);
    if (name != form.blocks) return {};
    simdjson::ondemand::array ids;
    if (const auto error = value.get_array().get(ids)) return json_failure(error);
    for (auto each : ids) {
      std::int64_t id = 0;
      if (const auto error = each.get_int64().get(id)) return json_failure(error);
      a.blocks.push_back(id);
    }
    return {};
  });
  if (!ok) return ok.error();
  if (a.t_ns == unmeasured) return failure{errc::parse, "has neither '" + form.time + "' nor 't_sched_ns'"};
  return a;
}

inline result<arrival> plain_arrival(std::string_view line) {
  const auto seconds = parse_number<double>(line);
  if (!seconds || !(*seconds >= 0 && *seconds < 9e9))
    return failure{errc::parse, "'" + std::string(line.substr(0, 40)) + "' is no time in seconds from 0"};
  return arrival{ns_of_seconds(*seconds), unmeasured, unmeasured, {}};
}

}  // namespace detail

/// Reads a trace: Mooncake's JSON Lines, Azure's CSV, prompt records with `t_sched_ns`, or one time in seconds a line
/// (# begins a comment). The form is told by each line itself.
/// \param speed  2 makes it come twice as fast. \pre speed > 0
/// \param count  how many at most; 0: all.
/// \return       ascending by time; of traces that tell dates the first is at 0. A failure names file and line.
[[nodiscard]] inline result<std::vector<arrival>> read_arrivals(const std::string& path, double speed = 1,
                                                                std::size_t count = 0, const trace_form& form = {}) {
  auto rows = path == "-" ? result<row_reader>(row_reader(fd_source(0))) : open_rows(path);
  if (!rows) return rows.error();
  std::vector<arrival> all;
  json_row_reader json;
  bool dates = false;
  for (std::string_view row; rows->next(row);) {
    while (!row.empty() && (row.back() == '\r' || row.back() == ' ')) row.remove_suffix(1);
    if (row.empty() || row[0] == '#' || row.starts_with("TIMESTAMP")) continue;
    const bool date = row.size() > 10 && row[4] == '-' && row[0] != '{';
    auto one = row[0] == '{' ? detail::json_arrival(json, row, form)
               : date        ? detail::azure_arrival(row)
                             : detail::plain_arrival(row);
    if (!one) return failure{one.error().code, path + ":" + std::to_string(rows->line()) + ": " + one.error().detail};
    dates = dates || date;
    all.push_back(*std::move(one));
  }
  if (!rows->status()) return rows->status().error();
  if (all.empty()) return failure{errc::parse, path + " holds no arrival"};
  std::ranges::stable_sort(all, {}, &arrival::t_ns);
  if (count > 0 && count < all.size()) all.resize(count);
  const std::int64_t origin = dates ? all[0].t_ns : 0;
  for (auto& each : all)
    each.t_ns = static_cast<std::int64_t>(std::llround(static_cast<double>(each.t_ns - origin) / speed));
  return all;
}

/// Makes the prompts of a trace: token ids, exactly as many as it says, and the same where its blocks are the same.
class trace_prompts {
 public:
  /// \param block_tokens  that a block stands for: 512 in Mooncake's traces, 16 in Alibaba's.
  explicit trace_prompts(std::int64_t vocab_size = 30000, std::uint64_t seed = 0, std::int64_t block_tokens = 512)
      : vocab_size_(static_cast<std::uint64_t>(std::max<std::int64_t>(vocab_size, 1))),
        seed_(seed),
        block_tokens_(std::max<std::int64_t>(block_tokens, 1)) {}

  /// The prompt for the arrival number `index`. \pre  the trace tells lengths
  [[nodiscard]] prompt at(std::uint64_t index, const arrival& a) const {
    prompt p;
    p.id = std::to_string(index);
    p.form = prompt_form::token_ids;
    p.t_sched_ns = a.t_ns;
    p.max_tokens = std::max<std::int64_t>(1, a.output_len);
    json_writer json(p.content);
    json.begin_array();
    const std::int64_t length = std::max<std::int64_t>(1, a.input_len);
    p.tokens_in_asked = length;
    for (std::int64_t begin = 0, block = 0; begin < length; begin += block_tokens_, ++block) {
      const bool named = static_cast<std::size_t>(block) < a.blocks.size();
      const std::string name = named ? "block " + std::to_string(a.blocks[static_cast<std::size_t>(block)])
                                     : "own " + std::to_string(index) + " " + std::to_string(block);
      random_stream random(hash64(name, seed_));
      for (std::int64_t i = begin; i < std::min(length, begin + block_tokens_); ++i) json.value(token(random));
    }
    json.end_array();
    return p;
  }

 private:
  [[nodiscard]] std::uint64_t token(random_stream& random) const noexcept {
    const std::uint64_t first = vocab_size_ > 512 ? 256 : 0;  // control tokens stand first in most vocabularies
    return first + random.below(vocab_size_ - first);
  }
  std::uint64_t vocab_size_, seed_;
  std::int64_t block_tokens_;
};

}  // namespace weir::inline v0

#endif  // WEIR_DATA_ARRIVALS_HPP
