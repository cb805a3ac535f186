// weir/openai/detail/chunk_repeat.hpp - reads an event that repeats the form of the one before it. Needs weir/base.
#ifndef WEIR_OPENAI_DETAIL_CHUNK_REPEAT_HPP
#define WEIR_OPENAI_DETAIL_CHUNK_REPEAT_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "weir/base/measured.hpp"
#include "weir/openai/chunk_data.hpp"
#include "weir/openai/detail/chunk_form.hpp"

namespace weir::inline v0::detail {

/// A chunk_form whose holes have a meaning. The JSON parser notes where the parts of a body stand; if the body is a
/// plain event, one choice with nothing but text, its form is kept, and bodies of that form are read without the JSON
/// parser.
/// \complexity  a comparison of the body with the form, and a search for the end of each hole.
class chunk_repeat {
 public:
  enum class part : unsigned char { id, index, text, reasoning, prompt_tokens, completion_tokens, fingerprint, other };

  /// The JSON parser begins to read `body`.
  void begin(std::string_view body) noexcept {
    form_.forget();
    body_ = body.data();
    noted_ = 0;
  }

  /// The value that begins at `token` may be another in the next event. \pre  a whole JSON token stands there.
  void note(part what, const char* token) noexcept {
    const bool text = *token == '"';
    if (text) ++token;
    std::size_t size = 0;
    if (text)
      while (token[size] != '"' && token[size] != '\\') ++size;
    else
      while (token[size] >= '0' && token[size] <= '9') ++size;
    if (!text && size == 0) return;  // null: part of the form
    if (noted_ < holes_.size()) {
      holes_[noted_] = {static_cast<std::size_t>(token - body_), size, !text};
      parts_[noted_] = what;
    }
    ++noted_;
  }

  /// Fills in `out` where `body` has the form that is kept.
  bool read(std::string_view body, chunk& out) const {
    std::array<std::string_view, chunk_form::max_holes> found;
    if (!form_.match(body, found)) return false;
    out.id = out.system_fingerprint = out.error = {};
    out.is_error = false;
    out.prompt_tokens = out.completion_tokens = unmeasured;
    out.choices.resize(1);
    out.choices[0] = {};
    for (std::size_t i = 0; i < form_.holes(); ++i)
      if (!fill(parts_[i], found[i], out)) return false;
    return true;
  }

  /// Keeps the form of the body that was just read as `said`. What the form says of that body must be what the parser
  /// said, or it is not kept.
  void learn(std::string_view body, const chunk& said) {
    if (said.choices.size() != 1 || said.is_error || !said.error.empty() || noted_ > holes_.size()) return;
    const chunk_choice& choice = said.choices[0];
    const bool plain = choice.finish_reason.empty() && !choice.other && choice.token_ids == unmeasured &&
                       choice.logprobs == unmeasured;
    if (plain && form_.learn(body, holes_, noted_) && !(read(body, again_) && same(again_, said))) form_.forget();
  }

 private:
  static bool fill(part what, std::string_view found, chunk& out) {
    chunk_choice& choice = out.choices[0];
    switch (what) {
      case part::id:
        out.id = found;
        break;
      case part::text:
        choice.text = found;
        break;
      case part::reasoning:
        choice.reasoning = found;
        break;
      case part::prompt_tokens:
        out.prompt_tokens = chunk_form::number(found);
        break;
      case part::completion_tokens:
        out.completion_tokens = chunk_form::number(found);
        break;
      case part::index:
        if (chunk_form::number(found) > max_choice_index) return false;
        choice.index = static_cast<std::int32_t>(chunk_form::number(found));
        break;
      case part::fingerprint:
        out.system_fingerprint = found;
        break;
      case part::other:
        break;
    }
    return true;
  }
  static bool same(const chunk& a, const chunk& b) noexcept {
    const chunk_choice &x = a.choices[0], &y = b.choices[0];
    return a.id == b.id && a.system_fingerprint == b.system_fingerprint && a.prompt_tokens == b.prompt_tokens &&
           a.completion_tokens == b.completion_tokens && x.index == y.index && x.text == y.text &&
           x.reasoning == y.reasoning;
  }

  chunk_form form_;
  const char* body_ = nullptr;
  std::array<chunk_form::hole, chunk_form::max_holes> holes_;
  std::array<part, chunk_form::max_holes> parts_{};  // of form_, or of the body being read
  std::size_t noted_ = 0;                            // more than there is room for: the form is not kept
  chunk again_;
};

}  // namespace weir::inline v0::detail

#endif  // WEIR_OPENAI_DETAIL_CHUNK_REPEAT_HPP
