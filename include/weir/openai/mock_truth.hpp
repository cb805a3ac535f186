// weir/openai/mock_truth.hpp - the mock's log of what it did and when, for judging what a client says. Needs POSIX.
#ifndef WEIR_OPENAI_MOCK_TRUTH_HPP
#define WEIR_OPENAI_MOCK_TRUTH_HPP

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "weir/base/json_write.hpp"
#include "weir/base/measured.hpp"
#include "weir/base/result.hpp"
#include "weir/base/unique_fd.hpp"

namespace weir::inline v0 {

/// What one choice was to say, and said.
struct mock_truth_choice {
  std::int64_t tokens = 0;
  std::string_view finish_reason;          ///< Empty where it did not come to its end.
  std::optional<std::string_view> answer;  ///< Nothing without a question of the key.
  std::optional<bool> correct;
};

/// One request as the mock saw it: one line of the log. Times are CLOCK_MONOTONIC nanoseconds of this host.
struct mock_truth {
  std::string_view id, user, question, expected;  ///< Empty where there is none.
  std::int64_t index = 0;                         ///< Order of acceptance, from 0.
  std::string_view status = "ok";                 ///< ok, error, cut, refused, closed, gone (the client left), stopped.
  int http_status = 200;
  std::int64_t t_accept_ns = unmeasured;  ///< The whole request was here: exchange::t_read_ns.
  std::int64_t t_start_ns = unmeasured;   ///< It had a slot: the schedule's zero.
  std::int64_t t_role_ns = unmeasured;    ///< First role event of a chat.
  std::int64_t t_usage_ns = unmeasured, t_done_ns = unmeasured;
  std::int64_t prompt_tokens = 0;
  std::int64_t blocked = 0;              ///< Sends that found the socket full: the client did not read.
  std::vector<std::int64_t> event_t_ns;  ///< Of each event with tokens: just before its send(2). Absolute.
  std::vector<std::int32_t> event_tokens, event_choice;
  std::vector<mock_truth_choice> choices;
};

/// Appends one line of JSON with its newline. `event_tokens` and `event_choice` are left out where all are 1, or 0.
inline void append_record(std::string& out, const mock_truth& t, std::string_view instance) {
  json_writer json(out);
  const auto text = [&](std::string_view name, std::string_view value) {
    value.empty() ? json.field(name, nullptr) : json.field(name, value);
  };
  const auto number = [&](std::string_view name, std::int64_t value) {
    value == unmeasured ? json.field(name, nullptr) : json.field(name, value);
  };
  const auto list = [&](std::string_view name, const auto& values) {
    json.key(name).begin_array();
    for (const auto value : values) json.value(value);
    json.end_array();
  };
  const auto outcome = [&](const mock_truth_choice& c) {
    json.field("tokens", c.tokens);
    text("finish_reason", c.finish_reason);
    c.answer ? json.field("answer", *c.answer) : json.field("answer", nullptr);
    c.correct ? json.field("correct", *c.correct) : json.field("correct", nullptr);
  };
  json.begin_object().field("type", "truth").field("id", t.id).field("index", t.index).field("instance", instance);
  if (!t.user.empty()) json.field("user", t.user);
  text("question", t.question);
  json.field("status", t.status).field("http_status", t.http_status);
  number("t_accept_ns", t.t_accept_ns), number("t_start_ns", t.t_start_ns), number("t_role_ns", t.t_role_ns);
  number("t_usage_ns", t.t_usage_ns), number("t_done_ns", t.t_done_ns);
  json.field("prompt_tokens", t.prompt_tokens).field("blocked", t.blocked);
  mock_truth_choice all = t.choices.empty() ? mock_truth_choice{} : t.choices[0];
  for (std::size_t i = 1; i < t.choices.size(); ++i) all.tokens += t.choices[i].tokens;
  outcome(all);
  text("expected", t.expected);
  list("event_t_ns", t.event_t_ns);
  const auto differs = [](const auto& values, std::int32_t usual) {
    for (const auto value : values)
      if (value != usual) return true;
    return false;
  };
  if (differs(t.event_tokens, 1)) list("event_tokens", t.event_tokens);
  if (differs(t.event_choice, 0)) list("event_choice", t.event_choice);
  if (t.choices.size() > 1) {
    json.key("choices").begin_array();
    for (const auto& c : t.choices) json.begin_object(), outcome(c), json.end_object();
    json.end_array();
  }
  json.end_object();
  out.push_back('\n');
}

/// Writes lines to a file from a thread of its own, so that a slow disk does not make a stream late. Holds at most
/// `bound` bytes that the disk has not taken: beyond that `add` waits, because a truth with holes is none.
class truth_log {
 public:
  explicit truth_log(unique_fd file, std::string name) : file_(std::move(file)), name_(std::move(name)) {
    writer_ = std::thread([this] { write_all(); });
  }
  /// Creates or empties `path`. \return errc::io.
  static result<unique_fd> create(const std::string& path) {
    unique_fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    return file ? result<unique_fd>(std::move(file)) : io_failure("cannot write " + path, errno);
  }
  truth_log(const truth_log&) = delete;
  truth_log& operator=(const truth_log&) = delete;
  ~truth_log() { (void)close(); }

  void add(std::string_view lines) {
    std::unique_lock lock(mutex_);
    space_.wait(lock, [this] { return pending_.size() < bound || error_ != 0; });
    if (error_ == 0) pending_.append(lines);
    if (pending_.size() >= batch) work_.notify_one();
  }
  /// Whether a write has failed: what is added from then on is lost, and `close` says why.
  [[nodiscard]] bool failed() const {
    const std::lock_guard lock(mutex_);
    return error_ != 0;
  }
  /// Writes what is left. \return  errc::io where the file does not hold every line. May be called again.
  result<void> close() {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    work_.notify_one();
    if (writer_.joinable()) writer_.join();
    return error_ == 0 ? result<void>{} : io_failure("cannot write " + name_, error_);
  }

 private:
  static constexpr std::size_t batch = std::size_t{64} << 10, bound = std::size_t{64} << 20;
  static constexpr std::chrono::milliseconds patience{100};  // the longest that a line waits for others

  void write_all() {
    std::string lines;
    std::unique_lock lock(mutex_);
    while (error_ == 0 && !(closing_ && pending_.empty())) {
      work_.wait_for(lock, patience, [this] { return closing_ || pending_.size() >= batch; });
      lines.clear();
      lines.swap(pending_);
      lock.unlock();
      const int error = write_out(lines);
      lock.lock();
      if (error != 0) error_ = error;
      space_.notify_one();
    }
  }
  int write_out(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t took = ::write(file_.get(), bytes.data(), bytes.size());
      if (took < 0 && errno != EINTR) return errno;
      if (took > 0) bytes.remove_prefix(static_cast<std::size_t>(took));
    }
    return 0;
  }

  unique_fd file_;
  std::string name_, pending_;
  mutable std::mutex mutex_;
  std::condition_variable work_, space_;
  std::thread writer_;
  int error_ = 0;
  bool closing_ = false;
};

}  // namespace weir::inline v0

#endif  // WEIR_OPENAI_MOCK_TRUTH_HPP
