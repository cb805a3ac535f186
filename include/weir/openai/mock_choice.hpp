// weir/openai/mock_choice.hpp - what one choice of a mock's answer says, token by token. Needs the standard library
// only.
#ifndef WEIR_OPENAI_MOCK_CHOICE_HPP
#define WEIR_OPENAI_MOCK_CHOICE_HPP

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/openai/mock_answers.hpp"
#include "weir/openai/mock_text.hpp"

namespace weir::inline v0 {

/// One choice: words without meaning (all of it, or the reasoning before an answer), then the answer if there is one.
class mock_choice {
 public:
  /// Nothing but `length` words.
  mock_choice(const mock_words& words, std::uint64_t text_seed, std::int64_t length)
      : words_(&words), seed_(text_seed), fill_(length), length_(length) {}
  /// `reasoning` words, then an answer.
  mock_choice(const mock_words& words, std::uint64_t text_seed, std::int64_t reasoning, mock_answer answer)
      : words_(&words), answer_(std::move(answer)), seed_(text_seed), fill_(reasoning) {
    length_ = fill_ + count_tokens(answer_->text);
  }

  /// Cuts what it says off after `most` tokens; `why` becomes its finish reason if that shortens it.
  void limit(std::int64_t most, std::string_view why) {
    if (most >= length_) return;
    length_ = most;
    finish_ = why;
    cut_short_ = true;
  }

  [[nodiscard]] std::int64_t length() const noexcept { return length_; }
  [[nodiscard]] std::int64_t said() const noexcept { return said_; }
  [[nodiscard]] std::string_view finish_reason() const noexcept { return finish_; }
  /// The answer that it is to give, if any; and whether it is given in full and right.
  [[nodiscard]] const std::optional<mock_answer>& answer() const noexcept { return answer_; }
  [[nodiscard]] bool correct() const noexcept { return answer_ && answer_->correct && !cut_short_ && said_ == length_; }

  /// Appends the next `count` tokens to `text`, and their ids to `ids` where it is given.
  void say(std::int64_t count, std::string& text, std::vector<std::int64_t>* ids = nullptr) {
    for (; count > 0 && said_ < length_; --count, ++said_) {
      std::string_view token;
      if (said_ < fill_) {
        token = words_->word(seed_, said_);
      } else {
        token = first_token(std::string_view(answer_->text).substr(at_));
        at_ += token.size();
      }
      text.append(token);
      if (ids) ids->push_back(mock_token_id(token));
    }
  }

 private:
  const mock_words* words_;
  std::optional<mock_answer> answer_;
  std::uint64_t seed_;
  std::int64_t fill_, length_ = 0, said_ = 0;
  std::size_t at_ = 0;  // in the answer's text
  std::string_view finish_ = "stop";
  bool cut_short_ = false;
};

}  // namespace weir::inline v0

#endif  // WEIR_OPENAI_MOCK_CHOICE_HPP
