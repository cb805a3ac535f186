#include "weir/base/huge_pages.hpp"

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <numeric>
#include <vector>

#include "catch.hpp"

TEST_CASE("huge_pages: memory of any size is there, where it was asked to be", "[base]") {
  weir::huge_pages pages;
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{8192}, weir::huge_pages::page_bytes - 1,
                                  weir::huge_pages::page_bytes, 3 * weir::huge_pages::page_bytes + 5}) {
    auto* const at = static_cast<unsigned char*>(pages.allocate(bytes, 64));
    const auto begins = bytes < weir::huge_pages::page_bytes ? 64 : weir::huge_pages::page_bytes;
    CHECK(reinterpret_cast<std::uintptr_t>(at) % begins == 0);
    at[0] = 1, at[bytes - 1] = 2;
    CHECK((at[0] == 1 || bytes == 1));
    pages.deallocate(at, bytes, 64);
  }
  const weir::huge_pages others;
  CHECK(pages.is_equal(pages));
  CHECK_FALSE(pages.is_equal(others));
}

TEST_CASE("huge_pages: a list that grows past a page keeps its values", "[base]") {
  weir::huge_pages pages;
  std::pmr::vector<std::uint64_t> list(&pages);
  for (std::uint64_t i = 0; i < 1'000'000; ++i) list.push_back(i);
  CHECK(std::accumulate(list.begin(), list.end(), std::uint64_t{0}) == 499'999'500'000U);
}
