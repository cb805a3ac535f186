#include "weir/trace/usual_event.hpp"

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "weir/base/hash.hpp"
#include "weir/data/source.hpp"
#include "weir/trace/kineto.hpp"

namespace {

/// All that a reader told: events, questions that stand, and what is said of the whole.
struct account {
  std::vector<std::string> events;
  std::vector<std::string> asked;
  std::array<std::uint64_t, 3> counts{};
  std::string first_damage;
  friend bool operator==(const account&, const account&) = default;
};

/// Wants complete events that are no operations of the CPU, and remembers what it was asked.
struct wants {
  account* into;
  bool operator()(std::string_view category) {
    into->asked.emplace_back(category);
    return category != "cpu_op";
  }
  bool phase(std::string_view phase) {
    if (phase != "f") return true;
    into->asked.emplace_back(phase);
    return false;
  }
  void unask(std::string_view phase, std::string_view category) {
    REQUIRE(!into->asked.empty());
    CHECK(into->asked.back() == (category.empty() ? phase : category));
    into->asked.pop_back();
  }
};

std::string names_of(const weir::kineto_event& e) {
  std::string all;
  for (const auto part : {e.phase, e.category, e.name, e.pid, e.tid}) all.append(part).append("|");
  return all;
}

void keep(account& out, const weir::kineto_event& e) {
  out.events.push_back(names_of(e).append(e.args) + "|" + std::to_string(e.t_ns) + "|" + std::to_string(e.dur_ns));
}

/// Writes into each mark which event it was, and finds the same names there when it comes again.
struct marks {
  std::vector<std::string> known;
  std::size_t again = 0;
  void see(const weir::kineto_event& e) {
    if (e.mark == nullptr) return;
    if (*e.mark != 0) {
      REQUIRE(*e.mark <= known.size());
      CHECK(known[*e.mark - 1] == names_of(e));
      ++again;
    } else {
      known.push_back(names_of(e));
      *e.mark = static_cast<std::uint32_t>(known.size());
    }
  }
};

template <class Reader>
account finish(account out, const Reader& reader) {
  out.counts = {reader.summary().events, reader.summary().skipped, reader.summary().damaged};
  out.first_damage = reader.summary().first_damage;
  return out;
}

/// \param again  becomes how many events were known by their marks.
account as_usual(std::string_view trace, std::size_t step, std::size_t window, std::size_t* again = nullptr) {
  account out;
  marks marked;
  weir::kineto_reader reader(weir::memory_source(trace, step), window);
  (void)reader.read(wants{&out}, [&](const weir::kineto_event& e) {
    keep(out, e);
    marked.see(e);
  });
  if (again != nullptr) *again = marked.again;
  return finish(std::move(out), reader);
}

/// Finds each object's end first, and reads it then.
account the_long_way(std::string_view trace) {
  account out;
  wants wanted{&out};
  weir::object_stream<weir::memory_source> stream(weir::memory_source(trace), {"traceEvents", {"\"ph\"", "\"name\""}});
  weir::kineto_event event;
  (void)stream.read([&](std::string_view object) {
    const auto read = weir::read_kineto_event(object, event, wanted);
    if (read == weir::object_read::ok) keep(out, event);
    return read;
  });
  return finish(std::move(out), stream);
}

constexpr std::string_view usual = R"json({"traceEvents": [
  {
    "ph": "X", "cat": "kernel", "name": "void gemm<float, 8>(int*)", "pid": 0, "tid": 7,
    "ts": 4469066415813.352, "dur": 2.048,
    "args": {
      "queued": 0, "grid": [2, 1, 1],      "block": [512, 1, 1], "s": "} ]"
    }
  },
  {
    "ph": "X", "cat": "kernel", "name": "void gemm<float, 8>(int*)", "pid": 0, "tid": 7,
    "ts": 4469066415823.5, "dur": 12.048,
    "args": {
      "queued": 0
    }
  },
  {
    "ph": "X", "cat": "kernel", "name": "void gemm<float, 8>(int*, int)", "pid": 0, "tid": 20,
    "ts": 4469066415824, "dur": 0,
    "args": {
    }
  },
  {
    "ph": "f", "id": 11099, "pid": 0, "tid": 7, "ts": 4469066415813.352, "cat": "ac2g", "name": "ac2g", "bp": "e"
  },
  {"ph": "X", "cat": "cpu_op", "name": "aten::mm", "pid": 5, "tid": 5, "ts": 1.5, "dur": 2, "args": {"External id": 1}},
  {"ph": "X", "cat": "Trace", "ts": 1, "dur": 2, "pid": "Spans", "tid": "x", "name": "all", "args": {"Op count": 0}},
  {"ph": "X", "cat": "kernel", "name": "k\"\\", "pid": 0, "tid": "stream 7 ", "ts": 3, "dur": 2, "args": {}},
  {"ph": "X", "cat": "kernel", "name": "k\"\\", "pid": 0, "tid": "stream 7 ", "ts": 5, "dur": 2, "args": {}},
  {"ph": "X", "cat": "kernel", "name": "k\"", "pid": 0, "tid": "stream 7 ", "ts": 3, "dur": 2, "args": {}},
  {"ph": "X", "cat": "kernel", "name": "", "pid": 0, "tid": "stream 7 ", "ts": 3, "dur": 2, "args": {"a": {}}},
  {"ph": "X", "cat": "kernel", "name": "two", "pid": 0, "tid": 7, "ts": 3, "dur": 2, "args": {"a": 1}, "args": {}},
  {"ph": "M", "name": "process_name", "pid": 0, "args": {"name": "python"}}
]})json";

}  // namespace

