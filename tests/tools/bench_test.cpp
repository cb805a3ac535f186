// weir-bench against weir-mock: every way in which other clients are known to be wrong, and every way to fail.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "bench_run.hpp"
#include "catch.hpp"
#include "mock_process.hpp"
#include "mock_times.hpp"
#include "shell.hpp"

using bench_tests::bench, bench_tests::field, bench_tests::lines_of, bench_tests::number, bench_tests::numbers;
using bench_tests::read_file, bench_tests::records, bench_tests::refuses, bench_tests::tool;

TEST_CASE("weir-bench: streams of other legal shapes give the same truth", "[tools][bench]") {
  // The shapes on which other clients fail stand in defects_test.cpp.
  struct shape {
    const char *mock, *bench;
    int tokens = 200;
  };
  const auto [mock_flags, bench_flags, tokens] = GENERATE(
      shape{"--n-order shuffle", "-n 4", 800}, shape{"--cut utf8", ""}, shape{"", "--backend openai-chat -n 2", 400},
      shape{"", R"(--extra-body '{"stream_options":{"include_usage":true}}')"},
      shape{"", R"(--extra-body '{"return_token_ids":true,"stream_options":null}')"}, shape{"--close-after 2", ""});
  CAPTURE(mock_flags, bench_flags);
  const temporary_directory dir;
  std::string json;
  {
    const mock_process mock(std::string(mock_flags) + " --truth " + dir.file("truth"));
    const auto run =
        bench(mock, std::string("--num-prompts 10 --max-concurrency 10 --random-input-len 8 --random-output-len 20 "
                                "--ignore-eos ") +
                        bench_flags);
    CHECK(run.status == 0);
    json = run.json;
  }
  CHECK(number(json, "completed") == 10);
  CHECK(number(json, "failed") == 0);
  CHECK(number(json, "total_output_tokens") == tokens);
  const mock_times times(dir.file("truth"));
  CHECK(number(json, "median_ttft_ms") >= 49.9);
  near(number(json, "median_ttft_ms"), times.ttft);
  near_token(number(json, "median_tpot_token_ms"), times.tpot_token);
  CHECK(number(json, "median_e2el_ms") >= 239.9);
  near(number(json, "median_e2el_ms"), times.e2el);
}

TEST_CASE("weir-bench: no event is stamped before the mock sent it, and half of them within a millisecond",
          "[tools][bench]") {
  const temporary_directory dir;
  const std::string truth = dir.file("truth"), r = dir.file("r.jsonl");
  {
    const mock_process mock("--ttft 10ms --itl 5ms --truth " + truth);
    CHECK(
        bench(mock, "--num-prompts 6 --max-concurrency 1 --random-output-len 20 --ignore-eos --records " + r).status ==
        0);
  }
  const auto ours = records(r), theirs = records(truth, "truth");  // one at a time: in the same order
  REQUIRE(ours.size() == 6);
  REQUIRE(theirs.size() == 6);
  std::vector<double> late_ms;
  for (std::size_t i = 0; i < 6; ++i) {
    const auto arrived = numbers(field(ours[i], "event_t_ns")), sent = numbers(field(theirs[i], "event_t_ns"));
    const auto t_send = number(ours[i], "t_send_ns");
    REQUIRE(arrived.size() == 20);
    REQUIRE(sent.size() == 20);
    for (std::size_t k = 0; k < 20; ++k) {
      late_ms.push_back((t_send + arrived[k] - sent[k]) / 1e6);
      CHECK(late_ms.back() >= 0);
    }
    CHECK(number(ours[i], "t_done_ns") >= number(theirs[i], "t_done_ns"));
  }
  std::sort(late_ms.begin(), late_ms.end());
  CHECK(late_ms[late_ms.size() / 2] < 1);
}

