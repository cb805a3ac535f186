#include <string>

int main() {
  std::string data;
  weir::sse_parser parser;
  const auto events = parser.feed("data: x\n\n", [&](const weir::sse_parser::event& e) { data = e.data; });
  return events && *events == 1 && data == "x" ? 0 : 1;
}
