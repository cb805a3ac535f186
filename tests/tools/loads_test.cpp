// The loads that weir-bench makes, each through the whole tool: schedules, shares of several machines, conversations,
// searches.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "bench_run.hpp"
#include "catch.hpp"
#include "mock_process.hpp"
#include "openai/server_thread.hpp"
#include "shell.hpp"

using bench_tests::bench, bench_tests::field, bench_tests::lines_of, bench_tests::number, bench_tests::read_file;
using bench_tests::records, bench_tests::refuses, bench_tests::tool;

namespace {

const std::string tools = WEIR_TOOLS_DIR "/";

/// Milliseconds from the first due request to each one, in their order.
std::vector<double> due_ms(const std::string& path) {
  std::vector<double> all;
  for (const auto& row : records(path)) all.push_back(number(row, "t_sched_ns") / 1e6);
  std::sort(all.begin(), all.end());
  for (std::size_t i = all.size(); i-- > 0;) all[i] -= all[0];
  return all;
}
std::map<std::string, std::string> by_id(const std::string& path) {
  std::map<std::string, std::string> all;
  for (const auto& row : records(path)) CHECK(all.emplace(field(row, "id"), row).second);
  return all;
}

}  // namespace

TEST_CASE("weir-bench: schedules of every form are kept, at their speed and with their lengths", "[tools][bench]") {
  const mock_process mock("--ttft 1ms --itl 1ms");
  const temporary_directory dir;
  const std::string r = dir.file("r");
  SECTION("plain times") {
    const auto file = dir.write("t", "# seconds\n0.30\n0\n0.1\n");
    bench(mock, "--schedule " + file + " --random-input-len 4 --random-output-len 2 --records " + r);
    const auto due = due_ms(r);
    REQUIRE(due.size() == 3);
    CHECK(due[1] == Approx(100));
    CHECK(due[2] == Approx(300));
  }
  SECTION("Mooncake, twice as fast") {
    const auto file = dir.write("t.jsonl",
                                "{\"timestamp\":0,\"input_length\":600,\"output_length\":3,\"hash_ids\":[1,2]}\n"
                                "{\"timestamp\":400,\"input_length\":700,\"output_length\":5,\"hash_ids\":[1,3]}\n");
    bench(mock, "--schedule " + file + " --speed 2 --records " + r);
    CHECK(due_ms(r).back() == Approx(200));
    const auto rows = by_id(r);
    CHECK(number(rows.at("\"0\""), "tokens_in") == 600);
    CHECK(number(rows.at("\"1\""), "tokens_in") == 700);
    CHECK(number(rows.at("\"1\""), "tokens_out") == 5);
  }
  SECTION("Azure") {
    const auto file = dir.write("t.csv",
                                "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,374,4\n"
                                "2023-11-16 18:15:46.9305900,20,2\n");
    bench(mock, "--schedule " + file + " --records " + r);
    CHECK(due_ms(r).back() == Approx(250));
    CHECK(number(by_id(r).at("\"0\""), "tokens_in") == 374);
  }
  SECTION("as vllm's timed_trace has it: seconds, blocks of 16, other names") {
    const auto file = dir.write("t.jsonl",
                                "{\"t\":0.0,\"input_length\":20,\"output_length\":3,\"hash_ids\":[1,2]}\n"
                                "{\"t\":0.25,\"input_length\":40,\"output_length\":5,\"hash_ids\":[1,3,4]}\n");
    const std::string flags =
        "--dataset-name timed_trace --dataset-path " + file + " --timed-trace-label-timestamp t --records " + r;
    bench(mock, flags);
    CHECK(due_ms(r).back() == Approx(250));
    CHECK(number(by_id(r).at("\"1\""), "tokens_in") == 40);
    bench(mock, flags + " --force --no-self-timed --request-rate 100 --burstiness inf");
    CHECK(due_ms(r).back() == Approx(10));
    refuses("--base-url " + mock.url + " " + flags + " --force --request-rate 100", "add --no-self-timed");
  }
  refuses("--base-url " + mock.url + " --schedule " + dir.write("bad", "0\nsoon\n"), "bad:2: 'soon' is no time");
  refuses("--base-url " + mock.url + " --schedule " + dir.file("none"), "there is no file");
}

