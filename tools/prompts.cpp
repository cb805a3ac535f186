// weir-prompts: prompt records from a data set, from one's own questions, or made up.
#include "cli.hpp"
#include "record_output.hpp"
#include "weir/data/dataset.hpp"
#include "weir/data/dataset_gsm8k.hpp"
#include "weir/data/prompts_random.hpp"

namespace {

using weir::errc, weir::failure, weir::result, weir::tool::arguments;

const weir::tool::description about{
    .name = "weir-prompts",
    .summary = "makes prompt records from a data set, from your own questions, or at random",
    .usage =
        "weir-prompts --dataset gsm8k|custom [OPTION]... [FILE]\n"
        "weir-prompts --dataset random --num-prompts N --random-input-len L --random-output-len M [OPTION]...",
    .text =
        "Writes one record a line, {\"type\":\"prompt\",\"id\":...}: the question as text, as chat messages or as "
        "token "
        "ids, and what is known of it, such as the expected answer.\n\n"
        "gsm8k reads {\"question\":..., \"answer\":\"... #### 18\"} and asks as AISBench or lm-eval do, byte for byte. "
        "custom reads objects with one of the fields prompt, question, messages, prompt_token_ids, and passes expected "
        "(or answer), subject, id, session, turn, model and max_tokens through. random draws token ids, exactly as "
        "many as asked for.\n\n"
        "A row without an id gets its place in the file, from 0. Make prompts first and split them then: ids stay "
        "global.",
    .options =
        {{"dataset,dataset-name", "NAME", "What the input is.", "gsm8k|custom|random"},
         {"path,dataset-path", "FILE", "The same as the operand FILE; - or neither is standard input."},
         {"prompt", "NAME",
          "gsm8k: how to ask. Without it --shots and --form decide: 0-shot-cot-chat unless they say otherwise.",
          "0-shot-cot-chat|0-shot-noncot-chat|4-shot-cot-chat|0-shot-cot-str|4-shot-cot-str|lm-eval-0-shot|"
          "lm-eval-cot-0-shot|plain"},
         {"shots", "K", "gsm8k: how many worked examples come first (default 0).", "0|4"},
         {"form", "FORM",
          "gsm8k, custom: chat makes a string prompt one user message; text refuses what is not a string.",
          "chat|text"},
         {"max-tokens", "N", "gsm8k, custom: the limit for a prompt that has none of its own."},
         {"num-prompts,count", "N",
          "How many: the first N, or with --seed N of them by lot, in the file's order. Default: all; random: 1000."},
         {"seed", "S", "random: the number that decides all (default 0). Else: that decides the lot."},
         {"random-input-len", "L", "random: tokens of a prompt, after the prefix (default 1024)."},
         {"random-output-len", "M", "random: max_tokens of a prompt (default 128)."},
         {"prefix-len,random-prefix-len", "P", "random: tokens that all prompts begin with (default 0)."},
         {"range-ratio,random-range-ratio", "R",
          "random: lengths are drawn from L (1 - R) to L (1 + R), M likewise; 0 <= R < 1 (default 0)."},
         {"vocab-size", "V",
          "random: ids are below V (default 30000), and from 256 on where V is above 512, because control tokens stand "
          "first in most vocabularies."}},
    .examples =
        "weir-prompts --dataset gsm8k --count 40 --max-tokens 256 test.jsonl > prompts.jsonl\n"
        "weir-prompts --dataset random --num-prompts 100 --random-input-len 512 --random-output-len 64\n"
        "weir-prompts --dataset custom questions.jsonl | weir-split -n 4 -i 0",
    .operands = "[FILE]",
};

/// Refuses an option that the data set has no use for: who gives it expects something.
void refuse_strangers(const arguments& args, std::string_view dataset) {
  const auto refuse = [&](bool fits, std::initializer_list<std::string_view> names) {
    for (const auto name : names)
      if (!fits && args.has(name))
        throw std::runtime_error("--" + std::string(name) + " has no meaning for --dataset " + std::string(dataset));
  };
  refuse(dataset == "gsm8k", {"prompt", "shots"});
  refuse(dataset != "random", {"path", "form", "max-tokens"});
  refuse(dataset == "random", {"random-input-len", "random-output-len", "prefix-len", "range-ratio", "vocab-size"});
}

result<int> print_random(const arguments& args) {
  const weir::random_prompts defaults;
  const weir::random_prompts make{
      .input_len = args.number("random-input-len", defaults.input_len).value(),
      .output_len = args.number("random-output-len", defaults.output_len).value(),
      .prefix_len = args.number("prefix-len", defaults.prefix_len).value(),
      .range_ratio = args.number("range-ratio", defaults.range_ratio).value(),
      .vocab_size = args.number("vocab-size", defaults.vocab_size).value(),
      .seed = args.number("seed", defaults.seed).value(),
  };
  if (auto ok = make.check(); !ok) return ok.error();
  weir::tool::record_output out;
  for (std::uint64_t i = 0, count = args.number("num-prompts", std::uint64_t{1000}).value(); i < count; ++i)
    out.add(make.at(i));
  out.flush();
  return 0;
}

/// The way that --prompt names, or that --shots and --form amount to.
result<weir::gsm8k_prompt> gsm8k_way(const arguments& args) {
  if (args.has("prompt") && args.has("shots"))
    return failure{errc::invalid_argument, "--prompt names the number of examples already: leave --shots out"};
  const std::string derived =
      std::string(args.get("shots", "0")) + "-shot-cot-" + (args.get("form") == "text" ? "str" : "chat");
  return weir::find_gsm8k_prompt(args.get("prompt", derived));
}

/// Reads `rows` with `read` and prints what --num-prompts, --seed, --form and --max-tokens make of it.
template <class Read>
result<void> print_rows(const arguments& args, weir::row_reader& rows, Read read) {
  const auto max_tokens = args.number("max-tokens", weir::unmeasured).value();
  weir::prompt_choice choice;
  choice.count = args.number("num-prompts", choice.count).value();
  if (args.has("seed")) choice.seed = args.number("seed", std::uint64_t{0}).value();
  const auto form = args.get("form") == "chat" ? weir::prompt_form::messages : weir::prompt_form::text;
  const auto shaped = [&](std::string_view line) -> result<weir::prompt> {
    auto p = read(line);
    if (!p) return p;
    if (p->max_tokens == weir::unmeasured) p->max_tokens = max_tokens;
    if (!args.has("form")) return p;
    auto ok = weir::to_form(*p, form);
    return ok ? p : ok.error();
  };
  weir::tool::record_output out;
  auto done = weir::chosen_prompts(rows, shaped, choice, [&](const weir::prompt& p) { out.add(p); });
  out.flush();
  return done;
}

result<int> print_file(const arguments& args, std::string_view dataset) {
  if (args.operands().size() + (args.has("path") ? 1 : 0) > 1)
    return failure{errc::invalid_argument, "takes one FILE; join several with cat"};
  const std::string path(args.operands().empty() ? args.get("path", "-") : std::string_view(args.operands()[0]));
  const auto way = gsm8k_way(args);
  if (!way) return way.error();
  auto rows = path == "-" ? result<weir::row_reader>(weir::row_reader(weir::fd_source(0))) : weir::open_rows(path);
  if (!rows) return rows.error();
  const auto done = dataset == "gsm8k" ? print_rows(args, *rows, weir::gsm8k_reader(*way))
                                       : print_rows(args, *rows, weir::prompt_reader());
  if (done) return 0;
  if (done.error().code == errc::io) return done.error();  // names the file already
  return failure{done.error().code, (path == "-" ? "standard input" : path) + ": " + done.error().detail};
}

result<int> body(const arguments& args) {
  if (!args.has("dataset")) return failure{errc::invalid_argument, "--dataset is missing: gsm8k, custom or random"};
  const auto dataset = args.get("dataset");
  refuse_strangers(args, dataset);
  for (const auto* name : {"num-prompts", "max-tokens"})
    if (args.number(name, std::int64_t{1}).value() < 1)
      return failure{errc::invalid_argument, "--" + std::string(name) + " must be at least 1"};
  if (dataset != "random") return print_file(args, dataset);
  if (!args.operands().empty()) return failure{errc::invalid_argument, "--dataset random reads no file"};
  return print_random(args);
}

}  // namespace

int main(int argc, char** argv) {
  return weir::tool::run(about, argc, argv, body);
}
