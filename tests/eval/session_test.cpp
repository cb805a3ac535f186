// Evaluations against the mock, on one loop: what is asked, recorded, resumed.
#include "weir/eval/session.hpp"

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "catch.hpp"
#include "shell.hpp"
#include "weir/eval/evaluate.hpp"
#include "weir/eval/suite.hpp"
#include "weir/net/server.hpp"
#include "weir/openai/mock.hpp"
#include "weir/score/scoreboard.hpp"

namespace {

constexpr std::int64_t ms = 1'000'000;

std::vector<weir::prompt> questions(int count) {
  std::vector<weir::prompt> all;
  for (int i = 0; i < count; ++i) {
    weir::prompt p;
    p.id = "q" + std::to_string(i);
    weir::append_json_string(p.content, "Question number " + std::to_string(i) + ": how many apples are there in all?");
    p.expected = std::to_string(100 + i);
    p.max_tokens = 12;
    all.push_back(p);
  }
  return all;
}
weir::mock_answers key(const std::vector<weir::prompt>& all, double accuracy) {
  std::vector<weir::mock_question> known;
  for (const auto& p : all) known.push_back({p.id, p.content.substr(1, p.content.size() - 2), p.expected, {}});
  return weir::mock_answers(known, accuracy, 7);
}

/// A mock, and what evaluates against it, on one loop; ended after 120 s whatever happens.
struct world final : weir::timer {
  explicit world(std::vector<weir::prompt> all, double accuracy = 0.8, weir::mock_options options = quick())
      : asked(std::move(all)), answers(key(asked, accuracy)), mock(loop, options), http(loop, mock) {
    mock.answer_from(answers);
    http.bind("127.0.0.1", 0).value();
    http.listen().value();
    past_file = folder.file("r.jsonl");
  }
  ~world() { loop.disarm(*this); }
  static weir::mock_options quick() {
    weir::mock_options o;
    o.ttft_ns = 2 * ms, o.itl_ns = 0, o.tokens = 12, o.events_per_send = 4;
    return o;
  }
  void on_time(std::int64_t) override {
    late = true;
    loop.stop();
  }

