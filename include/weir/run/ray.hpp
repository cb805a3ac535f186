// weir/run/ray.hpp - jobs of a Ray cluster, through its job service's HTTP interface. Needs simdjson and Linux.
//
// Ray is asked for what a job's exit-status file does not tell: whether it waits or runs, and how it ended without one.
// A job's id is made of its name and its files, so that a submission whose answer was lost is found again.
#ifndef WEIR_RUN_RAY_HPP
#define WEIR_RUN_RAY_HPP

#include <fcntl.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/hash.hpp"
#include "weir/base/result.hpp"
#include "weir/base/text_file.hpp"
#include "weir/base/unique_fd.hpp"
#include "weir/net/address.hpp"
#include "weir/net/http_call.hpp"
#include "weir/net/url.hpp"
#include "weir/run/exit_file.hpp"
#include "weir/run/launcher.hpp"
#include "weir/run/ray_text.hpp"

namespace weir::inline v0 {

struct ray_options {
  std::string address = "http://127.0.0.1:8265";  ///< Of the dashboard, which has the job service.
  std::string token = {};                         ///< Sent as a bearer's, where the cluster wants one. Never shown.
  ray_site site = {};
  launcher_limits limits = {1, 1000};
  std::int64_t ask_every_ns = 5'000'000'000;  ///< Between two questions about a job.
  std::int64_t look_every_ns = 500'000'000;   ///< Between two looks at the exit-status files.
  std::int64_t settle_ns = 5'000'000'000;     ///< How long after a job's end its exit-status file may come into sight.
  std::int64_t patience_ns = 20'000'000'000;  ///< For one answer.
};

class ray_launcher final : public launcher {
 public:
  /// \return  errc::invalid_argument for an address that is no http URL, errc::not_found for a host that has no
  /// address.
  [[nodiscard]] static result<ray_launcher> make(ray_options options) {
    auto where = parse_url(options.address);
    if (!where) return where.error();
    if (where->tls)
      return failure{errc::invalid_argument, options.address + ": Ray's job service is spoken to by http only"};
    auto addresses = resolve(where->host, where->port);
    if (!addresses) return addresses.error();
    return ray_launcher(std::move(options), std::move(*where), std::move(*addresses));
  }

  [[nodiscard]] std::string_view name() const noexcept override { return "ray"; }
  [[nodiscard]] launcher_limits limits() const noexcept override { return options_.limits; }

  result<std::vector<job_ticket>> submit(std::span<const job> jobs) override {
    std::vector<job_ticket> tickets;
    for (const auto& each : jobs) {
      auto id = submit_one(each);
      if (!id) return id.error();
      tickets.push_back({std::move(*id), each.status_file, each.log});
    }
    return tickets;
  }

  result<std::vector<job_report>> poll(std::span<const job_ticket> jobs, std::int64_t wait_ns,
                                       int wake_fd = -1) override {
    for (const std::int64_t until = now_ns() + wait_ns;;) {
      std::vector<job_report> reports;
      for (const auto& each : jobs) reports.push_back(look(each));
      const std::int64_t now = now_ns();
      if (reports != last_ || now >= until) return last_ = std::move(reports);
      pollfd wake{wake_fd, POLLIN, 0};
      ::poll(&wake, 1, static_cast<int>((std::min(until, now + options_.look_every_ns) - now) / 1'000'000 + 1));
      if (wake.revents != 0) return last_ = std::move(reports);
    }
  }

  result<void> cancel(std::span<const job_ticket> jobs) override {
    for (const auto& each : jobs) {
      if (known_[each.id].over) continue;
      const auto said = call("POST", "/api/jobs/" + each.id + "/stop", "");
      if (!said) return said.error();
      if (said->status != 200 && said->status != 404) return refusal("stop " + each.id, *said);
      known_[each.id].ask_ns = 0;
    }
    return {};
  }

 private:
  /// What is known of a job.
  struct knowledge {
    job_report report = {};
    bool over = false;
    std::int64_t ask_ns = 0;   // when to ask again
    std::int64_t gone_ns = 0;  // when it was first seen to be over without a status
  };

  ray_launcher(ray_options options, url where, std::vector<socket_address> addresses)
      : options_(std::move(options)), where_(std::move(where)), addresses_(std::move(addresses)) {}

  result<http_answer> call(std::string_view method, std::string_view path, std::string_view body) const {
    const auto target = where_.under(path);
    if (!target) return target.error();
    std::string request(method);
    request.append(" ").append(target->target).append(" HTTP/1.1\r\nHost: ").append(where_.authority());
    request.append("\r\nConnection: close\r\nAccept: application/json\r\n");
    if (!options_.token.empty()) request.append("Authorization: Bearer ").append(options_.token).append("\r\n");
    if (method != "GET")
      request.append("Content-Type: application/json\r\nContent-Length: ")
          .append(std::to_string(body.size()))
          .append("\r\n");
    auto answer =
        http_call(addresses_, request.append("\r\n").append(body), options_.patience_ns, std::size_t{64} << 20);
    if (!answer) return failure{errc::closed, "Ray at " + options_.address + ": " + answer.error().detail};
    return answer;
  }

