// The data sets by name: prompts as the harnesses make them, ids that stay, rows that are broken.
#include <simdjson.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "catch.hpp"
#include "shell.hpp"
#include "weir/data/dataset_file.hpp"

namespace {

const std::string golden = WEIR_SOURCE_DIR "/tests/fixtures/golden/";

struct outcome_of {
  std::vector<weir::prompt> prompts;
  std::vector<std::string> notes;
  std::string error;
};
outcome_of read(const weir::dataset_request& want) {
  outcome_of o;
  const auto done = weir::read_dataset(
      want, [&](const weir::prompt& p) { o.prompts.push_back(p); },
      [&](std::string_view note) { o.notes.emplace_back(note); });
  if (!done) o.error = done.error().detail;
  return o;
}
weir::dataset_request of(std::string name, std::string path, std::string prompt = {}) {
  weir::dataset_request want;
  want.name = std::move(name), want.path = std::move(path), want.prompt = std::move(prompt);
  return want;
}
/// A JSON string, or the texts of messages as (role, content), read back.
std::vector<std::pair<std::string, std::string>> texts(const std::string& content) {
  simdjson::dom::parser parser;
  const simdjson::dom::element read = parser.parse(content).value();
  if (read.is_string()) return {{"", std::string(read.get_string().value())}};
  std::vector<std::pair<std::string, std::string>> all;
  const simdjson::dom::array list = read.get_array().value();
  for (const simdjson::dom::element m : list)
    all.emplace_back(m["role"].get_string().value(), m["content"].get_string().value());
  return all;
}
weir::row_fields row_of(simdjson::dom::element e, bool mmlu) {
  weir::row_fields row;
  const simdjson::dom::object fields = e.get_object().value();
  for (const auto& [key, value] : fields) {
    std::string name(key), text(value.get_string().value());
    if (mmlu && (name == "id" || name == "explanation")) continue;
    if (mmlu && name == "question") name = "input";
    if (mmlu && name == "answer") name = "target";
    if (mmlu && name != "C" && name != "A") text = weir::replaced(text, "{answer}", "{target}");
    row.emplace_back(name, text);
  }
  return row;
}
std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A tree of one subject, law: five dev rows and what is given for val.
struct small_ceval : temporary_directory {
  explicit small_ceval(const std::string& val) {
    std::filesystem::create_directories(file("dev")), std::filesystem::create_directories(file("val"));
    std::string dev = "id,question,A,B,C,D,answer,explanation\n";
    for (int i = 0; i < 5; ++i) dev += std::to_string(i) + ",\"q,\n" + std::to_string(i) + "\",a,b,c,d,A,why\n";
    write("dev/law_dev.csv", dev), write("val/law_val.csv", val);
  }
  [[nodiscard]] outcome_of law(std::string prompt = "5-shot-str") const {
    auto want = of("ceval", file("."), std::move(prompt));
    want.subjects = {"law"};
    return read(want);
  }
};

}  // namespace

TEST_CASE("choice_prompt: every AISBench configuration of CEval and MMLU gives the same bytes", "[data]") {
  simdjson::dom::parser parser;
  const simdjson::dom::element all = parser.load(golden + "aisbench_choice_prompts.json").value();
  const simdjson::dom::array prompts = all["prompts"].get_array().value();
  std::size_t seen = 0;
  for (const simdjson::dom::element one : prompts) {
    const std::string config(one["config"].get_string().value()), subject(one["subject"].get_string().value());
    CAPTURE(config, subject);
    const bool mmlu = config.starts_with("mmlu");
    std::string name = config.substr(config.find("_gen_") + 5);
    if (name.ends_with("_prompt")) name.resize(name.size() - 7);
    for (auto& c : name) c = c == '_' ? '-' : c;
    const auto ways = mmlu ? std::span<const weir::choice_prompt>(weir::mmlu_prompts) : weir::ceval_prompts;
    const auto way = weir::detail::find_way(ways, name, "x").value();
    std::vector<weir::row_fields> shots;
    const simdjson::dom::array rows = all["rows"].get_array().value();
    for (const simdjson::dom::element row : rows) shots.push_back(row_of(row, mmlu));
    const std::string shown =
        mmlu ? weir::replaced(subject, "_", " ") : std::string(weir::find_ceval_subject(subject)->chinese);
    const auto ours = texts(weir::choice_content(way, shown, shots, row_of(all["question"], mmlu)));
    std::vector<std::pair<std::string, std::string>> theirs;
    if (one["prompt"].is_string()) {
      theirs.emplace_back("", one["prompt"].get_string().value());
    } else {
      const simdjson::dom::array turns = one["prompt"].get_array().value();
      for (const simdjson::dom::element turn : turns)
        theirs.emplace_back(turn.at(0).get_string().value() == "HUMAN" ? "user" : "assistant",
                            turn.at(1).get_string().value());
    }
    CHECK(ours == theirs);
    ++seen;
  }
  CHECK(seen == 11);
}

