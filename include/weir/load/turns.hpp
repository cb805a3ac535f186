// weir/load/turns.hpp - which prompts begin by themselves, and which follow another: the turns of sessions. Needs
// simdjson (for the record).
#ifndef WEIR_LOAD_TURNS_HPP
#define WEIR_LOAD_TURNS_HPP

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "weir/base/measured.hpp"
#include "weir/base/result.hpp"
#include "weir/data/dataset.hpp"
#include "weir/data/dialogue.hpp"
#include "weir/data/prompts.hpp"

namespace weir::inline v0 {

/// The prompts of a run: first those that begin by themselves, then the later turns of sessions.
struct turn_plan {
  static constexpr std::size_t none = 0;  ///< No turn follows: what stands at 0 begins by itself.

  std::vector<prompt> prompts;
  std::vector<std::size_t> next;  ///< Of each prompt, where its session's next turn stands. Empty: no session has two.
  std::size_t begins = 0;         ///< So many prompts begin by themselves.

  /// Those that `which` names, in that order, with the turns that follow them.
  [[nodiscard]] turn_plan pick(std::span<const std::size_t> which) const {
    turn_plan out;
    out.begins = which.size();
    for (const std::size_t begin : which) out.prompts.push_back(prompts[begin]);
    if (next.empty()) return out;
    for (std::size_t k = 0; k < which.size(); ++k)
      for (std::size_t at = next[which[k]], last = k; at != none; at = next[at]) last = out.follow(last, prompts[at]);
    return out;
  }

  /// Puts `p` behind the turn that stands at `last`. \return  where it stands itself. \pre  all that begin are there
  std::size_t follow(std::size_t last, prompt p) {
    const std::size_t place = prompts.size();
    next.resize(place, none);
    next[last] = place;
    prompts.push_back(std::move(p));
    next.push_back(none);
    return place;
  }
};

/// What an earlier run has answered: the prompts' ids, and of those that another turn may go on from, the text.
using known_answers = std::unordered_map<std::string, std::string>;

namespace detail {

/// One session, or one prompt that belongs to none: places of its prompts, turn by turn.
using turn_chain = std::vector<std::size_t>;

inline std::vector<turn_chain> chains_of(const std::vector<prompt>& prompts) {
  std::vector<turn_chain> chains;
  std::unordered_map<std::string_view, std::size_t> sessions;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    const auto& name = prompts[i].session;
    const auto [place, fresh] =
        name.empty() ? std::pair(sessions.end(), true) : sessions.try_emplace(name, chains.size());
    fresh ? chains.push_back({i}) : chains[place->second].push_back(i);
  }
  for (auto& chain : chains) std::ranges::stable_sort(chain, {}, [&](std::size_t i) { return prompts[i].turn; });
  return chains;
}

/// Whether each turn that goes on from the one before can.
inline result<void> check_chain(const std::vector<prompt>& prompts, const turn_chain& chain) {
  for (std::size_t k = 0; k < chain.size(); ++k) {
    const prompt& p = prompts[chain[k]];
    if (!p.continues) continue;
    const auto bad = [&](const std::string& why) {
      return failure{errc::invalid_argument, "prompt " + p.id + " continues its session, " + why};
    };
    if (p.session.empty()) return bad("but names none");
    if (k == 0) return bad(p.session + ", of which no earlier turn is here");
    if (p.form == prompt_form::token_ids) return bad("which token ids can't: the ids of the answer are not known");
    if (p.form != prompts[chain[k - 1]].form) return bad("but has another form than the turn before");
  }
  return {};
}

/// Takes the turns away that were answered, from the first one on. What is left begins with what was said in them.
inline void skip_answered(std::vector<prompt>& prompts, turn_chain& chain, const known_answers& known) {
  std::size_t done = 0;
  std::string so_far;
  for (; done < chain.size(); ++done) {
    prompt& p = prompts[chain[done]];
    if (done > 0) {
      const prompt& before = prompts[chain[done - 1]];
      if (p.continues) p.content = joined_content(p.form, before.content, known.at(before.id), p.content);
      if (p.t_sched_ns == unmeasured) p.t_sched_ns = before.t_sched_ns;
      p.continues = false;
    }
    if (!known.contains(p.id)) break;
  }
  chain.erase(chain.begin(), chain.begin() + static_cast<std::ptrdiff_t>(done));
}

}  // namespace detail

/// Orders prompts by what they need before them. Prompts of one session are its turns: one after the other by `turn`,
/// and by place where that is the same.
/// \param chat   they are sent as messages: a text that continues a session becomes one.
/// \param known  leaves these out; a turn that continues them begins with what was said.
/// \return       errc::invalid_argument where a turn continues what is not there.
[[nodiscard]] inline result<turn_plan> plan_turns(std::vector<prompt> prompts, bool chat,
                                                  const known_answers& known = {}) {
  auto chains = detail::chains_of(prompts);
  turn_plan plan;
  for (auto& chain : chains) {
    const bool spoken = std::ranges::any_of(chain, [&](std::size_t i) { return prompts[i].continues; });
    for (const std::size_t i : chain)
      if (chat && spoken && prompts[i].form == prompt_form::text) (void)to_form(prompts[i], prompt_form::messages);
    if (auto fits = detail::check_chain(prompts, chain); !fits) return fits.error();
    if (!known.empty()) detail::skip_answered(prompts, chain, known);
  }
  std::erase_if(chains, [](const auto& chain) { return chain.empty(); });
  plan.begins = chains.size();
  for (const auto& chain : chains) plan.prompts.push_back(std::move(prompts[chain[0]]));
  for (std::size_t k = 0; k < chains.size(); ++k)
    for (std::size_t turn = 1, last = k; turn < chains[k].size(); ++turn)
      last = plan.follow(last, std::move(prompts[chains[k][turn]]));
  return plan;
}

}  // namespace weir::inline v0

#endif  // WEIR_LOAD_TURNS_HPP
