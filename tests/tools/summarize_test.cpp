#include <algorithm>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "catch.hpp"
#include "shell.hpp"
#include "weir/record/answer.hpp"
#include "weir/record/request.hpp"
#include "weir/record/run.hpp"

namespace {

const std::string summarize = std::string(WEIR_TOOLS_DIR) + "/weir-summarize ";

/// Two requests and answers of each of four instances, after a run record.
std::string records() {
  std::string out;
  weir::run_record run;
  run.tool = "weir-bench", run.host = "node", run.t_start_ns = 0, run.start_unix_ns = 1'795'322'048'000'000'000;
  append_record(out, run);
  for (int i = 0; i < 8; ++i) {
    weir::request_record r;
    r.id = std::to_string(i), r.instance = std::to_string(i % 4);
    r.t_send_ns = i * 1000, r.t_first_ns = r.t_visible_ns = r.t_send_ns + 5'000'000;
    r.t_last_ns = r.t_done_ns = r.t_first_ns + 30'000'000;
    r.tokens_in = 10, r.tokens_out = 4, r.basis = weir::tokens_basis::usage;
    r.choices = {{0, r.t_first_ns, r.t_last_ns, 4, 1, "stop", "text", ""}};
    append_record(out, r);
    append_record(out, weir::answer_record{r.id, "", r.instance, "", "1", "ok", {{"strict", "1", true, i % 2 == 0}}});
  }
  return out;
}

std::string contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("weir-summarize: a file, a directory, standard input and shards of it give the same table", "[tools]") {
  const temporary_directory here;
  const auto whole = here.write("whole.jsonl", records());
  const auto expected = shell(summarize + whole);
  REQUIRE(expected.status == 0);
  for (const char* row : {"\nstrict          8           0        4", "\n0                 2      100.00",
                          "\n3                 2        0.00", "\nall               8       50.00"}) {
    CAPTURE(row, expected.out);
    CHECK(expected.out.find(row) != std::string::npos);
  }
  CHECK(expected.out.find("ttft        all       8      5.000") != std::string::npos);
  CHECK(shell(summarize + "< " + whole).out == expected.out);
  CHECK(shell(summarize + "- < " + whole).out == expected.out);
  CHECK(shell("mkdir " + here.file("d") + " && cd " + here.file("d") + " && split -n r/3 --additional-suffix=.jsonl " +
              whole + " && touch notes.txt")
            .status == 0);
  CHECK(shell(summarize + here.file("d")).out == expected.out);
  CHECK(shell(summarize + whole + " " + here.file("./whole.jsonl")).out == expected.out);  // one file, named twice
}

TEST_CASE(
    "weir-summarize: the steady part counts a request of two files once, and does not ask in which order they came",
    "[tools]") {
  const temporary_directory here;
  std::string all, odd;
  for (int i = 0; i < 400; ++i) {
    weir::request_record r;
    r.id = std::to_string(i);
    r.t_send_ns = i / 4 * 10'000'000, r.t_first_ns = r.t_visible_ns = r.t_send_ns + 5'000'000 + i * 7919 % 1'000'000;
    r.t_last_ns = r.t_done_ns = r.t_first_ns + 30'000'000 + i * 104'729 % 1'000'000;
    r.tokens_out = 4, r.basis = weir::tokens_basis::usage;
    append_record(all, r);
    if (i % 2 == 1) append_record(odd, r);
  }
  const auto whole = here.write("a.jsonl", all), shard = here.write("b.jsonl", odd);
  const auto table = [&](const std::string& files) {
    return shell(summarize + "--steady --format csv " + files + " 2>/dev/null").out;
  };
  REQUIRE(table(whole).find("steady_ttft_p99_low_ms") != std::string::npos);
  CHECK(table(whole + " " + shard) == table(whole));
  CHECK(table(shard + " " + whole) == table(whole));  // four were sent in each instant
  CHECK(table("- < " + whole) == table(whole));
}

TEST_CASE("weir-summarize: metric records alone are a table in every format, and the same records with --json",
          "[tools]") {
  const temporary_directory here;
  const std::string lines = R"({"type":"metric","name":"kernel_us","value":8.5,"unit":"us","labels":{"m":"1"}}
{"type":"metric","name":"kernel_us","value":null,"reason":"no kernel","unit":"us","labels":{"m":"9"}}
)";
  const auto file = here.write("m.jsonl", lines);
  const auto shown = [&](const std::string& options) { return shell(summarize + options + " " + file + " 2>&1").out; };
  CHECK(shown("") ==
        "Figures\nm  name        value  unit\n--------------------------\n1  kernel_us  8.5000  us\n"
        "9  kernel_us     (a)  us\n(a) no kernel\n");
  CHECK(shown("--format csv") == "m,name,value,unit,reason\n1,kernel_us,8.5000,us,\n9,kernel_us,,us,no kernel\n");
  CHECK(shown("--format json").find(R"("reason":"no kernel")") != std::string::npos);
  for (const std::string format : {"md", "tsv", "latex", "html"}) {
    CAPTURE(format);
    const auto text = shown("--format " + format);
    CHECK(text.find("8.5") != std::string::npos);
    CHECK(text.find("no kernel") != std::string::npos);
  }
  CHECK(shown("--json") == lines);
  CHECK(shell(summarize + "--format svg " + file).status == 2);
  const auto beside = shell(summarize + file + " " + here.write("r.jsonl", records()) + " 2>&1");
  CHECK(beside.out.find("2 metric records were left out") != std::string::npos);
  CHECK(beside.out.find("kernel_us") == std::string::npos);
}

