// What reading a stream costs before anybody looks at the JSON: HTTP chunk framing and event-stream lines, for reads
// that hold 1, 16 or 64 events, each event its own HTTP chunk, as vLLM sends them. Prints a line a case: median, least
// and greatest of 15 interleaved rounds, next to a bare search for line feeds over the same bytes. See bench/net.md.
//   g++ -std=c++20 -O3 -DNDEBUG -Iinclude bench/net_parse.cpp -o net_parse && taskset -c 1 ./net_parse
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include "weir/net/http1.hpp"
#include "weir/net/sse.hpp"

namespace {

constexpr std::size_t events = 64 * 1024;  // a round
constexpr std::string_view head =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n";

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// A vLLM completion chunk of about 230 bytes, in its own HTTP chunk.
std::string chunk(std::size_t i) {
  const std::string event =
      R"(data: {"id":"cmpl-b874b72548c820d2","object":"text_completion","created":1795326396,"model":"m",)"
      R"("choices":[{"index":0,"text":" w)" +
      std::to_string(100 + i % 900) +
      R"(","logprobs":null,"finish_reason":null,"stop_reason":null,"prompt_token_ids":null,"token_ids":null}]})"
      "\n\n";
  char size[16];
  std::snprintf(size, sizeof size, "%zx\r\n", event.size());
  return size + event + "\r\n";
}

struct reader {
  weir::http1_parser http{weir::http1_parser::role::response};
  weir::sse_parser sse;
  std::size_t count = 0, bytes = 0;
  void on_head(const weir::http1_head&) {}
  void on_body(std::string_view piece) {
    const auto fed = sse.feed(piece, [&](const weir::sse_parser::event& e) { ++count, bytes += e.data.size(); });
    if (!fed) std::fprintf(stderr, "%s\n", fed.error().detail.c_str());
  }
  void on_end() {}
};

/// One round: `stream` again and again until all events have come, in reads of these sizes; how many were found.
std::size_t parse(std::string_view stream, const std::vector<std::size_t>& reads, std::size_t repeats) {
  reader r;
  if (!r.http.feed(head, r)) return 0;
  for (; repeats > 0; --repeats) {
    std::string_view rest = stream;
    for (const std::size_t size : reads) {
      if (!r.http.feed(rest.substr(0, size), r)) return 0;
      rest.remove_prefix(size);
    }
  }
  return r.count;
}

std::size_t count_lines(std::string_view stream) {
  std::size_t lines = 0;
  for (const char *at = stream.data(), *end = at + stream.size(); at != end; ++lines) {
    const void* lf = std::memchr(at, '\n', static_cast<std::size_t>(end - at));
    if (!lf) break;
    at = static_cast<const char*>(lf) + 1;
  }
  return lines;
}

struct series {
  std::string name;
  std::vector<double> ns;
  template <class Work>
  void time(Work&& work) {
    const double start = cpu_seconds();
    const std::size_t found = work();
    ns.push_back((cpu_seconds() - start) * 1e9 / static_cast<double>(events));
    if (found != events) std::fprintf(stderr, "%s: found %zu of %zu\n", name.c_str(), found, events);
  }
  void print(double bytes_per_event) {
    std::sort(ns.begin(), ns.end());
    const double median = ns[ns.size() / 2];
    std::printf("%-34s %7.1f ns/event (%.1f to %.1f) %6.2f GB/s\n", name.c_str(), median, ns.front(), ns.back(),
                bytes_per_event / median);
  }
};

/// All cases over a stream of `held` events, repeated: few stay in the cache that recv left them in, many do not.
void measure(std::size_t held) {
  std::string stream;
  std::vector<std::size_t> ends{0};
  for (std::size_t i = 0; i < held; ++i) ends.push_back((stream += chunk(i)).size());
  const std::size_t repeats = events / held;

  std::vector<series> cases{{"line feeds only (4 an event)", {}}};
  std::vector<std::vector<std::size_t>> reads{{}};
  for (const std::size_t per_read : {1U, 16U, 64U}) {
    cases.push_back({"http1 + sse, " + std::to_string(per_read) + " events a read", {}});
    reads.emplace_back();
    for (std::size_t i = 0; i < held; i += per_read) reads.back().push_back(ends[i + per_read] - ends[i]);
  }
  cases.push_back({"http1 + sse, 4096 bytes a read", {}});  // most reads cut an event in two
  reads.emplace_back(stream.size() / 4096, 4096);
  reads.back().push_back(stream.size() % 4096);

  for (int round = 0; round < 15; ++round) {
    cases[0].time([&] {
      std::size_t lines = 0;
      for (std::size_t i = 0; i < repeats; ++i) lines += count_lines(stream);
      return lines / 4;
    });
    for (std::size_t i = 1; i < cases.size(); ++i) cases[i].time([&] { return parse(stream, reads[i], repeats); });
  }
  std::printf("%zu events, %zu KiB, %zu times\n", held, stream.size() / 1024, repeats);
  for (auto& one : cases) one.print(static_cast<double>(stream.size()) / static_cast<double>(held));
}

}  // namespace

int main() {
  measure(256);
  measure(events);
  return 0;
}
