// weir/record/read.hpp - records of every type, read from JSON Lines. Needs simdjson.
#ifndef WEIR_RECORD_READ_HPP
#define WEIR_RECORD_READ_HPP

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "weir/base/result.hpp"
#include "weir/record/answer.hpp"
#include "weir/record/json_fields.hpp"
#include "weir/record/metric.hpp"
#include "weir/record/read_request.hpp"
#include "weir/record/request.hpp"
#include "weir/record/run.hpp"
#include "weir/record/sample.hpp"

namespace weir::inline v0 {

/// What a line is, by its field `type`; `other` is any type that this version does not know, and a line without one.
enum class record_type : unsigned char { other = 0, run, endpoint, prompt, request, answer, sample, metric, verdict };
[[nodiscard]] constexpr std::string_view to_string(record_type t) noexcept {
  constexpr std::string_view names[] = {"other",  "run",    "endpoint", "prompt", "request",
                                        "answer", "sample", "metric",   "verdict"};
  return names[static_cast<unsigned char>(t)];
}

/// Bytes after a line that must be readable, so that it is parsed where it lies; rows of data/rows.hpp have them.
inline constexpr std::size_t record_padding = simdjson::SIMDJSON_PADDING;

/// Reads records line by line; keeps its buffers from line to line.
///
///     weir::record_reader record;
///     auto type = record.read(row);
///     if (type && *type == weir::record_type::request) use(record.request());
///
/// Fields may stand in any order; unknown ones are skipped. A time or count that is null or absent is `unmeasured`.
class record_reader {
 public:
  explicit record_reader(read_options options = {}) : request_(options) {}

  /// Reads one line.
  /// \param line  one JSON object; `record_padding` readable bytes follow it (of any value).
  /// \return      its type, or errc::parse with a sentence that names the field. The line's number is the caller's to
  ///              add: see read_records.
  result<record_type> read(std::string_view line) {
    if (request_.read_by_form(line)) return record_type::request;
    simdjson::ondemand::document document;
    simdjson::ondemand::object object;
    const simdjson::padded_string_view padded(line.data(), line.size(), line.size() + record_padding);
    if (const auto error = parser_.iterate(padded).get(document)) return detail::not_json(error);
    if (const auto error = document.get_object().get(object)) {
      if (error != simdjson::INCORRECT_TYPE) return detail::not_json(error);
      return failure{errc::parse, "not a JSON object in one line"};
    }
    auto type = line.starts_with(usual_request) ? result<record_type>(record_type::request) : find_type(object);
    if (!type) return type;
    if (auto ok = read_as(*type, object, line); !ok) return ok.error();
    if (const char* rest = nullptr; !document.current_location().get(rest))
      return failure{errc::parse, "more text after the JSON object"};
    if (*type == record_type::request) request_.learn(line);
    return type;
  }

  /// The record of the line just read, valid until the next one. \pre  read() returned the type.
  [[nodiscard]] const request_record& request() const noexcept { return request_.record(); }
  [[nodiscard]] const answer_record& answer() const noexcept { return answer_; }
  [[nodiscard]] const run_record& run() const noexcept { return run_; }
  [[nodiscard]] const sample_record& sample() const noexcept { return sample_; }
  [[nodiscard]] const metric_record& metric() const noexcept { return metric_; }

 private:
  /// How the lines of our own writers begin: no need to look for the type and to go back.
  static constexpr std::string_view usual_request = R"({"type":"request",)";

  static result<record_type> find_type(simdjson::ondemand::object& object) {
    std::string_view name;
    const auto error = object.find_field_unordered("type").get_string().get(name);
    if (error && error != simdjson::NO_SUCH_FIELD && error != simdjson::INCORRECT_TYPE) return detail::not_json(error);
    const auto type =
        error ? record_type::other : detail::from_name(name, record_type::verdict).value_or(record_type::other);
    if (const auto again = object.reset().error()) return detail::not_json(again);
    return type;
  }