TEST_CASE("weir-bench: with four choices the time per token is the log's, choice by choice, within 2 %",
          "[tools][bench]") {
  const temporary_directory dir;
  const std::string truth = dir.file("truth"), r = dir.file("r.jsonl");
  {
    const mock_process mock("--ttft 10ms --itl 10ms --n-order shuffle --truth " + truth);
    CHECK(
        bench(mock,
              "-n 4 --num-prompts 6 --max-concurrency 3 --random-output-len 16 --ignore-eos --tag-user --records " + r)
            .status == 0);
  }
  const auto tpots = [](const std::string& line) {  // of each choice
    const auto times = numbers(field(line, "event_t_ns")), choices = numbers(field(line, "event_choice"));
    REQUIRE(times.size() == 64);
    REQUIRE(choices.size() == 64);
    std::vector<double> out;
    for (int c = 0; c < 4; ++c) {
      std::vector<double> own;
      for (std::size_t i = 0; i < 64; ++i)
        if (choices[i] == c) own.push_back(times[i]);
      REQUIRE(own.size() == 16);
      out.push_back((own.back() - own.front()) / 15);
    }
    return out;
  };
  std::vector<double> errors;
  for (const auto& said : records(r))
    for (const auto& sent : records(truth, "truth"))
      if (field(sent, "user") == field(said, "id"))
        for (std::size_t c = 0; c < 4; ++c) errors.push_back(std::abs(tpots(said)[c] / tpots(sent)[c] - 1));
  REQUIRE(errors.size() == 24);
  std::sort(errors.begin(), errors.end());
  CHECK(errors[12] < 0.02);
}

TEST_CASE("weir-bench: an answer that is not streamed has an end, and no first token", "[tools][bench]") {
  const mock_process mock("--ttft 20ms --itl 5ms");
  const auto run = bench(mock, R"(--num-prompts 4 --random-output-len 5 --extra-body '{"stream":false}')");
  CHECK(number(run.json, "completed") == 4);
  CHECK(number(run.json, "total_output_tokens") == 20);
  CHECK(field(run.json, "mean_ttft_ms") == "null");
  CHECK(field(run.json, "mean_tpot_ms") == "null");
  CHECK(number(run.json, "median_e2el_ms") >= 39.9);
}

TEST_CASE("weir-bench: the busiest second is never below the average", "[tools][bench]") {
  const mock_process mock("--tokens-per-event 4");
  const auto run = bench(mock, "--num-prompts 10 --max-concurrency 2 --random-output-len 20 --ignore-eos");
  CHECK(number(run.json, "max_output_tokens_per_s") >= 0.95 * number(run.json, "output_throughput"));
  CHECK(number(run.json, "max_concurrent_requests") == 2);
}

TEST_CASE("weir-bench: what a server does wrong is counted as that", "[tools][bench]") {
  struct behaviour {
    const char* mock;
    int completed, failed, tokens, status;
    const char* words;
  };
  const auto [flags, completed, failed, tokens, status, words] = GENERATE(
      behaviour{"--error-at 10", 0, 20, 0, 1, "server_error: "},
      behaviour{"--error-at 10 --fault-every 2", 10, 10, 320, 0, "server_error: "},
      behaviour{"--abort-at 10", 0, 20, 0, 1, "truncated: "}, behaviour{"--abort-at 0", 0, 20, 0, 1, "truncated: "},
      behaviour{"--stop-at 20", 20, 0, 400, 0, ""}, behaviour{"--fail-rate 1", 0, 20, 0, 1, "http: HTTP 500"});
  CAPTURE(flags);
  const temporary_directory dir;
  const auto run = [&] {
    const mock_process mock("--ttft 20ms --itl 5ms --truth " + dir.file("truth") + " " + flags);
    return bench(mock, "--num-prompts 20 --max-concurrency 10 --random-output-len 32 --save-detailed --records " +
                           dir.file("r.jsonl"));
  }();
  CHECK(run.status == status);
  CHECK(number(run.json, "completed") == completed);
  CHECK(number(run.json, "failed") == failed);
  if (completed > 0) {
    CHECK(number(run.json, "total_output_tokens") == tokens);
    near_token(number(run.json, "median_tpot_token_ms"), mock_times(dir.file("truth")).tpot_token);
  } else {
    CHECK(field(run.json, "total_output_tokens") == "null");
    CHECK(field(run.json, "mean_ttft_ms") == "null");
  }
  if (failed > 0) CHECK(field(run.json, "errors").find(words) != std::string::npos);
  CHECK(records(dir.file("r.jsonl")).size() == 20);
}