TEST_CASE("dataset_ceval: the 5-shot prompt is the golden one, byte for byte", "[data]") {
  // The inputs, as the golden prompt shows them: example 3's question held {A}.
  const auto row = [](const std::string& i, const std::string& question, const std::string& answer) {
    return weir::row_fields{{"id", i},      {"question", question}, {"A", "a" + i},     {"B", "b" + i},
                            {"C", "c" + i}, {"D", "d" + i},         {"answer", answer}, {"explanation", ""}};
  };
  std::vector<weir::row_fields> shots;
  for (int i = 0; i < 5; ++i)
    shots.push_back(row(std::to_string(i), "示例题" + std::to_string(i) + (i == 3 ? "，含{A}占位符" : ""),
                        std::string(1, "ABCDA"[i])));
  weir::row_fields question{{"question", "待答题"}, {"A", "1"}, {"B", "2"}, {"C", "3"}, {"D", "4"}, {"answer", "B"}};
  const auto* subject = weir::find_ceval_subject("computer_network");
  CHECK(texts(weir::choice_content(weir::ceval_prompts[0], subject->chinese, shots, question))[0].second ==
        slurp(golden + "ceval_5shot_prompt.txt"));
}

TEST_CASE("ceval_subjects: 52 names, 1,346 and 12,342 questions, groups of 20, 10, 11 and 11, eight hard", "[data]") {
  std::map<std::string_view, int> groups;
  int val = 0, test = 0, hard = 0;
  for (const auto& s : weir::ceval_subjects) ++groups[s.group], val += s.val, test += s.test, hard += s.hard;
  CHECK(val == 1346);
  CHECK(test == 12342);
  CHECK(hard == 8);
  CHECK(groups ==
        std::map<std::string_view, int>{{"stem", 20}, {"social-science", 10}, {"humanities", 11}, {"other", 11}});
}

TEST_CASE("dataset_ceval: ids are the rows' own, so that a shard's are those of the whole", "[data]") {
  const small_ceval whole("id,question,A,B,C,D,answer\n0,x,1,2,3,4,B\n1,y,1,2,3,4,C\n2,z,1,2,3,4,D\n");
  const small_ceval shard("id,question,A,B,C,D,answer\r\n1,y,1,2,3,4,C\r\n");
  const auto all = whole.law().prompts, some = shard.law().prompts;
  REQUIRE(all.size() == 3);
  REQUIRE(some.size() == 1);
  const auto &a = all[1], &b = some[0];
  CHECK(a.id == "ceval-law-1");
  CHECK(b.id == a.id);
  CHECK(b.content == a.content);
  CHECK(b.expected == "C");
  CHECK(b.subject == "law");
}

