#include "weir/data/dataset.hpp"

#include <simdjson.h>

#include <map>
#include <set>
#include <string>

#include "catch.hpp"
#include "weir/data/dataset_gsm8k.hpp"
#include "weir/data/prompts_random.hpp"

namespace {

using memory_rows = weir::basic_row_reader<weir::line_scanner, weir::memory_source>;

std::vector<weir::prompt> read_all(std::string_view bytes, weir::prompt_choice choice = {}) {
  memory_rows rows{weir::memory_source(bytes)};
  std::vector<weir::prompt> out;
  weir::chosen_prompts(rows, weir::prompt_reader(), choice, [&](const weir::prompt& p) { out.push_back(p); }).value();
  return out;
}

std::string why(std::string_view bytes) {
  memory_rows rows{weir::memory_source(bytes)};
  const auto done = weir::chosen_prompts(rows, weir::prompt_reader(), {}, [](const weir::prompt&) {});
  return done ? "read" : done.error().detail;
}

/// AISBench's own template, as its configuration file spells it, with the question put in as AISBench does.
std::vector<std::pair<std::string, std::string>> aisbench_messages(std::string_view name, std::string_view question) {
  simdjson::dom::parser parser;
  const simdjson::dom::element all =
      parser.load(WEIR_SOURCE_DIR "/tests/fixtures/golden/aisbench_gsm8k_templates.json").value();
  const auto filled = [&](std::string_view text) {
    std::string out(text);
    if (const auto at = out.find("{question}"); at != out.npos) out.replace(at, 10, question);
    return out;
  };
  const simdjson::dom::element one = all[name].value();
  if (one.is_string()) return {{"text", filled(one.get_string().value())}};
  std::vector<std::pair<std::string, std::string>> messages;
  const simdjson::dom::array rounds = one["round"].get_array().value();
  for (const simdjson::dom::element round : rounds)
    messages.emplace_back(round["role"].get_string().value() == "HUMAN" ? "user" : "assistant",
                          filled(round["prompt"].get_string().value()));
  return messages;
}

std::vector<std::pair<std::string, std::string>> our_messages(std::string_view name, std::string_view question) {
  simdjson::dom::parser parser;
  const simdjson::dom::element content =
      parser.parse(weir::gsm8k_content(*weir::find_gsm8k_prompt(name), question)).value();
  if (content.is_string()) return {{"text", std::string(content.get_string().value())}};
  std::vector<std::pair<std::string, std::string>> messages;
  const simdjson::dom::array all = content.get_array().value();
  for (const simdjson::dom::element m : all)
    messages.emplace_back(m["role"].get_string().value(), m["content"].get_string().value());
  return messages;
}

}  // namespace

TEST_CASE("gsm8k: prompts are byte for byte those of AISBench's configurations", "[data]") {
  const std::string_view question = "She said \"two\" \\ 答案?\nHow many {question}?";
  const auto [ours, theirs] = GENERATE(table<std::string, std::string>({
      {"0-shot-cot-chat", "0_shot_cot_chat_prompt"},
      {"0-shot-noncot-chat", "0_shot_noncot_chat_prompt"},
      {"0-shot-cot-str", "0_shot_cot_str"},
      {"4-shot-cot-str", "4_shot_cot_str"},
      {"4-shot-cot-chat", "4_shot_cot_chat_prompt"},
  }));
  CAPTURE(ours);
  CHECK(our_messages(ours, question) == aisbench_messages(theirs, question));
}

TEST_CASE("gsm8k: lm-eval's zero-shot prompts are those of its task files", "[data]") {
  const auto text = [](std::string_view name) { return our_messages(name, "Q1").at(0).second; };
  CHECK(text("lm-eval-0-shot") == "Question: Q1\nAnswer:");                    // gsm8k.yaml: doc_to_text
  CHECK(text("lm-eval-cot-0-shot") == "Q: Q1\nA: Let's think step by step.");  // gsm8k-cot-zeroshot.yaml
  CHECK(text("plain") == "Q1");
}

