// weir/score/rules.hpp - the table of rules: how an answer is read and when it is right. Needs the standard library
// only.
#ifndef WEIR_SCORE_RULES_HPP
#define WEIR_SCORE_RULES_HPP

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "weir/score/choice.hpp"
#include "weir/score/first_option.hpp"
#include "weir/score/gsm8k.hpp"
#include "weir/score/numeric.hpp"

namespace weir::inline v0 {

/// What kind of gold a rule is made for.
enum class gold_form : unsigned char { number, option };

/// One way of judging an answer.
struct score_rule {
  std::string_view name;
  gold_form gold;
  std::string_view source;  ///< Whose rule it is, for people.
  /// Reads the answer out of `text` into `out`. \return  false where the rule finds nothing and has no word for that.
  bool (*extract)(std::string_view text, std::string& out);
  bool (*correct)(std::string_view predicted, std::string_view gold);
};

namespace detail {
template <std::string_view (*Extract)(std::string_view) noexcept>
bool extract_view(std::string_view text, std::string& out) {
  out = Extract(text);
  return true;
}
inline bool extract_numeric(std::string_view text, std::string& out) {
  auto number = numeric_answer(text);
  if (number) out = *std::move(number);
  return number.has_value();
}
template <std::string_view (*Extract)(std::string_view)>
bool extract_option(std::string_view text, std::string& out) {
  out = Extract(text);
  return !out.empty();
}
inline bool extract_after_think(std::string_view text, std::string& out) {
  out = after_think(text);
  return true;
}
inline bool numeric_equal(std::string_view predicted, std::string_view gold) {
  const auto right = numeric_gold(gold);
  return right && predicted == *right;
}
inline bool same(std::string_view predicted, std::string_view gold) {
  return predicted == gold;
}
}  // namespace detail

inline constexpr std::array<score_rule, 8> score_rules{{
    {"gsm8k_opencompass", gold_form::number, "OpenCompass, AISBench", detail::extract_view<gsm8k_opencompass>,
     opencompass_equal},
    {"gsm8k_strict", gold_form::number, "lm-eval gsm8k strict-match", detail::extract_view<gsm8k_strict>,
     lm_eval_equal},
    {"gsm8k_flexible", gold_form::number, "lm-eval gsm8k flexible-extract", detail::extract_view<gsm8k_flexible>,
     lm_eval_equal},
    {"gsm8k_cot_strict", gold_form::number, "lm-eval gsm8k_cot strict-match", detail::extract_view<gsm8k_cot_strict>,
     lm_eval_equal},
    {"numeric", gold_form::number, "weir", detail::extract_numeric, detail::numeric_equal},
    {"first_option", gold_form::option, "OpenCompass; AISBench mmlu 5-shot chat", detail::extract_option<first_option>,
     detail::same},
    {"first_capital", gold_form::option, "AISBench ceval, mmlu as string", detail::extract_option<first_capital>,
     detail::same},
    {"last_option", gold_form::option, "AISBench ceval, mmlu 0-shot chat", detail::extract_option<last_option>,
     detail::same},
}};

/// What AISBench does to an answer before its rule: a step, not a rule.
inline constexpr score_rule after_think_step{"after_think", gold_form::option, "AISBench", detail::extract_after_think,
                                             detail::same};

/// The rule (or step) of that name, or nullptr.
[[nodiscard]] constexpr const score_rule* find_rule(std::string_view name) noexcept {
  if (name == after_think_step.name) return &after_think_step;
  for (const auto& rule : score_rules)
    if (rule.name == name) return &rule;
  return nullptr;
}

/// Whether a gold is what rules of that form can be judged by.
[[nodiscard]] inline bool has_form(std::string_view gold, gold_form form) {
  if (form == gold_form::number) return numeric_gold(gold).has_value();
  return gold.size() == 1 && gold[0] >= 'A' && gold[0] <= 'D';
}

}  // namespace weir::inline v0

#endif  // WEIR_SCORE_RULES_HPP
