// weir/openai/mock_stream.hpp - one request that the mock is answering. Needs Linux (epoll), simdjson.
#ifndef WEIR_OPENAI_MOCK_STREAM_HPP
#define WEIR_OPENAI_MOCK_STREAM_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/measured.hpp"
#include "weir/net/exchange.hpp"
#include "weir/net/loop.hpp"
#include "weir/openai/mock_choice.hpp"
#include "weir/openai/mock_chunk.hpp"
#include "weir/openai/mock_metrics.hpp"
#include "weir/openai/mock_options.hpp"
#include "weir/openai/mock_request.hpp"
#include "weir/openai/mock_schedule.hpp"
#include "weir/openai/mock_truth.hpp"

namespace weir::inline v0 {

class mock_stream;

/// What all streams of a mock share.
struct mock_shared {
  mock_options options;
  loop* on = nullptr;
  mock_metrics metrics;
  std::string frame, text;        // scratch: the event being rendered, and its text
  std::vector<std::int64_t> ids;  // scratch: its token ids
};

/// Who keeps the streams, and hears of their end.
class mock_keeper {
 public:
  /// `s` is over and asks to be destroyed: the last thing that it does.
  virtual void ended(mock_stream& s) = 0;

 protected:
  ~mock_keeper() = default;
};

/// vLLM's words for an engine that is lost.
[[nodiscard]] inline api_error engine_error() {
  return {500, "EngineCore encountered an issue. See stack trace (above) for the root cause.", "InternalServerError",
          ""};
}

/// Carries a schedule out: renders what is due, sends it, writes down when. A client that does not read holds its own
/// stream up and no other: nothing is rendered while its socket is full.
class mock_stream final : public timer, public exchange_owner {
 public:
  /// Holds `x`; the head of a stream leaves at once. \param faulty  the faults of the options hit this request.
  mock_stream(mock_shared& shared, mock_keeper& keeper, exchange& x, mock_request request, std::string id,
              std::vector<mock_choice> choices, bool faulty)
      : shared_(&shared),
        keeper_(&keeper),
        x_(&x),
        request_(std::move(request)),
        id_(std::move(id)),
        choices_(std::move(choices)),
        sent_(choices_.size()),
        renderer_(shared.options, request_, id_, wall_ns() / 1'000'000'000),
        schedule_(shared.options, lengths(choices_), request_.chat, request_.include_usage, faulty) {
    truth_.id = id_;
    truth_.user = request_.user;
    truth_.t_accept_ns = x.t_read_ns();
    for (const auto& p : request_.prompts) truth_.prompt_tokens += p.tokens;
    x.hold(*this);
    if (!request_.stream) return;
    x.begin(200, "text/event-stream; charset=utf-8");
    x.flush();
  }

  /// The clock of the schedule starts.
  void start(std::int64_t now) {
    truth_.t_start_ns = now;
    auto& m = shared_->metrics;
    m.queue.observe(now - truth_.t_accept_ns, sequences());
    for (const auto& p : request_.prompts) m.prompt_tokens += p.tokens * request_.n;
    shared_->on->arm(*this, now + (request_.stream ? schedule_.step().after_ns : schedule_.finish_ns()));
  }
  [[nodiscard]] bool started() const noexcept { return truth_.t_start_ns != unmeasured; }
  [[nodiscard]] std::int64_t sequences() const noexcept { return static_cast<std::int64_t>(choices_.size()); }

  /// What happened, once it is over; the views in it live as long as the stream.
  [[nodiscard]] mock_truth& truth() noexcept { return truth_; }
  std::size_t slot = 0;  // the keeper's: place in its list

 private:
  using kind = mock_step::kind;
  static constexpr int sends_a_turn = 8;                 // of one stream that is late; then the others get their turn
  static constexpr std::int64_t cut_gap_ns = 1'000'000;  // between the two halves of an event that is cut

  static std::vector<std::int64_t> lengths(const std::vector<mock_choice>& choices) {
    std::vector<std::int64_t> all;
    for (const auto& c : choices) all.push_back(c.length());
    return all;
  }
  [[nodiscard]] const mock_prompt& prompt_of(int choice) const {
    return request_.prompts[static_cast<std::size_t>(choice / request_.n)];
  }

  void on_time(std::int64_t now) override {
    if (!request_.stream) return answer_whole();
    if (held_back_) return void(send_rest() && (run(now), true));
    run(now);
  }
  void on_drained(std::int64_t t_ns) override {
    if (held_back_) return shared_->on->arm(*this, t_ns + cut_gap_ns);
    stamp(t_ns);
    if (started() && !armed()) run(now_ns());
  }
  void on_gone() override {
    shared_->on->disarm(*this);
    truth_.event_t_ns.resize(stamped_);  // what was rendered and not sent in full never happened
    truth_.event_tokens.resize(stamped_);
    truth_.event_choice.resize(stamped_);
    finish("gone");
  }

  /// Sends what is due and waits for the rest.
  void run(std::int64_t now) {
    for (int sends = 0; sends < sends_a_turn; ++sends) {
      const bool rendered = render_due(now);
      const mock_step& next = schedule_.step();
      if (rendered && !send()) return;
      if (rendered) continue;
      if (truth_.t_start_ns + next.after_ns > now) return shared_->on->arm(*this, truth_.t_start_ns + next.after_ns);
      return conclude(next.what);
    }
    shared_->on->arm(*this, now);
  }

  /// Renders the steps that are due, as many as go into one send. \return  whether there was any.
  bool render_due(std::int64_t now) {
    std::int64_t events = 0;
    for (; events < shared_->options.events_per_send; ++events) {
      const mock_step& step = schedule_.step();
      if (truth_.t_start_ns + step.after_ns > now || step.what == kind::end || step.what == kind::cut) break;
      render(step);
      schedule_.next();
    }
    return events > 0;
  }

  void render(const mock_step& step) {
    std::string& frame = shared_->frame;
    frame.clear();
    const mock_prompt& prompt = prompt_of(step.choice);
    switch (step.what) {
      case kind::role:
        renderer_.role(frame, step.choice, prompt);
        role_rendered_ = true;
        break;
      case kind::tokens:
        render_tokens(frame, step, prompt);
        break;
      case kind::usage:
        renderer_.final_usage(frame, total());
        usage_rendered_ = true;
        break;
      case kind::error:
        renderer_.error(frame, engine_error());
        break;
      default:
        renderer_.done(frame);
        done_rendered_ = true;
    }
    x_->chunk(frame);
  }

  void render_tokens(std::string& frame, const mock_step& step, const mock_prompt& prompt) {
    mock_choice& choice = choices_[static_cast<std::size_t>(step.choice)];
    const std::int64_t before = choice.said();
    auto* ids = request_.return_token_ids ? &shared_->ids : nullptr;
    shared_->text.clear();
    shared_->ids.clear();
    choice.say(step.count, shared_->text, ids);
    const bool reasoning = request_.chat && before < shared_->options.reasoning;
    const std::string_view finish = schedule_.closes_choice() ? choice.finish_reason() : std::string_view{};
    renderer_.piece(frame, {step.choice,
                            shared_->text,
                            ids,
                            ids && before == 0 ? &prompt : nullptr,
                            finish,
                            reasoning,
                            {prompt.tokens, choice.said()}});
    truth_.event_t_ns.push_back(unmeasured);
    truth_.event_tokens.push_back(static_cast<std::int32_t>(step.count));
    truth_.event_choice.push_back(step.choice);
  }

  /// \return  whether all of it is with the kernel; otherwise on_drained, on_time or on_gone goes on.
  bool send() {
    const std::size_t keep = bytes_behind_cut();
    held_back_ = keep > 0;
    if (!x_->flush(keep)) return ++truth_.blocked, false;
    if (held_back_) return shared_->on->arm(*this, now_ns() + cut_gap_ns), false;
    stamp(x_->t_send_ns());
    return true;
  }
  bool send_rest() {
    held_back_ = false;
    if (!x_->flush()) return ++truth_.blocked, false;
    stamp(x_->t_send_ns());
    return true;
  }
  /// How many bytes stand behind the place where the event in the buffer is to be cut; 0: it is not.
  [[nodiscard]] std::size_t bytes_behind_cut() const {
    const std::string_view bytes = x_->buffered();
    std::size_t at = bytes.npos;
    switch (shared_->options.cut) {
      case mock_cut::none:
        return 0;
      case mock_cut::space:
        at = bytes.find(request_.chat ? "content\":\" " : "text\":\" ");
        at = at == bytes.npos ? at : bytes.find(' ', at) + 1;
        break;
      case mock_cut::data:
        at = bytes.find("data:");
        at = at == bytes.npos ? at : bytes.find_first_not_of(' ', at + 5);
        break;
      case mock_cut::utf8:
        for (at = 0; at < bytes.size() && static_cast<unsigned char>(bytes[at]) < 0xC0;) ++at;
        ++at;
    }
    return at >= bytes.size() ? 0 : bytes.size() - at;
  }

  /// What was rendered since the last time left at `t_ns`.
  void stamp(std::int64_t t_ns) {
    auto& m = shared_->metrics;
    for (; stamped_ < truth_.event_t_ns.size(); ++stamped_) {
      truth_.event_t_ns[stamped_] = t_ns;
      const std::int64_t tokens = truth_.event_tokens[stamped_];
      auto& [last_ns, sum] = sent_[static_cast<std::size_t>(truth_.event_choice[stamped_])];
      sum == 0 ? m.ttft.observe(t_ns - truth_.t_accept_ns) : m.itl.observe(t_ns - last_ns, tokens);
      last_ns = t_ns;
      sum += tokens;
      m.generation_tokens += tokens;
    }
    const auto once = [&](bool& rendered, std::int64_t& time) {
      if (std::exchange(rendered, false) && time == unmeasured) time = t_ns;
    };
    once(role_rendered_, truth_.t_role_ns);
    once(usage_rendered_, truth_.t_usage_ns);
    once(done_rendered_, truth_.t_done_ns);
  }

  [[nodiscard]] mock_usage total() const {
    mock_usage sum{truth_.prompt_tokens, 0};
    for (const auto& c : choices_) sum.completion += c.said();
    return sum;
  }

  void conclude(kind how) {
    exchange& x = *x_;
    how == kind::cut ? x.cut() : x.end();
    finish(how == kind::cut ? "cut" : schedule_.fault() == kind::error ? "error" : "ok");
  }

  /// The answer in one piece, when its last token is due.
  void answer_whole() {
    exchange& x = *x_;
    if (schedule_.fault() == kind::cut) return conclude(kind::cut);
    if (schedule_.fault() == kind::error) {
      truth_.http_status = 500;
      x.reply(500, "application/json", error_json(engine_error()));
      return finish("error");
    }
    std::vector<mock_message> messages;
    for (auto& c : choices_) {
      mock_message& m = messages.emplace_back();
      if (request_.return_token_ids) m.prompt = &prompt_of(static_cast<int>(messages.size()) - 1);
      m.finish_reason = c.finish_reason();
      auto* ids = request_.return_token_ids ? &m.ids : nullptr;
      if (request_.chat) c.say(shared_->options.reasoning, m.reasoning, ids);
      c.say(c.length() - c.said(), m.text, ids);
    }
    const std::string body = renderer_.whole(messages, total());
    truth_.event_t_ns = {now_ns()};
    truth_.event_tokens = {static_cast<std::int32_t>(total().completion)};
    truth_.event_choice = {0};
    observe_whole(truth_.event_t_ns[0]);
    x.reply(200, "application/json", body);
    finish("ok");
  }
  /// Nobody saw the single tokens; an engine would have measured them as they were planned.
  void observe_whole(std::int64_t now) {
    auto& m = shared_->metrics;
    m.ttft.observe((truth_.t_start_ns + shared_->options.ttft_ns - truth_.t_accept_ns) * sequences(), sequences());
    for (const auto& c : choices_) m.itl.observe((c.length() - 1) * shared_->options.itl_ns, c.length() - 1);
    m.generation_tokens += total().completion;
    for (std::size_t i = 0; i < choices_.size(); ++i) sent_[i] = {now, choices_[i].said()};
    truth_.t_done_ns = now;
  }

  void finish(std::string_view status) {
    truth_.status = status;
    auto& m = shared_->metrics;
    for (std::size_t i = 0; i < choices_.size(); ++i) {
      const mock_choice& c = choices_[i];
      const bool whole = sent_[i].tokens == c.length() && status == "ok";
      mock_truth_choice& t = truth_.choices.emplace_back();
      t.tokens = sent_[i].tokens;
      if (whole) t.finish_reason = c.finish_reason();
      if (c.answer()) t.answer = c.answer()->value, t.correct = whole && c.correct();
      const std::string_view reason = whole ? c.finish_reason() : status == "error" ? "error" : "abort";
      ++m.finished.find(reason)->second;
    }
    if (status == "ok") m.e2e.observe((now_ns() - truth_.t_accept_ns) * sequences(), sequences());
    keeper_->ended(*this);
  }

  mock_shared* shared_;
  mock_keeper* keeper_;
  exchange* x_;
  mock_request request_;
  std::string id_;
  std::vector<mock_choice> choices_;
  struct progress {
    std::int64_t last_ns = 0, tokens = 0;  // when the last event left; tokens that left
  };
  std::vector<progress> sent_;  // of each choice
  mock_renderer renderer_;
  mock_schedule schedule_;
  mock_truth truth_;
  std::size_t stamped_ = 0;  // events of truth_ that have their time
  bool held_back_ = false;   // the second half of an event waits
  bool role_rendered_ = false, usage_rendered_ = false, done_rendered_ = false;
};

}  // namespace weir::inline v0

#endif  // WEIR_OPENAI_MOCK_STREAM_HPP