TEST_CASE("weir-bench: a server that closes kept connections costs attempts, not requests", "[tools][bench]") {
  // Every second request gets no answer. On a kept connection that is a lost attempt, sent again; all succeed.
  const mock_process mock("--ttft 5ms --itl 1ms --close-every 2");
  const temporary_directory dir;
  const auto run = bench(mock, "--num-prompts 10 --max-concurrency 1 --random-output-len 5 --records " + dir.file("r"));
  CHECK(number(run.json, "completed") == 10);
  CHECK(number(run.json, "failed") == 0);
  const auto rows = records(dir.file("r"));
  int second = 0;
  for (const auto& row : rows) second += field(row, "attempt") == "2";
  CHECK(second > 0);
  CHECK(rows.size() == 10 + static_cast<std::size_t>(second));
  CHECK(field(field(run.json, "weir"), "resent") == std::to_string(second));
}

TEST_CASE("weir-bench: a wrong model fails every request with the server's words, told once", "[tools][bench]") {
  const mock_process mock("");
  const temporary_directory dir;
  const auto ran =
      shell(tool + "--base-url " + mock.url + " --model nope --num-prompts 7 --save-result " + dir.file("out.json"));
  CHECK(ran.status == 1);
  const auto first = ran.out.find("7 x http: HTTP 404");
  CHECK(first != std::string::npos);
  CHECK(ran.out.find("nope", first) != std::string::npos);
  CHECK(field(read_file(dir.file("out.json")), "failed") == "7");
}

TEST_CASE("weir-bench: a server that nobody runs is said, or is seven failed requests", "[tools][bench]") {
  std::string url;
  {
    const mock_process gone("");
    url = gone.url;
  }
  refuses("--base-url " + url, "cannot ask for the models: Connection refused; name the model with --model");
  const auto ran = shell(tool + "--base-url " + url + " --model m --num-prompts 7");
  CHECK(ran.status == 1);
  CHECK(ran.out.find("7 x connect: Connection refused") != std::string::npos);
  refuses("--base-url http://no-such-host.invalid --model m", "cannot find the host no-such-host.invalid");
}

TEST_CASE("weir-bench: a server that dies in the middle leaves truncated records and refused requests",
          "[tools][bench]") {
  const mock_process mock("--ttft 20ms --itl 40ms");  // 4 s an answer
  const temporary_directory dir;
  const std::string r = dir.file("r.jsonl");
  const auto ran = shell(tool + "--base-url " + mock.url +
                         " --num-prompts 8 --max-concurrency 4 --random-output-len 100 --records " + r +
                         " > /dev/null 2>&1 & PID=$!; for i in $(seq 3000); do grep -q endpoint " + r +
                         " 2> /dev/null && break; sleep 0.02; done; sleep 1; kill -9 " + std::to_string(mock.pid()) +
                         "; wait $PID; echo status $?");
  CHECK(ran.out == "status 1\n");
  int truncated = 0, refused = 0;
  for (const auto& row : records(r)) {
    truncated += field(row, "status") == "\"truncated\"";
    refused += field(row, "status") == "\"connect\"";
  }
  CHECK(truncated >= 4);  // a dying server may still accept a connection
  CHECK(truncated + refused == 8);
}

