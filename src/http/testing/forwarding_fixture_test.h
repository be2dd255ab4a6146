// A server that proxies every request below /up/ to the test's upstream, and keeps the outcome of
// each.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "http/testing/fake_upstream_test.h"
#include "http/testing/server_fixture_test.h"
#include "http/words/late_number.h"

namespace metergate::http {

// The state that the passages of a test share.
struct PassedOn {
  std::unique_ptr<Upstream> upstream;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<PassedOutcome> outcomes;
  bool holds = false;  // records are kept back until release()
  std::vector<std::move_only_function<void()>> held;
  bool refuses_record = false;
  std::vector<Header> fields;

  PassedOutcome outcome(std::size_t number) {
    std::unique_lock lock{mutex};
    changed.wait_for(lock, std::chrono::seconds{20}, [&] { return outcomes.size() > number; });
    return outcomes.at(number);
  }
  std::size_t count() {
    const std::lock_guard lock{mutex};
    return outcomes.size();
  }
  void release() {
    const std::lock_guard lock{mutex};
    for (auto& then : held) then();
    held.clear();
  }
};

class TestPassage final : public Passage {
 public:
  TestPassage(PassedOn& shared, const Request& head)
      : shared_(shared), is_refused_(head.path == "/up/refused"), holder_(holder_in(head.path)) {}

  Result<> admit() override {
    if (is_refused_) return fail(ErrorCode::permission, "refused");
    return {};
  }
  Upstream& upstream() override { return *shared_.upstream; }
  Holder holder() const override { return holder_; }
  Response failure(const Error& error) override {
    Response response;
    response.status = error.code == ErrorCode::upstream           ? 502
                      : error.code == ErrorCode::upstream_timeout ? 504
                      : error.code == ErrorCode::permission       ? 403
                      : error.code == ErrorCode::too_large        ? 413
                      : error.code == ErrorCode::invalid          ? 400
                                                                  : 503;
    response.body = error.message;
    return response;
  }
  std::span<const Header> answer_fields() const override { return shared_.fields; }
  void complete_head(std::string& head) override { fill_room_in_head(head, shared_.count()); }
  Result<> finish(const PassedOutcome& outcome) override {
    {
      const std::lock_guard lock{shared_.mutex};
      shared_.outcomes.push_back(outcome);
    }
    shared_.changed.notify_all();
    if (shared_.refuses_record) return fail(ErrorCode::storage, "no room");
    return {};
  }
  void when_kept(std::move_only_function<void()> then) override {
    {
      const std::lock_guard lock{shared_.mutex};
      if (shared_.holds) return shared_.held.push_back(std::move(then));
    }
    then();
  }

 private:
  // "/up/t2/x" is of the tenant t2, "/up/x" of t1.
  static Holder holder_in(std::string_view path) {
    constexpr std::size_t kStart = std::string_view{"/up/"}.size();
    const std::size_t end = path.find('/', kStart);
    return {end == std::string_view::npos ? "t1" : std::string{path.substr(kStart, end - kStart)},
            Standing::tenant};
  }

  PassedOn& shared_;
  const bool is_refused_;
  const Holder holder_;
};

// Proxies requests below /up/, and answers others like Echo.
class PassingEcho final : public Handler {
 public:
  PassingEcho(Echo& own, PassedOn& shared) : own_(own), shared_(shared) {}
  bool is_slow(const Request& request) const override { return own_.is_slow(request); }
  void handle(Request request, Reply reply) override {
    own_.handle(std::move(request), std::move(reply));
  }
  Response refusal(const Error& error, std::string_view request_id,
                   std::string_view target) override {
    return own_.refusal(error, request_id, target);
  }
  std::unique_ptr<Passage> pass(const Request& head) override {
    if (!head.path.starts_with("/up/")) return nullptr;
    return std::make_unique<TestPassage>(shared_, head);
  }

 private:
  Echo& own_;
  PassedOn& shared_;
};

class ForwardingTest : public ServerTest {
 protected:
  ~ForwardingTest() override {
    server_.reset();
    upstream_.reset();
  }

  // Starts a server in front of an upstream that serves each connection with `serve`.
  void start_with(FakeUpstream::Serve serve) {
    upstream_ = std::make_unique<FakeUpstream>(std::move(serve));
    start_at(upstream_->url());
  }
  void start_at(const std::string& url) {
    upstream_options_.name = "test";
    upstream_options_.origins = {parse_origin(url).value()};
    passed_.upstream = std::make_unique<Upstream>(upstream_options_);
    auto created = Server::create(options_, passing_, clock_, log_);
    ASSERT_TRUE(created) << created.error().message;
    server_ = std::move(*created);
    server_->start();
  }
  // Answers each request of each connection with `answer`.
  void start_answering(std::function<std::string(const std::string& request)> answer) {
    start_with([answer = std::move(answer)](UpstreamSide& side, int) {
      for (std::string request = side.request(); !request.empty(); request = side.request())
        side.send(answer(request));
    });
  }
  static std::string get(std::string_view path, std::string_view fields = {}) {
    return fmt::format("GET {} HTTP/1.1\r\nHost: a\r\n{}\r\n", path, fields);
  }
  static std::string post(std::string_view path, std::string_view body) {
    return fmt::format("POST {} HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{}", path,
                       body.size(), body);
  }

  UpstreamOptions upstream_options_;
  PassedOn passed_;
  PassingEcho passing_{echo_, passed_};
  std::unique_ptr<FakeUpstream> upstream_;
};

}  // namespace metergate::http
