// Events that waited in the socket: read one by one, each with the stamp of its own segment.
#include "weir/net/late_read.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "peer.hpp"
#include "sender.hpp"
#include "weir/base/clock.hpp"
#include "weir/net/address.hpp"
#include "weir/net/connection.hpp"
#include "weir/net/kernel_clock.hpp"
#include "weir/net/loop.hpp"

namespace {

constexpr std::int64_t ms = 1'000'000;
const std::vector<std::string> events{"6\r\ndata: a\n\n\r\n", "6\r\ndata: b\n\n\r\n", "6\r\ndata: c\n\n\r\n"};

struct reader : weir::connection_user {
  struct read {
    std::string bytes;
    std::int64_t t_ns;
    bool stamped, together;
    std::size_t waiting;
  };
  weir::loop loop;
  weir::receive_buffer buffer;
  weir::connection link{loop, *this, buffer};
  std::vector<read> reads;
  bool joined = false, ended = false, close_where_more = false, slow = false;

  explicit reader(sender& from) {
    REQUIRE(link.open(weir::resolve("127.0.0.1", from.port()).value().front()));
    REQUIRE(turn_until(loop, [&] { return joined; }));
    from.accept();
  }
  /// The kernel begins to stamp soon after a first socket has asked for it, not at once.
  void wait_for_stamps(sender& from) {
    for (int i = 0; i < 10'000 && (reads.empty() || !reads.back().stamped); ++i) {
      reads.clear();
      from.send(events[0]);
      read_all(events[0].size());
    }
    REQUIRE(reads.back().stamped);
    reads.clear();
  }
  void on_connected(std::int64_t) override { joined = true; }
  void on_sent(std::int64_t) override {}
  void on_bytes(std::string_view bytes, std::int64_t t_ns) override {
    reads.push_back({std::string(bytes), t_ns, link.kernel_stamped(), link.together(), link.waiting()});
    if (close_where_more && link.waiting() > 0) link.close();
    if (slow) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  void on_closed(std::string_view, std::int64_t) override { ended = true; }
  [[nodiscard]] std::string all() const {
    std::string text;
    for (const auto& r : reads) text += r.bytes;
    return text;
  }
  void read_all(std::size_t size) {
    REQUIRE(turn_until(loop, [&] { return all().size() >= size; }));
  }
};

}  // namespace

TEST_CASE("late read: an event ends behind a blank line, where more data follows", "[net]") {
  std::vector<std::size_t> ends{7};
  const auto of = [&ends](std::string_view bytes) {
    weir::event_ends(bytes, ends);
    return ends;
  };
  using list = std::vector<std::size_t>;
  CHECK(of("data: a\n\ndata: b\n\n") == list{9, 18});
  CHECK(of("data: a\r\n\r\ndata: b\r\n\r\n") == list{11, 22});
  CHECK(of("data: a\n\n\ndata: b") == list{9, 17});
  CHECK(of("6\r\ndata: a\n\n\r\n6\r\ndata: b\n\n\r\n") == list{12, 28});
  CHECK(of("end of a\"}\n\n\r\n6\r\ndata: b") == list{12, 24});
  CHECK(of("HTTP/1.1 200 OK\r\n\r\n6\r\ndata: a\n\n\r\n") == list{19, 33});
  // What stands behind an event's blank line belongs to the next: the end of its chunk, too.
  CHECK(of(events[0] + events[1] + "HTTP/1.1 200 OK\r\n\r\n" + events[2]) == list{12, 26, 47, 61});
  for (const std::string_view whole : {"data: a", "data: a\n\n", "6\r\ndata: a\n\n\r\n0\r\n\r\n",
                                       "HTTP/1.1 200 OK\r\n\r\n{\"a\": 1}", "data: a\ndata: b"})
    CHECK(of(whole) == list{whole.size()});
  CHECK(of("").empty());
}

TEST_CASE("late read: a read is late a quarter of the usual gap behind its time", "[net]") {
  weir::event_pace pace;
  CHECK(pace.late_from(1000 * ms) == 0);  // not known: always
  for (int i = 0; i < 50; ++i) pace.take(20 * ms, false);
  CHECK(pace.late_from(1000 * ms) - 1025 * ms < ms);
  CHECK(pace.late_from(1000 * ms) - 1025 * ms > -ms);
  pace.take(1000 * ms, false);  // a stall moves it by a quarter at most
  CHECK(pace.late_from(0) < 32 * ms);
  for (int i = 0; i < 10; ++i) pace.take(ms, false);
  CHECK(pace.late_from(0) < 2 * ms);
  for (int i = 0; i < 60; ++i) pace.take(1000, false);
  CHECK(pace.late_from(0) == 200'000);
}

TEST_CASE("late read: a server that sends several events at once is looked at ever more rarely", "[net]") {
  weir::event_pace pace;
  for (int i = 0; i < 50; ++i) pace.take(10 * ms, false);
  const auto once = pace.late_from(0);
  for (int i = 0; i < 100; ++i) pace.take(10 * ms, true);
  CHECK(pace.late_from(0) == once * 64);
  for (int i = 0; i < 100; ++i) pace.take(10 * ms, false, true);  // several at once still, and nobody looked
  CHECK(pace.late_from(0) == once * 64);
  for (int i = 0; i < 100; ++i) pace.take(10 * ms, false);
  CHECK(pace.late_from(0) == once);
}

TEST_CASE("late read: how many are like the first, whatever is guessed", "[net]") {
  for (std::size_t size = 0; size < 40; ++size)
    for (std::size_t alike = std::min<std::size_t>(size, 1); alike <= size; ++alike)
      for (std::size_t guess = 0; guess < 50; ++guess) {
        int asked = 0;
        const auto like_first = [&](std::size_t i) {
          ++asked;
          return i < alike && i > 0 && i < size;
        };
        REQUIRE(weir::count_like_first(size, guess, like_first) == alike);
        if (guess == alike) REQUIRE(asked <= 2);
        REQUIRE(asked <= 12);
      }
}

TEST_CASE("late read: events that share a segment come in one piece, and those of the next in another", "[net]") {
  sender from;
  reader to(from);
  to.wait_for_stamps(from);
  const std::string three = events[0] + events[1] + events[2];
  bool apart = false;
  // As above; and in the first round it is only found out that events share a segment.
  for (int round = 0; round < 200 && !apart; ++round) {
    to.reads.clear();
    for (int i = 0; i < 2; ++i) {
      from.send(three);
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    to.link.one_by_one_from(0);
    to.read_all(2 * three.size());
    REQUIRE(to.all() == three + three);
    apart = to.reads.size() == 2;
    if (!apart) continue;
    CHECK(to.reads[0].bytes == three.substr(0, three.size() - 2));  // cut behind the blank line
    CHECK(to.reads[0].t_ns + ms < to.reads[1].t_ns);
    for (const auto& read : to.reads) CHECK(read.together);
  }
  CHECK(apart);
}

TEST_CASE("late read: events that waited have each the stamp of its own segment", "[net]") {
  sender from;
  reader to(from);
  to.wait_for_stamps(from);
  bool apart = false;
  // Where the sender's copy of a segment was acknowledged already, the kernel may join the next one to it.
  for (int round = 0; round < 200 && !apart; ++round) {
    to.reads.clear();
    std::vector<std::int64_t> sent;
    for (const auto& event : events) {
      sent.push_back(weir::now_ns());
      from.send(event);
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    sent.push_back(std::numeric_limits<std::int64_t>::max());
    to.link.one_by_one_from(0);
    to.read_all(3 * events[0].size());
    CHECK(to.all() == events[0] + events[1] + events[2]);
    // The kernel stamps a segment, and passes it on, when it gets to it, which a busy machine may put off: such a round
    // says nothing.
    apart = to.reads.size() == 3 && to.reads[0].waiting > 2 * events[0].size();
    for (std::size_t i = 0; apart && i < 3; ++i) apart = to.reads[i].t_ns < sent[i + 1];
    if (!apart) continue;
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(to.reads[i].stamped);
      CHECK_FALSE(to.reads[i].together);
      CHECK(to.reads[i].t_ns > sent[i] - ms / 10);
      CHECK((to.reads[i].waiting == 0) == (i == 2));
    }
  }
  CHECK(apart);
}

TEST_CASE("late read: events of one segment come in one piece, and it says so", "[net]") {
  sender from;
  reader to(from);
  to.wait_for_stamps(from);
  const std::string all = events[0] + events[1] + events[2];
  from.send(all);
  to.link.one_by_one_from(0);
  to.read_all(all.size());
  REQUIRE(to.reads.size() == 1);
  CHECK(to.reads[0].bytes == all);
  CHECK(to.reads[0].together);
  from.send(events[0]);
  to.read_all(all.size() + events[0].size());
  REQUIRE(to.reads.size() == 2);
  CHECK_FALSE(to.reads[1].together);
}

TEST_CASE("late read: who closes the connection hears no more of it", "[net]") {
  sender from;
  reader to(from);
  to.close_where_more = true;
  for (int round = 0; round < 200 && to.link.is_open(); ++round) {
    to.reads.clear();
    for (const auto& event : events) {
      from.send(event);
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    to.link.one_by_one_from(0);
    REQUIRE(turn_until(to.loop, [&] { return !to.link.is_open() || to.all().size() == 3 * events[0].size(); }));
  }
  REQUIRE_FALSE(to.link.is_open());
  const std::size_t heard = to.reads.size();
  CHECK(to.reads.back().waiting > 0);
  for (int i = 0; i < 5; ++i) to.loop.turn(weir::now_ns() + ms).value();
  CHECK(to.reads.size() == heard);
  CHECK_FALSE(to.ended);
}

TEST_CASE("late read: no event arrives before the one before it, also where the clocks are compared anew", "[net]") {
  sender from;
  reader to(from);
  to.wait_for_stamps(from);
  to.slow = true;  // so that they are compared for each event
  to.buffer.clock() = weir::kernel_clock([] {
    static std::int64_t grown = 0;
    return weir::realtime_offset_ns() + (grown += 15'000);
  });
  for (int round = 0; round < 20; ++round) {
    to.reads.clear();
    from.send(events[0]);
    from.send(events[1]);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    to.link.one_by_one_from(0);
    to.read_all(2 * events[0].size());
    for (std::size_t i = 1; i < to.reads.size(); ++i) CHECK(to.reads[i].t_ns >= to.reads[i - 1].t_ns);
  }
}