TEST_CASE("weir-bench: a ramp goes from one rate to the other", "[tools][bench]") {
  const mock_process mock("--ttft 1ms --itl 1ms");
  const temporary_directory dir;
  bench(mock,
        "--ramp-up-strategy linear --ramp-up-start-rps 50 --ramp-up-end-rps 250 --burstiness inf --num-prompts 41 "
        "--random-input-len 4 --random-output-len 1 --records " +
            dir.file("r"));
  const auto due = due_ms(dir.file("r"));
  REQUIRE(due.size() == 41);
  CHECK(due[1] == Approx(1000 / 55.0));  // the second gap: 50 + 200 / 40
  CHECK(due[40] - due[39] == Approx(4));
}

TEST_CASE("weir-bench: a duration ends the sending, closed loop or open", "[tools][bench]") {
  const mock_process mock("--ttft 20ms --itl 5ms");
  const temporary_directory dir;
  const std::string common = "--random-input-len 4 --random-output-len 3 --duration 600ms --records " + dir.file("r");
  const auto closed = bench(mock, "--max-concurrency 4 " + common);
  CHECK(number(closed.json, "completed") >= 4 * 2);  // 30 ms each, on a machine that may be very late
  CHECK(number(closed.json, "completed") <= 4 * 20 + 4);
  CHECK(number(closed.json, "duration") > 0.3);
  CHECK(number(closed.json, "duration") < 5);
  const auto open = bench(mock, "--request-rate 50 --burstiness inf --force " + common);
  CHECK(number(open.json, "completed") == 30);
  for (const auto& row : records(dir.file("r"))) CHECK(field(row, "status") == "\"ok\"");
}

TEST_CASE("weir-bench: two shares make the one load, begin together, and merge to what one client would have said",
          "[tools][bench]") {
  const mock_process mock("--ttft 5ms --itl 1ms");
  const temporary_directory dir;
  const std::string a = dir.file("a"), b = dir.file("b"), whole = dir.file("whole");
  const std::string common =
      tool + "--base-url " + mock.url +
      " --num-prompts 41 --request-rate 100 --random-input-len 8 --random-output-len 4 --seed 7 ";
  const auto ran = shell("T=$(($(date +%s) + 1)).6; " + common + "--shard 0/2 --start-at $T --records " + a +
                         " > /dev/null 2>&1 & " + common + "--shard 1/2 --start-at $(($(date +%s) + 1)).6 --records " +
                         b + " > /dev/null 2>&1; S=$?; wait; echo $S");
  CHECK(ran.out == "0\n");
  shell(common + "--records " + whole);
  auto shares = by_id(a);
  CHECK(shares.size() == 21);
  for (auto& [id, row] : by_id(b)) CHECK(shares.emplace(id, row).second);
  const auto one = by_id(whole);
  REQUIRE(shares.size() == one.size());
  double first = INFINITY, alone = INFINITY;
  for (const auto& [id, row] : shares) first = std::min(first, number(row, "t_sched_ns"));
  for (const auto& [id, row] : one) alone = std::min(alone, number(row, "t_sched_ns"));
  for (const auto& [id, row] : one) {
    CHECK(std::abs(number(shares.at(id), "t_sched_ns") - first - (number(row, "t_sched_ns") - alone)) < 5e6);
    CHECK(number(shares.at(id), "tokens_in") == number(row, "tokens_in"));
  }
  // The figures over both files are those over their lines together.
  shell("cat " + a + " " + b + " > " + dir.file("both"));
  const auto two = shell(tools + "weir-summarize --json " + a + " " + b);
  const auto merged = shell(tools + "weir-summarize --json " + dir.file("both"));
  CHECK(two.status == 0);
  const auto figures = [](const std::string& text) {
    std::string out;
    for (const auto& line : lines_of(text))
      if (line.find("\"metric\"") != line.npos) out += line + "\n";
    return out;
  };
  CHECK(figures(two.out).find("ttft") != std::string::npos);
  CHECK(figures(two.out) == figures(merged.out));
  refuses("--base-url " + mock.url + " --shard 2/2", "--shard is I/N");
  refuses("--base-url " + mock.url + " --shard 0/2 --start-at 1", "in the past");
  refuses("--base-url " + mock.url + " --num-prompts 3 --shard 4/5", "fewer requests than shards");
}