  /// Ray answers 500 both for what can't be and for "No available agent to submit job, please try again later", which
  /// it says while it starts.
  [[nodiscard]] failure refusal(const std::string& what, const http_answer& said) const {
    auto words = ray_words(said.body);
    const bool later = said.status >= 502 || words.find("try again later") != words.npos;
    return {later ? errc::closed : errc::invalid_argument,
            "Ray, asked to " + what + ": HTTP " + std::to_string(said.status) + ": " + std::move(words)};
  }

  result<ray_job> ask(const std::string& id) const {
    const auto said = call("GET", "/api/jobs/" + id, "");
    if (!said) return said.error();
    if (said->status == 404) return failure{errc::not_found, "Ray does not know the job"};
    if (said->status != 200) return failure{errc::closed, refusal("tell of " + id, *said).detail};
    return parse_ray_job(said->body);
  }

  /// Submits a job under the first of its ids that no job of the past has. One that waits or runs under such an id is
  /// it.
  result<std::string> submit_one(const job& what) const {
    std::array<char, 16> hash{};
    const auto end = std::to_chars(hash.data(), hash.data() + hash.size(), hash64(what.status_file), 16).ptr;
    for (int turn = 0;; ++turn) {
      const std::string id =
          "weir-" + what.name + "-" + std::string(hash.data(), end) + (turn > 0 ? "-" + std::to_string(turn) : "");
      const auto there = ask(id);
      if (there && (there->over() || read_exit_file(what.status_file, id))) continue;  // Ray hears of an end later
      if (there) return id;
      if (there.error().code != errc::not_found) return there.error();
      const auto entrypoint = ray_entrypoint(what, id, options_.site);
      if (!entrypoint) return entrypoint.error();
      const auto said = call("POST", "/api/jobs/", ray_submission(what, id, *entrypoint, options_.site));
      if (!said) return said.error();
      if (said->status != 200) return refusal("run " + what.name, *said);
      return id;
    }
  }

  job_report look(const job_ticket& ticket) {
    auto& known = known_[ticket.id];
    if (known.over) return known.report;
    if (const auto status = read_exit_file(ticket.status_file, ticket.id))
      return end(known, {job_phase::ended, status});
    if (now_ns() < known.ask_ns) return known.report;
    known.ask_ns = now_ns() + options_.ask_every_ns;
    const auto told = ask(ticket.id);
    if (!told && told.error().code != errc::not_found)
      return known.report = {job_phase::unknown, {}, told.error().detail, known.report.where};
    if (told && !told->over()) {
      const bool runs = told->state == "RUNNING";
      return known.report = {runs ? job_phase::running : job_phase::queued, {}, runs ? "" : told->message, told->node};
    }
    if (known.gone_ns == 0) known.gone_ns = now_ns();
    if (now_ns() - known.gone_ns >= options_.settle_ns) return end(known, without_status(ticket, told));
    known.ask_ns = std::min(known.ask_ns, known.gone_ns + options_.settle_ns);
    return known.report = {job_phase::running, {}, "over; its exit status is waited for", known.report.where};
  }

  static job_report end(knowledge& known, job_report report) {
    known.over = true;
    return known.report = std::move(report);
  }

  /// How a job ended that says nothing itself. What Ray kept of its words goes to its log.
  job_report without_status(const job_ticket& ticket, const result<ray_job>& told) const {
    if (!told) return {job_phase::ended, {}, "Ray does not know the job any more, and it left no exit status"};
    if (const auto logs = call("GET", "/api/jobs/" + ticket.id + "/logs", ""); logs && logs->status == 200)
      append_log(ticket.log, parse_ray_logs(logs->body));
    job_report report{job_phase::ended, {}, told->state, told->node};
    if (!told->message.empty()) report.why += ": " + told->message;
    if (told->state == "SUCCEEDED") report.status = 0;
    if (told->state == "FAILED") report.status = told->status;
    if (report.status) report.why += "; the job left no exit status";
    return report;
  }

  static void append_log(const std::string& path, const std::string& text) {
    if (text.empty() || path.empty()) return;
    const unique_fd log(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
    if (log) (void)write_all(log.get(), text);
  }

  ray_options options_;
  url where_;
  std::vector<socket_address> addresses_;
  std::map<std::string, knowledge> known_;
  std::vector<job_report> last_;
};

}  // namespace weir::inline v0

#endif  // WEIR_RUN_RAY_HPP
