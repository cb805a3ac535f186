// What reading costs at least: a bare simdjson iterate_many loop over a whole file in memory that reads the fields
// which weir-summarize needs, adds them up, and keeps nothing.
#include <simdjson.h>

#include <cstdint>
#include <cstdio>
#include <string_view>

namespace od = simdjson::ondemand;

std::int64_t sum = 0;

void number(od::value v) {
  if (std::int64_t n = 0; !v.get_int64().get(n)) sum += n;
}
void text(od::value v) {
  if (std::string_view s; !v.get_string().get(s)) sum += static_cast<std::int64_t>(s.size());
}

void choice(od::object fields) {
  for (auto field : fields) {
    const std::string_view key = field.unescaped_key();
    if (key == "t_first_ns" || key == "t_last_ns" || key == "tokens_out" || key == "tokens_first")
      number(field.value());
  }
}

void request(od::object fields) {
  for (auto field : fields) {
    const std::string_view key = field.unescaped_key();
    if (key == "t_send_ns" || key == "t_first_ns" || key == "t_last_ns" || key == "t_done_ns" || key == "t_sched_ns" ||
        key == "t_woke_ns" || key == "t_connect_ns" || key == "t_visible_ns" || key == "tokens_in" ||
        key == "tokens_out" || key == "attempt")
      number(field.value());
    else if (key == "id" || key == "instance" || key == "status" || key == "tokens_basis" || key == "itl_basis")
      text(field.value());
    else if (key == "choices")
      for (auto row : field.value().get_array()) choice(row.get_object());
    else if (key == "event_t_ns")
      for (auto t : field.value().get_array()) sum += std::int64_t(t.get_int64());
  }
}

int main(int, char** argv) {
  const auto bytes = simdjson::padded_string::load(argv[1]);
  od::parser parser;
  od::document_stream lines;
  if (bytes.error() || parser.iterate_many(bytes.value_unsafe(), std::size_t{1} << 20).get(lines)) return 2;
  for (auto line : lines) request(line.get_object());
  std::printf("%lld\n", static_cast<long long>(sum));
}