TEST_CASE("weir-bench: Ctrl-C keeps what was measured and says so by its status", "[tools][bench]") {
  const auto signal = GENERATE(as<std::string>{}, "INT", "TERM");
  const mock_process mock("--ttft 20ms --itl 10ms");
  const temporary_directory dir;
  const std::string r = dir.file("r.jsonl"), out = dir.file("out.json");
  const auto ran = shell(
      tool + "--base-url " + mock.url +
      " --num-prompts 1000 --max-concurrency 4 --random-output-len 10 --save-result " + out + " --records " + r +
      " > /dev/null & PID=$!; i=0; until [ $(cat " + r + " 2> /dev/null | grep -c '\"status\":\"ok\"') -ge 4 ] || " +
      "[ $i = 3000 ]; do sleep 0.02; i=$((i + 1)); done; kill -" + signal + " $PID; wait $PID; echo status $?");
  CHECK(ran.out.find("status " + std::string(signal == "INT" ? "130" : "143")) != std::string::npos);
  int ok = 0, cancelled = 0;
  for (const auto& row : records(r)) {
    ok += field(row, "status") == "\"ok\"";
    cancelled += field(row, "status") == "\"cancelled\"";
  }
  CHECK(ok >= 4);
  CHECK(cancelled <= 4);
  CHECK(cancelled > 0);
  const auto result = read_file(out);
  CHECK(number(result, "completed") == ok);
}

TEST_CASE("weir-bench: --resume sends what is not answered yet, and every prompt is answered once", "[tools][bench]") {
  const temporary_directory dir;
  const std::string r = dir.file("r.jsonl");
  const std::string common = " --num-prompts 20 --max-concurrency 4 --random-output-len 4 --records " + r;
  {
    const mock_process flaky("--ttft 5ms --itl 1ms --fail-rate 0.5 --seed 3");
    shell(tool + "--base-url " + flaky.url + common);
  }
  const auto before = records(r).size();
  CHECK(before == 20);
  std::ofstream(r, std::ios::app) << R"({"type":"request","id":"5","sta)";  // a writer that was killed
  const mock_process mock("--ttft 5ms --itl 1ms");
  refuses("--base-url " + mock.url + common, "continue it with --resume");
  const auto ran = shell(tool + "--base-url " + mock.url + common + " --resume 2>&1");
  CHECK(ran.status == 0);
  CHECK(ran.out.find("prompts were answered before") != std::string::npos);
  std::vector<std::string> answered;
  for (const auto& row : records(r))
    if (field(row, "status") == "\"ok\"") answered.push_back(field(row, "id"));
  std::sort(answered.begin(), answered.end());
  CHECK(answered.size() == 20);
  CHECK(std::unique(answered.begin(), answered.end()) == answered.end());
  CHECK(records(r, "run").size() == 2);
}

