// A scripted server on a thread and a loop of its own, for what blocks or is another program.
#ifndef WEIR_TESTS_OPENAI_SERVER_THREAD_HPP
#define WEIR_TESTS_OPENAI_SERVER_THREAD_HPP

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "openai/scripted.hpp"
#include "weir/base/clock.hpp"
#include "weir/net/loop.hpp"

namespace scripted {

/// A whole response with a body, after which the connection is closed.
inline script reply(int status, const std::string& body) {
  return {send("HTTP/1.1 " + std::to_string(status) + " X\r\ncontent-type: application/json\r\ncontent-length: " +
               std::to_string(body.size()) + "\r\n\r\n" + body),
          close()};
}

class server_thread {
 public:
  /// \param answer  called on the server's thread.
  explicit server_thread(std::function<script(const request&)> answer)
      : server_(loop_, [this, answer = std::move(answer)](const request& r) {
          {
            const std::lock_guard lock(mutex_);
            seen_.push_back(r);
          }
          return answer(r);
        }) {
    url = "http://127.0.0.1:" + std::to_string(server_.port);
    thread_ = std::thread([this] {
      while (!over_) (void)loop_.turn(weir::now_ns() + 5'000'000);
    });
  }
  server_thread(const server_thread&) = delete;
  server_thread& operator=(const server_thread&) = delete;
  ~server_thread() {
    over_ = true;
    thread_.join();
  }

  [[nodiscard]] std::vector<request> seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }
  [[nodiscard]] std::vector<weir::socket_address> addresses() const { return server_.addresses(); }

  std::string url;

 private:
  weir::loop loop_;
  mutable std::mutex mutex_;
  std::vector<request> seen_;
  server server_;
  std::atomic<bool> over_{false};
  std::thread thread_;
};

}  // namespace scripted

#endif  // WEIR_TESTS_OPENAI_SERVER_THREAD_HPP