TEST_CASE("dataset_ceval: a missing file, a row short of a field, an id that comes twice end it; no rows are told",
          "[data]") {
  const auto fails = [](const std::string& val) { return small_ceval(val).law().error; };
  CHECK(fails("id,question,A,B,C,D,answer\n0,x,1,2,3,4,B\n0,y,1,2,3,4,B\n").find("the id '0' comes twice") !=
        std::string::npos);
  CHECK(fails("id,question,A,B,C,D,answer\n0,x,1,2,3,4\n").find("line 2 has 6 fields") != std::string::npos);
  CHECK(fails("id,question,A,B,C,answer\n0,x,1,2,3,B\n").find("has no column 'D'") != std::string::npos);
  const small_ceval empty("id,question,A,B,C,D,answer\n");
  CHECK(empty.law().error.find("holds no prompt") != std::string::npos);
  REQUIRE(empty.law().notes.size() == 1);
  CHECK(empty.law().notes[0].find("law_val.csv has no questions") != std::string::npos);
  std::filesystem::remove(empty.file("dev/law_dev.csv"));
  CHECK(empty.law().error.find("there is no file") != std::string::npos);
  CHECK(empty.law("0-shot-str").error.find("holds no prompt") != std::string::npos);  // needs no examples
  empty.write("dev/law_dev.csv", "id,question,A,B,C,D,answer,explanation\n0,x,1,2,3,4,B,\n");
  CHECK(empty.law().error.find("copy dev whole") != std::string::npos);
  CHECK(empty.law("9-shot").error.find("it has 5-shot-str, 0-shot-str") != std::string::npos);
}

TEST_CASE("dataset_mmlu: broken rows are named and left out, and the others keep their places", "[data]") {
  const temporary_directory dir;
  const auto line = [](const std::string& q, const std::string& answer) {
    return R"({"question":")" + q +
           R"(","answer_a":"1","answer_b":"2","answer_c":"3","answer_d":"4","correct_answer":")" + answer +
           "\",\"topic\":\"moral scenarios\"}\n";
  };
  const auto made =
      read(of("mmlu", dir.write("m.jsonl", line("x", "A") + line("question", "answer") + line("y", "D"))));
  REQUIRE(made.prompts.size() == 2);
  CHECK(made.prompts[0].id == "mmlu-0");
  CHECK(made.prompts[1].id == "mmlu-2");
  CHECK(made.prompts[1].subject == "moral scenarios");
  CHECK(made.notes == std::vector<std::string>{"mmlu-1 (its answer is 'answer'): broken, left out"});
  CHECK(read(of("mmlu", dir.file("m.jsonl"), "5-shot-str")).error.find("tree of files") != std::string::npos);
  CHECK(
      read(of("mmlu", dir.write("n.jsonl", "{\"question\":\"q\"}\n"))).error.find("line 1: has no field 'answer_a'") !=
      std::string::npos);
}

TEST_CASE("dataset_mmlu: the published file has two broken rows and 14,042 questions", "[data]") {
  const std::string path = WEIR_SOURCE_DIR "/../shared/data/sets/mmlu.jsonl";
  if (!std::filesystem::exists(path)) SKIP("MMLU is not at hand");
  const auto made = read(of("mmlu", path));
  CHECK(made.prompts.size() == 14042);
  CHECK(made.notes.size() == 2);
}

TEST_CASE("dataset_mmlu: the tree gives the same form, examples from dev", "[data]") {
  const temporary_directory dir;
  std::filesystem::create_directories(dir.file("dev")), std::filesystem::create_directories(dir.file("test"));
  std::string dev;
  for (int i = 0; i < 5; ++i) dev += "q" + std::to_string(i) + ",1,2,3,4,A\n";
  dir.write("dev/us_foreign_policy_dev.csv", dev);
  dir.write("test/us_foreign_policy_test.csv", "\"a,\nb\",1,2,3,4,C\nc,1,2,3,4,x\n");
  const auto made = read(of("mmlu", dir.file(".")));
  REQUIRE(made.prompts.size() == 1);
  CHECK(made.prompts[0].id == "mmlu-us_foreign_policy-0");
  CHECK(made.notes.size() == 1);
  const auto text = texts(made.prompts[0].content)[0].second;
  CHECK(
      text.starts_with("The following are multiple choice questions (with answers) about  us foreign policy.\n\nq0\n"
                       "A. 1\nB. 2\nC. 3\nD. 4\nAnswer: A\n\nq1\n"));
  CHECK(text.ends_with("Answer: A\n\na,\nb\nA. 1\nB. 2\nC. 3\nD. 4\nAnswer:"));
  dir.write("test/us_foreign_policy_test.csv", "a,1,2,3,C\n");
  CHECK(read(of("mmlu", dir.file("."))).error.find("has 5 columns") != std::string::npos);
}