  result<void> read_as(record_type type, simdjson::ondemand::object object, std::string_view line) {
    if (type == record_type::request) return request_.read(object, line);
    if (type == record_type::answer) {
      answer_ = {};
      return detail::read_fields<answer_record>(object, answer_fields(), answer_);
    }
    if (type == record_type::run) {
      run_ = {};
      return detail::read_fields<run_record>(object, run_fields(), run_);
    }
    if (type == record_type::sample) {
      sample_ = {};
      return detail::read_fields<sample_record>(object, sample_fields(), sample_);
    }
    if (type == record_type::metric) {
      metric_ = {};
      return detail::read_fields<metric_record>(object, metric_fields(), metric_);
    }
    return detail::read_fields<record_reader>(object, {}, *this);  // nothing is wanted, but it must be whole
  }

  static std::span<const detail::json_field<answer_record>> answer_fields();
  static std::span<const detail::json_field<run_record>> run_fields();
  static std::span<const detail::json_field<sample_record>> sample_fields();
  static std::span<const detail::json_field<metric_record>> metric_fields();
  static detail::read_outcome read_value(metric_record& metric, detail::json_value value);
  static detail::read_outcome read_labels(metric_record& metric, detail::json_value value);
  static detail::read_outcome read_values(sample_record& sample, detail::json_value value);
  static detail::read_outcome read_config(run_record& run, detail::json_value value);
  static detail::read_outcome read_rules(answer_record& answer, detail::json_value value, bool verdicts);

