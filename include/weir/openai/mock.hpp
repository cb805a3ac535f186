// weir/openai/mock.hpp - a fast OpenAI-compatible server with an exact schedule and an answer key. Needs Linux (epoll),
// simdjson.
//
// The instrument that tests the instruments: what it sends, and when, is known to the nanosecond. It speaks vLLM's
// dialect; docs/mock.md says what it does on demand.
#ifndef WEIR_OPENAI_MOCK_HPP
#define WEIR_OPENAI_MOCK_HPP

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/hash.hpp"
#include "weir/net/exchange.hpp"
#include "weir/openai/mock_answers.hpp"
#include "weir/openai/mock_stream.hpp"

namespace weir::inline v0 {

/// Answers HTTP requests as an inference server would.
///
///     weir::loop loop;
///     weir::mock_server mock(loop, {.ttft_ns = 50'000'000, .itl_ns = 10'000'000});
///     weir::http_server http(loop, mock);
///     http.bind("127.0.0.1", 8000); http.listen(); loop.run();
///
/// It must outlive the http_server. The clock of a request starts when the server has read its last byte, or, with
/// `slots`, when it gets one.
class mock_server final : public http_service, private mock_keeper {
 public:
  mock_server(loop& on, mock_options options)
      : words_(options.cut == mock_cut::utf8), salt_(mix64(options.seed ^ static_cast<std::uint64_t>(wall_ns()))) {
    shared_.options = std::move(options);
    shared_.on = &on;
  }

  /// It answers from `key`, which must outlive it.
  void answer_from(const mock_answers& key) { key_ = &key; }
  /// It writes what it does to `log`, which must outlive it, under the name of `instance`: "127.0.0.1:8000". It stops
  /// the loop where the log can't be written.
  void log_to(truth_log& log, std::string instance) {
    log_ = &log;
    instance_ = std::move(instance);
  }
  /// Until then every request gets 503, as from a server that is loading its model.
  void loading_until(std::int64_t t_ns) { ready_ns_ = t_ns; }
  /// From now on, streams that end because their connections are closed were stopped, not left by their clients.
  void stopping() { stopping_ = true; }

  [[nodiscard]] std::int64_t accepted() const noexcept { return accepted_; }
  /// Requests whose prompts held no question of the key.
  [[nodiscard]] std::int64_t unknown_questions() const noexcept { return unknown_; }
  [[nodiscard]] std::size_t in_flight() const noexcept { return streams_.size(); }

  void on_request(exchange& x) override {
    const std::string_view target = x.head().target, path = target.substr(0, target.find('?'));
    if (now_ns() < ready_ns_) return refuse(x, {503, "Loading model", "unavailable_error", ""});
    if (path == "/v1/completions" || path == "/v1/chat/completions" || path == "/tokenize") {
      if (x.head().method != "POST") return json(x, 405, R"({"detail":"Method Not Allowed"})");
      if (path == "/tokenize") return tokenize(x);
      return generate(x, path == "/v1/completions" ? mock_endpoint::completions : mock_endpoint::chat);
    }
    const bool get = x.head().method == "GET" || x.head().method == "HEAD";
    if (path == "/health" || path == "/ping") return get ? x.reply(200, {}, {}) : not_allowed(x);
    if (path == "/version")
      return get ? json(x, 200, R"({"version":"weir-)" WEIR_VERSION_STRING "\"}") : not_allowed(x);
    if (path == "/v1/models") return get ? models(x) : not_allowed(x);
    if (path == "/metrics")
      return get ? x.reply(200, "text/plain; version=0.0.4; charset=utf-8", shared_.metrics.text(shared_.options.model))
                 : not_allowed(x);
    json(x, 404, R"({"detail":"Not Found"})");
  }

 private:
  static void json(exchange& x, int status, std::string_view body) { x.reply(status, "application/json", body); }
  static void not_allowed(exchange& x) { json(x, 405, R"({"detail":"Method Not Allowed"})"); }
  static void refuse(exchange& x, const api_error& why) { json(x, why.status, error_json(why)); }

