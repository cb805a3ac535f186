// weir/load/fit_length.hpp - texts of an exact length in tokens, by asking who knows. Needs simdjson (for the record).
#ifndef WEIR_LOAD_FIT_LENGTH_HPP
#define WEIR_LOAD_FIT_LENGTH_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <span>
#include <string>

#include "weir/base/clock.hpp"
#include "weir/base/measured.hpp"
#include "weir/base/result.hpp"
#include "weir/data/prompt_words.hpp"
#include "weir/data/prompts.hpp"

namespace weir::inline v0 {

/// How fitting went. Nothing of it ends a run: what a prompt really has, the server's `usage` says.
struct length_fit {
  std::size_t exact = 0;    ///< Prompts that have as many tokens as was asked for.
  std::size_t inexact = 0;  ///< Prompts that came only near it within the tries.
  std::size_t left = 0;     ///< Prompts that were not fitted, for want of time or of an answer.
  std::string why;          ///< Why some were left.
};

/// Whether the length of `p` can be fitted: words that were made up, and a length to reach.
[[nodiscard]] inline bool can_fit(const prompt& p) noexcept {
  return p.form == prompt_form::text && p.tokens_in_asked != unmeasured && !p.continues;
}

namespace detail {

/// The next number of words to try, by the line through the last two tries: one more or fewer at least.
class word_search {
 public:
  explicit word_search(std::int64_t words) : words_(words) {}
  [[nodiscard]] std::int64_t words() const noexcept { return words_; }
  /// `words` made so many tokens, where `wanted` were to be.
  void saw(std::int64_t tokens, std::int64_t wanted) noexcept {
    const std::int64_t off = wanted - tokens, apart = words_ - last_words_;
    const double slope = last_words_ == 0 || apart == 0 ? 1
                                                        : static_cast<double>(tokens - last_tokens_) /
                                                              static_cast<double>(apart);  // tokens of a word
    const auto step = std::llround(static_cast<double>(off) / std::clamp(slope, 0.25, 8.0));
    last_words_ = words_, last_tokens_ = tokens;
    words_ = std::max<std::int64_t>(1, words_ + (step != 0 ? step : off > 0 ? 1 : -1));
  }

 private:
  std::int64_t words_, last_words_ = 0, last_tokens_ = 0;
};

}  // namespace detail

/// Makes each text as long as it asks (`tokens_in_asked`), by more or fewer words at its end. A prompt takes one
/// question where words are tokens, a few more where they are not, and `tries` at most: then it stays with the nearest
/// length that was seen.
/// \param count  result<std::int64_t>(const prompt&): its length in tokens. Its first failure ends the fitting.
/// \param limit_ns  no question after so long.
template <class Count>
length_fit fit_lengths(std::span<prompt> prompts, Count&& count, std::int64_t limit_ns, int tries = 6) {
  length_fit done;
  const std::int64_t end = now_ns() + limit_ns;
  std::int64_t surplus = 0;  // tokens beyond the words, as of the last prompt: a chat's template
  for (prompt& p : prompts) {
    if (!can_fit(p)) continue;
    if (done.why.empty() && now_ns() > end) done.why = "the time for it was over";
    if (!done.why.empty()) {
      ++done.left;
      continue;
    }
    detail::word_search search(std::max<std::int64_t>(1, p.tokens_in_asked - surplus));
    std::int64_t best = search.words();
    std::int64_t best_off = std::numeric_limits<std::int64_t>::max();
    for (int left = tries; left > 0 && best_off > 0; --left) {
      const std::int64_t words = search.words();
      resize_words(p, static_cast<std::size_t>(words));
      const auto tokens = count(p);
      if (!tokens) {
        done.why = tokens.error().detail;
        break;
      }
      const std::int64_t off = p.tokens_in_asked - *tokens;
      surplus = *tokens - words;
      if (std::abs(off) < best_off) best = words, best_off = std::abs(off);
      search.saw(*tokens, p.tokens_in_asked);
    }
    resize_words(p, static_cast<std::size_t>(best));
    ++(!done.why.empty() ? done.left : best_off == 0 ? done.exact : done.inexact);
  }
  return done;
}

}  // namespace weir::inline v0

#endif  // WEIR_LOAD_FIT_LENGTH_HPP