TEST_CASE("weir-bench: prompts keep their ids and what is known of them, from a file and from a pipe",
          "[tools][bench]") {
  const mock_process mock("--ttft 2ms --itl 1ms");
  const temporary_directory dir;
  const auto file =
      dir.write("p.jsonl", R"({"type":"run","tool":"x"})"
                           "\n"
                           R"({"type":"prompt","id":"a7","prompt":"hi","max_tokens":3,"expected":"4","subject":"s"})"
                           "\n\n"
                           R"({"id":9,"question":"what?","answer":"so #### 5"})"
                           "\n");
  for (const std::string& input : {"--prompts " + file, "--prompts - < " + file}) {
    const std::string r = dir.file("r.jsonl");
    CHECK(shell(tool + "--max-concurrency 1 --max-tokens 2 --base-url " + mock.url + " --force --records " + r + " " +
                input)
              .status == 0);
    const auto rows = records(r);
    REQUIRE(rows.size() == 2);
    CHECK(field(rows[0], "id") == "\"a7\"");
    CHECK(field(rows[0], "expected") == "\"4\"");
    CHECK(field(rows[0], "subject") == "\"s\"");
    CHECK(field(rows[0], "tokens_out") == "3");
    CHECK(field(rows[1], "id") == "\"9\"");
    CHECK(field(rows[1], "expected") == "\"5\"");
    CHECK(field(rows[1], "tokens_out") == "2");
  }
  const auto piped = shell(tool + "--prompts " + file + " --max-tokens 2 --base-url " + mock.url + " --records - 2> " +
                           dir.file("words"));
  CHECK(lines_of(piped.out).size() == 5);  // run, endpoint, two requests, verdict
  CHECK(read_file(dir.file("words")).find("Successful requests") != std::string::npos);
  const auto more = shell(tool + "--num-prompts 5 --prompts " + file +
                          " --max-tokens 1 --max-concurrency 1 --base-url " + mock.url + " --records - 2> /dev/null");
  CHECK(more.out.find(R"("id":"a7#3")") != std::string::npos);
}

TEST_CASE("weir-bench: requests go to every endpoint of a file, under its name", "[tools][bench]") {
  const mock_process one("--ttft 5ms --itl 1ms"), two("--ttft 5ms --itl 1ms --model other");
  const temporary_directory dir;
  const auto file = dir.write("e.jsonl", R"({"type":"endpoint","instance":"0","base_url":")" + one.url +
                                             "\"}\n"
                                             R"({"type":"endpoint","instance":"1","base_url":")" +
                                             two.url +
                                             R"(/v1","model":"other"})"
                                             "\n");
  const std::string r = dir.file("r.jsonl");
  CHECK(
      shell(tool + "--endpoints " + file + " --num-prompts 20 --max-concurrency 4 --random-output-len 3 --records " + r)
          .status == 0);
  int first = 0;
  for (const auto& row : records(r)) {
    CHECK(field(row, "status") == "\"ok\"");
    CHECK(field(row, "model") == (field(row, "instance") == "\"0\"" ? "\"mock\"" : "\"other\""));
    first += field(row, "instance") == "\"0\"";
  }
  CHECK(first >= 8);
  CHECK(first <= 12);
}

TEST_CASE("weir-bench: requests leave at the rate that was asked for", "[tools][bench]") {
  const mock_process mock("--ttft 5ms --itl 1ms");
  const temporary_directory dir;
  const std::string r = dir.file("r.jsonl");
  const auto run =
      bench(mock, "--num-prompts 100 --request-rate 200 --burstiness inf --random-output-len 2 --records " + r);
  CHECK(number(run.json, "completed") == 100);
  CHECK(number(run.json, "duration") > 0.49);
  const auto rows = records(r);
  REQUIRE(rows.size() == 100);
  CHECK(number(field(run.json, "weir"), "median_client_queue_ms") < 1000);
  double first = 1e300, last = 0;
  for (const auto& row : rows) {
    first = std::min(first, number(row, "t_sched_ns"));
    last = std::max(last, number(row, "t_sched_ns"));
  }
  CHECK((last - first) / 1e9 == Approx(99 / 200.0));
}

TEST_CASE("weir-bench: vLLM's command lines work, and its result file is where it would be", "[tools][bench]") {
  const mock_process mock("--ttft 5ms --itl 1ms");
  const temporary_directory dir;
  const auto port = mock.url.substr(mock.url.rfind(':') + 1);
  const auto ran =
      shell(tool + "--backend vllm --host 127.0.0.1 --port " + port +
            " --model mock --tokenizer ./tok --dataset-name random --random-input-len 16 --random-output-len 4 "
            "--num_prompts 12 --max_concurrency 4 --ignore-eos --percentile-metrics ttft,tpot,itl,e2el "
            "--metric-percentiles 25,99.9 --num-warmups 3 --save-result --save-detailed --disable-tqdm --result-dir " +
            dir.file("deep/er") +
            " --result-filename res.json --metadata gpu=h100 tp=2 --goodput ttft:500 e2el:9000 "
            "--request-rate inf --seed 5 --label test 2> " +
            dir.file("words"));
  CHECK(ran.status == 0);
  CHECK(ran.out.find("P99.9 TTFT (ms)") != std::string::npos);
  CHECK(read_file(dir.file("words")).find("--percentile-metrics has no effect") != std::string::npos);
  const auto json = read_file(dir.file("deep/er/res.json"));
  CHECK(number(json, "completed") == 12);
  CHECK(field(json, "gpu") == "\"h100\"");
  CHECK(field(json, "tp") == "\"2\"");
  CHECK(field(json, "label") == "\"test\"");
  CHECK(field(json, "tokenizer_id") == "\"./tok\"");
  CHECK(field(json, "output_lens") == "[4,4,4,4,4,4,4,4,4,4,4,4]");
  CHECK(field(json, "input_lens").starts_with("[16,16,"));
  CHECK(number(json, "p99.9_ttft_ms") > 0);
  CHECK(number(json, "request_goodput") == Approx(number(json, "request_throughput")));

  const std::string named = "--base-url " + mock.url +
                            " --num-prompts 2 --random-output-len 2 --append-result --result-filename " +
                            dir.file("lines.jsonl");
  shell(tool + named);
  shell(tool + named);
  CHECK(lines_of(read_file(dir.file("lines.jsonl"))).size() == 2);
  shell("cd " + dir.file("deep") + " && " + tool + "--base-url " + mock.url +
        " --num-prompts 2 --random-output-len 2 --max-concurrency 2 --save-result");
  CHECK(shell("ls " + dir.file("deep") + "/openai-infqps-concurrency2-mock-2*.json").status == 0);
}