TEST_CASE("weir-summarize: --out writes every format, and nothing over what is there unless forced", "[tools]") {
  const temporary_directory here;
  const auto file = here.write("r.jsonl", records());
  const auto out = here.file("new/report");
  const auto shown = shell(summarize + "--out " + out + " " + file);
  CHECK(shown.status == 0);
  for (const std::string format : {"txt", "md", "csv", "json"}) {
    CAPTURE(format);
    CHECK(contents(out + "/summary." + format) == shell(summarize + "--format " + format + " " + file).out);
  }
  CHECK(shown.out == contents(out + "/summary.txt"));
  here.write("new/report/summary.csv", "mine");
  const auto refused = shell(summarize + "--out " + out + " " + file + " 2>&1");
  CHECK(refused.status == 2);
  CHECK(refused.out.find("exists; --force overwrites it") != std::string::npos);
  CHECK(contents(out + "/summary.csv") == "mine");
  CHECK(shell(summarize + "--force --out " + out + " " + file).status == 0);
  CHECK(contents(out + "/summary.csv").starts_with("instance,requests,"));
}

TEST_CASE("weir-summarize: bad input is named by file and line, and stops everything", "[tools]") {
  const temporary_directory here;
  const auto trouble = [&](const std::string& words) {
    const auto result = shell(summarize + words + " 2>&1 >/dev/null");
    return result.status == 2 ? result.out : "status " + std::to_string(result.status) + ": " + result.out;
  };
  const std::string good = records();
  const auto bad =
      here.write("bad.jsonl", good + "{\"type\":\"request\",\"status\":\"ok\",\"t_send_ns\":\"x\"}\n" + good);
  CHECK(trouble(bad) == "weir-summarize: " + bad + ":18: field 't_send_ns' is not an integer or null\n");
  const auto csv = here.write("a.csv", "id,question\n1,2\n");
  CHECK(trouble(csv) == "weir-summarize: " + csv + ":1: not a JSON object in one line\n");
  CHECK(trouble(here.write("empty", "")) ==
        "weir-summarize: " + here.file("empty") + " is empty: nothing to summarize\n");
  CHECK(trouble("< /dev/null") == "weir-summarize: standard input is empty: nothing to summarize\n");
  CHECK(trouble(here.write("other", "{\"a\":1}\n"))
            .find("other: its one line is no record (its \"type\" says so), nor is it a result of another tool") !=
        std::string::npos);
  CHECK(trouble(here.write("half", "{\"type\":\"request\",\"id\":")).find("half:1: the last line is half written") !=
        std::string::npos);
  CHECK(trouble(here.write("prompts", "{\"type\":\"prompt\",\"id\":\"1\",\"prompt\":\"x\"}\n"))
            .find("nothing to summarize") != std::string::npos);
  CHECK(trouble(here.file("none")) == "weir-summarize: there is no file " + here.file("none") + "\n");
  CHECK(shell("mkdir " + here.file("void")).status == 0);
  CHECK(trouble(here.file("void")).find("there is neither a *.jsonl in the directory") != std::string::npos);
  CHECK(trouble("--percentiles 50,101 " + bad).find("'101' is not between 0 and 100") != std::string::npos);
  CHECK(trouble("--group-by color " + bad).find("'color' is none of instance,") != std::string::npos);
}

TEST_CASE("weir-summarize: a half-written last line is skipped and said", "[tools]") {
  const temporary_directory here;
  const std::string whole = records();
  const auto cut = here.write("cut.jsonl", whole.substr(0, whole.size() - 20));
  const auto result = shell(summarize + cut + " 2>&1");
  CHECK(result.status == 0);
  const std::string words = cut + ":17: the last line is half written (was its writer killed?); it was skipped";
  const auto first = result.out.find(words);
  REQUIRE(first != std::string::npos);  // on standard error, and under the tables
  CHECK(result.out.find(words, first + 1) != std::string::npos);
  CHECK(result.out.find("\nall               7 ") != std::string::npos);
}

TEST_CASE("weir-summarize: a full disk and a closed pipe are trouble", "[tools]") {
  const temporary_directory here;
  const auto file = here.write("r.jsonl", records());
  CHECK(shell(summarize + file + " > /dev/full 2>/dev/null").status == 2);
  CHECK(shell("( " + summarize + "--json " + file + "; echo $? >&2 ) 2>&1 >/dev/full | grep -qx 2").status == 0);
}

