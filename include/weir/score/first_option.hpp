// weir/score/first_option.hpp - the option that an answer settles on, by the field's list of patterns. Needs the
// standard library only.
#ifndef WEIR_SCORE_FIRST_OPTION_HPP
#define WEIR_SCORE_FIRST_OPTION_HPP

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "weir/score/choice.hpp"
#include "weir/score/pattern.hpp"
#include "weir/score/unicode.hpp"

namespace weir::inline v0 {

/// The patterns in the order in which they are tried, for the options A to D; what is not ASCII is escaped. One of them
/// is two: a comma is missing after the fourteenth in the source, and agreement means leaving it out here, too.
/// \source  first_option_postprocess of AISBench 3.1 (text_postprocessors.py) and OpenCompass 0.5 (Apache-2.0).
inline constexpr std::array<std::string_view, 52> first_option_patterns{
    "\u7b54\u6848\u662f?\\s*([ABCD])",
    "\u7b54\u6848\u662f?\\s*\uff1a\\s*([ABCD])",
    "\u7b54\u6848\u662f?\\s*:\\s*([ABCD])",
    "\u7b54\u6848\u9009\u9879\u5e94?\u8be5?\u662f\\s*([ABCD])",
    "\u7b54\u6848\u9009\u9879\u5e94?\u8be5?\u4e3a\\s*([ABCD])",
    "\u7b54\u6848\u5e94\u8be5?\u662f\\s*([ABCD])",
    "\u7b54\u6848\u5e94\u8be5?\u9009\\s*([ABCD])",
    "\u7b54\u6848\u9009\u9879\u4e3a?\\s*\uff1a\\s*([ABCD])",
    "\u7b54\u6848\u9009\u9879\u4e3a?\\s+\\(?\\*?\\*?([ABCD])\\*?\\*?\\)?",
    "\u7b54\u6848\u9009\u9879\u662f?\\s*:\\s*([ABCD])",
    "\u7b54\u6848\u4e3a\\s*([ABCD])",
    "\u7b54\u6848\u9009\\s*([ABCD])",
    "\u9009\u62e9?\\s*([ABCD])",
    "\u6545\u9009?\\s*([ABCD])\u53ea\u6709\u9009?\u9879?\\s?([ABCD])\\s?\u662f?\u5bf9",
    "\u53ea\u6709\u9009?\u9879?\\s?([ABCD])\\s?\u662f?\u9519",
    "\u53ea\u6709\u9009?\u9879?\\s?([ABCD])\\s?\u4e0d?\u6b63\u786e",
    "\u53ea\u6709\u9009?\u9879?\\s?([ABCD])\\s?\u9519\u8bef",
    "\u8bf4\u6cd5\u4e0d?\u5bf9\u9009?\u9879?\u7684?\u662f\\s?([ABCD])",
    "\u8bf4\u6cd5\u4e0d?\u6b63\u786e\u9009?\u9879?\u7684?\u662f\\s?([ABCD])",
    "\u8bf4\u6cd5\u9519\u8bef\u9009?\u9879?\u7684?\u662f\\s?([ABCD])",
    "([ABCD])\\s?\u662f\u6b63\u786e\u7684",
    "([ABCD])\\s?\u662f\u6b63\u786e\u7b54\u6848",
    "\u9009\u9879\\s?([ABCD])\\s?\u6b63\u786e",
    "\u6240\u4ee5\u7b54\\s?([ABCD])",
    "\u6240\u4ee5\\s?([ABCD][.\u3002$]?$)",
    "\u6240\u6709\\s?([ABCD][.\u3002$]?$)",
    "[\\s\uff0c\uff1a:,]([ABCD])[\u3002\uff0c,\\.]?$",
    "[\\s\uff0c,\uff1a:][\u6545\u5373]([ABCD])[\u3002\\.]?$",
    "[\\s\uff0c,\uff1a:]\u56e0\u6b64([ABCD])[\u3002\\.]?$",
    "[\u662f\u4e3a\u3002]\\s?([ABCD])[\u3002\\.]?$",
    "\u56e0\u6b64\\s?([ABCD])[\u3002\\.]?$",
    "\u663e\u7136\\s?([ABCD])[\u3002\\.]?$",
    "\u7b54\u6848\u662f\\s?(\\S+)(?:\u3002|$)",
    "\u7b54\u6848\u5e94\u8be5\u662f\\s?(\\S+)(?:\u3002|$)",
    "\u7b54\u6848\u4e3a\\s?(\\S+)(?:\u3002|$)",
    "(?i)ANSWER\\s*:\\s*([ABCD])",
    "[Tt]he answer is:?\\s+\\(?([ABCD])\\)?",
    "[Tt]he answer is:?\\s+\\(?\\*?\\*?([ABCD])\\*?\\*?\\)?",
    "[Tt]he answer is option:?\\s+\\(?([ABCD])\\)?",
    "[Tt]he correct answer is:?\\s+\\(?([ABCD])\\)?",
    "[Tt]he correct answer is option:?\\s+\\(?([ABCD])\\)?",
    "[Tt]he correct answer is:?.*?boxed{([ABCD])}",
    "[Tt]he correct option is:?.*?boxed{([ABCD])}",
    "[Tt]he correct answer option is:?.*?boxed{([ABCD])}",
    "[Tt]he answer to the question is:?\\s+\\(?([ABCD])\\)?",
    "^\u9009\u9879\\s?([ABCD])",
    "^([ABCD])\\s?\u9009?\u9879",
    "(\\s|^)[ABCD][\\s\u3002\uff0c,\uff1a:\\.$]",
    "1.\\s?(.*?)$",
    "1.\\s?([ABCD])[.\u3002$]?$",
    "([ABCD]):",
    "([ABCD])"};

/// What CEval, CMMLU and MMLU are read by: the first pattern that matches and whose first group (or, where that is
/// empty, whose whole match) holds an option decides; of several options in it the alphabetically first is taken.
/// \return  "A", "B", "C", "D", or nothing.
[[nodiscard]] inline std::string_view first_option(std::string_view text) {
  static const std::vector<text_pattern> patterns(first_option_patterns.begin(), first_option_patterns.end());
  constexpr std::string_view options = "ABCD";
  text = python_strip(text);
  if (last_option(text).empty()) return {};  // whatever matches, there is no option in it
  const byte_pairs pairs(text);
  for (const auto& pattern : patterns) {
    const auto match = pattern.may_match(pairs) ? pattern.search(text) : std::nullopt;
    if (!match) continue;
    const std::string_view said = match->group.empty() ? match->whole : match->group;
    for (std::size_t i = 0; i < options.size(); ++i)
      if (said.find(options[i]) != said.npos) return options.substr(i, 1);
  }
  return {};
}

}  // namespace weir::inline v0

#endif  // WEIR_SCORE_FIRST_OPTION_HPP
