// weir-split - deals rows to workers, and puts shards or results back in the input's order.
#include <unistd.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "cli.hpp"
#include "weir/base/result.hpp"
#include "weir/data/merge_shards.hpp"
#include "weir/data/output.hpp"
#include "weir/data/print_shard.hpp"
#include "weir/data/row_format.hpp"
#include "weir/data/shards.hpp"
#include "weir/data/split_input.hpp"
#include "weir/data/split_job.hpp"
#include "weir/data/write_shards.hpp"

namespace {

using weir::failure, weir::result;
using weir::tool::arguments;

const weir::tool::description split{
    .name = "weir-split",
    .summary = "deals the rows of CSV, JSON Lines or a tree of them to workers, and merges them again",
    .usage =
        "weir-split -n N [--by RULE] -i I [FILE]\n"
        "weir-split -n N [--by RULE] --out DIR [PATH] [--force]\n"
        "weir-split --merge DIR [--results NAMES] [--out FILE]",
    .text =
        "Writes shard I of N to standard output, or all shards into a directory: DIR/shard-0 to shard-(N-1), with "
        "PATH's extension, and DIR/shards.json, which says where each row went. A directory PATH gives shards that "
        "are directories. --merge gives the input again, byte for byte.\n\n"
        "A row is a line, or a CSV record with its quoted newlines. Bytes pass as they are: NUL, invalid UTF-8, "
        "CRLF, a last line without newline. Each shard gets the head of the file: a byte order mark, the CSV header, "
        "the run record that the first line of a JSON Lines file may be. A CSV record with a missing or an extra "
        "field is an error that names its line.\n\n"
        "By stride (the default), row r goes to shard r mod N; sizes differ by at most one row. By block, each shard "
        "gets a run of neighbours; the rows are counted first, for which standard input is copied to a temporary "
        "file in TMPDIR unless it is a file. By hash, the row or one field of it decides: a row keeps its shard when "
        "others come or go, and rows with the same field stay together. By weight, each row goes to the shard whose "
        "rows weigh the least so far; the shards' weights differ by at most the heaviest row.\n\n"
        "In a tree, .csv, .jsonl and .ndjson files are dealt in byte order of their paths, other files are copied to "
        "each shard; the dealing runs on from file to file, so that shards differ by one row in all.",
    .options = {{"shards,n", "N", "Number of shards, at least 1."},
                {"index,i", "I", "Write this shard to standard output; 0 <= I < N."},
                {"by", "RULE", "How rows are dealt. Default: stride.", "stride|block|hash|hash=FIELD|weight=FIELD"},
                {"out,o", "DIR", "Write all shards into this directory; with --merge, write to this file or tree."},
                {"format", "F", "What a row is. Default: by extension, else a line; standard input is jsonl.",
                 "csv|jsonl|lines"},
                {"no-header", "", "The first record of a CSV (a run record) is a row like the others."},
                {"per-file", "", "In a tree: deal each file anew, from shard 0."},
                {"copy",
                 "GLOB",
                 "In a tree: copy matching files, or files in matching directories, whole to each shard.",
                 {},
                 true},
                {"merge", "DIR", "Put the shards in DIR back together."},
                {"results", "NAMES",
                 "With --merge: merge these files instead, with {index} for the shard's number. Each must "
                 "have as many rows as its shard."},
                {"force", "", "Replace outputs that exist."}},
    .examples =
        "weir-split -n 4 -i 1 questions.jsonl > questions.1.jsonl\n"
        "weir-split -n 4 --out shards ceval/ --copy dev\n"
        "weir-split -n 4 --out shards --by weight=tokens prompts.jsonl\n"
        "weir-split --merge shards --results 'answers/{index}.jsonl' --out answers.jsonl",
    .operands = "[PATH]"};

failure usage(std::string what) {
  return {weir::errc::invalid_argument, std::move(what) + "\ntry 'weir-split --help'"};
}

result<std::optional<weir::row_format>> given_format(const arguments& args) {
  if (!args.has("format")) return std::optional<weir::row_format>{};
  const auto format = weir::parse_row_format(args.get("format"));
  if (!format) return format.error();
  return std::optional(*format);
}

result<weir::split_rule> given_rule(const arguments& args) {
  auto rule = weir::parse_split_rule(args.get("by", "stride"));
  if (!rule) return rule.error();
  const auto shards = args.number<std::uint64_t>("shards", 0);
  if (!shards) return shards.error();
  if (*shards > 1'000'000) return usage("-n is at most 1000000");
  if (*shards == 0) return usage(args.has("shards") ? "-n must be at least 1" : "how many shards? -n N");
  rule->shards = *shards;
  rule->per_file = args.has("per-file");
  return rule;
}

result<void> merge(const arguments& args, std::optional<weir::row_format> format) {
  for (const char* other : {"shards", "index", "by", "copy", "per-file"})
    if (args.has(other)) return usage("--" + std::string(other) + " does not go with --merge");
  if (!args.operands().empty()) return usage("--merge takes no PATH; --results names other files to merge");
  return weir::merge_shards({.directory = std::string(args.get("merge")),
                             .results = std::string(args.get("results")),
                             .format = format,
                             .out = std::string(args.get("out")),
                             .force = args.has("force")});
}

result<void> print(const arguments& args, const std::string& path, std::optional<weir::row_format> given,
                   const weir::split_rule& rule) {
  const auto index = args.number<std::uint64_t>("index", 0);
  if (!index) return index.error();
  if (*index >= rule.shards) return usage("-i must be below -n; shards count from 0");
  const auto format = weir::single_format(path, given);
  if (!format) return format.error();
  auto input = weir::split_input::open(path);
  if (!input && input.error().code == weir::errc::invalid_argument)
    return usage(input.error().detail + "; --out DIR splits a directory into trees");
  if (!input) return input.error();
  weir::byte_sink out(STDOUT_FILENO, "standard output");
  return weir::print_shard(*input, {.format = *format, .header = !args.has("no-header"), .rule = rule, .index = *index},
                           out);
}

result<int> run(const arguments& args) {
  const auto done = [](const result<void>& ended) { return ended ? result<int>(0) : ended.error(); };
  const auto format = given_format(args);
  if (!format) return format.error();
  if (args.has("merge")) return done(merge(args, *format));
  if (args.has("results")) return usage("--results goes with --merge");
  const auto rule = given_rule(args);
  if (!rule) return rule.error();
  if (args.operands().size() > 1) return usage("one PATH at a time; several files can be given as a directory");
  const std::string path = args.operands().empty() || args.operands()[0] == "-" ? "" : args.operands()[0];
  if (args.has("out") == args.has("index")) return usage("say either -i I for one shard, or --out DIR for all");
  if (args.has("index")) return done(print(args, path, *format, *rule));
  const auto plan = weir::write_shards({.input = path,
                                        .directory = std::string(args.get("out")),
                                        .rule = *rule,
                                        .format = *format,
                                        .header = !args.has("no-header"),
                                        .force = args.has("force"),
                                        .copy = args.all("copy")});
  return plan ? result<int>(0) : plan.error();
}

}  // namespace

int main(int argc, char** argv) {
  return weir::tool::run(split, argc, argv, run);
}