TEST_CASE("weir-bench: a run ends by itself once it knows what it was to know, on one thread and on two",
          "[tools][bench]") {
  // Lengths that are drawn make times that hardly depend on each other. A machine that is slow for a second now and
  // then makes swings, over which an interval reaches far, rightly: then once more.
  const mock_process mock("--ttft 1ms --itl 2ms");
  const auto until_known = [&](const std::string& threads) {
    return bench(mock,
                 "--until mean_e2el:50% --until p50_e2el:50% --num-prompts 5000 --max-concurrency 8 "
                 "--random-input-len 4 --random-output-len 20 --random-range-ratio 0.9" +
                     threads);
  };
  for (const auto* threads : {"", " --threads 2"}) {
    CAPTURE(threads);
    auto ended = until_known(threads);
    for (int again = 0; again < 3 && number(ended.json, "completed") == 5000; ++again) ended = until_known(threads);
    CHECK(ended.status == 0);
    CHECK((number(ended.json, "completed") >= 200 && number(ended.json, "completed") < 5000));
    CHECK(number(ended.json, "num_prompts") == number(ended.json, "completed"));
    const auto known = field(field(ended.json, "weir"), "until");
    CHECK(known.find(R"("goal":"mean_e2el:50%","met":true)") != std::string::npos);
    CHECK(known.find(R"("goal":"p50_e2el:50%","met":true)") != std::string::npos);
  }
  const auto whole = bench(mock, "--until p99_ttft:1% --num-prompts 300 --max-concurrency 8 --random-input-len 4");
  CHECK(number(whole.json, "completed") == 300);
  CHECK(field(field(whole.json, "weir"), "until").find("\"met\":false") != std::string::npos);
}

TEST_CASE("weir-bench: every option of vllm bench serve is known, and what it does not do it says", "[tools][bench]") {
  const temporary_directory dir;  // what an option writes stays there
  const std::string common = "cd '" + dir.file("") + "' && " + tool +
                             "--base-url http://127.0.0.1:1 --model m --num-prompts 1 --progress off ";
  int known = 0, silent = 0, refused = 0;
  for (const auto& line : lines_of(read_file(WEIR_SOURCE_DIR "/tests/fixtures/vllm_serve_options.txt"))) {
    if (line.starts_with('#')) continue;
    const auto name = line.substr(0, line.find(' '));
    const auto ran = shell(common + name + (line.ends_with("value") ? " 1" : "") + " 2>&1");
    CAPTURE(line, ran.out);
    CHECK(ran.out.find("unknown option") == std::string::npos);
    CHECK(ran.out.find("required") == std::string::npos);      // a value that it lacks
    CHECK(ran.out.find("stands alone") == std::string::npos);  // or one that it does not take
    CHECK(ran.status != 0);
    ++known;
    silent += ran.out.find(name + " has no effect here: ") != std::string::npos;
    refused += ran.out.find(name + " is not here: ") != std::string::npos;
    if (ran.out.find(name + " is not here: ") != std::string::npos) CHECK(ran.status == 2);
  }
  CHECK(known == 131);
  CHECK(silent == 18);
  CHECK(refused == 36);
}