TEST_CASE("weir-bench: requests ask for the models of a mix, by lot or in turn", "[tools][bench]") {
  const mock_process mock("--ttft 1ms --itl 1ms");
  const temporary_directory dir;
  const std::string common =
      "--num-prompts 60 --max-concurrency 8 --random-input-len 4 --random-output-len 1 --records " + dir.file("r") +
      " --force --lora-modules mock other";
  std::map<std::string, int> asked;
  const auto count = [&] {
    asked.clear();
    for (const auto& row : records(dir.file("r"))) {
      ++asked[field(row, "model")];
      CHECK((field(row, "status") == "\"ok\"") == (field(row, "model") == "\"mock\""));
    }
  };
  bench(mock, common + "=3");
  count();
  CHECK(asked["\"other\""] > 32);  // 45 by lot, four standard deviations of 3.4
  CHECK(asked["\"other\""] < 58);
  bench(mock, common + " --lora-assignment round-robin");
  count();
  CHECK(asked["\"other\""] == 30);
  refuses("--base-url " + mock.url + " --lora-modules a=0", "is not NAME or NAME=WEIGHT");
  refuses("--base-url " + mock.url + " --lora-modules a=2 b --lora-assignment round-robin", "knows no weights");
}

TEST_CASE("weir-bench: prompts share the prefixes that were asked for", "[tools][bench]") {
  std::set<std::string> starts, wholes;
  const scripted::server_thread server([](const scripted::request& r) -> scripted::script {
    return r.target == "/metrics" ? scripted::reply(404, "{}")
                                  : scripted::script{scripted::send(scripted::completion(1))};
  });
  shell(
      tool + "--base-url " + server.url +
      " --model m --dataset-name prefix_repetition --prefix-repetition-prefix-len 30 --prefix-repetition-suffix-len 10 "
      "--prefix-repetition-num-prefixes 4 --prefix-repetition-output-len 3 --num-prompts 20 --max-concurrency 2");
  for (const auto& r : server.seen()) {
    if (r.target != "/v1/completions") continue;
    const auto from = r.body.find("\"prompt\":[");
    std::size_t at = from;
    for (int comma = 0; comma < 30; ++comma) at = r.body.find(',', at + 1);
    starts.insert(r.body.substr(from, at - from));
    wholes.insert(r.body.substr(from, r.body.find(']', from) - from));
    CHECK(r.body.find("\"max_tokens\":3") != std::string::npos);
  }
  CHECK(starts.size() == 4);
  CHECK(wholes.size() == 20);
}

