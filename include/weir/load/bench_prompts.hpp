// weir/load/bench_prompts.hpp - the prompts of a run: from a file, or made up. Needs POSIX and simdjson.
#ifndef WEIR_LOAD_BENCH_PROMPTS_HPP
#define WEIR_LOAD_BENCH_PROMPTS_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/data/dataset.hpp"
#include "weir/data/prompt_words.hpp"
#include "weir/data/prompts.hpp"
#include "weir/data/prompts_random.hpp"
#include "weir/data/rows.hpp"
#include "weir/data/source.hpp"

namespace weir::inline v0 {

/// Reads prompt records (or lines with `prompt` or `question`) from a file, or from standard input where `path` is -.
/// \param count  how many are wanted; 0: all there are.
/// \return       a failure names file and line; errc::parse where there is no prompt.
[[nodiscard]] inline result<std::vector<prompt>> read_prompts(const std::string& path, std::size_t count = 0) {
  auto rows = path == "-" ? result<row_reader>(row_reader(fd_source(0))) : open_rows(path);
  if (!rows) return rows.error();
  std::vector<prompt> prompts;
  const auto read = each_prompt(*rows, prompt_reader(), [&](prompt&& p) {
    prompts.push_back(std::move(p));
    return prompts.size() != count;
  });
  const std::string name = path == "-" ? "standard input" : path;
  if (!read && read.error().code == errc::io) return read.error();  // names the file already
  if (!read) return failure{read.error().code, name + ": " + read.error().detail};
  if (prompts.empty()) return failure{errc::parse, name + " holds no prompt"};
  return prompts;
}

/// Makes the prompts `count`, where they are fewer: they come again, as "7#2", "7#3", ... \pre  there is one
inline void repeat_prompts(std::vector<prompt>& prompts, std::size_t count) {
  const std::size_t once = prompts.size();
  for (std::size_t i = once; i < count; ++i) {
    prompts.push_back(prompts[i % once]);
    const std::string again = "#" + std::to_string(i / once + 1);
    prompts.back().id += again;
    if (!prompts.back().session.empty()) prompts.back().session += again;
    prompts.back().t_sched_ns = unmeasured;  // a schedule does not repeat
  }
}

/// `count` prompts as `vllm bench serve --dataset-name random` makes them. \param words  instead of token ids.
[[nodiscard]] inline result<std::vector<prompt>> make_random_prompts(const random_prompts& make, std::size_t count,
                                                                     bool words, std::size_t first = 0) {
  if (auto ok = make.check(); !ok) return ok.error();
  std::vector<prompt> prompts;
  prompts.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    prompts.push_back(make.at(first + i));
    if (words) to_words(prompts.back());
  }
  return prompts;
}

}  // namespace weir::inline v0

#endif  // WEIR_LOAD_BENCH_PROMPTS_HPP