TEST_CASE("weir-bench: a chat takes random prompts as words, and messages choose the chat by themselves",
          "[tools][bench]") {
  const mock_process mock("--ttft 5ms --itl 20ms --reasoning 2");
  const auto run = bench(mock, "--backend openai-chat --num-prompts 4 --random-input-len 16 --random-output-len 6");
  CHECK(number(run.json, "completed") == 4);
  CHECK(number(run.json, "total_output_tokens") == 24);
  const auto ours = field(run.json, "weir");
  CHECK(number(ours, "median_ttfot_ms") >= 44.9);  // two tokens after the first, on a machine that is not late
  CHECK(number(ours, "median_ttfot_ms") >= number(run.json, "median_ttft_ms"));
  const temporary_directory dir;
  const auto file = dir.write("p.jsonl", R"({"messages":[{"role":"user","content":"hi"}],"max_tokens":2})");
  CHECK(field(bench(mock, "--prompts " + file).json, "backend") == "\"openai-chat\"");
  refuses("--base-url " + mock.url + " --backend openai --prompts " + file, "prompt 0 holds messages");
}

TEST_CASE("weir-bench: a key never reaches records, results or words", "[tools][bench]") {
  const mock_process mock("--ttft 2ms --itl 1ms");
  const temporary_directory dir;
  const auto keyfile = dir.write("key", "hush-from-file\n");
  const std::string common = tool + "--base-url " + mock.url +
                             " --num-prompts 2 --random-output-len 2 --force --records " + dir.file("r") +
                             " --save-result " + dir.file("res.json");
  const auto env = shell("KEY=hush-from-env " + common + " --api-key-env KEY 2>&1");
  CHECK(env.status == 0);
  const auto from_file = shell(common + " --api-key-file " + keyfile + " 2>&1");
  CHECK(from_file.status == 0);
  const auto header = shell(common + " --header 'Authorization: Bearer hush-header' --header=X-Key=hush-too 2>&1");
  CHECK(header.status == 0);
  const auto all = env.out + from_file.out + header.out + read_file(dir.file("r")) + read_file(dir.file("res.json"));
  CHECK(all.find("hush") == std::string::npos);
  CHECK(all.find("X-Key=***") != std::string::npos);
  const auto words = shell(common + " --header X-One=hush-one X-Two=hush-two --metadata gpu=h100 tp=2 2>&1");
  CHECK(words.status == 0);
  CHECK((words.out + read_file(dir.file("r")) + read_file(dir.file("res.json"))).find("hush") == std::string::npos);
  CHECK(field(read_file(dir.file("res.json")), "tp") == "\"2\"");
  refuses("--base-url " + mock.url + " --api-key-env NO_SUCH_KEY", "the variable NO_SUCH_KEY is not set");
}

TEST_CASE("weir-bench: a full disk ends the run with status 2 and the table still", "[tools][bench]") {
  const mock_process mock("--ttft 2ms --itl 1ms");
  const auto ran =
      shell(tool + "--base-url " + mock.url +
            " --num-prompts 50000 --max-concurrency 64 --random-input-len 1 --random-output-len 8 --records "
            "/dev/full 2>&1");
  CHECK(ran.status == 2);
  CHECK(ran.out.find("cannot write /dev/full: No space left on device") != std::string::npos);
  CHECK(ran.out.find("Successful requests") != std::string::npos);
  CHECK(shell(tool + "--base-url " + mock.url + " --num-prompts 2 --records - 2> /dev/null > /dev/full").status == 2);
  CHECK(shell(tool + "--base-url " + mock.url + " --num-prompts 2 2> /dev/null > /dev/full").status == 2);
}

