// weir/record/read_request.hpp - a request record, read from its JSON. Needs simdjson.
#ifndef WEIR_RECORD_READ_REQUEST_HPP
#define WEIR_RECORD_READ_REQUEST_HPP

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/record/request_fields.hpp"
#include "weir/record/request_form.hpp"

namespace weir::inline v0::detail {

/// Reads requests. Lines mostly repeat the form of one of the last few, and are read by it: in a third of the time that
/// the JSON parser takes. It reads the others, and each of them becomes a form in its turn.
class request_target {
 public:
  explicit request_target(read_options options) : parts_(options) {}

  /// Reads `line` if its form is known. \pre  32 bytes are readable behind it. \return  whether it was read.
  bool read_by_form(std::string_view line) {
    for (std::size_t i = 0; i < forms_.size(); ++i) {
      if (i > 0) repeats_ = false;
      if (!repeats_) forms_[i].prepare(parts_);
      if (!forms_[i].read(line, parts_)) continue;
      if (i > 0) std::swap(forms_[0], forms_[i]);
      repeats_ = true;
      return true;
    }
    return false;
  }

  /// Reads the object that is `line`.
  result<void> read(simdjson::ondemand::object object, std::string_view line) {
    repeats_ = false;
    parts_.start_over();
    parts_.end = line.data() + line.size();
    if (auto ok = read_fields<request_parts>(object, request_fields(parts_.wanted.text), parts_); !ok) return ok;
    parts_.choices.resize(parts_.rows);
    if (!parts_.has_status) return failure{errc::parse, "a request without the field 'status'"};
    if (const auto* wrong = parts_.join_events()) return failure{errc::parse, wrong};
    return {};
  }

  /// Makes a form of the line just read. \pre  read() took it for a request.
  void learn(std::string_view line) {
    if (forms_.size() < most_forms) forms_.emplace_back();
    if (forms_.back().learn(line, parts_))
      std::swap(forms_.front(), forms_.back());
    else
      forms_.pop_back();
  }

  [[nodiscard]] const request_record& record() const noexcept { return parts_; }

 private:
  static constexpr std::size_t most_forms = 8;  // with and without tokens of events, errors, a new connection, ...

  request_parts parts_;
  std::vector<request_form> forms_;  // the first one was met last
  bool repeats_ = false;             // parts_ are as the first form left them
};

}  // namespace weir::inline v0::detail

#endif  // WEIR_RECORD_READ_REQUEST_HPP
