// weir/openai/mock_answers.hpp - an answer key: which question a prompt asks, and what the mock says to it. Needs the
// standard library only.
#ifndef WEIR_OPENAI_MOCK_ANSWERS_HPP
#define WEIR_OPENAI_MOCK_ANSWERS_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/hash.hpp"
#include "weir/base/trim.hpp"
#include "weir/base/units.hpp"
#include "weir/openai/mock_text.hpp"

namespace weir::inline v0 {

/// A question of the key and its gold answer.
struct mock_question {
  std::string id, text, expected;
  std::vector<std::string> choices;  ///< Of a multiple-choice question, in order; a prompt that asks it holds them too.
};

/// What the mock says: `text` ends in `value`, which is the gold answer or, on purpose, is not.
struct mock_answer {
  std::string text, value;
  bool correct = false;
};

namespace detail {

/// Where strings of at least `width` bytes may end in a text: an index by a hash of their last `width` bytes.
class suffix_index {
 public:
  explicit suffix_index(std::size_t width) : width_(width) {}

  void add(std::string_view text, std::uint32_t number) { entries_.push_back({hash(text), number}); }
  void seal() {
    std::sort(entries_.begin(), entries_.end());
    filter_.assign(entries_.empty() ? 0 : filter_bits / 64, 0);
    for (const auto& [hash, number] : entries_) filter_[hash % filter_bits / 64] |= std::uint64_t{1} << (hash % 64);
  }
  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }

  /// Calls `visit(number)` for each string that may end where `text` ends.
  template <class Visit>
  void at_end_of(std::string_view text, Visit&& visit) const {
    if (text.size() < width_) return;
    const std::uint64_t key = hash(text);
    if (!(filter_[key % filter_bits / 64] >> (key % 64) & 1)) return;
    for (auto it = std::lower_bound(entries_.begin(), entries_.end(), std::pair{key, std::uint32_t{0}});
         it != entries_.end() && it->first == key; ++it)
      visit(it->second);
  }

 private:
  static constexpr std::size_t filter_bits = std::size_t{1} << 18;  // 32 KiB: stays in the first cache

  [[nodiscard]] std::uint64_t hash(std::string_view text) const noexcept {
    const char* at = text.data() + text.size() - width_;
    if (width_ < 8) return mix64(static_cast<unsigned char>(text.back()));
    std::uint64_t h = 0;
    for (std::size_t i = 0; i < width_; i += 8) {
      std::uint64_t word;
      std::memcpy(&word, at + i, 8);
      h = mix64(h + word);
    }
    return h;
  }

  std::size_t width_;  // 1, or a multiple of 8
  std::vector<std::pair<std::uint64_t, std::uint32_t>> entries_;
  std::vector<std::uint64_t> filter_;
};

/// "$1,234" is 1234 to every scoring rule only when it is written so.
inline std::string plain_number(std::string_view text) {
  std::string plain;
  std::copy_if(text.begin(), text.end(), std::back_inserter(plain), [](char c) { return c != ',' && c != '$'; });
  return parse_number<double>(plain) ? plain : std::string(text);
}

/// Something that `expected` is not, of the same kind: another letter, another number.
inline std::string wrong_value(std::string_view expected, std::size_t choices, std::uint64_t draw) {
  if (expected.size() == 1 && expected[0] >= 'A' && expected[0] <= 'Z') {
    const auto letter = static_cast<std::size_t>(expected[0] - 'A');
    const std::size_t letters = std::max({choices, letter + 1, choices == 0 ? std::size_t{4} : std::size_t{2}});
    return std::string(1, static_cast<char>('A' + (letter + 1 + draw % (letters - 1)) % letters));
  }
  const std::string number = plain_number(expected);
  const auto point = std::min(number.find('.'), number.size());
  if (const auto whole = parse_number<std::int64_t>(std::string_view(number).substr(0, point));
      whole && *whole < std::int64_t{1} << 60)
    return std::to_string(*whole + 1 + static_cast<std::int64_t>(draw % 9)) + number.substr(point);
  return parse_number<double>(number) ? "1" + number : "none";
}

}  // namespace detail

