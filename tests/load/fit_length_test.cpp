#include "weir/load/fit_length.hpp"

#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"

using weir::prompt, weir::result;

namespace {

std::vector<prompt> texts(int count, std::int64_t length) {
  std::vector<prompt> out;
  for (int i = 0; i < count; ++i) {
    prompt& p = out.emplace_back();
    p.id = std::to_string(i);
    p.content = R"("the of and")";
    p.tokens_in_asked = length;
  }
  return out;
}
constexpr std::int64_t minute = 60'000'000'000;

/// A tokenizer: each word one token, words of more than three letters two, and a template around it.
std::int64_t tokens_of(const prompt& p, std::int64_t around) {
  std::int64_t tokens = around;
  std::string_view rest = std::string_view(p.content).substr(1, p.content.size() - 2);
  while (!rest.empty()) {
    const auto word = rest.substr(0, rest.find(' '));
    tokens += word.size() > 3 ? 2 : 1;
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
  }
  return tokens;
}

}  // namespace

TEST_CASE("fit_length: with a template around, one question a prompt after the first", "[load]") {
  auto prompts = texts(20, 64);
  int asked = 0;
  const auto fit = weir::fit_lengths(
      prompts,
      [&](const prompt& p) -> result<std::int64_t> {
        return ++asked, static_cast<std::int64_t>(weir::count_words(p)) + 12;
      },
      minute);
  CHECK(fit.exact == 20);
  CHECK(fit.inexact + fit.left == 0);
  CHECK(asked == 21);
  for (const auto& p : prompts) CHECK(weir::count_words(p) == 52);
}

TEST_CASE("fit_length: where words are no tokens, tries are bounded and the nearest length stays", "[load]") {
  auto prompts = texts(200, 50);
  int asked = 0;
  const auto fit = weir::fit_lengths(
      prompts, [&](const prompt& p) -> result<std::int64_t> { return ++asked, tokens_of(p, 5); }, minute);
  CHECK(fit.exact + fit.inexact == 200);
  CHECK(fit.exact > 150);
  CHECK(asked <= 200 * 6);
  std::size_t exact = 0;
  for (const auto& p : prompts) {
    exact += tokens_of(p, 5) == 50;
    CHECK(std::abs(tokens_of(p, 5) - 50) <= 2);
  }
  CHECK(exact == fit.exact);
}

TEST_CASE("fit_length: a length that can't be reached ends with the nearest", "[load]") {
  auto prompts = texts(3, 4);
  int asked = 0;
  const auto fit = weir::fit_lengths(
      prompts,
      [&](const prompt& p) -> result<std::int64_t> {
        return ++asked, static_cast<std::int64_t>(weir::count_words(p)) + 30;
      },
      minute);
  CHECK(fit.inexact == 3);
  CHECK(asked <= 18);
  for (const auto& p : prompts) CHECK(weir::count_words(p) == 1);
}

TEST_CASE("fit_length: a server that does not answer is asked once, and the prompts stay", "[load]") {
  auto prompts = texts(5, 3);
  int asked = 0;
  const auto fit = weir::fit_lengths(
      prompts,
      [&](const prompt&) -> result<std::int64_t> {
        ++asked;
        return weir::failure{weir::errc::not_found, "/tokenize answers HTTP 404"};
      },
      minute);
  CHECK(asked == 1);
  CHECK(fit.left == 5);
  CHECK(fit.why == "/tokenize answers HTTP 404");
  for (const auto& p : prompts) CHECK(p.content == R"("the of and")");
  auto late = texts(5, 3);
  CHECK(weir::fit_lengths(late, [](const prompt&) -> result<std::int64_t> { return 9; }, -1).left == 5);
}

TEST_CASE("fit_length: only what was made up for a length is touched", "[load]") {
  auto prompts = texts(3, 10);
  prompts[0].tokens_in_asked = weir::unmeasured;
  prompts[1].continues = true;
  prompts[2].form = weir::prompt_form::messages;
  const auto fit = weir::fit_lengths(
      prompts,
      [](const prompt&) -> result<std::int64_t> {
        FAIL("asked");
        return 0;
      },
      minute);
  CHECK(fit.exact + fit.inexact + fit.left == 0);
}