  void models(exchange& x) {
    const std::string created = std::to_string(wall_ns() / 1'000'000'000);
    std::string body;
    json_writer out(body);
    out.begin_object().field("object", "list").key("data").begin_array().begin_object();
    out.field("id", shared_.options.model).field("object", "model").key("created").raw(created);
    out.field("owned_by", "weir").field("root", shared_.options.model).field("parent", nullptr);
    out.field("max_model_len", shared_.options.max_model_len).key("permission").begin_array().end_array();
    out.end_object().end_array().end_object();
    json(x, 200, body);
  }

  void tokenize(exchange& x) {
    mock_request r;
    if (const auto error = reader_.read(x.body(), mock_endpoint::tokenize, r)) return refuse(x, *error);
    std::string body;
    json_writer out(body);
    const mock_prompt& p = r.prompts[0];
    out.begin_object().field("count", p.tokens).field("max_model_len", shared_.options.max_model_len);
    out.key("tokens").begin_array();
    for (const auto id : p.ids) out.value(id);
    for_each_token(p.text, [&](std::string_view token) { out.value(mock_token_id(token)); });
    out.end_array().field("token_strs", nullptr).end_object();
    json(x, 200, body);
  }

  void generate(exchange& x, mock_endpoint where) {
    mock_request r;
    if (const auto error = reader_.read(x.body(), where, r)) return refuse(x, *error);
    const std::int64_t index = accepted_++;
    const mock_options& o = shared_.options;
    const std::string id =
        std::string(r.chat ? "chatcmpl-" : "cmpl-") + hex(mix64(salt_ + static_cast<std::uint64_t>(index)));
    if (o.close_every > 0 && (index + 1) % o.close_every == 0) {
      log_fault(x, r, id, index, "closed", 0);
      return x.cut();
    }
    if (unit_interval(mix64(mix64(o.seed) + static_cast<std::uint64_t>(index))) < o.fail_rate) {
      log_fault(x, r, id, index, "failed", 500);
      ++shared_.metrics.finished.find("error")->second;
      return refuse(x, engine_error());
    }
    const bool faulty = (index + 1) % o.fault_every == 0;
    const mock_question* asked = nullptr;
    auto choices = choose(r, faulty, asked);
    mock_keeper& keeper = *this;
    streams_.push_back(std::make_unique<mock_stream>(shared_, keeper, x, std::move(r), id, std::move(choices), faulty));
    mock_stream& s = *streams_.back();
    s.slot = streams_.size() - 1;
    s.truth().index = index;
    if (asked) s.truth().question = asked->id, s.truth().expected = asked->expected;
    shared_.metrics.waiting += s.sequences();
    waiting_.push_back(&s);
    start_waiting(x.t_read_ns());
  }

  /// What each choice says: prompt by prompt, n choices each. \param asked  the first prompt's question, if any.
  std::vector<mock_choice> choose(const mock_request& r, bool faulty, const mock_question*& asked) {
    const mock_options& o = shared_.options;
    std::vector<mock_choice> choices;
    for (const auto& p : r.prompts) {
      const mock_question* q = key_ ? key_->find(p.text) : nullptr;
      if (key_ && !q) ++unknown_;
      if (&p == r.prompts.data()) asked = q;
      for (int k = 0; k < r.n; ++k) {
        const std::uint64_t seed = text_seed(p) + mix64(static_cast<std::uint64_t>(k) + 1);
        mock_choice& c =
            q ? choices.emplace_back(words_, seed, r.chat ? o.reasoning : 0,
                                     key_->answer(*q, k, o.tokens == unmeasured ? usual_answer : o.tokens, words_))
              : choices.emplace_back(words_, seed, natural_length(r));
        c.limit(std::min(most_tokens(r, q), o.max_model_len - p.tokens), "length");
        if (faulty && o.stop_at != unmeasured) c.limit(o.stop_at, "stop");
      }
    }
    return choices;
  }
  [[nodiscard]] std::int64_t natural_length(const mock_request& r) const {
    if (shared_.options.tokens == unmeasured || r.ignore_eos) return std::numeric_limits<std::int64_t>::max();
    return std::max(shared_.options.tokens, r.min_tokens);
  }
  /// max_tokens; where it is not given, vLLM's default for completions, and for a chat a length that ends.
  static std::int64_t most_tokens(const mock_request& r, const mock_question* asked) {
    if (r.max_tokens != unmeasured) return r.max_tokens;
    if (asked) return std::numeric_limits<std::int64_t>::max();
    return r.chat ? 128 : 16;
  }
  [[nodiscard]] std::uint64_t text_seed(const mock_prompt& p) const {
    std::uint64_t h = hash64(p.text, shared_.options.seed);
    for (const auto token : p.ids) h = mix64(h + static_cast<std::uint64_t>(token));
    return h;
  }

  /// First come, first served: the one in front waits until there is room for it, and nobody overtakes.
  void start_waiting(std::int64_t now) {
    auto& m = shared_.metrics;
    while (!waiting_.empty()) {
      mock_stream& s = *waiting_.front();
      const std::int64_t slots = shared_.options.slots;
      if (slots > 0 && m.running > 0 && m.running + s.sequences() > slots) return;
      waiting_.pop_front();
      m.waiting -= s.sequences();
      m.running += s.sequences();
      s.start(now);
    }
  }

  void ended(mock_stream& s) override {
    auto& m = shared_.metrics;
    if (s.started()) {
      m.running -= s.sequences();
    } else {
      m.waiting -= s.sequences();
      std::erase(waiting_, &s);
    }
    if (stopping_ && s.truth().status == "gone") s.truth().status = "stopped";
    write(s.truth());
    streams_.back()->slot = s.slot;
    std::swap(streams_[s.slot], streams_.back());
    streams_.pop_back();
    start_waiting(now_ns());
  }

  void log_fault(const exchange& x, const mock_request& r, const std::string& id, std::int64_t index,
                 std::string_view status, int http_status) {
    mock_truth t;
    t.id = id, t.user = r.user, t.index = index, t.status = status, t.http_status = http_status;
    t.t_accept_ns = x.t_read_ns();
    for (const auto& p : r.prompts) t.prompt_tokens += p.tokens;
    write(t);
  }
  void write(const mock_truth& t) {
    if (!log_) return;
    line_.clear();
    append_record(line_, t, instance_);
    log_->add(line_);
    if (log_->failed()) shared_.on->stop();
  }

  static std::string hex(std::uint64_t number) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (int shift = 60; shift >= 0; shift -= 4) text.push_back(digits[number >> shift & 15]);
    return text;
  }

  static constexpr std::int64_t usual_answer = 40;  // tokens, where nothing else is asked for

  mock_shared shared_;
  mock_words words_;
  mock_request_reader reader_{shared_.options};
  const mock_answers* key_ = nullptr;
  truth_log* log_ = nullptr;
  std::uint64_t salt_;  // makes ids differ between instances and runs
  std::int64_t accepted_ = 0, unknown_ = 0;
  std::int64_t ready_ns_ = std::numeric_limits<std::int64_t>::min();
  bool stopping_ = false;
  std::string instance_, line_;
  std::deque<mock_stream*> waiting_;
  std::vector<std::unique_ptr<mock_stream>> streams_;
};

}  // namespace weir::inline v0

#endif  // WEIR_OPENAI_MOCK_HPP