/// Finds questions in prompts. Whether the mock answers one rightly depends on the seed and the question's text alone
/// (and the choice, where a request asks for several), so that one run and its shards, in any order, agree.
class mock_answers {
 public:
  /// \param accuracy  share of questions to be answered rightly, 0 to 1.
  mock_answers(std::vector<mock_question> questions, double accuracy, std::uint64_t seed)
      : questions_(std::move(questions)), accuracy_(accuracy), seed_(seed) {
    for (std::uint32_t i = 0; i < questions_.size(); ++i) {
      auto& q = questions_[i];
      q.text = trimmed(q.text);
      if (q.text.empty()) continue;
      (q.text.size() >= 32 ? long_ : q.text.size() >= 8 ? short_ : tiny_).add(q.text, i);
    }
    for (auto* index : {&long_, &short_, &tiny_}) index->seal();
  }
  [[nodiscard]] std::size_t size() const noexcept { return questions_.size(); }

  /// The question of the key that ends last in `prompt` (worked examples stand before it); the longest with its
  /// choices, where several end there. A multiple-choice question whose choices follow it goes before one whose choices
  /// do not.
  /// \return      nullptr where the prompt holds no question of the key.
  /// \complexity  about 10 ns a byte from the end of the prompt to the end of the question.
  [[nodiscard]] const mock_question* find(std::string_view prompt) const {
    const mock_question* with_choices = last_in(prompt, true);
    return with_choices ? with_choices : last_in(prompt, false);
  }

  /// What the mock says to `q` in its choice number `choice`: words that mean nothing, then the answer in the words
  /// that every rule set for such answers reads, `tokens` tokens in all or as many as the answer takes.
  [[nodiscard]] mock_answer answer(const mock_question& q, int choice, std::int64_t tokens,
                                   const mock_words& words) const {
    const std::uint64_t draw = hash64(q.text, seed_) + static_cast<std::uint64_t>(choice) * 0x9E3779B97F4A7C15U;
    mock_answer a;
    a.correct = unit_interval(mix64(draw)) < accuracy_;
    a.value = a.correct ? detail::plain_number(q.expected)
                        : detail::wrong_value(q.expected, q.choices.size(), mix64(draw + 1) >> 8);
    const bool letter = a.value.size() == 1 && a.value[0] >= 'A' && a.value[0] <= 'Z';
    const std::string end = letter ? "answer:" + a.value : "The answer is " + a.value + ".\n#### " + a.value;
    const std::int64_t fill = tokens - count_tokens(end);
    for (std::int64_t i = 0; i < fill; ++i) a.text.append(words.word(draw, i));
    if (fill > 0) a.text.erase(0, 1).append(".\n");
    a.text.append(end);
    return a;
  }

 private:
  [[nodiscard]] const mock_question* last_in(std::string_view prompt, bool choices) const {
    const mock_question* best = nullptr;
    std::size_t most = 0;  // bytes of the prompt that the best one accounts for
    for (std::size_t end = prompt.size(); end > 0 && !best; --end) {
      const std::string_view head = prompt.substr(0, end);
      const auto consider = [&](std::uint32_t number) {
        const mock_question& q = questions_[number];
        if (!head.ends_with(q.text) || (choices && !in_order(q.choices, prompt.substr(end)))) return;
        std::size_t bytes = q.text.size();
        for (const auto& choice : q.choices) bytes += choices ? choice.size() : 0;
        if (bytes > most) best = &q, most = bytes;
      };
      for (const auto* index : {&long_, &short_, &tiny_})
        if (!index->empty()) index->at_end_of(head, consider);
    }
    return best;
  }

  static bool in_order(const std::vector<std::string>& choices, std::string_view text) {
    for (const auto& each : choices) {
      const std::string_view choice = trimmed(each);
      const auto at = text.find(choice);
      if (at == text.npos) return false;
      text.remove_prefix(at + choice.size());
    }
    return true;
  }

  std::vector<mock_question> questions_;
  detail::suffix_index long_{32}, short_{8}, tiny_{1};
  double accuracy_;
  std::uint64_t seed_;
};

}  // namespace weir::inline v0

#endif  // WEIR_OPENAI_MOCK_ANSWERS_HPP