TEST_CASE("weir-bench: conversations unfold, with threads, and after an end", "[tools][bench]") {
  const temporary_directory dir;
  std::string all = "[";
  for (int c = 0; c < 12; ++c)
    all += std::string(c > 0 ? "," : "") +
           R"({"conversations":[{"from":"human","value":"first question"},{"from":"gpt","value":"an answer"},)"
           R"({"from":"human","value":"second"},{"from":"gpt","value":"x"},{"from":"human","value":"third"}]})";
  const auto file = dir.write("s.json", all + "]");
  const std::string r = dir.file("r"), prompts = dir.file("p");
  CHECK(shell(tools + "weir-prompts --dataset sharegpt --turns 0 --max-tokens 5 " + file + " > " + prompts).status ==
        0);
  const std::string common = "--prompts " + prompts + " --records " + r + " ";
  const auto check = [&](int turns) {
    const auto rows = by_id(r);
    CHECK(rows.size() == static_cast<std::size_t>(turns));
    for (const auto& [id, row] : rows) {
      const double turn = number(row, "turn");
      CHECK(field(row, "id") == "\"" + field(row, "session").substr(1, field(row, "session").size() - 2) + "/" +
                                    std::to_string(static_cast<int>(turn)) + "\"");
      if (turn == 0) continue;
      const auto before = id.substr(0, id.size() - 2) + std::to_string(static_cast<int>(turn) - 1) + "\"";
      CHECK(number(row, "t_send_ns") >= number(rows.at(before), "t_done_ns"));
      // What was said before and the answer come with it.
      CHECK(number(row, "tokens_in") > number(rows.at(before), "tokens_in") + 5);
    }
  };
  SECTION("three threads") {
    const mock_process mock("--ttft 2ms --itl 1ms");
    const auto run = bench(mock, common + "--threads 3 --max-sessions 6");
    CHECK(number(run.json, "completed") == 36);
    check(36);
  }
  SECTION("shares") {
    const mock_process mock("--ttft 2ms --itl 1ms");
    bench(mock, common + "--shard 0/2 --max-concurrency 4");
    check(18);
  }
  SECTION("a failed turn ends its session, and --resume goes on there") {
    {
      const mock_process flaky(
          "--ttft 2ms --itl 1ms --fail-rate 0.3 --seed 5");  // its first request, a first turn, fails
      const auto run = bench(flaky, common + "--max-concurrency 4");
      const auto dropped = number(field(run.json, "weir"), "turns_not_sent");
      CHECK(dropped > 0);
      CHECK(number(run.json, "completed") + number(run.json, "failed") + dropped == 36);
      double told = 0;
      for (const auto& row : records(r))
        if (!field(row, "turns_not_sent").empty()) told += number(row, "turns_not_sent");
      CHECK(told == dropped);
    }
    const mock_process mock("--ttft 2ms --itl 1ms");
    const auto rest = shell(tool + "--base-url " + mock.url + " " + common + "--max-concurrency 4 --resume 2>&1");
    CHECK(rest.status == 0);
    std::map<std::string, std::string> answered;
    for (const auto& row : records(r))
      if (field(row, "status") == "\"ok\"") CHECK(answered.emplace(field(row, "id"), row).second);
    CHECK(answered.size() == 36);
    for (const auto& [id, row] : answered)
      if (number(row, "turn") == 2)
        CHECK(number(row, "tokens_in") == 2 + 5 + 1 + 5 + 1);  // two answers, three questions
  }
  SECTION("an open loop") {
    const mock_process mock("--ttft 2ms --itl 1ms");
    bench(mock, common + "--request-rate 40 --burstiness inf");
    check(36);
    CHECK(due_ms(r).size() == 36);
    int due = 0;
    for (const auto& row : records(r)) due += field(row, "t_sched_ns") != "null";
    CHECK(due == 12);
  }
}

TEST_CASE("weir-bench: conversations can be made up, and thought about", "[tools][bench]") {
  const mock_process mock("--ttft 2ms --itl 1ms");
  const temporary_directory dir;
  const auto run = bench(mock,
                         "--multi-turn --multi-turn-num-turns 3 --multi-turn-delay-ms 40 --num-prompts 4 "
                         "--random-input-len 20 --per-turn-input-len 6 --random-output-len 4 --records " +
                             dir.file("r"));
  CHECK(number(run.json, "completed") == 12);
  const auto rows = by_id(dir.file("r"));
  for (int c = 0; c < 4; ++c) {
    const auto row = [&](int turn) { return rows.at("\"" + std::to_string(c) + "/" + std::to_string(turn) + "\""); };
    CHECK(number(row(1), "t_send_ns") - number(row(0), "t_done_ns") >= 40e6);
    CHECK(number(row(0), "tokens_in") == 20);
    CHECK(number(row(0), "tokens_in_asked") == 20);
    CHECK(number(row(2), "tokens_in") == 20 + 4 + 6 + 4 + 6);  // all that was said
    CHECK(field(row(2), "tokens_in_asked").empty());
  }
  refuses("--base-url " + mock.url + " --turns 3 --random-form ids", "token ids can't hold an answer");
}

