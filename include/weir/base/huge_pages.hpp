// weir/base/huge_pages.hpp - memory in large pages, for programs that hold much and reach for it at random. Needs
// POSIX.
#ifndef WEIR_BASE_HUGE_PAGES_HPP
#define WEIR_BASE_HUGE_PAGES_HPP

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <memory_resource>
#include <new>

namespace weir::inline v0 {

/// Asks the system to back whatever has 2 MiB or more with pages of that size: fewer page faults, and hardly a miss of
/// the processor's address cache. Where the system has none at hand it may take its time to make some, so this is for
/// tables that are reached at random, not for all that is large.
///
///     weir::huge_pages pages;
///     std::pmr::set_default_resource(&pages);  // for report/hash_set.hpp
class huge_pages final : public std::pmr::memory_resource {
 public:
  static constexpr std::size_t page_bytes = std::size_t{1} << 21;

 private:
  static std::align_val_t alignment_of(std::size_t bytes, std::size_t asked) noexcept {
    return std::align_val_t(bytes < page_bytes ? asked : std::max(asked, page_bytes));
  }
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    void* const at = ::operator new(bytes, alignment_of(bytes, alignment));
#ifdef MADV_HUGEPAGE
    if (bytes >= page_bytes) (void)::madvise(at, bytes, MADV_HUGEPAGE);  // advice: it may be refused
#endif
    return at;
  }
  void do_deallocate(void* at, std::size_t bytes, std::size_t alignment) override {
    ::operator delete(at, bytes, alignment_of(bytes, alignment));
  }
  [[nodiscard]] bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    return this == &other;
  }
};

}  // namespace weir::inline v0

#endif  // WEIR_BASE_HUGE_PAGES_HPP