TEST_CASE("usual_event: the usual layout is recognized, and another one is left alone", "[trace]") {
  const auto length_of = [](std::string text) {
    const std::size_t size = text.size();
    text += ", {" + std::string(64, '}');
    weir::kineto_event event;
    weir::detail::usual_layout layout;
    auto all = [](std::string_view) { return true; };
    return weir::read_usual_event(std::string_view(text).substr(0, size + 3), event, all, layout).length;
  };
  const std::string head = R"({"ph": "X", "cat": "kernel", "name": "k", "pid": 0, "tid": 7, "ts": 3, )";
  const std::string whole = head + R"("dur": 2.5, "args": {"a": [1]}})";
  CHECK(length_of(whole) == whole.size());
  CHECK(length_of(head + R"("dur": 2.5})") == 0);
  CHECK(length_of(head + R"("args": {}, "dur": 2})") == 0);
  CHECK(length_of(head + R"("dur": 2, "args": {}, "more": 1})") == 0);
  CHECK(length_of(head + R"("dur": NaN, "args": {}})") == 0);
  CHECK(length_of(R"({"ph":"X","cat":"kernel"})") == 0);
}

/// The events of `usual`, `times` over, as layers of a model repeat them, in each of which some digits are others.
std::string repeated(std::size_t times, weir::random_stream& random) {
  const std::size_t begin = usual.find('[') + 1, end = usual.rfind(']');
  const std::string_view events = usual.substr(begin, end - begin);
  std::string text(usual.substr(0, begin));
  for (std::size_t i = 0; i < times; ++i) {
    std::string layer(events);
    for (std::size_t changed = i == 0 ? 0 : random.below(4); changed > 0; --changed) {
      const std::size_t at = layer.find_first_of("0123456789", random.below(layer.size()));
      if (at != layer.npos) layer[at] = static_cast<char>('0' + random.below(10));
    }
    text.append(i == 0 ? "" : ",").append(layer);
  }
  return text.append(usual.substr(end));
}

TEST_CASE("usual_event: events that come again are known by their marks", "[trace]") {
  weir::random_stream random(1);
  const std::string text = repeated(8, random);
  std::size_t again = 0;
  const account read = as_usual(text, text.npos, 1 << 16, &again);
  CHECK(read == the_long_way(text));
  CHECK(again > 20);  // a few in each of eight layers are laid out as usual, and no digit of theirs was changed
}

TEST_CASE("usual_event: whatever a trace holds, it is read as by finding each end first", "[trace][property]") {
  const account truth = the_long_way(usual);
  REQUIRE(truth.events.size() == 10);
  CHECK(truth.counts == std::array<std::uint64_t, 3>{12, 2, 0});
  weir::random_stream random(GENERATE(range(1U, 200U)));
  constexpr std::string_view alphabet("{}[]\":,\\ \n\0.-0aX", 16);
  for (int i = 0; i < 40; ++i) {
    std::string text = repeated(1 + random.below(4), random);
    for (std::size_t damage = random.below(3); damage > 0; --damage) {
      const std::size_t at = random.below(text.size());
      const char byte = alphabet[random.below(alphabet.size())];
      switch (random.below(3)) {
        case 0:
          text[at] = byte;
          break;
        case 1:
          text.insert(at, 1, byte);
          break;
        default:
          text.erase(at, 1 + random.below(3));
      }
    }
    if (random.below(4) == 0) text.resize(random.below(text.size()));
    CAPTURE(text);
    const account wanted = the_long_way(text);
    CHECK(as_usual(text, text.npos, 4096) == wanted);
    CHECK(as_usual(text, 1 + random.below(100), 1 + random.below(200)) == wanted);
  }
}
