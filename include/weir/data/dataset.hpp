// weir/data/dataset.hpp - what data sets in files have in common: rows become prompts. Needs simdjson, POSIX.
#ifndef WEIR_DATA_DATASET_HPP
#define WEIR_DATA_DATASET_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/hash.hpp"
#include "weir/base/result.hpp"
#include "weir/data/prompts.hpp"
#include "weir/data/rows.hpp"

namespace weir::inline v0 {

/// Turns the rows of a file into prompts: calls `sink(prompt&&)` for each until it returns false.
///
/// A row without an id is named by its place among the file's prompts, from 0: global, as long as it is given here
/// before any split. Blank lines, and what `read` calls errc::not_found (a record of another type), are passed over.
/// \param read  prompt_reader, gsm8k_reader, ...: a callable from a line to result<prompt>.
/// \return      how many prompts were given; a failure names the line.
template <class Rows, class Read, class Sink>
result<std::uint64_t> each_prompt(Rows& rows, Read&& read, Sink&& sink) {
  std::uint64_t given = 0;
  for (std::string_view line; rows.next(line);) {
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    auto p = read(line);
    if (!p && p.error().code == errc::not_found) continue;
    if (!p) return failure{p.error().code, "line " + std::to_string(rows.line()) + ": " + p.error().detail};
    if (p->id.empty()) p->id = std::to_string(given);
    ++given;
    if (!sink(*std::move(p))) return given;
  }
  if (!rows.status()) return rows.status().error();
  return given;
}

/// Makes a string prompt one user message, as the harnesses do for a chat endpoint.
/// \return  errc::invalid_argument where messages or token ids are asked to be a string: that is a template's work.
[[nodiscard]] inline result<void> to_form(prompt& p, prompt_form form) {
  if (p.form == form) return {};
  if (p.form != prompt_form::text || form != prompt_form::messages)
    return failure{errc::invalid_argument, "only a string prompt can be given another form, as messages"};
  p.form = form;
  p.content.insert(0, R"([{"role":"user","content":)").append("}]");
  return {};
}

/// Keeps `count` of the prompts (or of other things with an `id`) that it is given: which, is decided by a hash of the
/// seed and the id, so that the same are chosen wherever they stand in the file. O(count) memory.
template <class Item = prompt>
class prompt_sample {
 public:
  prompt_sample(std::size_t count, std::uint64_t seed) : count_(count), seed_(seed) {}

  void add(Item item) {
    const std::uint64_t key = hash64(item.id, seed_);
    kept_.push_back({key, order_++, std::move(item)});
    std::push_heap(kept_.begin(), kept_.end(), by_key);
    if (kept_.size() <= count_) return;
    std::pop_heap(kept_.begin(), kept_.end(), by_key);
    kept_.pop_back();
  }

  /// Those that were kept, in the order in which they came.
  [[nodiscard]] std::vector<Item> take() && {
    std::sort(kept_.begin(), kept_.end(), [](const entry& a, const entry& b) { return a.order < b.order; });
    std::vector<Item> out;
    for (auto& e : kept_) out.push_back(std::move(e.what));
    return out;
  }

 private:
  struct entry {
    std::uint64_t key;
    std::uint64_t order;
    Item what;
  };
  static bool by_key(const entry& a, const entry& b) { return a.key < b.key; }

  std::size_t count_;
  std::uint64_t seed_, order_ = 0;
  std::vector<entry> kept_;  // a heap: the largest key in front
};

/// How many prompts of a file: the first `count`, or with a seed `count` of them by lot (see prompt_sample).
struct prompt_choice {
  std::size_t count = std::numeric_limits<std::size_t>::max();  ///< >= 1
  std::optional<std::uint64_t> seed;
};

/// Gives `sink(const Item&)` the prompts of a choice, out of all that `source(keep)` gives to `keep(Item&&)` until
/// that returns false. \param source  returns result<std::uint64_t>, how many it gave.
/// \tparam Item  what is chosen as one: a prompt, a conversation.
/// \return  errc::parse also where there is no prompt at all.
template <class Item = prompt, class Source, class Sink>
result<void> choose_prompts(Source&& source, const prompt_choice& choice, Sink&& sink) {
  prompt_sample<Item> sample(choice.count, choice.seed.value_or(0));
  std::size_t left = choice.count;
  const auto given = source([&](Item&& item) {
    choice.seed ? sample.add(std::move(item)) : sink(item);
    return choice.seed || --left > 0;
  });
  if (!given) return given.error();
  if (*given == 0) return failure{errc::parse, "holds no prompt"};
  for (const Item& item : std::move(sample).take()) sink(item);
  return {};
}

/// each_prompt, for the prompts of a choice. \return  errc::parse also where the file holds no prompt at all.
template <class Rows, class Read, class Sink>
result<void> chosen_prompts(Rows& rows, Read&& read, const prompt_choice& choice, Sink&& sink) {
  return choose_prompts([&](auto&& keep) { return each_prompt(rows, read, keep); }, choice, sink);
}

}  // namespace weir::inline v0

#endif  // WEIR_DATA_DATASET_HPP
