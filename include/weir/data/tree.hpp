// weir/data/tree.hpp - the files below a directory, in an order that is the same everywhere. Needs POSIX.
#ifndef WEIR_DATA_TREE_HPP
#define WEIR_DATA_TREE_HPP

#include <fnmatch.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/base/utf8.hpp"

namespace weir::inline v0 {

/// What is below a directory: paths relative to it, in byte order.
struct tree_listing {
  std::vector<std::string> files, directories;
};

namespace detail {
inline result<void> add_to(tree_listing& tree, const std::filesystem::directory_entry& entry, const std::string& root) {
  std::error_code ignored;
  const std::string path = entry.path().lexically_relative(root).generic_string();
  if (!is_utf8(path))  // it could not be written down in JSON and found again
    return failure{errc::invalid_argument, "the name of " + entry.path().string() + " is not UTF-8; rename it"};
  if (entry.is_directory(ignored) && !entry.is_symlink(ignored))
    tree.directories.push_back(path);
  else if (entry.is_regular_file(ignored))
    tree.files.push_back(path);
  else
    return failure{errc::invalid_argument,
                   entry.path().string() + (entry.is_directory(ignored) ? " is a link to a directory"
                                                                        : " is neither a file nor a directory")};
  return {};
}
}  // namespace detail

/// Lists all files and directories below `root`; links to files count as files.
/// \param passed_over  takes what is neither, in words, so that the rest is listed; nullptr: it is a failure.
/// \return  errc::invalid_argument for a link to a directory, a device, a name that is not UTF-8; errc::io.
[[nodiscard]] inline result<tree_listing> list_tree(const std::string& root,
                                                    std::vector<std::string>* passed_over = nullptr) {
  tree_listing tree;
  std::error_code error;
  std::filesystem::recursive_directory_iterator at(root, error);
  for (; !error && at != std::filesystem::recursive_directory_iterator(); at.increment(error))
    if (auto added = detail::add_to(tree, *at, root); !added) {
      if (passed_over == nullptr) return added.error();
      passed_over->push_back(added.error().detail);
    }
  if (error) return failure{errc::io, "cannot list " + root + ": " + error.message()};
  std::sort(tree.files.begin(), tree.files.end());
  std::sort(tree.directories.begin(), tree.directories.end());
  return tree;
}

/// Whether a shell pattern matches `path` or one of the directories it is in; `*` matches '/' too.
///
///     weir::matches_path("dev", "dev/law_dev.csv")       // true
///     weir::matches_path("*_dev.csv", "dev/law_dev.csv") // true
[[nodiscard]] inline bool matches_path(const std::string& pattern, const std::string& path) {
  for (auto end = path.find('/'); end != path.npos; end = path.find('/', end + 1))
    if (::fnmatch(pattern.c_str(), path.substr(0, end).c_str(), 0) == 0) return true;
  return ::fnmatch(pattern.c_str(), path.c_str(), 0) == 0;
}

}  // namespace weir::inline v0

#endif  // WEIR_DATA_TREE_HPP
