// weir/openai/endpoint.hpp - where requests go: endpoint records, as weir-serve-many writes them. Needs simdjson and
// POSIX.
#ifndef WEIR_OPENAI_ENDPOINT_HPP
#define WEIR_OPENAI_ENDPOINT_HPP

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/json_write.hpp"
#include "weir/base/result.hpp"
#include "weir/data/json_row.hpp"
#include "weir/data/rows.hpp"
#include "weir/net/url.hpp"

namespace weir::inline v0 {

/// One instance of a server.
struct endpoint {
  std::string base_url;  ///< "http://127.0.0.1:8000", with or without a path such as /v1; or "unix:/PATH"
  std::string instance;  ///< Its name in records; may be empty.
  std::string model;     ///< Empty where not known: the server is asked.
  url where;             ///< base_url, taken apart; of a unix socket: http://localhost.
  std::string socket;    ///< The path of a unix socket: base_url is "unix:/run/server.sock".
  std::string prefix;    ///< Of request targets, for a proxy: "http://host:port".
  std::string proxy;     ///< The proxy on the way there, where find_way() found one.

  /// The target of a request line for `path`: "/v1/models" under the base, without a second /v1.
  /// \return  errc::invalid_argument where `path` holds what must be percent-encoded.
  [[nodiscard]] result<std::string> target(std::string_view path) const {
    std::string_view base = std::string_view(where.target).substr(0, where.target.find('?'));
    while (base.ends_with('/')) base.remove_suffix(1);
    if (base.ends_with("/v1") && path.starts_with("/v1/")) path.remove_prefix(3);
    auto whole = where.under(path);
    if (!whole) return whole.error();
    return prefix + whole->target;
  }
};

/// Appends `e` as one line of JSON with its newline.
inline void append_record(std::string& out, const endpoint& e) {
  json_writer json(out);
  json.begin_object().field("type", "endpoint").field("instance", e.instance).field("base_url", e.base_url);
  if (!e.model.empty()) json.field("model", e.model);
  json.end_object();
  out.push_back('\n');
}

[[nodiscard]] inline result<endpoint> make_endpoint(std::string base_url, std::string instance = {},
                                                    std::string model = {}) {
  const bool local = base_url.starts_with("unix:");
  auto where = parse_url(local ? "http://localhost" : base_url);
  if (!where) return where.error();
  std::string socket = local ? base_url.substr(5) : "";
  if (local && !socket.starts_with('/'))
    return failure{errc::invalid_argument, "a unix socket is unix:/PATH, from the root on: " + base_url};
  return endpoint{
      std::move(base_url), std::move(instance), std::move(model), *std::move(where), std::move(socket), {}, {}};
}

/// Reads {"type":"endpoint","instance":"0","base_url":"http://127.0.0.1:8000","model":"m"}; other fields are ignored.
/// \return  errc::not_found for a record of another type, errc::parse or errc::invalid_argument for a bad one.
[[nodiscard]] inline result<endpoint> parse_endpoint(std::string_view line) {
  std::string type, base_url, instance, model;
  json_row_reader read;
  const auto ok = read(line, [&](std::string_view name, json_value value) -> result<void> {
    if (name == "type") return read_text(type, name, value);
    if (name == "base_url") return read_text(base_url, name, value);
    if (name == "instance") return read_text(instance, name, value);
    if (name == "model") return read_text(model, name, value);
    return {};
  });
  if (!ok) return ok.error();
  if (type != "endpoint") return failure{errc::not_found, "a record of type '" + type + "', not an endpoint"};
  if (base_url.empty()) return failure{errc::parse, "an endpoint without the field 'base_url'"};
  return make_endpoint(std::move(base_url), std::move(instance), std::move(model));
}

/// Reads all endpoint records of a file; records of other types are passed over.
/// \return  a failure that names file and line; errc::invalid_argument where there is no endpoint in it.
[[nodiscard]] inline result<std::vector<endpoint>> read_endpoints(const std::string& path) {
  auto rows = open_rows(path);
  if (!rows) return rows.error();
  std::vector<endpoint> found;
  for (std::string_view row; rows->next(row);) {
    if (row.find_first_not_of(" \t\r") == row.npos) continue;
    auto one = parse_endpoint(row);
    if (one)
      found.push_back(*std::move(one));
    else if (one.error().code != errc::not_found)
      return failure{one.error().code, path + ":" + std::to_string(rows->line()) + ": " + one.error().detail};
  }
  if (!rows->status()) return rows->status().error();
  if (found.empty()) return failure{errc::invalid_argument, path + " holds no endpoint record"};
  return found;
}

}  // namespace weir::inline v0

#endif  // WEIR_OPENAI_ENDPOINT_HPP
