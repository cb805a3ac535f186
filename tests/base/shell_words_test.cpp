#include "weir/base/shell_words.hpp"

#include <string>
#include <vector>

#include "catch.hpp"
#include "shell.hpp"

TEST_CASE("shell words: a shell takes a line apart into the words that it was made of", "[base]") {
  const std::vector<std::string> words{"printf", "%s|",         "plain", "two words", "it's",      "$HOME",
                                       "`id`",   "a\nb",        "",      "*",         "{\"a\":1}", "--x=a b",
                                       "\\",     "caf\xc3\xa9", "~",     "#no;&"};
  std::string expected;
  for (auto word = words.begin() + 2; word != words.end(); ++word) expected += *word + "|";
  CHECK(shell(weir::shell_line(words)).out == expected);
}

TEST_CASE("shell words: what a shell leaves alone is left alone", "[base]") {
  CHECK(weir::shell_line({"vllm", "serve", "Qwen/Qwen3-1.7B", "--port=8000"}) ==
        "vllm serve Qwen/Qwen3-1.7B --port=8000");
  CHECK(weir::shell_word("{port}") == "'{port}'");
  CHECK(weir::shell_word("it's") == R"('it'\''s')");
}
