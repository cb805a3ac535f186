// tools/dataset_flags.hpp - the options that say which questions: weir-prompts and weir-eval have them.
#ifndef WEIR_TOOLS_DATASET_FLAGS_HPP
#define WEIR_TOOLS_DATASET_FLAGS_HPP

#include <string>
#include <string_view>
#include <vector>

#include "cli.hpp"
#include "weir/data/dataset_file.hpp"

namespace weir::tool {

inline std::vector<option> dataset_flags() {
  return {
      {"dataset,dataset-name", "NAME", "What the input is.", "gsm8k|ceval|mmlu|sharegpt|custom"},
      {"path,dataset-path", "PATH",
       "The same as the operand: a file, for ceval and mmlu a directory too; - or neither is standard input."},
      {"prompt", "NAME",
       "How to ask, by the harness's name (docs/prompts.md). gsm8k: 0-shot-cot-chat (default), 0-shot-noncot-chat, "
       "4-shot-cot-chat, 0-shot-cot-str, 4-shot-cot-str, lm-eval-0-shot, lm-eval-5-shot, lm-eval-cot-0-shot, plain. "
       "ceval: 5-shot-str (default), 0-shot-str, 0-shot-cot-chat, 0-shot-noncot-chat. mmlu: 0-shot-cot-chat (default "
       "for "
       "a file), 5-shot-str (default for a tree), 5-shot-chat."},
      {"shots", "K", "gsm8k: how many worked examples come first (default 0).", "0|4"},
      {"train", "FILE", "gsm8k, lm-eval-5-shot: the training set, from which the examples are drawn."},
      {"split", "NAME", "ceval: which questions (default val; test has no answers).", "val|test"},
      {"subjects", "A,B", "ceval: these subjects only (default: all 52)."},
      {"turns", "N",
       "sharegpt: conversations of up to N turns of the user, one prompt each (default 1: the first turn alone, as "
       "text; "
       "0: all). weir-bench sends a turn when the one before was answered."},
      {"history", "WHOSE",
       "sharegpt with --turns: the answers between the turns are the server's own (default), or those of the file.",
       "server|recorded"},
      {"fields", "MAP",
       "custom: question=NAME,expected=NAME,id=NAME,subject=NAME: what a CSV or JSON Lines calls them."},
      {"template", "TEXT",
       "custom, with --fields: the prompt, with each {NAME} replaced by that field; \\n is a new line."},
      {"form", "FORM", "chat makes a string prompt one user message; text refuses what is not a string.", "chat|text"},
      {"max-tokens", "N", "The limit for a prompt that has none of its own."},
      {"num-prompts,count", "N",
       "How many: the first N, or with --seed N of them by lot, in the file's order. Default: all; random: 1000."},
      {"seed", "S", "random: the number that decides all (default 0). Else: that decides the lot."},
  };
}

/// Refuses an option that the data set has no use for: who gives it expects something.
inline void refuse_strangers(const arguments& args, std::string_view dataset) {
  const auto refuse = [&](bool fits, std::initializer_list<std::string_view> names) {
    for (const auto name : names)
      if (!fits && args.has(name))
        throw std::runtime_error("--" + std::string(name) + " has no meaning for --dataset " + std::string(dataset));
  };
  refuse(dataset == "gsm8k" || dataset == "ceval" || dataset == "mmlu", {"prompt"});
  refuse(dataset == "gsm8k", {"shots", "train"});
  refuse(dataset == "ceval", {"split", "subjects"});
  refuse(dataset == "sharegpt", {"turns", "history"});
  refuse(dataset == "custom", {"fields", "template"});
  refuse(dataset != "random", {"path", "form", "max-tokens"});
}

/// The way that --prompt names, or for GSM8K that --shots and --form amount to.
inline result<std::string> prompt_name(const arguments& args, std::string_view dataset) {
  if (dataset != "gsm8k" || args.has("prompt")) {
    if (!args.has("shots")) return std::string(args.get("prompt"));
    return failure{errc::invalid_argument, "--prompt names the number of examples already: leave --shots out"};
  }
  return std::string(args.get("shots", "0")) + "-shot-cot-" + (args.get("form") == "text" ? "str" : "chat");
}

inline result<void> read_fields(const arguments& args, dataset_request& want) {
  if (args.has("template") && !args.has("fields")) want.fields.emplace();
  if (args.has("fields")) {
    auto map = parse_field_map(args.get("fields"));
    if (!map) return map.error();
    want.fields = *std::move(map);
  }
  if (args.has("template")) want.fields->text = replaced(std::string(args.get("template")), "\\n", "\n");
  return {};
}

/// What the options ask for. \param operand  the data set's place where it is no option; may be empty.
inline result<dataset_request> dataset_request_of(const arguments& args, const std::string& operand = {}) {
  if (!args.has("dataset"))
    return failure{errc::invalid_argument, "--dataset is missing: gsm8k, ceval, mmlu, sharegpt or custom"};
  if (!operand.empty() && args.has("path"))
    return failure{errc::invalid_argument, "takes one FILE; join several with cat"};
  for (const auto* name : {"num-prompts", "max-tokens"})
    if (args.number(name, std::int64_t{1}).value() < 1)
      return failure{errc::invalid_argument, "--" + std::string(name) + " must be at least 1"};
  dataset_request want;
  want.name = args.get("dataset");
  refuse_strangers(args, want.name);
  want.path = operand.empty() ? std::string(args.get("path", "-")) : operand;
  auto prompt = prompt_name(args, want.name);
  if (!prompt) return prompt.error();
  want.prompt = *std::move(prompt);
  want.train = args.get("train");
  want.split = args.get("split", want.split);
  for (std::string_view rest = args.get("subjects"); !rest.empty();) {
    const auto end = std::min(rest.find(','), rest.size());
    want.subjects.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (auto ok = read_fields(args, want); !ok) return ok.error();
  if (args.has("form")) want.form = args.get("form") == "chat" ? prompt_form::messages : prompt_form::text;
  want.max_tokens = args.number("max-tokens", unmeasured).value();
  want.conversations.turns = args.number("turns", want.conversations.turns).value();
  want.conversations.recorded = args.get("history") == "recorded";
  if (want.conversations.turns < 0) return failure{errc::invalid_argument, "--turns must be 0 (all) or more"};
  want.choice.count = args.number("num-prompts", want.choice.count).value();
  if (args.has("seed")) want.choice.seed = args.number("seed", std::uint64_t{0}).value();
  if (want.path == "-" && (want.name == "ceval" || want.name == "sharegpt"))
    return failure{errc::invalid_argument, want.name + " is no stream: name its place with --path"};
  return want;
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_DATASET_FLAGS_HPP
