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
    parts_.clear_events();
    const auto form =
        forms_.read(line, [&](request_form::hole& h, token_walk& walk) { return request_form::fill(h, walk, parts_); });
    const bool repeats = form == left_by_;
    left_by_ = form;
    if (form == forms_.none) return false;
    if (!repeats) forms_[form].complete(parts_);
    if (parts_.join_events() == nullptr) return true;
    left_by_ = forms_.none;
    return false;
  }

  /// Reads the object that is `line`.
  result<void> read(simdjson::ondemand::object object, std::string_view line) {
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
    request_form form;
    if (form.learn(line, parts_)) left_by_ = forms_.add(std::move(form));
  }

  [[nodiscard]] const request_record& record() const noexcept { return parts_; }

 private:
  request_parts parts_;
  form_memory<request_form> forms_;
  std::size_t left_by_ = forms_.none;  // whose holes parts_ were filled by, and nothing else
};

}  // namespace weir::inline v0::detail

#endif  // WEIR_RECORD_READ_REQUEST_HPP
