// weir/serve/placeholders.hpp - {port}, {index} and the like in a server's command line. Needs the standard library
// only.
#ifndef WEIR_SERVE_PLACEHOLDERS_HPP
#define WEIR_SERVE_PLACEHOLDERS_HPP

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

#include "weir/base/result.hpp"

namespace weir::inline v0 {

/// What the placeholders of one instance stand for.
struct placeholder_values {
  int port = 0;                    ///< {port}: where the instance is to listen.
  int index = 0;                   ///< {index}: 0 for the first instance.
  int block = 0;                   ///< {block}: the first of 100 ports of its own, for whatever else it listens at.
  std::string devices;             ///< {devices}: "0,1", or empty where it has none.
  std::string dir;                 ///< {dir}: a directory of its own, removed with it.
  std::string host = "127.0.0.1";  ///< {host}: the address to listen at.
};

namespace detail {

/// A placeholder at the front of `text`: braces around a lower-case name, perhaps with "+N". JSON has none of these.
struct placeholder {
  std::string_view name;
  int plus = 0;
  std::size_t size = 0;  ///< Bytes, with the braces; 0: there is none.

  [[nodiscard]] static placeholder at_front_of(std::string_view text) {
    if (!text.starts_with('{')) return {};
    const auto is_name = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
    const auto end = std::find_if_not(text.begin() + 1, text.end(), is_name);
    placeholder found{text.substr(1, static_cast<std::size_t>(end - text.begin()) - 1), 0, 0};
    auto rest = text.substr(found.name.size() + 1);
    if (rest.starts_with('+')) {
      const auto [last, error] = std::from_chars(rest.data() + 1, rest.data() + rest.size(), found.plus);
      if (error != std::errc{}) return {};
      rest.remove_prefix(static_cast<std::size_t>(last - rest.data()));
    }
    if (found.name.empty() || !rest.starts_with('}')) return {};
    found.size = text.size() - rest.size() + 1;
    return found;
  }
};

}  // namespace detail

/// Whether `text` has the placeholder {name}, with or without "+N".
[[nodiscard]] inline bool has_placeholder(std::string_view text, std::string_view name) {
  for (; !text.empty(); text.remove_prefix(1))
    if (const auto found = detail::placeholder::at_front_of(text); found.size > 0 && found.name == name) return true;
  return false;
}

/// `text` with its placeholders replaced. {port+1}, {index+1} and {block+1} add to the number. A doubled brace, as in
/// "{{port}}", stands for "{port}" itself; other braces, as in JSON, are left alone.
/// \return  errc::invalid_argument naming a placeholder that is unknown.
[[nodiscard]] inline result<std::string> replace_placeholders(std::string_view text, const placeholder_values& values) {
  std::string out;
  while (!text.empty()) {
    if (text.starts_with("{{")) {
      const auto literal = detail::placeholder::at_front_of(text.substr(1));
      if (literal.size > 0 && text.substr(1 + literal.size).starts_with('}')) {
        out.append(text.substr(1, literal.size));
        text.remove_prefix(literal.size + 2);
        continue;
      }
    }
    const auto found = detail::placeholder::at_front_of(text);
    if (found.size == 0) {
      for (const std::string_view counted : {"{port+", "{index+", "{block+"})
        if (text.starts_with(counted) && text.find('}') != text.npos)
          return failure{errc::invalid_argument, std::string(text.substr(0, text.find('}') + 1)) + " adds no number; " +
                                                     std::string(counted) + "1} does"};
      out.push_back(text.front());
      text.remove_prefix(1);
      continue;
    }
    if (found.name == "port")
      out.append(std::to_string(values.port + found.plus));
    else if (found.name == "index")
      out.append(std::to_string(values.index + found.plus));
    else if (found.name == "block")
      out.append(std::to_string(values.block + found.plus));
    else if (found.name == "devices" && found.plus == 0)
      out.append(values.devices);
    else if (found.name == "dir" && found.plus == 0)
      out.append(values.dir);
    else if (found.name == "host" && found.plus == 0)
      out.append(values.host);
    else
      return failure{errc::invalid_argument,
                     "unknown placeholder " + std::string(text.substr(0, found.size)) +
                         "; there are {port}, {host}, {index}, {devices}, {dir} and {block}; write {" +
                         std::string(text.substr(0, found.size)) + "} to have it left as it is"};
    text.remove_prefix(found.size);
  }
  return out;
}

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_PLACEHOLDERS_HPP