TEST_CASE("weir-bench: a chat's words are as many as the server's /tokenize wants", "[tools][bench]") {
  const temporary_directory dir;
  // A server whose template adds nine tokens, and whose usage says so.
  const auto answer = [](bool tokenizes) {
    return [tokenizes](const scripted::request& r) -> scripted::script {
      if (r.target == "/metrics" || (r.target == "/tokenize" && !tokenizes)) return scripted::reply(404, "{}");
      const auto from = r.body.find("\"content\":\"") + 11;
      const auto text = r.body.substr(from, r.body.find('"', from) - from);
      const auto tokens = std::to_string(std::count(text.begin(), text.end(), ' ') + 1 + 9);
      if (r.target == "/tokenize") return scripted::reply(200, "{\"count\":" + tokens + "}");
      const std::string body = R"(data: {"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"stop"}],)"
                               R"("usage":{"completion_tokens":1,"prompt_tokens":)" +
                               tokens + "}}\n\ndata: [DONE]\n\n";
      return {scripted::send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: " +
                             std::to_string(body.size()) + "\r\n\r\n" + body)};
    };
  };
  const std::string common =
      " --model m --backend openai-chat --num-prompts 5 --random-input-len 40 --max-concurrency 1 "
      "--force --records " +
      dir.file("r") + " 2>&1";
  {
    const scripted::server_thread server(answer(true));
    const auto ran = shell(tool + "--base-url " + server.url + common);
    CHECK(ran.status == 0);
    CHECK(ran.out.find("another length") == std::string::npos);
    for (const auto& row : records(dir.file("r"))) {
      CHECK(number(row, "tokens_in") == 40);
      CHECK(number(row, "tokens_in_asked") == 40);
    }
  }
  const scripted::server_thread server(answer(false));
  const auto ran = shell(tool + "--base-url " + server.url + common);
  CHECK(ran.status == 0);
  const auto said = ran.out.find("5 prompts are only about as long as asked for (/tokenize answers HTTP 404)");
  CHECK(said != std::string::npos);
  CHECK(ran.out.find("only about as long", said + 30) == std::string::npos);  // once
  CHECK(ran.out.find("5 prompts had another length than asked for: of 5 the mean is 49.0 tokens, not 40.0") !=
        std::string::npos);
  for (const auto& row : records(dir.file("r"))) CHECK(number(row, "tokens_in") == 49);
}

TEST_CASE("weir-bench: --goodput counts what met all goals, and failures as what met none", "[tools][bench]") {
  const mock_process mock("--ttft 20ms --itl 2ms --fail-rate 0.3 --seed 2");
  const auto run =
      bench(mock, "--num-prompts 30 --max-concurrency 4 --random-output-len 4 --goodput ttft:15000 tpot:5000");
  const double share = number(field(run.json, "weir"), "slo_attainment");
  CHECK(share == Approx(number(run.json, "completed") / 30));
  CHECK(share < 1);
  const auto none = bench(mock, "--num-prompts 10 --max-concurrency 4 --random-output-len 4 --goodput e2el:1");
  CHECK(number(none.json, "request_goodput") == 0);
}

TEST_CASE("weir-bench: --search goodput finds a limit, keeps its probes, and goes on from them", "[tools][bench]") {
  // Two slots of 20 ms each: a hundred requests a second can be had, and far more queue up.
  const mock_process mock("--ttft 10ms --itl 10ms --slots 2");
  const temporary_directory dir;
  const std::string log = dir.file("probes");
  const std::string search =
      tool + "--base-url " + mock.url +
      " --search goodput --goodput e2el:150 --search-target 0.8 --search-start 25 --duration 500ms "
      "--random-input-len 4 --random-output-len 2 --search-precision 0.9 --search-log " +
      log;
  const auto found = shell(search);
  CAPTURE(found.out);
  CHECK(found.status == 0);
  CHECK(found.out.find("highest load that held: ") != std::string::npos);
  const auto probes = lines_of(read_file(log));
  REQUIRE(probes.size() >= 2);
  CHECK(number(probes[0], "load") == 25);
  CHECK(number(probes[1], "load") == 50);
  // Killed while it wrote its last probe, it makes that probe again; with all of them it makes none.
  const auto again = shell(search + " --json 2>&1");
  CHECK(again.out.find("going on after " + std::to_string(probes.size()) + " probes") != std::string::npos);
  CHECK(lines_of(read_file(log)) == probes);
  std::ofstream(log, std::ios::trunc) << probes[0] << "\n" << probes[1].substr(0, 20);
  const auto resumed = shell(search + " 2>&1");
  CHECK(resumed.status == 0);
  CHECK(resumed.out.find("going on after 1 probes") != std::string::npos);
  CHECK(lines_of(read_file(log))[0] == probes[0]);
  CHECK(number(lines_of(read_file(log))[1], "load") == 50);
}