TEST_CASE("dataset_sharegpt: the first turn of each conversation of two turns or more", "[data]") {
  const temporary_directory dir;
  const auto made = read(of("sharegpt", dir.write("s.json", R"([
    {"id":"a_0","conversations":[{"from":"human","value":"Hi \"you\""},{"from":"gpt","value":"Hello"}]},
    {"id":"b","conversations":[{"from":"human","value":"alone"}]},
    {"conversation":[{"value":"third"},{"value":"x"},{"value":"y"}]}])")));
  REQUIRE(made.prompts.size() == 2);
  CHECK(made.prompts[0].content == R"("Hi \"you\"")");
  CHECK(made.prompts[0].id == "0");
  CHECK(made.prompts[1].id == "2");
  CHECK(read(of("sharegpt", dir.write("t.json", "{}"))).error.find("not a JSON array") != std::string::npos);
  CHECK_FALSE(read(of("sharegpt", dir.write("u.json", R"([{"id":"a","conversations":[)"))).error.empty());
  CHECK(read(of("sharegpt", dir.write("v.json", R"([{"conversations":7}])"))).error.find("conversation 0") !=
        std::string::npos);
}

TEST_CASE("dataset_sharegpt: conversations are one prompt a turn, with the server's answers to come or the file's",
          "[data]") {
  const temporary_directory dir;
  const auto path = dir.write("s.json", R"([
    {"id":"x","conversations":[{"from":"system","value":"Be short"},{"from":"human","value":"one"},
      {"from":"gpt","value":"uno"},{"value":"two","from":"user"},{"from":"human","value":"and?"},
      {"from":"gpt","value":"dos"},{"from":"human","value":"three"}]},
    {"id":"y","conversations":[{"from":"gpt","value":"I begin"},{"from":"human","value":"q"},{"from":"gpt","value":"a"}]},
    {"id":"z","conversations":[{"from":"human","value":"q"},{"from":"tool","value":"a"}]}])");
  auto want = of("sharegpt", path);
  want.conversations.turns = 0;
  const auto made = read(want);
  REQUIRE(made.prompts.size() == 4);
  CHECK(made.prompts[0].id == "0/0");
  CHECK(made.prompts[0].session == "0");
  CHECK(made.prompts[0].content == R"([{"role":"system","content":"Be short"},{"role":"user","content":"one"}])");
  CHECK_FALSE(made.prompts[0].continues);
  CHECK(made.prompts[1].content == R"([{"role":"user","content":"two"},{"role":"user","content":"and?"}])");
  CHECK(made.prompts[1].continues);
  CHECK(made.prompts[2].turn == 2);
  CHECK(made.prompts[2].content == R"([{"role":"user","content":"three"}])");
  CHECK(made.prompts[3].id == "1/0");
  CHECK(made.prompts[3].content == R"([{"role":"user","content":"q"}])");

  want.conversations = {.turns = 2, .recorded = true};
  const auto recorded = read(want);
  REQUIRE(recorded.prompts.size() == 3);
  CHECK(recorded.prompts[1].content ==
        R"([{"role":"system","content":"Be short"},{"role":"user","content":"one"},)"
        R"({"role":"assistant","content":"uno"},{"role":"user","content":"two"},{"role":"user","content":"and?"}])");
  CHECK_FALSE(recorded.prompts[1].continues);

  want.choice = {.count = 1, .seed = {}};  // conversations are counted, and chosen whole
  CHECK(read(want).prompts.size() == 2);
  want.choice.seed = 3;
  const auto lot = read(want).prompts;
  CHECK(lot.size() == (lot[0].session == "0" ? 2 : 1));
}

