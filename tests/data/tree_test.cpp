#include "weir/data/tree.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include "catch.hpp"
#include "shell.hpp"

namespace fs = std::filesystem;
using strings = std::vector<std::string>;

TEST_CASE("tree: files come in byte order of their paths, hidden and linked ones too", "[split]") {
  const temporary_directory dir;
  fs::create_directories(dir.file("b/c"));
  dir.write("b/z.csv", "");
  dir.write("b-a.csv", "");
  dir.write(".hidden", "");
  fs::create_symlink(dir.file("b-a.csv"), dir.file("b/c/link.csv"));
  const auto tree = weir::list_tree(dir.file("."));
  REQUIRE(tree);
  CHECK(tree->files == strings{".hidden", "b-a.csv", "b/c/link.csv", "b/z.csv"});
  CHECK(tree->directories == strings{"b", "b/c"});
}

TEST_CASE("tree: what would be lost or could not be named is refused", "[split]") {
  const temporary_directory links, dangling, names;
  fs::create_directories(links.file("a"));
  fs::create_directory_symlink(links.file("a"), links.file("b"));
  CHECK(weir::list_tree(links.file(".")).error().code == weir::errc::invalid_argument);
  fs::create_symlink("nowhere", dangling.file("x"));
  CHECK(weir::list_tree(dangling.file(".")).error().code == weir::errc::invalid_argument);
  names.write("\xFF.csv", "");
  CHECK(weir::list_tree(names.file(".")).error().detail.ends_with("is not UTF-8; rename it"));
  CHECK(weir::list_tree(names.file("nothing")).error().code == weir::errc::io);
}

TEST_CASE("tree: a pattern matches a path or a directory that it is in", "[split]") {
  CHECK(weir::matches_path("dev", "dev/law_dev.csv"));
  CHECK(weir::matches_path("*_dev.csv", "dev/law_dev.csv"));
  CHECK(weir::matches_path("ceval/dev", "ceval/dev/law_dev.csv"));
  CHECK(weir::matches_path("dev/*", "dev/law_dev.csv"));
  CHECK_FALSE(weir::matches_path("dev", "val/dev.csv"));
  CHECK_FALSE(weir::matches_path("ev", "dev/law_dev.csv"));
}
