#include "weir/data/output.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "catch.hpp"
#include "shell.hpp"
#include "weir/base/hash.hpp"

namespace {
std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
}  // namespace

TEST_CASE("output: bytes arrive in order whatever the sizes of pieces and buffer", "[output][property]") {
  const temporary_directory dir;
  weir::random_stream random(3);
  for (const std::size_t buffer : {1U, 7U, 64U, 4096U}) {
    auto sink = weir::create_file(dir.file("f"), buffer);
    REQUIRE(sink);
    std::string all;
    for (int i = 0; i < 300; ++i) {
      const std::string piece(random.below(20), static_cast<char>('a' + i % 26));
      (*sink)(piece);
      all += piece;
    }
    CHECK(sink->close());
    CHECK(read(dir.file("f")) == all);
  }
}

TEST_CASE("output: a full disk is told of when the buffer is written, and again at the end", "[output]") {
  auto sink = weir::create_file("/dev/full", 4);
  REQUIRE(sink);
  (*sink)("abc");
  CHECK(sink->status());
  (*sink)("de");
  REQUIRE_FALSE(sink->status());
  CHECK(sink->status().error().detail == "cannot write /dev/full: No space left on device");
  (*sink)("f");
  CHECK_FALSE(sink->close());
}

TEST_CASE("output: a file that cannot be made is a failure", "[output]") {
  CHECK(weir::create_file("/nonexistent/f").error().code == weir::errc::io);
}

TEST_CASE("output: write_whole leaves the old file or the new one", "[output]") {
  const temporary_directory dir;
  const auto path = dir.write("f", "old");
  std::filesystem::create_directory(weir::partial_name(path));  // the new one cannot be written here
  CHECK_FALSE(weir::write_whole(path, "new"));
  CHECK(read(path) == "old");
  std::filesystem::remove(weir::partial_name(path));
  CHECK(weir::write_whole(path, "new"));
  CHECK(read(path) == "new");
  CHECK_FALSE(std::filesystem::exists(weir::partial_name(path)));
}

TEST_CASE("output: a pipe or a device is written into, and never replaced by a file", "[output]") {
  const temporary_directory dir;
  const auto pipe = dir.file("pipe");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(weir::partial_name(pipe) == pipe);
  CHECK_FALSE(weir::check_replaceable(pipe));  // nobody reads
  CHECK_FALSE(weir::replace_text(pipe, "text"));
  const weir::unique_fd reader(::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  CHECK(weir::check_replaceable(pipe));
  CHECK(weir::replace_text(pipe, "text,"));
  CHECK(weir::write_whole(pipe, "bytes"));
  std::array<char, 64> got;
  const auto size = ::read(reader.get(), got.data(), got.size());
  REQUIRE(size > 0);
  CHECK(std::string(got.data(), static_cast<std::size_t>(size)) == "text,bytes");
  CHECK(std::filesystem::is_fifo(pipe));
  CHECK(std::distance(std::filesystem::directory_iterator(dir.file("")), {}) == 1);  // and nothing beside it

  // A device through a link: the real one would be lost if this failed.
  const auto link = dir.file("full");
  std::filesystem::create_symlink("/dev/full", link);
  CHECK(weir::replace_text(link, "text").error().detail.find("No space left on device") != std::string::npos);
  CHECK_FALSE(weir::write_whole(link, "bytes"));
  CHECK(std::filesystem::is_symlink(link));
}