TEST_CASE("weir-summarize: --json writes metric records with labels and full values", "[tools]") {
  const temporary_directory here;
  const auto result = shell(summarize + "--json --percentiles 50 " + here.write("r.jsonl", records()));
  REQUIRE(result.status == 0);
  CHECK(result.out.find(R"({"type":"metric","name":"ttft_p50_ms","value":5,"unit":"ms","labels":{"instance":"2"}})") !=
        std::string::npos);
  // The window is 35.007 ms: 7 us to the last request, 5 ms to its first token, 30 ms to its last.
  CHECK(result.out.find(R"("name":"window_s","value":0.035007,"unit":"s","labels":{}})") != std::string::npos);
  CHECK(result.out.find(R"("name":"itl_p50_ms","value":null,"reason":"the records hold no times of events, or no )") !=
        std::string::npos);
}

TEST_CASE("weir-summarize: results of other tools are told by content and stand side by side", "[tools]") {
  const temporary_directory here;
  const std::string kept = std::string(WEIR_SOURCE_DIR) + "/tests/fixtures/rivals/";
  const auto renamed = here.file("x.jsonl");
  std::ifstream(kept + "vllm.json") >> std::ofstream(renamed).rdbuf();
  const auto text = shell(summarize + renamed + " " + kept + "aiperf.json");
  REQUIRE(text.status == 0);
  for (const auto* part : {"vllm bench serve, x.jsonl", "AIPerf 0.13.0", "61.717", "73.776", "icl: gap between chunks"})
    CHECK(text.out.find(part) != std::string::npos);
  const auto csv = shell(summarize + "--format csv " + kept + "aiperf.json");
  CHECK(csv.out.find(",tpot_mean_ms,ms,5.134,inter_token_latency/avg,") != std::string::npos);
  const auto mixed =
      shell(summarize + "--format csv " + kept + "aiperf.json " + here.write("r.jsonl", records()) + " 2>&1");
  CHECK(mixed.status == 2);
  CHECK(mixed.out.find("hold one table") != std::string::npos);
  CHECK(shell(summarize + "--json " + kept + "sglang.jsonl").out.find(R"("name":"icl_p99_ms","value":8.573)") !=
        std::string::npos);
  CHECK(shell(summarize + here.write("odd.json", "{\n\"a\": 1\n}\n") + " 2>&1").out.find("no tool that is known") !=
        std::string::npos);
}

TEST_CASE("weir-summarize: pages, plots and traces are written, and need requests", "[tools]") {
  const temporary_directory here;
  const auto file = here.write("r.jsonl", records());
  CHECK(shell(summarize + "--format html " + file).out.starts_with("<!doctype html>"));
  CHECK(shell(summarize + "--plot waterfall " + file).out.starts_with("<svg"));
  CHECK(shell(summarize + "--format gnuplot " + file).out.find("\nplot $s0") != std::string::npos);
  CHECK(shell(summarize + "--plot cdf --format txt " + file).out.find("TTFT") != std::string::npos);
  CHECK(shell(summarize + "--format trace " + file).out.starts_with("{\"displayTimeUnit\""));
  CHECK(shell(summarize + "--format latex " + file).out.find("\\begin{tabular}") != std::string::npos);
  CHECK(shell(summarize + "--plot scaling " + file + " 2>&1").status == 0);  // instances 0 to 3 are numbers
  CHECK(shell(summarize + "--plot scaling --group-by none " + file + " 2>&1").status == 2);
  CHECK(shell(summarize + "--plot cdf " + std::string(WEIR_SOURCE_DIR) + "/tests/fixtures/rivals/aiperf.json 2>&1")
            .status == 2);
}

TEST_CASE("weir-summarize: --serve shows the page of a file that grows", "[tools]") {
  if (shell("command -v python3").status != 0) SKIP("there is no python3 to fetch the page with");
  const temporary_directory here;
  const auto file = here.write("r.jsonl", records()), words = here.write("words", "");
  const std::string wait = "i=0; until grep -q http: " + words + " || [ $i = 600 ]; do sleep 0.1; i=$((i+1)); done; ";
  const std::string port = "port=$(sed -n 's/.*127.0.0.1:\\([0-9]*\\)\\/.*/\\1/p' " + words + "); ";
  const auto seen = shell(summarize + "--serve 0 " + file + " 2> " + words + " & server=$!; " + wait + port +
                          "python3 -c \"import urllib.request as u; print(u.urlopen('http://127.0.0.1:$port/', "
                          "timeout=10).read().decode())\"; kill $server");
  CHECK(seen.out.find("http-equiv=\"refresh\"") != std::string::npos);
  CHECK(seen.out.find("Latency of successful requests") != std::string::npos);
}
