// A server on a free port with a handler that answers by path, and a manual clock.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "http/server/server.h"
#include "http/testing/raw_client_test.h"

namespace metergate::http {

// Answers by path, so that the request of a test chooses the answer.
class Echo final : public Handler {
 public:
  bool is_slow(const Request& request) const override { return request.path.starts_with("/slow"); }

  std::size_t body_bytes_max(const Request& head) const override {
    return head.path == "/small" ? 100 : SIZE_MAX;
  }

  // "x-holder: tenant t1" names the holder; "/private" refuses bodies of unknown callers.
  Reception receive(const Request& head) override {
    const std::optional<std::string> name = head.header("x-holder");
    Reception reception{.holder = {name.value_or("sender"), Standing::provider}, .refusal = {}};
    reception.known_caller = std::make_shared<const std::string>(reception.holder.name);
    if (name && name->starts_with("tenant ")) reception.holder.standing = Standing::tenant;
    if (head.path == "/vital") reception.holder.standing = Standing::vital;
    if (head.path == "/private" && !name)
      reception.refusal = Error{ErrorCode::unauthorized, "who are you?", {}};
    return reception;
  }

  void handle(Request request, Reply reply) override {
    const std::thread::id here = std::this_thread::get_id();
    {
      const std::lock_guard lock{mutex_};
      last_ = request;
      ++handled_;
      if (request.path == "/slow") slow_thread_ = here;
      if (request.path == "/fast") fast_thread_ = here;
      if (request.path == "/keep" || request.path == "/slow-keep")
        kept_.push_back(std::move(reply));
      if (request.path.ends_with("later"))
        put_off_.emplace_back(answer_to(request), std::move(reply));
    }
    arrived_.notify_all();
    if (request.path.ends_with("block")) wait_for_release();
    if (request.path == "/drop" || request.path.ends_with("keep") ||
        request.path.ends_with("later"))
      return;
    reply(answer_to(request));
  }

  Response refusal(const Error& error, std::string_view request_id, std::string_view) override {
    Response response;
    response.status = error.code == ErrorCode::too_large           ? 413
                      : error.code == ErrorCode::headers_too_large ? 431
                      : error.code == ErrorCode::overloaded        ? 503
                      : error.code == ErrorCode::unauthorized      ? 401
                      : error.code == ErrorCode::internal          ? 500
                                                                   : 400;
    response.body = fmt::format("{} {}", error.message, request_id);
    return response;
  }

  void settle() override {
    std::vector<std::pair<Response, Reply>> due;
    {
      const std::lock_guard lock{mutex_};
      due = std::exchange(put_off_, {});
      if (!due.empty()) settled_.push_back(due.size());
    }
    for (auto& [response, reply] : due) reply(std::move(response));
  }
  // The number of answers of each settle() that had any.
  std::vector<std::size_t> settled() {
    const std::lock_guard lock{mutex_};
    return settled_;
  }

  Request last() {
    const std::lock_guard lock{mutex_};
    return last_;
  }
  void wait_for(int handled) {
    std::unique_lock lock{mutex_};
    arrived_.wait(lock, [&] { return handled_ >= handled; });
  }
  std::vector<Reply> take_kept() {
    const std::lock_guard lock{mutex_};
    return std::exchange(kept_, {});
  }
  void release() {
    {
      const std::lock_guard lock{mutex_};
      released_ = true;
    }
    arrived_.notify_all();
  }
  bool ran_slow_elsewhere() {
    const std::lock_guard lock{mutex_};
    return slow_thread_ != fast_thread_ && slow_thread_ != std::thread::id{};
  }
  std::atomic<int> pieces_left = 0;

 private:
  void wait_for_release() {
    std::unique_lock lock{mutex_};
    arrived_.wait(lock, [this] { return released_; });
  }

  Response answer_to(const Request& request) {
    Response response;
    response.body = request.path + "|" + request.body;
    response.holder = receive(request).holder;
    if (request.path == "/empty") {
      response.status = 204;
    } else if (request.path == "/close") {
      response.close = true;
    } else if (request.path == "/large") {
      response.body = std::string(300'000, 'x');
    } else if (request.path == "/huge") {
      response.body = std::string(64'000'000, 'x');
    } else if (request.path == "/pieces") {
      pieces_left = 3;
      response.source = [this]() -> Result<std::optional<std::string>> {
        if (pieces_left == 0) return std::nullopt;
        return fmt::format("piece{}", pieces_left--);
      };
    } else if (request.path == "/broken") {
      response.source = []() -> Result<std::optional<std::string>> {
        return fail(ErrorCode::storage, "the disk went away");
      };
    } else if (request.path == "/split") {
      response.headers = {{"X-Split", "a\r\nX-Injected: b"}};
    }
    return response;
  }

  std::mutex mutex_;
  std::condition_variable arrived_;
  Request last_;
  int handled_ = 0;
  bool released_ = false;
  std::vector<Reply> kept_;
  std::vector<std::pair<Response, Reply>> put_off_;
  std::vector<std::size_t> settled_;
  std::thread::id slow_thread_;
  std::thread::id fast_thread_;
};

class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    options_.address = "127.0.0.1";
    options_.port = 0;
    options_.threads = 1;
    options_.slow_threads = 1;
    options_.stop_timeout = std::chrono::seconds{5};
  }
  ~ServerTest() override { echo_.release(); }

  void start() {
    auto created = Server::create(options_, echo_, clock_, log_);
    ASSERT_TRUE(created) << created.error().message;
    server_ = std::move(*created);
    server_->start();
  }
  std::uint16_t port() const { return server_->port(); }

  std::string ask(std::string_view request) {
    RawClient client{port()};
    client.send(request);
    return client.answer().value_or("");
  }

  // Sends a request of its own to the one server thread: earlier requests have then been read, and
  // earlier answers are being waited for.
  void pass_round() { EXPECT_EQ(status_of(ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n")), 200); }

  Echo echo_;
  ManualClock clock_{Timestamp{Milliseconds{1'772'706'600'000}}};
  Log log_{clock_, LogLevel::error};
  ServerOptions options_;
  std::unique_ptr<Server> server_;
};

}  // namespace metergate::http
