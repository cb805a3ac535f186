// weir/eval/session.hpp - all questions through one agent, many at once, recorded as they are answered. Needs Linux and
// simdjson.
#ifndef WEIR_EVAL_SESSION_HPP
#define WEIR_EVAL_SESSION_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/measured.hpp"
#include "weir/base/result.hpp"
#include "weir/data/output.hpp"
#include "weir/data/prompts.hpp"
#include "weir/eval/agent.hpp"
#include "weir/eval/concurrency.hpp"
#include "weir/eval/past.hpp"
#include "weir/eval/report.hpp"
#include "weir/eval/servers.hpp"
#include "weir/load/progress.hpp"
#include "weir/net/loop.hpp"
#include "weir/record/answer.hpp"
#include "weir/record/request.hpp"
#include "weir/score/scoreboard.hpp"

namespace weir::inline v0 {

/// Asks questions through an agent, on one loop. A question's requests follow one another; different questions know
/// nothing of each other and are under way together, as many requests at once as the concurrency allows.
///
/// Each record is written to its file before the next request is sent: after a crash nothing that was answered is asked
/// again, because the replies on disk are given to the agents as if they had just come.
class eval_session final : private timer, private exchange_observer {
 public:
  /// \param questions  must outlive the session, as `servers` and `log` do. \param log  may be nullptr.
  eval_session(loop& on, eval_servers& servers, const std::vector<prompt>& questions, agent_kind kind,
               agent_options how, concurrency_options concurrency, eval_past past, byte_sink* log)
      : loop_(&on),
        servers_(&servers),
        questions_(&questions),
        kind_(kind),
        how_(std::move(how)),
        search_(search_options(concurrency, questions.size() - past.answered.size())),
        past_(std::move(past)),
        log_(log),
        runs_(questions.size()) {}
  eval_session(const eval_session&) = delete;
  eval_session& operator=(const eval_session&) = delete;
  ~eval_session() { loop_->disarm(*this); }

  /// \param longest_first  long prompts before short ones, so that no long one is left alone at the end.
  void start(bool longest_first) {
    for (std::size_t i = 0; i < questions_->size(); ++i)
      if (past_.answered.contains((*questions_)[i].id))
        ++report_.already_done;
      else
        order_.push_back(i);
    const auto length = [&](std::size_t i) { return (*questions_)[i].content.size(); };
    if (longest_first) std::ranges::stable_sort(order_, std::ranges::greater(), length);
    report_.t_start_ns = now_ns();
    loop_->arm(*this, 0);
    if (search_.fixed()) return;
    servers_->watch([this](const server_metrics& now) {
      search_.hear(now.of(server_figure::running), now.of(server_figure::waiting), now.of(server_figure::cache_usage));
      loop_->arm(*this, 0);  // the limit may be another one now
      return search_.searching() ? often_ns : seldom_ns;
    });
  }
  /// Ends what is under way; questions that are not done stay without an answer record.
  void stop(std::string_view why) {
    stopped_ = true;
    servers_->cancel_all(why);
    loop_->arm(*this, 0);
  }

  [[nodiscard]] const eval_report& report() const noexcept { return report_; }
  [[nodiscard]] std::size_t in_flight() const noexcept { return flights_.size(); }
  /// How far this run is, in questions.
  [[nodiscard]] run_state state() const noexcept {
    return {.wanted = order_.size(),
            .ended = report_.questions,
            .failed = report_.unanswered,
            .in_flight = flights_.size(),
            .tokens = unmeasured};
  }

 private:
  static constexpr std::int64_t often_ns = 100'000'000, seldom_ns = 1'000'000'000;

  struct question_run {
    std::unique_ptr<agent_run> agent;
    std::vector<agent_reply> replies;
    std::size_t outstanding = 0;
    std::int64_t tokens_out = 0;  // unmeasured where one request's is
    std::int64_t t_start_ns = unmeasured;
  };
  struct sending {
    std::size_t question, index;  // which reply of the question it brings
    agent_ask ask;
  };
  struct flight {
    std::size_t question, index;
    concurrency_search::mark mark;
    bool first_seen = false;
  };
  struct ended {
    request_record record;
    bool last;
  };

  void on_time(std::int64_t) override {
    while (!ended_.empty()) {
      ended e = std::move(ended_.front());
      ended_.pop_front();
      take(std::move(e.record), e.last);
    }
    if (log_ && !log_->status() && !stopped_) stop("the records can't be written");
    if (!stopped_) send();
    if (!flights_.empty() || !ended_.empty()) return;
    if (!stopped_ && (!pending_.empty() || at_ < order_.size())) return;
    report_.t_end_ns = now_ns();
    report_.concurrency = search_.limit();
    report_.concurrency_reason = search_.reason();
    report_.asked_while_searching = search_.asked();
    report_.tried_later = search_.tried_later();
    loop_->stop();
  }

  void send() {
    while (flights_.size() < search_.limit()) {
      if (pending_.empty()) {
        if (at_ == order_.size()) return;
        begin(order_[at_++]);
        continue;
      }
      const sending next = std::move(pending_.front());
      pending_.pop_front();
      submit(next);
    }
  }

  void begin(std::size_t question) {
    auto& q = runs_[question];
    q.agent = kind_.start((*questions_)[question], how_);
    advance(question);
  }

  [[nodiscard]] std::string ask_id(std::size_t question, std::size_t index) const {
    const auto& id = (*questions_)[question].id;
    return kind_.name == "standard" ? id : id + "/" + std::to_string(index + 1);
  }