TEST_CASE("dataset_fields: a field map reads any CSV or JSON Lines, with or without a template", "[data]") {
  const temporary_directory dir;
  auto want = of("custom", dir.write("t.csv", "nr,q,gold,topic\n7,\"How,\nmany?\",#### 12,sums\n"));
  want.fields = weir::parse_field_map("question=q,expected=gold,id=nr,subject=topic").value();
  auto made = read(want);
  REQUIRE(made.prompts.size() == 1);
  CHECK(made.prompts[0].id == "7");
  CHECK(made.prompts[0].expected == "12");
  CHECK(made.prompts[0].subject == "sums");
  CHECK(made.prompts[0].content == R"("How,\nmany?")");
  want.path = dir.write("t.jsonl", "{\"nr\":7,\"q\":\"x\",\"gold\":3.50,\"topic\":\"t\",\"list\":[1]}\n");
  want.fields->text = "Q{nr}: {q} {none}";
  made = read(want);
  REQUIRE(made.prompts.size() == 1);
  CHECK(made.prompts[0].content == R"("Q7: x {none}")");
  CHECK(made.prompts[0].expected == "3.50");
  want.path = dir.write("u.jsonl", "{\"nr\":7,\"q\":\"x\"}\n");
  CHECK(read(want).error.find("line 1: has no field 'gold'") != std::string::npos);
  for (const auto* bad : {"question", "question=", "size=q", "question=q,,"})
    CHECK(weir::parse_field_map(bad).error().detail.find("a field map is") == 0);
}

TEST_CASE("python_random: the choices are those of lm-eval's sampler", "[data]") {
  // lm_eval.api.samplers.ContextSampler(list(range(n)), rnd=1234).sample(5), three times each (0.4.13, Python 3.11).
  const auto drawn = [](std::size_t n) {
    weir::python_random random(1234);
    std::vector<std::vector<std::size_t>> all;
    for (int i = 0; i < 3; ++i) all.push_back(random.sample(n, 5));
    return all;
  };
  using lists = std::vector<std::vector<std::size_t>>;
  CHECK(drawn(7473) == lists{{6374, 3610, 957, 61, 742}, {7462, 6610, 4769, 286, 5501}, {5677, 687, 806, 6279, 2905}});
  CHECK(drawn(22) == lists{{14, 3, 0, 2, 18}, {1, 21, 2, 3, 11}, {7, 0, 11, 20, 19}});
  CHECK(drawn(21) == lists{{14, 3, 0, 2, 1}, {2, 3, 11, 7, 0}, {0, 20, 11, 15, 14}});
  CHECK(drawn(5) == lists{{3, 0, 4, 2, 1}, {0, 4, 1, 3, 2}, {0, 4, 1, 2, 3}});
}

TEST_CASE("dataset_gsm8k_fewshot: lm-eval's five examples, then the question", "[data]") {
  const temporary_directory dir;
  std::string train;
  for (int i = 0; i < 22; ++i)
    train += "{\"question\":\"q" + std::to_string(i) + "\",\"answer\":\"a" + std::to_string(i) + "\"}\n";
  auto want =
      of("gsm8k", dir.write("test.jsonl", "{\"question\":\"Q\",\"answer\":\"s #### 1,250\"}\n"), "lm-eval-5-shot");
  CHECK(read(want).error.find("--train FILE") != std::string::npos);
  want.train = dir.write("train.jsonl", train);
  const auto made = read(want);
  REQUIRE(made.prompts.size() == 1);
  CHECK(made.prompts[0].expected == "1,250");
  CHECK(texts(made.prompts[0].content)[0].second ==
        "Question: q14\nAnswer: a14\n\nQuestion: q3\nAnswer: a3\n\nQuestion: q0\nAnswer: a0\n\nQuestion: q2\nAnswer: "
        "a2\n\nQuestion: q18\nAnswer: a18\n\nQuestion: Q\nAnswer:");
  want.train = dir.write("few.jsonl", "{\"question\":\"q\",\"answer\":\"a\"}\n");
  CHECK(read(want).error.find("has only 1 questions") != std::string::npos);
}
