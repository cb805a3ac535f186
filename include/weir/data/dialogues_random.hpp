// weir/data/dialogues_random.hpp - synthetic conversations. Needs simdjson (for the record).
#ifndef WEIR_DATA_DIALOGUES_RANDOM_HPP
#define WEIR_DATA_DIALOGUES_RANDOM_HPP

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "weir/base/hash.hpp"
#include "weir/base/measured.hpp"
#include "weir/base/result.hpp"
#include "weir/data/prompt_words.hpp"
#include "weir/data/prompts.hpp"
#include "weir/data/prompts_random.hpp"

namespace weir::inline v0 {

/// Conversations whose turns are random words, each going on from what was said before: `vllm-rs bench serve
/// --multi-turn`.
struct random_dialogues {
  random_prompts first;                          ///< The first turn of each.
  std::int64_t later_len = 0;                    ///< Words of a later turn; 0: as many as the first has.
  std::int64_t least_turns = 3, most_turns = 3;  ///< Of the user; each number between is as likely.
  std::int64_t think_ns = unmeasured;            ///< Before each later turn.

  [[nodiscard]] result<void> check() const {
    if (auto ok = first.check(); !ok) return ok;
    if (least_turns >= 1 && most_turns >= least_turns && later_len >= 0) return {};
    return failure{errc::invalid_argument, "a conversation has at least one turn, and no less than the fewest"};
  }

  /// The turns of the conversation number `index`, whatever others there are. Ids are "INDEX/TURN".
  [[nodiscard]] std::vector<prompt> at(std::uint64_t index) const {
    const std::string session = std::to_string(index);
    random_stream random(hash64("turns " + session, first.seed));
    const auto turns =
        least_turns + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(most_turns - least_turns + 1)));
    std::vector<prompt> all;
    for (std::int64_t turn = 0; turn < turns; ++turn) {
      random_prompts make = first;
      if (turn > 0) {
        make.seed = hash64("turn " + std::to_string(turn), first.seed);
        make.prefix_len = 0, make.warm_share = 0;
        if (later_len > 0) make.input_len = later_len;
      }
      prompt& p = all.emplace_back(make.at(index));
      to_words(p);
      if (turn > 0) p.content.insert(1, " ");  // or a completion's first word would grow together with the answer
      p.session = session;
      p.turn = turn;
      p.id = session + "/" + std::to_string(turn);
      p.continues = turn > 0;
      if (turn > 0) p.think_ns = think_ns, p.tokens_in_asked = unmeasured;  // with all that comes before, nobody knows
    }
    return all;
  }
};

}  // namespace weir::inline v0

#endif  // WEIR_DATA_DIALOGUES_RANDOM_HPP
