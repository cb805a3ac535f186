// weir/openai/reach.hpp - an endpoint before its first request: the way there, and the model that it serves. Needs
// Linux (epoll) and simdjson.
#ifndef WEIR_OPENAI_REACH_HPP
#define WEIR_OPENAI_REACH_HPP

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/net/address.hpp"
#include "weir/openai/dial.hpp"
#include "weir/openai/endpoint.hpp"
#include "weir/openai/models.hpp"
#include "weir/openai/request.hpp"

namespace weir::inline v0 {

/// Finds the way to `to` and notes in it which model is to be asked for: the one that `request` names, or the endpoint,
/// or the first that the server lists.
/// \param note  is told where the server lists several.
/// \param ready_ns  the server may take so long until it lists its models; 0: it is not waited for.
/// \return  what find_way() and ask_models() return.
[[nodiscard]] inline result<std::vector<socket_address>> reach(endpoint& to, const request_options& request,
                                                               const tls_maker& tls,
                                                               const std::function<void(std::string_view)>& note,
                                                               std::int64_t ready_ns = 0) {
  auto addresses = find_way(to, tls);
  if (!addresses) return addresses;
  if (ready_ns > 0)
    if (const auto ready = await_models(to, *addresses, request, ready_ns); !ready) return ready.error();
  if (!request.model.empty()) to.model = request.model;
  if (!to.model.empty()) return addresses;
  const auto models = ask_models(to, *addresses, request);
  if (!models) return models.error();
  to.model = models->front();
  if (models->size() > 1)
    note(to.base_url + " serves " + std::to_string(models->size()) + " models: taking '" + to.model +
         "', the first; --model names another");
  return addresses;
}

}  // namespace weir::inline v0

#endif  // WEIR_OPENAI_REACH_HPP
