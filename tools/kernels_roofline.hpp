// tools/kernels_roofline.hpp - a machine's limits and what they say of a model, as tables and records; limits read back
// from records. Needs weir/kernels, weir/record and weir/report.
#ifndef WEIR_TOOLS_KERNELS_ROOFLINE_HPP
#define WEIR_TOOLS_KERNELS_ROOFLINE_HPP

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernels_request.hpp"
#include "kernels_tables.hpp"
#include "weir/base/result.hpp"
#include "weir/data/rows.hpp"
#include "weir/kernels/lab/limits.hpp"
#include "weir/kernels/lab/machines.hpp"
#include "weir/kernels/lab/roofline.hpp"
#include "weir/record/read.hpp"
#include "weir/report/metric_table.hpp"

namespace weir::tool {

/// All figures of a machine, as metric records: those that are not known are null.
inline std::vector<metric_record> records_of(kernels::lab::limits m) {
  std::vector<metric_record> all;
  for (const auto& f : figures_of(m)) {
    metric_record& r = all.emplace_back();
    r.name = f.name, r.unit = f.unit, r.labels = {{"machine", m.name}};
    if (f.at->value > 0)
      r.value = f.at->value, r.labels.emplace_back("origin", f.at->origin);
    else
      r.reason = "not measured on this backend";
  }
  return all;
}

/// Sizes that take seconds: a processor gets small ones.
inline kernels::lab::limit_sizes sizes_to_measure(bool processor) {
  if (!processor) return {};
  return {.lines = {{640, 1280}, {1280, 1280}, {2560, 1280}, {2560, 2560}},
          .most_tokens = 16,
          .large = 256,
          .largest = 512};
}

/// A machine's figures, known ones alone: each with where it is from.
inline product limits_table(const kernels::lab::limits& m) {
  product p;
  p.shown = {{m.name, {{"figure", "", side::left}, {"value"}, {"unit", "", side::left}, {"origin", "", side::left}}}};
  for (const metric_record& r : records_of(m)) {
    append_record(p.json, r);
    if (!std::isnan(r.value))
      p.shown[0].rows.push_back(
          {cell::text(r.name), detail::metric_cell(r), cell::text(r.unit), cell::text(r.labels.back().second)});
  }
  return p;
}

/// A known machine by its name, or what `weir-kernels limits --json` wrote into a file.
inline result<kernels::lab::limits> find_machine(std::string_view name) {
  for (const auto& m : kernels::lab::known_machines())
    if (m.name == name) return m;
  const std::string path(name);
  auto rows = open_rows(path);
  if (!rows)
    return usage("--machine is h100, h200, or a file that weir-kernels limits --json wrote; " + rows.error().detail);
  kernels::lab::limits m;
  const auto figures = figures_of(m);
  int found = 0;
  record_reader reader;
  const auto read = read_records(*rows, path, reader, [&](record_type type) {
    const auto known = std::ranges::find(figures, reader.metric().name, &kernels::lab::named_figure::name);
    if (type != record_type::metric || known == figures.end() || std::isnan(reader.metric().value)) return;
    ++found, known->at->value = reader.metric().value, known->at->origin = path;
    for (const auto& [key, text] : reader.metric().labels) {
      if (key == "machine") m.name = text;
      if (key == "origin") known->at->origin = text + " (" + path + ")";
    }
  });
  if (!read) return read.error();
  if (found == 0)
    return failure{errc::parse, path + " has no figure of a machine; weir-kernels limits --json writes them"};
  return m;
}

/// "qwen3-8b on h100, a token each after 1024 in the cache".
inline std::string title_of(const kernels::lab::model_sizes& model, const kernels::lab::limits& at, const request& r) {
  const std::string how = r.prompt > 0 ? "prompts of " + std::to_string(r.prompt) + " tokens" : "one token each";
  return model.name + " on " + at.name + ", " + how + " after " + std::to_string(r.context) + " in the cache, " +
         (r.how.merged ? "merged" : "separate") + " matrices";
}

/// One row a kernel: what each takes, and at least.
inline table parts_table(const std::vector<kernels::lab::kernel>& all, const kernels::lab::limits& at,
                         std::string title) {
  table t{std::move(title),
          {{"kernel", "", side::left},
           {"launches"},
           {"moves", "MB"},
           {"computes", "Gop"},
           {"each at least", "us"},
           {"each", "us"},
           {"together", "us"}}};
  for (const auto& k : all) {
    const double us = predicted_us(k, at), least = bound_us(k, at);
    t.rows.push_back({cell::text(k.name), cell::number(k.count, 0), cell::number(k.bytes * 1e-6, 3),
                      k.operations > 0 ? cell::number(k.operations * 1e-9, 3) : cell::missing("not counted"),
                      least > 0 ? cell::number(least, 2) : cell::missing("a cache may hold all that it moves"),
                      cell::number(us, 2), cell::number(k.count * us, 1)});
  }
  return t;
}

/// Bound and prediction of each number of sequences and format. \param parts  with a table of the kernels of each.
inline result<product> predictions_table(const kernels::lab::model_sizes& model, const kernels::lab::limits& at,
                                         const request& r, bool parts) {
  product p;
  p.shown = {{title_of(model, at, r),
              {{"format", "", side::left},
               {"sequences"},
               {"at least", "us"},
               {"speed-up at most"},
               {"predicted", "us"},
               {"speed-up"},
               {"products", "us"},
               {"attention", "us"},
               {"others", "us"},
               {"kernels"}},
              {},
              2}};
  for (const kernels::format f : r.formats)
    if (const auto unknown = unknown_figures(at, f); !unknown.empty())
      return failure{errc::invalid_argument, "nothing can be predicted for " + std::string(kernels::name(f)) + ": " +
                                                 at.name + " has no " + unknown.front()};
  for (const std::int64_t m : r.tokens) {
    const kernels::lab::step now{m, r.prompt > 0 ? r.prompt : 1, r.context};
    const auto base = predict(kernels_of(model, r.how, now, kernels::format::bf16, 0), at);
    for (const kernels::format f : r.formats) {
      const auto all = kernels_of(model, r.how, now, f, r.group);
      const auto each = predict(all, at);
      p.shown[0].rows.push_back({cell::text(kernels::name(f)), cell::count(m), cell::number(each.bound_us, 1),
                                 cell::number(base.bound_us / each.bound_us, 2), cell::number(each.total_us(), 1),
                                 cell::number(base.total_us() / each.total_us(), 2), cell::number(each.products_us, 1),
                                 cell::number(each.attention_us, 1), cell::number(each.small_us, 1),
                                 cell::number(each.kernels, 0)});
      const std::vector<std::pair<std::string, std::string>> labels{{"model", model.name},
                                                                    {"machine", at.name},
                                                                    {"format", kernels::name(f)},
                                                                    {"sequences", std::to_string(m)},
                                                                    {"tokens", std::to_string(now.tokens)},
                                                                    {"context", std::to_string(now.context)}};
      append_metric(p.json, "roofline_bound_us", each.bound_us, "us", labels);
      append_metric(p.json, "roofline_bound_speedup", base.bound_us / each.bound_us, "", labels);
      append_metric(p.json, "roofline_predicted_us", each.total_us(), "us", labels);
      append_metric(p.json, "roofline_predicted_speedup", base.total_us() / each.total_us(), "", labels);
      append_metric(p.json, "roofline_kernels", each.kernels, "", labels);
      if (parts)
        p.shown.push_back(parts_table(
            all, at, std::string(kernels::name(f)) + ", " + std::to_string(m) + (m == 1 ? " sequence" : " sequences")));
    }
  }
  p.shown.push_back(limits_table(at).shown[0]);
  return p;
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_KERNELS_ROOFLINE_HPP
