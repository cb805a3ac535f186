#include "weir/trace/json_extent.hpp"

#include <string>
#include <string_view>

#include "catch.hpp"
#include "weir/base/hash.hpp"

namespace {

constexpr std::size_t none = std::string_view::npos;

struct outcome {
  std::size_t end = none;
  bool broken = false;
  friend bool operator==(const outcome&, const outcome&) = default;
};

/// Byte by byte: what brackets, quotes and backslashes say.
outcome slowly(std::string_view text) {
  bool inside = false, escaped = false;
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (inside && static_cast<unsigned char>(c) < 0x20) return {i, true};
    const bool quote = c == '"' && !escaped;
    escaped = c == '\\' && !escaped;
    if (quote) inside = !inside;
    if (!inside && (c == '{' || c == '[')) ++depth;
    if (!inside && (c == '}' || c == ']') && --depth == 0) return {i + 1, false};
  }
  return {};
}

template <class Find>
outcome by(std::string_view text, std::size_t first, Find&& find) {
  weir::json_extent extent;
  for (const std::size_t size : {first, text.size()})
    if (find(extent, text.substr(0, size))) return {extent.end(), extent.broken()};
  return {};
}

}  // namespace

TEST_CASE("json_extent: all forms find the end that a byte by byte reading finds, wherever reads cut", "[trace]") {
  weir::random_stream random(GENERATE(range(1U, 60U)));
  constexpr std::string_view alphabet = R"({}[]"\ab,: )"
                                        "\n";
  std::string text = "{";
  const std::size_t size = 1 + random.below(300);
  while (text.size() < size) text += random.below(3) == 0 ? alphabet[random.below(alphabet.size())] : 'x';
  const std::string padded = text + std::string(64, '}');  // what lies behind may be anything
  const auto view = std::string_view(padded).substr(0, text.size());
  const outcome truth = slowly(view);
  CHECK(weir::json_extent::whole(view.substr(1), 1) == (truth.broken || truth.end == none ? 0 : truth.end - 1));
  for (std::size_t cut = 1; cut <= view.size(); cut += 1 + random.below(9)) {
    CAPTURE(text, cut);
    CHECK(by(view, cut, [](auto& e, auto t) { return e.find_end(t); }) == slowly(view));
    CHECK(by(view, cut, [](auto& e, auto t) { return e.find_end_plain(t); }) == slowly(view));
#if defined(WEIR_JSON_AVX)
    if (weir::detail::avx2_blocks::available)
      CHECK(by(view, cut, [](auto& e, auto t) { return e.find_end_avx2(t); }) == slowly(view));
    if (weir::detail::avx512_blocks::available)
      CHECK(by(view, cut, [](auto& e, auto t) { return e.find_end_avx512(t); }) == slowly(view));
#endif
  }
}