  /// All that was asked for has been replied to: goes on with replies from disk as long as there are some.
  void advance(std::size_t question) {
    auto& q = runs_[question];
    while (q.outstanding == 0) {
      auto asks = q.agent->next(q.replies);
      if (asks.empty()) return conclude(question);
      for (auto& ask : asks) {
        const std::size_t index = q.replies.size();
        q.replies.emplace_back();
        const auto known = past_.replies.find(ask_id(question, index));
        if (known != past_.replies.end()) {
          q.replies[index] = std::move(known->second.reply);
          count_tokens(q, known->second.tokens_out);
          ++report_.replayed;
          continue;
        }
        ++q.outstanding;
        pending_.push_back({question, index, std::move(ask)});
      }
    }
  }

  void submit(const sending& next) {
    const prompt& p = (*questions_)[next.question];
    request_record about;
    about.id = ask_id(next.question, next.index);
    about.expected = p.expected;
    about.subject = p.subject;
    if (kind_.name != "standard") about.session = p.id;
    auto& q = runs_[next.question];
    if (q.t_start_ns == unmeasured) q.t_start_ns = now_ns();
    flights_.emplace(about.id, flight{next.question, next.index, search_.sent(now_ns())});
    report_.most_in_flight = std::max(report_.most_in_flight, flights_.size());
    servers_->submit(next.ask, std::move(about), *this);
  }

  void on_attempt(request_record&& record, bool last) override {
    ended_.push_back({std::move(record), last});
    loop_->arm(*this, 0);  // later in this turn: nothing is done between two arrivals
  }

  void take(request_record&& record, bool last) {
    if (log_) write(record);
    ++report_.requests;
    if (record.status != outcome::ok) ++report_.failed_requests;
    if (!last) return;
    const auto node = flights_.extract(record.id);
    flight& f = node.mapped();
    auto& q = runs_[f.question];
    q.replies[f.index] = reply_of(record);
    count_tokens(q, record.tokens_out);
    learn(record, f);
    if (--q.outstanding == 0 && !stopped_) advance(f.question);
  }

  void on_first_token(const request_record& so_far) override {
    const auto at = flights_.find(so_far.id);
    if (at != flights_.end()) first_token(at->second, so_far.t_first_ns - so_far.t_send_ns);
  }
  void first_token(flight& f, std::int64_t ttft_ns) {
    if (std::exchange(f.first_seen, true)) return;
    search_.first_token(f.mark, ttft_ns);
    loop_->arm(*this, 0);  // the limit may be another one now
  }

  void learn(const request_record& record, flight& f) {
    const bool ok = record.t_send_ns != unmeasured && record.t_done_ns != unmeasured && record.status == outcome::ok;
    if (ok) {
      const std::int64_t time = record.t_done_ns - record.t_send_ns;
      const std::int64_t ttft = record.t_first_ns == unmeasured ? unmeasured : record.t_first_ns - record.t_send_ns;
      report_.add_time(time, ttft);
      first_token(f, ttft == unmeasured ? time : ttft);
    }
    const bool refused = record.http_status == 429 || record.http_status == 503;
    search_.ended(f.mark, now_ns(), {.ok = ok, .refused = refused, .tokens = record.tokens_out});
  }

  static void count_tokens(question_run& q, std::int64_t tokens) {
    q.tokens_out = tokens == unmeasured || q.tokens_out == unmeasured ? unmeasured : q.tokens_out + tokens;
  }

  /// A question is done: judged by every rule that fits its gold, and written.
  void conclude(std::size_t question) {
    auto& q = runs_[question];
    const prompt& p = (*questions_)[question];
    const agent_answer answer = q.agent->answer(q.replies);
    prediction said;
    said.id = p.id, said.subject = p.subject, said.expected = p.expected, said.model = servers_->model();
    said.text = answer.text;
    if (!answer.ok) said.status = "failed";
    scoreboard board({score_rules.begin(), score_rules.end()});
    (void)board.add(said);  // one question has one gold
    answer_record record = to_record(board.questions().front(), board.rules());
    record.text = answer.text, record.note = answer.note, record.agent = kind_.name;
    record.attempt = past_.attempts[p.id] + 1;
    record.requests = static_cast<std::int64_t>(q.replies.size());
    record.tokens_out = q.tokens_out;
    if (q.t_start_ns != unmeasured) record.wall_ns = now_ns() - q.t_start_ns;
    report_.add(record, answer.ok);
    if (log_) write(record);
    q = {};  // its replies are on disk
  }

  template <class Record>
  void write(const Record& record) {
    line_.clear();
    append_record(line_, record);
    (*log_)(line_);
    (void)log_->flush();  // the sink remembers its failure; what is in the page cache survives our end
  }

  static concurrency_options search_options(concurrency_options options, std::size_t questions) {
    options.questions = questions;
    return options;
  }

  loop* loop_;
  eval_servers* servers_;
  const std::vector<prompt>* questions_;
  agent_kind kind_;
  agent_options how_;
  concurrency_search search_;
  eval_past past_;
  byte_sink* log_;
  std::vector<question_run> runs_;  // one a question
  std::vector<std::size_t> order_;  // of the questions that are to be asked
  std::size_t at_ = 0;              // in it: the next to begin
  std::deque<sending> pending_;
  std::deque<ended> ended_;  // answered, not looked at yet
  std::unordered_map<std::string, flight> flights_;
  bool stopped_ = false;
  eval_report report_;
  std::string line_;
};

}  // namespace weir::inline v0

#endif  // WEIR_EVAL_SESSION_HPP
