// weir/run/cell_evidence.hpp - what files say of a cell's run: its logs, its samples, the engine's version. Needs
// simdjson and Linux.
#ifndef WEIR_RUN_CELL_EVIDENCE_HPP
#define WEIR_RUN_CELL_EVIDENCE_HPP

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include "weir/base/result.hpp"
#include "weir/base/trim.hpp"
#include "weir/base/units.hpp"
#include "weir/data/rows.hpp"
#include "weir/record/read.hpp"
#include "weir/report/sample_log.hpp"
#include "weir/run/cell_record.hpp"
#include "weir/run/log_facts.hpp"
#include "weir/serve/capture.hpp"
#include "weir/serve/engine.hpp"
#include "weir/serve/log_tail.hpp"

namespace weir::inline v0 {

/// The facts of a log from byte `from` on: what earlier runs wrote to it is not this one's.
[[nodiscard]] inline log_facts read_log(const std::string& path, std::int64_t from = 0) {
  log_facts facts;
  auto rows = open_rows(path);
  if (!rows) return facts;
  std::int64_t at = 0;
  for (std::string_view row; rows->next(row); at += static_cast<std::int64_t>(row.size()) + 1)
    if (at >= from) add_log_line(facts, row);
  return facts;
}

/// Adds what a log says to what the engine itself said, which counts more.
inline void add_log_facts(engine_facts& into, const log_facts& log) {
  into.kernels = log.kernels;
  into.kv_cache_tokens = log.kv_cache_tokens;
  if (!std::isnan(into.weights_bytes)) {
    into.weights_from = "tensors";
  } else if (log.weights_told > 0) {
    into.weights_bytes = log.weights_bytes;
    into.weights_from = "log, " + std::to_string(log.weights_told) + (log.weights_told == 1 ? " line" : " lines");
  } else {
    into.weights_from = "the engine did not tell";
  }
}

/// The samples of a run, in order. What can't be read is missing.
[[nodiscard]] inline sample_log read_samples(const std::string& path) {
  sample_log log;
  auto rows = open_rows(path);
  if (!rows) return log;
  record_reader reader;
  (void)read_records(*rows, path, reader, [&](record_type type) {
    if (type == record_type::sample) log.add(reader.sample());
  });
  log.sort();
  return log;
}

/// The version of the installed vLLM, from its package's metadata: importing it takes 20 s. Empty where there is none.
[[nodiscard]] inline std::string installed_vllm() {
  const auto said = capture_output({detail::python(), "-c", "import importlib.metadata as m; print(m.version('vllm'))"},
                                   20'000'000'000);
  return said ? std::string(trimmed(*said)) : std::string();
}

/// Whether a vLLM of this version takes --profiler-config; before 0.13 it read VLLM_TORCH_PROFILER_DIR. An unknown
/// version is taken for a current one.
[[nodiscard]] inline bool has_profiler_flag(std::string_view version) {
  if (version.empty() || version.find('.') == version.npos) return true;
  const auto first = parse_number<int>(version.substr(0, version.find('.')));
  const auto rest = version.substr(version.find('.') + 1);
  const auto second = parse_number<int>(rest.substr(0, rest.find_first_not_of("0123456789")));
  return !first || !second || *first > 0 || *second >= 13;
}

/// Why an engine or a command failed, in one sentence: what its log ends with, and what to do where that is known.
[[nodiscard]] inline std::string failure_words(const std::string& trouble, const std::string& log, std::int64_t from) {
  const auto tail = log_tail(log, from, 20);
  std::string words = trouble;
  const auto end = log_tail(log, from, 1);
  if (const auto last = trimmed(end); !last.empty())
    words += "; its log ends with: " + std::string(last.substr(0, 300));
  const auto advice = log_advice(tail);
  if (!advice.empty()) words += " (perhaps: " + std::string(advice) + ")";
  return words;
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_CELL_EVIDENCE_HPP
