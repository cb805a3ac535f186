// weir/score/prediction.hpp - one model answer to be judged, from any file that holds such. Needs simdjson.
#ifndef WEIR_SCORE_PREDICTION_HPP
#define WEIR_SCORE_PREDICTION_HPP

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "weir/base/result.hpp"
#include "weir/data/prompts.hpp"
#include "weir/record/json_fields.hpp"
#include "weir/record/read.hpp"

namespace weir::inline v0 {

/// A question's gold and what a model said, in one attempt.
struct prediction {
  std::string id, subject, instance, model;
  std::string expected;       ///< The gold; empty where the file has none.
  std::string text;           ///< The first choice's visible text.
  std::string status = "ok";  ///< Anything else: there is no answer, and this is why.
  std::int32_t attempt = 1;
};

/// Reads predictions out of JSON Lines: weir's request records, AISBench's prediction files, and plain lines.
///
/// In the records of weir-eval the answer records count, which hold what its agents made of several requests; elsewhere
/// the request records do. A line without `type` has `id`, `text` or `prediction`, and `expected` or `gold`, of which
/// what follows "#### " counts where that is in it; `success: false` is a failure.
class prediction_reader {
 public:
  /// Reads all predictions of `rows` and calls `on_prediction(prediction&)` for each; passes other records over.
  /// \param name  what failures call the file. \return  what was seen; a failure names file and line.
  template <class Rows, class OnPrediction>
  result<records_seen> read(Rows& rows, std::string_view name, OnPrediction&& on_prediction) {
    result<void> wrong;
    const auto seen = read_records(rows, name, record_, [&](record_type type) {
      if (!wrong) return;
      if (type == record_type::run) {
        answers_count_ = record_.run().tool == "weir-eval";
      } else if (type == record_type::request && !answers_count_) {
        take(record_.request());
        on_prediction(current_);
      } else if (type == record_type::other || (type == record_type::answer && answers_count_)) {
        const auto read = read_line(rows.text());
        if (!read)
          wrong =
              failure{errc::parse, std::string(name) + ":" + std::to_string(rows.line()) + ": " + read.error().detail};
        else if (*read)
          on_prediction(current_);
      }
    });
    if (!wrong) return wrong.error();
    return seen;
  }

 private:
  void take(const request_record& r) {
    current_.id = r.id, current_.subject = r.subject, current_.instance = r.instance, current_.model = r.model;
    current_.expected = r.expected;
    current_.status = to_string(r.status);
    current_.attempt = r.attempt;
    current_.text.clear();
    for (const auto& choice : r.choices)
      if (choice.index == 0) current_.text = choice.text;
  }

  /// \return  false for a record of a type that this version does not know.
  result<bool> read_line(std::string_view line) {
    namespace od = simdjson::ondemand;
    od::document document;
    od::object object;
    const simdjson::padded_string_view padded(line.data(), line.size(), line.size() + record_padding);
    if (parser_.iterate(padded).get(document) || document.get_object().get(object))
      return failure{errc::parse, "not a JSON object"};
    current_ = {};
    has_text_ = false;
    type_.clear(), status_.clear(), note_.clear();
    if (auto ok = detail::read_fields<prediction_reader>(object, fields(), *this); !ok) return ok.error();
    if (!type_.empty() && type_ != "answer") return false;
    if (!type_.empty()) current_.status = status_;  // elsewhere the word may mean anything
    if (!type_.empty() && status_ == "failed" && !note_.empty())
      current_.status = note_.substr(0, note_.find(':'));  // "http: HTTP 400: ...": as a request's record has it
    if (!has_text_ && type_.empty()) return failure{errc::parse, "has neither 'text' nor 'prediction'"};
    if (current_.id.empty()) return failure{errc::parse, "has no 'id'"};
    current_.expected = std::string(gold_of(current_.expected));
    return true;
  }

  static std::span<const detail::json_field<prediction_reader>> fields() {
    using field = detail::json_field<prediction_reader>;
    static constexpr auto text = [](prediction_reader& r, detail::json_value v) {
      r.has_text_ = true;
      return detail::take_text(r.current_.text, v);
    };
    static constexpr std::array all{
        field{"type", [](auto& r, auto v) { return detail::take_text(r.type_, v); }},
        field{"id", [](auto& r, auto v) { return detail::take_text(r.current_.id, v); }},
        field{"text", text},
        field{"prediction", text},
        field{"expected", [](auto& r, auto v) { return detail::take_text(r.current_.expected, v); }},
        field{"gold", [](auto& r, auto v) { return detail::take_text(r.current_.expected, v); }},
        field{"subject", [](auto& r, auto v) { return detail::take_text(r.current_.subject, v); }},
        field{"instance", [](auto& r, auto v) { return detail::take_text(r.current_.instance, v); }},
        field{"model", [](auto& r, auto v) { return detail::take_text(r.current_.model, v); }},
        field{"success", read_success},
        field{"status", [](auto& r, auto v) { return detail::take_text(r.status_, v); }},
        field{"note", [](auto& r, auto v) { return detail::take_text(r.note_, v); }},
        field{"attempt", read_attempt},
    };
    return all;
  }
  static detail::read_outcome read_success(prediction_reader& r, detail::json_value v) {
    bool success = false;
    if (v.get_bool().get(success)) return "true or false";
    if (!success) r.current_.status = "failed";
    return nullptr;
  }

  static detail::read_outcome read_attempt(prediction_reader& r, detail::json_value v) {
    std::int64_t attempt = 1;
    if (v.get_int64().get(attempt) || attempt < 1 || attempt > 1'000'000) return "an attempt's number, from 1";
    r.current_.attempt = static_cast<std::int32_t>(attempt);
    return nullptr;
  }

  record_reader record_{{.text = true, .events = false}};
  simdjson::ondemand::parser parser_;
  prediction current_;
  std::string type_, status_, note_;
  bool has_text_ = false, answers_count_ = false;
};

}  // namespace weir::inline v0

#endif  // WEIR_SCORE_PREDICTION_HPP
