// weir-prompts: prompt records from a data set, from one's own questions, or made up.
#include "cli.hpp"
#include "dataset_flags.hpp"
#include "record_output.hpp"
#include "weir/data/arrivals.hpp"
#include "weir/data/prompts_random.hpp"

namespace {

using weir::errc, weir::failure, weir::result, weir::tool::arguments;

std::vector<weir::tool::option> all_flags() {
  auto flags = weir::tool::dataset_flags();
  flags[0].choices = "gsm8k|ceval|mmlu|sharegpt|custom|random";
  const std::vector<weir::tool::option> random{
      {"random-input-len", "L", "random: tokens of a prompt, after the prefix (default 1024)."},
      {"random-output-len", "M", "random: max_tokens of a prompt (default 128)."},
      {"prefix-len,random-prefix-len", "P", "random: tokens that all prompts begin with (default 0)."},
      {"range-ratio,random-range-ratio", "R",
       "random: lengths are drawn from L (1 - R) to L (1 + R), M likewise; 0 <= R < 1 (default 0)."},
      {"vocab-size", "V",
       "random: ids are below V (default 30000), and from 256 on where V is above 512, because control tokens stand "
       "first in most vocabularies."},
      {"arrivals", "FILE",
       "Prompts of a trace, with their times: Mooncake JSON Lines (equal blocks are equal tokens) or Azure CSV."},
      {"speed", "X", "arrivals: the trace X times as fast (default 1)."}};
  flags.insert(flags.end(), random.begin(), random.end());
  return flags;
}

const weir::tool::description about{
    .name = "weir-prompts",
    .summary = "makes prompt records from a data set, from your own questions, or at random",
    .usage =
        "weir-prompts --dataset gsm8k|ceval|mmlu|sharegpt|custom [OPTION]... [PATH]\n"
        "weir-prompts --dataset random --num-prompts N --random-input-len L --random-output-len M [OPTION]...\n"
        "weir-prompts --arrivals FILE [--speed X] [OPTION]...",
    .text =
        "Writes one record a line, {\"type\":\"prompt\",\"id\":...}: the question as text, as chat messages or as "
        "token ids, and what is known of it, such as the expected answer.\n\n"
        "gsm8k, ceval and mmlu ask as AISBench or lm-eval do, byte for byte. sharegpt takes the first turn of each "
        "conversation, or with --turns more of them. custom reads objects with one of the fields prompt, question, "
        "messages, prompt_token_ids, and "
        "passes expected (or answer), subject, id, session, turn, model and max_tokens through; with --fields it reads "
        "any CSV or JSON Lines. random draws token ids, exactly as many as asked for.\n\n"
        "Ids are global: ceval's are like ceval-law-7, a row without an id gets its place in the file, from 0. Make "
        "prompts first and split them then.",
    .options = all_flags(),
    .examples =
        "weir-prompts --dataset gsm8k --count 40 --max-tokens 256 test.jsonl > prompts.jsonl\n"
        "weir-prompts --dataset ceval --prompt 5-shot-str --path ceval/formal_ceval\n"
        "weir-prompts --dataset custom --fields question=q,expected=gold --template 'Q: {q}\\nA:' table.csv\n"
        "weir-prompts --dataset random --num-prompts 100 --random-input-len 512 --random-output-len 64\n"
        "weir-prompts --arrivals mooncake.jsonl --speed 2 --num-prompts 500 | weir-bench --base-url URL --prompts -\n"
        "weir-prompts --dataset custom questions.jsonl | weir-split -n 4 -i 0",
    .operands = "[PATH]",
};

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

result<int> print_arrivals(const arguments& args) {
  const double speed = args.number("speed", 1.0).value();
  if (!(speed > 0 && speed < 1e9)) return failure{errc::invalid_argument, "--speed must be above 0"};
  const auto all =
      weir::read_arrivals(std::string(args.get("arrivals")), speed, args.number("num-prompts", std::size_t{0}).value());
  if (!all) return all.error();
  const weir::random_prompts defaults;
  const weir::trace_prompts make(args.number("vocab-size", defaults.vocab_size).value(),
                                 args.number("seed", defaults.seed).value());
  if ((*all)[0].input_len == weir::unmeasured)
    return failure{errc::invalid_argument, "the file tells times but no lengths: give it to weir-bench --schedule"};
  weir::tool::record_output out;
  for (std::size_t i = 0; i < all->size(); ++i) out.add(make.at(i, (*all)[i]));
  out.flush();
  return 0;
}

result<int> print_dataset(const arguments& args) {
  if (args.operands().size() > 1) return failure{errc::invalid_argument, "takes one FILE; join several with cat"};
  const auto want = weir::tool::dataset_request_of(args, args.operands().empty() ? "" : args.operands()[0]);
  if (!want) return want.error();
  weir::tool::record_output out;
  const auto done = weir::read_dataset(*want, [&](const weir::prompt& p) { out.add(p); }, weir::tool::say);
  out.flush();
  if (!done) return done.error();
  return 0;
}

result<int> body(const arguments& args) {
  if (args.has("arrivals") && args.has("dataset"))
    return failure{errc::invalid_argument, "--arrivals makes its own prompts: leave --dataset out"};
  if (args.has("arrivals")) return print_arrivals(args);
  if (!args.has("dataset"))
    return failure{errc::invalid_argument, "--dataset is missing: gsm8k, ceval, mmlu, sharegpt, custom or random"};
  const auto dataset = args.get("dataset");
  if (dataset != "random")
    for (const auto* name : {"random-input-len", "random-output-len", "prefix-len", "range-ratio", "vocab-size"})
      if (args.has(name))
        return failure{errc::invalid_argument,
                       "--" + std::string(name) + " has no meaning for --dataset " + std::string(dataset)};
  if (dataset != "random") return print_dataset(args);
  weir::tool::refuse_strangers(args, dataset);
  if (args.number("num-prompts", std::int64_t{1}).value() < 1)
    return failure{errc::invalid_argument, "--num-prompts must be at least 1"};
  if (!args.operands().empty()) return failure{errc::invalid_argument, "--dataset random reads no file"};
  return print_random(args);
}

}  // namespace

int main(int argc, char** argv) {
  return weir::tool::run(about, argc, argv, body);
}