TEST_CASE("gsm8k: a line gives its question and its gold, or says what it lacks", "[data]") {
  weir::gsm8k_reader read(*weir::find_gsm8k_prompt("plain"));
  const auto p = read(R"({"question":"How many?","answer":"2*600=<<2*600=1200>>1,200\n#### 1,200","subject":"money"})");
  REQUIRE(p);
  CHECK(p->content == "\"How many?\"");
  CHECK(p->expected == "1,200");
  CHECK(p->subject == "money");
  const auto lacks = [&](std::string_view line) { return read(line).error().detail; };
  CHECK(lacks(R"({"answer":"#### 1"})") == "has no field 'question'");
  CHECK(lacks(R"({"question":"q","answer":"1"})") == "field 'answer' has no '#### ' with the gold");
  CHECK(lacks(R"({"question":"q"})") == "field 'answer' has no '#### ' with the gold");
  CHECK(lacks(R"({"question":7e,"answer":"#### 1"})").starts_with("not JSON"));
}

TEST_CASE("dataset: rows without an id are named by their place, blank lines and other records are no rows", "[data]") {
  const auto all = read_all(
      "\xEF\xBB\xBF{\"prompt\":\"a\"}\r\n\n  \n{\"type\":\"run\"}\n{\"prompt\":\"b\",\"id\":\"x\"}\n"
      "{\"prompt\":\"c\"}");
  REQUIRE(all.size() == 3);
  CHECK(all[0].id == "0");
  CHECK(all[1].id == "x");
  CHECK(all[2].id == "2");
  CHECK(all[2].content == "\"c\"");
}

TEST_CASE("dataset: what can't be read is named by its line", "[data]") {
  CHECK(why("") == "holds no prompt");
  CHECK(why("\n\n") == "holds no prompt");
  CHECK(why("{\"prompt\":\"a\"}\n\n{\"prompt\":\n") ==
        "line 3: not JSON: JSON document ended early in the middle of an object or array.");
  CHECK(why("{\"prompt\":\"a\"}\n{\"promt\":\"b\"}\n") ==
        "line 2: has none of the fields prompt, messages, prompt_token_ids and question");
  CHECK(why("{\"prompt\":\"a\"}") == "read");
}

TEST_CASE("dataset: a line above the limit is refused by number", "[data]") {
  const std::string text = "{\"prompt\":\"a\"}\n{\"prompt\":\"" + std::string(5000, 'x') + "\"}\n";
  memory_rows rows(weir::memory_source(text), {.window_bytes = 16, .max_row_bytes = 1000});
  const auto done = weir::chosen_prompts(rows, weir::prompt_reader(), {}, [](const weir::prompt&) {});
  REQUIRE_FALSE(done);
  CHECK(done.error().code == weir::errc::limit);
  CHECK(done.error().detail == "line 2 is longer than 1000 bytes");
}

TEST_CASE("dataset: a sample by lot is the same whatever the order of the file, and in its order", "[data][property]") {
  std::string up, down;
  for (int i = 0; i < 200; ++i) {
    const std::string row = "{\"prompt\":\"p\",\"id\":" + std::to_string(i) + "}\n";
    up += row;
    down = row + down;
  }
  const auto ids = [&](std::string_view bytes, std::size_t count, std::uint64_t seed) {
    std::vector<int> out;
    for (const auto& p : read_all(bytes, {.count = count, .seed = seed})) out.push_back(std::stoi(p.id));
    return out;
  };
  const auto forty = ids(up, 40, 7);
  CHECK(forty.size() == 40);
  CHECK(std::is_sorted(forty.begin(), forty.end()));
  CHECK(std::set<int>(forty.begin(), forty.end()).size() == 40);
  auto backwards = ids(down, 40, 7);
  std::reverse(backwards.begin(), backwards.end());
  CHECK(backwards == forty);
  CHECK(ids(up, 40, 8) != forty);
  CHECK(ids(up, 1000, 7).size() == 200);
  const auto fewer = ids(up, 10, 7);
  CHECK(std::includes(forty.begin(), forty.end(), fewer.begin(), fewer.end()));

  std::map<int, int> seen;  // each row is as likely as any other: 200 lots of 40 of 200, mean 40, sigma 5.7
  for (std::uint64_t seed = 0; seed < 200; ++seed)
    for (const int id : ids(up, 40, seed)) ++seen[id];
  CHECK(seen.size() == 200);
  for (const auto& [id, times] : seen) CHECK((times > 40 - 30 && times < 40 + 30));
}

TEST_CASE("dataset: a string prompt can become a message, nothing else can change its form", "[data]") {
  auto p = *weir::parse_prompt(R"({"prompt":"say \"x\""})");
  REQUIRE(weir::to_form(p, weir::prompt_form::messages));
  CHECK(p.content == R"([{"role":"user","content":"say \"x\""}])");
  CHECK(weir::to_form(p, weir::prompt_form::messages));
  CHECK_FALSE(weir::to_form(p, weir::prompt_form::text));
  auto ids = *weir::parse_prompt(R"({"prompt_token_ids":[1]})");
  CHECK_FALSE(weir::to_form(ids, weir::prompt_form::messages));
}

TEST_CASE("random: prompts have the length that was asked for, and do not depend on how many are made", "[data]") {
  const auto tokens = [](const weir::prompt& p) {
    return std::count(p.content.begin(), p.content.end(), ',') + (p.content == "[]" ? 0 : 1);
  };
  const weir::random_prompts exact{.input_len = 100, .output_len = 7, .prefix_len = 20, .seed = 3};
  for (std::uint64_t i = 0; i < 20; ++i) {
    CHECK(tokens(exact.at(i)) == 120);
    CHECK(exact.at(i).max_tokens == 7);
    CHECK(exact.at(i).id == std::to_string(i));
    CHECK(exact.at(i).form == weir::prompt_form::token_ids);
  }
  const auto first = [](const std::string& content, int n) {
    std::size_t at = 0;
    for (int i = 0; i < n; ++i) at = content.find(',', at) + 1;
    return content.substr(0, at);
  };
  CHECK(first(exact.at(0).content, 20) == first(exact.at(1).content, 20));
  CHECK(first(exact.at(0).content, 21) != first(exact.at(1).content, 21));
  auto other = exact;
  other.seed = 4;
  CHECK(other.at(0).content != exact.at(0).content);

  const weir::random_prompts spread{.input_len = 100, .output_len = 10, .range_ratio = 0.1, .seed = 1};
  std::set<std::int64_t> in, out;
  for (std::uint64_t i = 0; i < 2000; ++i) in.insert(tokens(spread.at(i))), out.insert(spread.at(i).max_tokens);
  CHECK(*in.begin() == 90);
  CHECK(*in.rbegin() == 110);  // not 111, though 100 * (1 + 0.1) > 110
  CHECK(in.size() == 21);
  CHECK(out == std::set<std::int64_t>{9, 10, 11});
}

TEST_CASE("random: ids are inside the vocabulary and leave its control tokens out", "[data]") {
  const auto range = [](std::int64_t vocab) {
    std::set<int> ids;
    const std::string content = weir::random_prompts{.input_len = 20000, .vocab_size = vocab}.at(0).content;
    for (std::size_t at = 0; at < content.size(); at = content.find_first_of(",]", at + 1))
      if (at + 1 < content.size()) ids.insert(std::stoi(content.substr(at + 1)));
    return std::pair(*ids.begin(), *ids.rbegin());
  };
  CHECK(range(1000) == std::pair(256, 999));
  CHECK(range(512) == std::pair(0, 511));
  CHECK(range(1) == std::pair(0, 0));
  for (const auto& bad : {weir::random_prompts{.input_len = 0}, weir::random_prompts{.output_len = 0},
                          weir::random_prompts{.range_ratio = 1}, weir::random_prompts{.range_ratio = -0.1},
                          weir::random_prompts{.vocab_size = 0}, weir::random_prompts{.prefix_len = -1}})
    CHECK_FALSE(bad.check());
  CHECK(weir::random_prompts{.input_len = 0, .prefix_len = 1}.check());
}