TEST_CASE("weir-bench: more connections than the file limit are refused before the start", "[tools][bench]") {
  const mock_process mock("");
  const auto ran =
      shell("ulimit -n 100; " + tool + "--base-url " + mock.url + " --num-prompts 500 --max-concurrency 400 2>&1");
  CHECK(ran.status == 2);
  CHECK(ran.out.find("only 100 files may be open: run `ulimit -n 464` first") != std::string::npos);
}

TEST_CASE("weir-bench: what can't be meant is refused, and says what to do", "[tools][bench]") {
  const temporary_directory dir;
  const auto bad = dir.write("bad.jsonl", "{\"prompt\":\"a\"}\n{\"prompt\":7}\n");
  const auto empty = dir.write("empty.jsonl", "");
  const std::string url = "--base-url http://127.0.0.1:1 --model m ";
  refuses("", "which server? --base-url");
  refuses("--base-url 127.0.0.1:8000", "must start with http://");
  refuses("--base-url http://k:s@h", "must not hold a user name");
  refuses(url + "--endpoints x", "name the servers once");
  refuses("--endpoints " + dir.file("none"), "there is no file");
  refuses("--endpoints " + empty, "holds no endpoint record");
  refuses("--endpoints " + bad, "bad.jsonl holds no endpoint record");
  refuses("--endpoints " + dir.write("e", "{}\n{\n"), "e:2: not JSON");
  refuses(url + "--prompts " + bad, "bad.jsonl: line 2: field 'prompt' is not a string");
  refuses(url + "--prompts " + empty, "holds no prompt");
  refuses(url + "--prompts " + dir.file("none"), "there is no file");
  refuses(url + "--dataset-name random --prompts " + bad, "reads no file");
  refuses(url + "--dataset-name sharegpt", "--dataset-name sharegpt needs --dataset-path FILE");
  refuses(url + "--request-rate 0", "the request rate must be above 0");
  refuses(url + "--request-rate 5 --burstiness 0", "burstiness must be above 0");
  refuses(url + "--max-concurrency 0", "--max-concurrency is at least 1");
  refuses(url + "--num-prompts 0", "--num-prompts is at least 1");
  refuses(url + "-n 0", "--choices is at least 1");
  refuses(url + "--extra-body top_p=1", "--extra-body: not a JSON object");
  refuses(url + "--header nonsense", "a header is NAME=VALUE");
  refuses(url + "--goodput ttft=5", "is not a goal");
  refuses(url + "--until p99_ttft", "is not a goal such as p99_ttft:5%");
  refuses(url + "--until p99_ttft:5% --search throughput", "--until or --search");
  refuses(url + "--percentiles 50,101", "is not from 0 to 100");
  refuses(url + "--metadata x", "is not K=V");
  refuses(url + "word", "'word' stands alone");
  refuses(url + "--resume", "--resume needs --records");
  refuses(url + "--records - --json", "both want standard output");
  refuses(url + "--endpoint '/v1/x y'", "percent-encoded");
  refuses(url + "--max-concurency 4", "did you mean --max-concurrency?");
}

TEST_CASE("weir-bench: a stalled server is a time-out by phase, not a hang", "[tools][bench]") {
  const mock_process mock("--ttft 20s --itl 1ms");
  const auto first = bench(mock, "--num-prompts 2 --first-token-timeout 100ms --save-detailed");
  CHECK(first.status == 1);
  CHECK(field(first.json, "errors").find("timeout: no token after 0.1 s") != std::string::npos);
  const mock_process slow("--ttft 10ms --itl 20s");
  CHECK(field(bench(slow, "--num-prompts 2 --stall-timeout 100ms --save-detailed").json, "errors")
            .find("timeout: the stream stood still for 0.1 s") != std::string::npos);
  CHECK(field(bench(slow, "--num-prompts 2 --timeout 100ms --save-detailed").json, "errors")
            .find("timeout: the answer took longer than 0.1 s") != std::string::npos);
}