  /// Runs an agent over all questions, recorded; `stop_after` ends it after so many requests were sent to the mock.
  weir::eval_report run(std::string_view agent, std::int32_t runs, std::size_t concurrency,
                        std::int64_t stop_after = -1) {
    weir::eval_servers servers(loop, {}, {});
    servers
        .add(weir::make_endpoint("http://127.0.0.1:" + std::to_string(http.port()), "0", "mock").value(), {},
             [](std::string_view) {})
        .value();
    weir::agent_options how;
    how.runs = runs;
    how.read = [](std::string_view text) {
      std::string out;
      return weir::find_rule("numeric")->extract(text, out) ? out : std::string();
    };
    const weir::eval_identity identity{{"questions_hash", "\"" + std::to_string(weir::questions_hash(asked)) + "\""}};
    auto past = weir::read_eval_past(past_file, identity).value();
    auto sink = weir::open_records(past_file, weir::records_mode::resume, past.whole_bytes).value();
    weir::run_record head;
    head.tool = "weir-eval";
    head.config = identity;
    std::string line;
    weir::append_record(line, head);
    sink(line);
    weir::eval_session session(loop, servers, asked, weir::find_agent(agent).value(), how, {.fixed = concurrency},
                               std::move(past), &sink);
    session.start(true);
    loop.arm(*this, weir::now_ns() + 120'000 * ms);
    const std::int64_t before = mock.accepted();
    struct stopper final : weir::timer {
      world* w;
      weir::eval_session* s;
      std::int64_t at;
      void on_time(std::int64_t now) override {
        if (w->mock.accepted() >= at) return s->stop("test");
        w->loop.arm(*this, now + ms / 4);
      }
    } stop;
    stop.w = this, stop.s = &session, stop.at = before + stop_after;
    if (stop_after >= 0) loop.arm(stop, 0);
    loop.run().value();
    loop.disarm(stop);
    loop.disarm(*this);
    sink.close().value();
    REQUIRE_FALSE(late);
    return session.report();
  }

  /// The answers on disk, by weir-score's own reader.
  weir::scoreboard board() const {
    weir::scoreboard b({*weir::find_rule("numeric")});
    auto rows = weir::open_rows(past_file).value();
    weir::prediction_reader().read(rows, past_file, [&](weir::prediction& p) { b.add(p).value(); }).value();
    return b;
  }
  /// Ids of the requests on disk that were answered, in the order of the file.
  std::vector<std::string> answered_requests() const {
    std::vector<std::string> ids;
    auto rows = weir::open_rows(past_file).value();
    weir::record_reader record;
    weir::read_records(rows, past_file, record, [&](weir::record_type type) {
      if (type == weir::record_type::request && record.request().status == weir::outcome::ok)
        ids.push_back(record.request().id);
    }).value();
    return ids;
  }

  temporary_directory folder;
  weir::loop loop;
  std::vector<weir::prompt> asked;
  weir::mock_answers answers;
  weir::mock_server mock;
  weir::http_server http;
  std::string past_file;
  bool late = false;
};

std::uint64_t right(const weir::scoreboard& b) {
  return weir::rule_shares(b, [](const auto&) { return ""; }).at("")[0].correct;
}

}  // namespace

TEST_CASE("eval_session: every agent asks every question and judges what the mock says it answered", "[eval]") {
  for (const auto& kind : weir::agent_kinds) {
    world w(questions(40));
    const auto report = w.run(kind.name, kind.default_runs, 16);
    CAPTURE(kind.name);
    CHECK(report.questions == 40);
    CHECK(report.unanswered == 0);
    CHECK(report.most_in_flight <= 16);
    CHECK(report.requests == static_cast<std::size_t>(w.mock.accepted()));
    const auto board = w.board();
    REQUIRE(board.questions().size() == 40);
    if (kind.name == "self_consistency") continue;  // its samples differ
    std::uint64_t truly = 0;
    for (const auto& q : w.asked)
      truly += w.answers.answer(*w.answers.find(q.content), 0, 12, weir::mock_words(false)).correct;
    CHECK(right(board) == truly);
    CHECK(truly > 20);
    CHECK(truly < 40);
  }
}

TEST_CASE("eval_session: a run that was ended is taken up, and nothing that was answered is asked again", "[eval]") {
  for (const auto* agent : {"standard", "majority_vote", "solver_checker", "debate"}) {
    world w(questions(60));
    CAPTURE(agent);
    const auto first = w.run(agent, 3, 8, 40);
    CHECK(first.questions < 60);
    const auto second = w.run(agent, 3, 8);
    CHECK(first.questions + second.questions == 60);
    CHECK(second.already_done == first.questions);
    const auto ids = w.answered_requests();
    CHECK(std::set<std::string>(ids.begin(), ids.end()).size() == ids.size());
    CHECK(w.board().questions().size() == 60);
    // The same answers as in one go.
    world whole(questions(60));
    whole.run(agent, 3, 8);
    CHECK(right(w.board()) == right(whole.board()));
    CHECK(whole.answered_requests().size() == ids.size());
    const auto third = w.run(agent, 3, 8);  // nothing is left
    CHECK(third.requests == 0);
  }
}

TEST_CASE("eval_session: a last line that was cut off is asked again, and only that", "[eval]") {
  world w(questions(10));
  w.run("standard", 1, 1);
  std::ifstream in(w.past_file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  const auto cut = bytes.rfind('\n', bytes.size() - 2) + 20;  // within the last answer record
  std::filesystem::resize_file(w.past_file, cut);
  const auto report = w.run("standard", 1, 1);
  CHECK(report.already_done == 9);
  CHECK(report.questions == 1);
  CHECK(report.requests == 0);  // its request was whole
  CHECK(report.replayed == 1);
  CHECK(w.board().questions().size() == 10);
}

TEST_CASE("read_eval_past: other questions are refused with the hash that differs", "[eval]") {
  world w(questions(3));
  w.run("standard", 1, 1);
  const auto other = questions(4);
  const auto past = weir::read_eval_past(
      w.past_file, {{"questions_hash", "\"" + std::to_string(weir::questions_hash(other)) + "\""}});
  REQUIRE_FALSE(past);
  CHECK(past.error().detail.find("was made with questions_hash \"" + std::to_string(weir::questions_hash(w.asked))) !=
        std::string::npos);
  auto changed = w.asked;
  changed[1].expected += "0";
  CHECK(weir::questions_hash(changed) != weir::questions_hash(w.asked));
}

TEST_CASE("eval_session: a server that queues what it is sent is sent no more than it works on", "[eval]") {
  auto options = world::quick();
  options.ttft_ns = 2000 * ms;  // long before an answer tells how fast it is, the server's own metrics do
  options.slots = 3;
  world w(questions(6), 1, options);
  const auto report = w.run("standard", 1, 0);
  CAPTURE(report.concurrency_reason);
  CHECK(report.concurrency == 3);
  CHECK(report.concurrency_reason == "of 4 the servers work on 3.0 at once and queue the rest");
  CHECK(report.asked_while_searching == 4);
  CHECK(right(w.board()) == 6);
}

TEST_CASE("eval_session: a prompt that the server refuses is marked, and the run goes on", "[eval]") {
  auto all = questions(10);
  std::string words;
  for (int i = 0; i < 400; ++i) words += " w" + std::to_string(i);
  all[3].content.insert(1, words);
  auto options = world::quick();
  options.max_model_len = 200;
  world w(all, 1.0, options);
  const auto report = w.run("standard", 1, 4);
  CHECK(report.questions == 10);
  CHECK(report.unanswered == 1);
  const auto board = w.board();
  for (const auto& q : board.questions()) CHECK((q.status == "ok") == (q.id != "q3"));
  CHECK(right(board) == 9);
}

TEST_CASE("eval_session: failures of the server are answers that count as wrong, and are asked again later", "[eval]") {
  auto options = world::quick();
  options.fail_rate = 0.4;
  world w(questions(12), 1.0, options);
  const auto report = w.run("standard", 1, 3);
  CHECK(report.questions == 12);
  CHECK(report.unanswered > 0);
  const auto again = w.run("standard", 1, 1);
  CHECK(again.questions == report.unanswered);
  const auto board = w.board();
  CHECK(board.questions().size() == 12);
  for (const auto& q : board.questions()) CHECK_FALSE(q.repeated());  // a second attempt says that it is one
}

TEST_CASE("open_records: a file that another run still writes is refused, and left as it is", "[eval]") {
  const temporary_directory folder;
  const auto file = folder.file("r.jsonl");
  auto first = weir::open_records(file, weir::records_mode::fresh).value();
  first("{}\n");
  first.flush().value();
  for (const auto mode : {weir::records_mode::fresh, weir::records_mode::replace, weir::records_mode::resume}) {
    const auto second = weir::open_records(file, mode);
    REQUIRE_FALSE(second);
    CHECK(second.error().code == weir::errc::busy);
    CHECK(second.error().detail == "another run is still writing " + file + ": wait for its end, or end it");
  }
  CHECK(std::filesystem::file_size(file) == 3);
  first.close().value();
  CHECK(weir::open_records(file, weir::records_mode::resume, 3));
}

TEST_CASE("open_records: what another run wrote since the file was read is not cut off", "[eval]") {
  const temporary_directory folder;
  const auto resumed = [&](const std::string& tail) {
    const auto file = folder.write("r.jsonl", "{}\n" + tail);
    const auto sink = weir::open_records(file, weir::records_mode::resume, 3);
    return std::pair(sink ? "" : sink.error().detail, std::filesystem::file_size(file));
  };
  const std::string words = "another run wrote " + folder.file("r.jsonl") + " until just now: start again";
  CHECK(resumed("{\"a\":1}\n") == std::pair(words, std::uintmax_t{11}));
  CHECK(resumed("\n" + std::string(5000, 'x') + "\n{") == std::pair(words, std::uintmax_t{5006}));
  for (const std::string_view half : {"", "{\"a\":", "\n", "\r\n \n{\"a\""})
    CHECK(resumed(std::string(half)) == std::pair(std::string(), std::uintmax_t{3}));
}

TEST_CASE("evaluate: what can't be evaluated is said before anything is sent", "[eval]") {
  weir::eval_options o;
  o.endpoints.push_back(weir::make_endpoint("http://127.0.0.1:9", "", "m").value());
  CHECK(weir::evaluate(o).error().detail == "there is no question");
  o.questions = questions(2);
  o.questions[1].id = "q0";
  CHECK(weir::evaluate(o).error().detail.find("two questions have the id 'q0'") == 0);
  o.questions = questions(1);
  o.vote_rule = "oracle";
  CHECK(weir::evaluate(o).error().detail.find("no rule named 'oracle'") != std::string::npos);
}

TEST_CASE("suite: one configuration a line; what is none is named with its line", "[eval]") {
  const temporary_directory dir;
  const auto good = weir::read_suite(dir.write(
      "s.jsonl",
      "{\"name\":\"base\"}\n\n{\"name\":\"v.5\",\"agent\":\"majority_vote\",\"runs\":5,\"temperature\":0.7}\n"));
  REQUIRE(good);
  REQUIRE(good->size() == 2);
  CHECK((*good)[0].agent.name == "standard");
  CHECK((*good)[1].runs == 5);
  CHECK((*good)[1].temperature == 0.7);
  const auto why = [&](const std::string& lines) {
    return weir::read_suite(dir.write("b.jsonl", lines)).error().detail;
  };
  CHECK(why("{\"name\":\"a/b\"}\n").find("line 1: needs a name") != std::string::npos);
  CHECK(why("{\"name\":\"a\"}\n{\"name\":\"a\"}\n").find("line 2: the name 'a' comes twice") != std::string::npos);
  CHECK(why("{\"name\":\"a\",\"agent\":\"x\"}\n").find("there is no agent named 'x'") != std::string::npos);
  CHECK(why("{\"name\":\"a\",\"votes\":3}\n").find("has the field 'votes'") != std::string::npos);
  CHECK(why("{\"name\":\"a\",\"temperature\":-1}\n").find("from 0") != std::string::npos);
  CHECK(why("\n").find("holds no configuration") != std::string::npos);
}