  simdjson::ondemand::parser parser_;
  detail::request_target request_;
  answer_record answer_;
  run_record run_;
  sample_record sample_;
  metric_record metric_;
};

/// Reads {rule: text or null} or, where `verdicts`, {rule: bool} into the rules of that name.
inline detail::read_outcome record_reader::read_rules(answer_record& answer, detail::json_value value, bool verdicts) {
  return detail::take_members(value, "an object", [&](std::string_view name, auto of) -> detail::read_outcome {
    auto rule = std::ranges::find(answer.rules, name, &rule_verdict::rule);
    if (rule == answer.rules.end()) rule = answer.rules.insert(rule, {std::string(name), {}, false, false});
    if (verdicts) return of.get_bool().get(rule->correct) ? "an object of true and false" : nullptr;
    if (detail::is_null(of)) return nullptr;
    rule->found = true;
    return detail::take_text(rule->predicted, of) ? "an object of strings and null" : nullptr;
  });
}

inline std::span<const detail::json_field<answer_record>> record_reader::answer_fields() {
  using field = detail::json_field<answer_record>;
  static constexpr std::array all{
      field{"id", &answer_record::id},
      field{"subject", &answer_record::subject},
      field{"instance", &answer_record::instance},
      field{"model", &answer_record::model},
      field{"expected", &answer_record::expected},
      field{"status", &answer_record::status},
      field{"predicted", [](auto& a, auto v) { return read_rules(a, v, false); }},
      field{"correct", [](auto& a, auto v) { return read_rules(a, v, true); }},
      field{"note", [](auto& a, auto v) { return detail::take_text(a.note, v); }},
      field{"requests", [](auto& a, auto v) { return detail::take_count(a.requests, v); }},
      field{"tokens_out", [](auto& a, auto v) { return detail::take_count(a.tokens_out, v); }},
      field{"wall_ns", [](auto& a, auto v) { return detail::take_count(a.wall_ns, v); }},
  };
  return all;
}

inline std::span<const detail::json_field<run_record>> record_reader::run_fields() {
  using field = detail::json_field<run_record>;
  static constexpr std::array all{
      field{"tool", &run_record::tool},
      field{"host", &run_record::host},
      field{"t_start_ns", detail::field_kind::time, &run_record::t_start_ns},
      field{"start_unix_ns", detail::field_kind::time, &run_record::start_unix_ns},
      field{"config", read_config},
  };
  return all;
}

/// Reads {name: any value} as names and raw JSON.
inline detail::read_outcome record_reader::read_config(run_record& run, detail::json_value value) {
  return detail::take_members(value, "an object", [&](std::string_view name, auto of) -> detail::read_outcome {
    const auto token = of.raw_json_token();
    if (token.starts_with('{') || token.starts_with('[')) return nullptr;  // no value of one's own
    run.config.emplace_back(name, token.substr(0, token.find_last_not_of(" \t\r\n") + 1));
    return nullptr;
  });
}

/// Reads {name: number or null}.
inline detail::read_outcome record_reader::read_values(sample_record& sample, detail::json_value value) {
  constexpr auto wanted = "an object of numbers and null";
  return detail::take_members(value, wanted, [&](std::string_view name, auto of) -> detail::read_outcome {
    auto& [known, number] = sample.values.emplace_back(std::string(name), std::numeric_limits<double>::quiet_NaN());
    return !detail::is_null(of) && of.get_double().get(number) ? wanted : nullptr;
  });
}

inline std::span<const detail::json_field<sample_record>> record_reader::sample_fields() {
  using field = detail::json_field<sample_record>;
  static constexpr std::array all{
      field{"t_ns", detail::field_kind::time, &sample_record::t_ns},
      field{"source", &sample_record::source},
      field{"instance", &sample_record::instance},
      field{"values", [](auto& s, auto v) { return read_values(s, v); }},
  };
  return all;
}

inline detail::read_outcome record_reader::read_value(metric_record& metric, detail::json_value value) {
  if (detail::is_null(value)) return nullptr;
  if (value.raw_json_token().starts_with('"')) return detail::take_text(metric.text, value);
  return value.get_double().get(metric.value) ? "a number, a string or null" : nullptr;
}

/// Reads {name: string}.
inline detail::read_outcome record_reader::read_labels(metric_record& metric, detail::json_value value) {
  constexpr auto wanted = "an object of strings";
  return detail::take_members(value, wanted, [&](std::string_view name, auto of) {
    return detail::take_text(metric.labels.emplace_back(std::string(name), "").second, of) ? wanted : nullptr;
  });
}

inline std::span<const detail::json_field<metric_record>> record_reader::metric_fields() {
  using field = detail::json_field<metric_record>;
  static constexpr std::array all{
      field{"name", [](auto& m, auto v) { return detail::take_text(m.name, v); }},
      field{"value", [](auto& m, auto v) { return read_value(m, v); }},
      field{"reason", [](auto& m, auto v) { return detail::take_text(m.reason, v); }},
      field{"unit", [](auto& m, auto v) { return detail::take_text(m.unit, v); }},
      field{"labels", [](auto& m, auto v) { return read_labels(m, v); }},
  };
  return all;
}

/// What read_records saw of a file.
struct records_seen {
  std::uint64_t records = 0;         ///< Lines that were records; blank lines are none.
  std::uint64_t truncated_line = 0;  ///< The last line, where a killed writer left it half written; else 0.
};

namespace detail {
/// Whether a last line without its end is the first part of a record whose writer died.
inline bool is_cut_off(std::string_view line) {
  simdjson::dom::parser parser;
  return line.starts_with('{') && parser.parse(line.data(), line.size()).error() != simdjson::SUCCESS;
}
}  // namespace detail

/// Reads all lines of `rows`, and calls `on_record(record_type)` after each; the record is in `record`.
///
///     auto rows = weir::open_rows(path);
///     auto seen = weir::read_records(*rows, path, record, [&](weir::record_type type) { ... });
///
/// A half-written last line is skipped and told of; anything else that is no record is a failure.
/// \param rows  next(row), line(), terminated() and status() as those of data/rows.hpp.
/// \param name  what failures call the file: "run.jsonl:17: field 't_send_ns' is not an integer or null".
template <class Rows, class OnRecord>
result<records_seen> read_records(Rows& rows, std::string_view name, record_reader& record, OnRecord&& on_record) {
  records_seen seen;
  for (std::string_view row; rows.next(row);) {
    if (row.find_first_not_of(" \t\r") == row.npos) continue;
    const auto type = record.read(row);
    if (type) {
      ++seen.records;
      on_record(*type);
    } else if (!rows.terminated() && detail::is_cut_off(row)) {
      seen.truncated_line = rows.line();
    } else {
      return failure{type.error().code,
                     std::string(name) + ":" + std::to_string(rows.line()) + ": " + type.error().detail};
    }
  }
  const auto& ended = rows.status();
  if (ended) return seen;
  if (ended.error().code == errc::io) return ended.error();  // names the file already
  return failure{ended.error().code, std::string(name) + ": " + ended.error().detail};
}

}  // namespace weir::inline v0

#endif  // WEIR_RECORD_READ_HPP