TEST_CASE("weir-bench: a search on a server that answers nothing is no limit found", "[tools][bench]") {
  const mock_process mock("");
  const auto ran = shell(tool + "--base-url " + mock.url +
                         " --model nope --search goodput --goodput ttft:50 --search-target 0.5 --duration 100ms 2>&1");
  CAPTURE(ran.out);
  CHECK(ran.status == 2);
  CHECK(ran.out.find("HTTP 404") != std::string::npos);
}

TEST_CASE("weir-bench: --search throughput raises the concurrency until it brings no more", "[tools][bench]") {
  const mock_process mock("--ttft 10ms --itl 10ms --slots 4");
  const auto ran = shell(tool + "--base-url " + mock.url +
                         " --search throughput --duration 300ms --random-input-len 4 --random-output-len 2 --json");
  CAPTURE(ran.out);
  CHECK(ran.status == 0);
  const double best =
      number(field(ran.out, "answer").empty() ? "{}" : "{\"load\":" + field(ran.out, "answer") + "}", "load");
  CHECK(best >= 4);
  CHECK(best <= 16);
}

TEST_CASE("weir-bench: what can't be searched is refused", "[tools][bench]") {
  const std::string url = "--base-url http://127.0.0.1:1 --model m ";
  refuses(url + "--search goodput", "--search goodput needs goals");
  refuses(url + "--search goodput --goodput ttft:5 --request-rate 3", "chooses the rate");
  refuses(url + "--search goodput --goodput ttft:5 --records x", "--records does not go with --search");
  refuses(url + "--search goodput --goodput ttft:5 --num-prompts 9", "needs at least 268 requests");
  refuses(url + "--search goodput --goodput ttft:5 --search-target 1", "between 0 and 1");
  refuses(url + "--search goodput --goodput ttft:5 --prompts - < /dev/null", "give a file, not a pipe");
}

TEST_CASE("weir-bench: --require-valid turns a run that can't be trusted into status 1", "[tools][bench]") {
  const mock_process mock("--ttft 1ms --itl 0");
  const std::string short_run = "--num-prompts 3 --request-rate 1000 --random-output-len 1 ";
  const auto told = bench(mock, short_run);
  CHECK(told.status == 0);
  CHECK(field(field(told.json, "weir"), "verdict") != "\"VALID\"");
  CHECK(bench(mock, short_run + "--require-valid").status == 1);
}

TEST_CASE("weir-bench: --self-test tells its own error against the log of its own server", "[tools][bench]") {
  const auto ran = shell(tool +
                         "--self-test --num-prompts 40 --max-concurrency 4 --random-input-len 4 "
                         "--random-output-len 10 --self-test-ttft 20ms --self-test-itl 2ms");
  CAPTURE(ran.out);
  CHECK((ran.status == 0 || ran.status == 1));  // VALID, or not on a machine this busy
  CHECK(ran.out.find("self-test: 40 requests") != std::string::npos);
  CHECK(ran.out.find("TTFT error: mean ") != std::string::npos);
  refuses("--self-test --base-url http://127.0.0.1:1", "--base-url does not go with --self-test");
}

TEST_CASE("weir-bench: a server that is not up yet is waited for where that is asked", "[tools][bench]") {
  const mock_process mock("--ttft 1ms --itl 0 --loading 700ms");
  const auto ran = shell(tool + "--base-url " + mock.url +
                         " --ready-check-timeout-sec 20 --num-prompts 2 --random-output-len 1 --json 2> /dev/null");
  CHECK(ran.status == 0);
  CHECK(number(ran.out, "completed") == 2);
  refuses("--base-url http://127.0.0.1:1 --ready-check-timeout-sec 0.3", "cannot ask for the models");
}
