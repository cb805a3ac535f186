// weir/run/ray_text.hpp - what is said to Ray's job service and what it answers. Needs simdjson.
#ifndef WEIR_RUN_RAY_TEXT_HPP
#define WEIR_RUN_RAY_TEXT_HPP

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/json_write.hpp"
#include "weir/base/result.hpp"
#include "weir/base/shell_words.hpp"
#include "weir/data/json_row.hpp"
#include "weir/run/job_script.hpp"
#include "weir/run/launcher.hpp"

namespace weir::inline v0 {

/// What a site wants of every job.
struct ray_site {
  std::string device = "GPU";  ///< What devices are called: "GPU", or a resource of the cluster's own such as "NPU".
  std::string keeper = {};     ///< Where weir-keep lies on the nodes; where it does not, it is looked up in PATH.
};

/// The command line that Ray starts for a job, which is called `id` there.
/// \return  errc::invalid_argument for a job of several nodes or tasks: Ray starts one process.
[[nodiscard]] inline result<std::string> ray_entrypoint(const job& what, std::string_view id, const ray_site& site) {
  if (auto good = check_job(what); !good) return good.error();
  if (what.needs.nodes * what.needs.tasks_per_node != 1)
    return failure{errc::invalid_argument,
                   "job " + what.name +
                       " has several tasks, and a job of Ray's is one process: an engine over several "
                       "nodes finds them itself with --distributed-executor-backend ray"};
  const std::string script = job_script_head(what, "me=" + shell_word(id)) + "cd " + shell_word(what.directory) +
                             " || exit 125\n" + std::string(one_task) + kept_line(what, site.keeper) +
                             " || status=$?\n" + job_script_tail();
  return "exec /bin/sh -c " + shell_quoted(script);
}

/// The body of POST /api/jobs/.
[[nodiscard]] inline std::string ray_submission(const job& what, std::string_view id, std::string_view entrypoint,
                                                const ray_site& site) {
  std::string body;
  json_writer json(body);
  json.begin_object().field("submission_id", id).field("entrypoint", entrypoint);
  if (what.needs.devices > 0 && site.device == "GPU") json.field("entrypoint_num_gpus", what.needs.devices);
  if (what.needs.devices > 0 && site.device != "GPU")
    json.key("entrypoint_resources").begin_object().field(site.device, what.needs.devices).end_object();
  json.key("metadata").begin_object().field("name", what.name).end_object().end_object();
  return body;
}

/// A job as Ray tells of it.
struct ray_job {
  std::string id;
  std::string state;               ///< "PENDING", "RUNNING", "SUCCEEDED", "FAILED", "STOPPED"
  std::string message = {};        ///< In words.
  std::string node = {};           ///< The node that its process is on.
  std::optional<int> status = {};  ///< Its exit status, where it ran: of a signal the negative number in Ray's words.

  [[nodiscard]] bool over() const { return state == "SUCCEEDED" || state == "FAILED" || state == "STOPPED"; }
};

/// Reads one job, the body of GET /api/jobs/ID. Unknown fields are passed over.
[[nodiscard]] inline result<ray_job> parse_ray_job(std::string_view body) {
  ray_job job;
  json_row_reader read;
  const auto ok = read(body, [&](std::string_view name, json_value value) -> result<void> {
    if (name == "submission_id") return read_text(job.id, name, value);
    if (name == "status") return read_text(job.state, name, value);
    if (name == "message") return read_text(job.message, name, value);
    if (name == "driver_node_id") return read_text(job.node, name, value);
    if (name == "driver_exit_code" && !is_json_null(value)) {
      std::int64_t code = 0;
      if (value.get_int64().get(code)) return field_failure(name, "an integer");
      job.status = static_cast<int>(code < 0 ? 128 - code : code);
    }
    return {};
  });
  if (!ok) return failure{ok.error().code, "Ray's answer about a job: " + ok.error().detail};
  if (job.state.empty()) return failure{errc::parse, "Ray's answer about a job has no status"};
  return job;
}

/// Reads the field "logs" of GET /api/jobs/ID/logs.
[[nodiscard]] inline std::string parse_ray_logs(std::string_view body) {
  std::string logs;
  json_row_reader read;
  (void)read(body, [&](std::string_view name, json_value value) -> result<void> {
    return name == "logs" ? read_text(logs, name, value) : result<void>();
  });
  return logs;
}

/// The last line of an error's body, which is a Python traceback, mostly.
[[nodiscard]] inline std::string ray_words(std::string_view body) {
  while (!body.empty() && (body.back() == '\n' || body.back() == ' ')) body.remove_suffix(1);
  return std::string(body.substr(body.rfind('\n') + 1));
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_RAY_TEXT_HPP
