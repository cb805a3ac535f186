// Writes COUNT request records with EVENTS per-event times each to standard output: generate COUNT EVENTS [mixed]. With
// EVENTS 0 a record has about 600 bytes and no times of events; four instances, open loop, always the same bytes.
// `mixed`: each record is of one of eight forms, drawn at random: with and without the members that some have and
// others have not, one in eight failed.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "weir/base/hash.hpp"
#include "weir/record/request.hpp"

namespace {

weir::request_record make(std::int64_t i, int events, weir::random_stream& random) {
  const auto up_to = [&](std::int64_t ns) {
    return static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(ns)));
  };
  weir::request_record r;
  r.id = "gsm8k/" + std::to_string(i);
  r.endpoint = "http://127.0.0.1:800" + std::to_string(i % 4);
  r.instance = std::to_string(i % 4);
  r.model = "mock";
  r.http_status = 200;
  r.t_sched_ns = 1'000'000'000'000 + i * 1'000'000;
  r.t_woke_ns = r.t_sched_ns + up_to(50'000);
  r.t_send_ns = r.t_woke_ns + up_to(50'000);
  r.t_first_ns = r.t_visible_ns = r.t_send_ns + 50'000'000 + up_to(20'000'000);
  r.tokens_in = 120;
  r.tokens_out = events > 0 ? events : 64;
  r.basis = r.itl_basis = weir::tokens_basis::usage;
  std::int64_t t = r.t_first_ns;
  for (int e = 0; e < events; ++e, t += 10'000'000 + up_to(1'000'000)) r.events.push_back({t, 1, 0});
  r.t_last_ns = events > 0 ? r.events.back().t_ns : t + 640'000'000 + up_to(10'000'000);
  r.t_done_ns = r.t_last_ns + 20'000;
  r.choices.push_back({0, r.t_first_ns, r.t_last_ns, r.tokens_out, 1, "stop", "the answer is 18", ""});
  r.expected = "18";
  return r;
}

/// Gives `r` another form: one bit says what is added at the front, one what at the end; one of eight failed.
void vary(weir::request_record& r, std::uint64_t form) {
  if ((form & 1) != 0) r.tokens_in_asked = 120;
  if ((form & 2) != 0) r.shared_events = 3;
  if ((form & 4) != 0) r.session = "talk", r.turn = 2;
  if (form != 7) return;
  r.status = weir::outcome::timeout, r.error = "no answer within 60 s";
  r.choices.clear(), r.events.clear();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return std::fputs("usage: generate COUNT EVENTS [mixed]\n", stderr), 2;
  weir::random_stream random(1), forms(2);
  std::string out;
  for (std::int64_t i = 0; i < std::atoll(argv[1]); ++i) {
    auto record = make(i, std::atoi(argv[2]), random);
    if (argc > 3) vary(record, forms.below(8));
    append_record(out, record);
    if (out.size() < (1U << 20)) continue;
    if (std::fwrite(out.data(), 1, out.size(), stdout) != out.size()) return 2;
    out.clear();
  }
  return std::fwrite(out.data(), 1, out.size(), stdout) == out.size() && std::fflush(stdout) == 0 ? 0 : 2;
}
