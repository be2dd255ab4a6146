#include "http/server.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

#include "http/raw_client.h"

namespace metergate::http {
namespace {

// Answers by path, so that a test says in its request what it wants to see.
class Echo final : public Handler {
 public:
  bool is_slow(const Request& request) const override { return request.path.starts_with("/slow"); }

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
    }
    arrived_.notify_all();
    if (request.path == "/slow-block") wait_for_release();
    if (request.path == "/drop" || request.path.ends_with("keep")) return;
    reply(answer_to(request));
  }

  Response refusal(const Error& error, std::string_view request_id) override {
    Response response;
    response.status = error.code == ErrorCode::too_large           ? 413
                      : error.code == ErrorCode::headers_too_large ? 431
                      : error.code == ErrorCode::overloaded        ? 503
                      : error.code == ErrorCode::internal          ? 500
                                                                   : 400;
    response.body = fmt::format("{} {}", error.message, request_id);
    return response;
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

  // A request of its own on the one server thread: what was sent before has been looked at, and
  // what was answered before waits for the next.
  void pass_round() { EXPECT_EQ(status_of(ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n")), 200); }

  Echo echo_;
  ManualClock clock_{Timestamp{Milliseconds{1'772'706'600'000}}};
  Log log_{clock_, LogLevel::error};
  ServerOptions options_;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, AnswersARequest) {
  start();
  const std::string answer =
      ask("POST /a%20b?x=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_EQ(body_of(answer), "/a b|hi");
  EXPECT_EQ(field_of(answer, "Connection"), "keep-alive");
  EXPECT_EQ(field_of(answer, "Date"), "Thu, 05 Mar 2026 10:30:00 GMT");
  EXPECT_TRUE(field_of(answer, "X-Request-Id").starts_with("req_"));
  const Request seen = echo_.last();
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.remote_ip, "127.0.0.1");
  EXPECT_EQ(seen.query.at(0).second, "1");
  EXPECT_EQ(seen.bytes, 58);
}

TEST_F(ServerTest, EchoesTheCallersSaneRequestIdOnly) {
  start();
  const auto id_for = [&](const std::string& id) {
    return field_of(ask("GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: " + id + "\r\n\r\n"),
                    "X-Request-Id");
  };
  EXPECT_EQ(id_for("a.B-9_z"), "a.B-9_z");
  EXPECT_EQ(id_for(std::string(64, 'a')), std::string(64, 'a'));
  for (const std::string& bad : {std::string(65, 'a'), std::string("a b"), std::string("a\"b"),
                                 std::string(""), std::string("a\r\nX-Request-Id: b")}) {
    EXPECT_TRUE(id_for(bad).starts_with("req_")) << bad;
    EXPECT_EQ(id_for(bad).size(), 30U);
  }
}

TEST_F(ServerTest, KeepsTheConnectionForTheNextRequest) {
  start();
  RawClient client{port()};
  for (int i = 0; i < 3; ++i) {
    client.send(fmt::format("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", i));
    EXPECT_EQ(body_of(client.answer().value_or("")), fmt::format("/{}|", i));
  }
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  start();
  RawClient client{port()};
  std::string all;
  for (int i = 0; i < 20; ++i) {
    all += fmt::format("POST /{}{} HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
                       i % 2 == 0 ? "slow" : "", i);
  }
  client.send(all);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(body_of(client.answer().value_or("")),
              fmt::format("/{}{}|abc", i % 2 == 0 ? "slow" : "", i));
  }
}

TEST_F(ServerTest, EndsTheConnectionWhereTheCallerOrTheHandlerWantsIt) {
  start();
  for (const char* request : {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                              "GET / HTTP/1.0\r\n\r\n", "GET /close HTTP/1.1\r\nHost: a\r\n\r\n"}) {
    RawClient client{port()};
    client.send(request);
    EXPECT_EQ(field_of(client.answer().value_or(""), "Connection"), "close");
    EXPECT_TRUE(client.is_ended());
  }
}

TEST_F(ServerTest, AnswersHeadWithoutABody) {
  start();
  RawClient client{port()};
  client.send("HEAD /four HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string answer = client.answer(false).value_or("");
  EXPECT_EQ(field_of(answer, "Content-Length"), "6");
  client.send("HEAD /pieces HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(field_of(client.answer(false).value_or(""), "Transfer-Encoding"), "chunked");
  client.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(body_of(client.answer().value_or("")), "/next|");
}

TEST_F(ServerTest, SendsNoBodyAndNoLengthWith204) {
  start();
  RawClient client{port()};
  client.send("GET /empty HTTP/1.1\r\nHost: a\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(field_of(client.answer().value_or(""), "Content-Length"), "");
  EXPECT_EQ(body_of(client.answer().value_or("")), "/next|");
}

TEST_F(ServerTest, StreamsASourceInChunks) {
  start();
  RawClient client{port()};
  client.send("GET /pieces HTTP/1.1\r\nHost: a\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(body_of(client.answer().value_or("")),
            "6\r\npiece3\r\n6\r\npiece2\r\n6\r\npiece1\r\n0\r\n\r\n");
  EXPECT_EQ(body_of(client.answer().value_or("")), "/next|");
}

TEST_F(ServerTest, StreamsASourceToAnOldClientUntilTheConnectionEnds) {
  start();
  RawClient client{port()};
  client.send("GET /pieces HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const std::string all = client.rest();
  EXPECT_EQ(field_of(all, "Connection"), "close");
  EXPECT_EQ(field_of(all, "Transfer-Encoding"), "");
  EXPECT_EQ(body_of(all), "piece3piece2piece1");
}

TEST_F(ServerTest, CutsABodyShortWhereItsSourceFails) {
  options_.stop_timeout = std::chrono::seconds{1};
  start();
  RawClient client{port()};
  client.send("GET /broken HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(body_of(client.rest()), "");
}

TEST_F(ServerTest, SendsALargeBodyWhole) {
  start();
  EXPECT_EQ(body_of(ask("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")).size(), 300'000U);
}

TEST_F(ServerTest, LetsNoHeaderOfAHandlerSplitTheAnswer) {
  start();
  EXPECT_EQ(ask("GET /split HTTP/1.1\r\nHost: a\r\n\r\n").find("Injected"), std::string::npos);
}

TEST_F(ServerTest, AsksForABodyThatWaitsForIt) {
  start();
  RawClient client{port()};
  client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(client.answer(false), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("abc");
  EXPECT_EQ(body_of(client.answer().value_or("")), "/|abc");
}

TEST_F(ServerTest, DoesNotAskForABodyThatIsThereOrTooLarge) {
  start();
  EXPECT_EQ(status_of(ask("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                          "Content-Length: 3\r\n\r\nabc")),
            200);
  EXPECT_EQ(status_of(ask("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                          "Content-Length: 99999999\r\n\r\n")),
            413);
}

TEST_F(ServerTest, RefusesWhatIsAmbiguousAndEndsTheConnection) {
  start();
  RawClient client{port()};
  client.send(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
      "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string answer = client.answer().value_or("");
  EXPECT_EQ(status_of(answer), 400);
  EXPECT_EQ(field_of(answer, "Connection"), "close");
  EXPECT_TRUE(client.is_ended());
}

TEST_F(ServerTest, RefusesABadTarget) {
  start();
  for (const char* target : {"/../etc/passwd", "/a%2Fb", "/%00", "/a#b", "/%zz", "/?a=%ff"}) {
    RawClient client{port()};
    client.send(fmt::format("GET {} HTTP/1.1\r\nHost: a\r\n\r\n", target));
    EXPECT_EQ(client.status(), 400) << target;
    EXPECT_TRUE(client.is_ended());
  }
}

TEST_F(ServerTest, RefusesAHeadThatIsTooLarge) {
  options_.head_bytes_max = 1024;
  start();
  RawClient client{port()};
  client.send("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(200'000, 'a'));
  EXPECT_EQ(client.status(), 431);
}

TEST_F(ServerTest, RefusesABodyThatIsTooLargeWhileItComes) {
  options_.body_bytes_max = 10'000;
  start();
  RawClient fixed{port()};
  fixed.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10001\r\n\r\n" +
             std::string(10'001, 'a'));
  EXPECT_EQ(fixed.status(), 413);
  RawClient chunked{port()};
  chunked.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 11; ++i) chunked.send("3e8\r\n" + std::string(1000, 'a') + "\r\n");
  EXPECT_EQ(chunked.status(), 413);
}

TEST_F(ServerTest, TakesALargeBodyWithinTheLimit) {
  start();
  const std::string body(4'000'000, 'a');
  const std::string answer = ask(
      fmt::format("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{}", body.size(), body));
  EXPECT_EQ(body_of(answer).size(), body.size() + 2);
}

TEST_F(ServerTest, RunsSlowHandlersElsewhere) {
  start();
  ask("GET /fast HTTP/1.1\r\nHost: a\r\n\r\n");
  ask("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(echo_.ran_slow_elsewhere());
}

TEST_F(ServerTest, RefusesSlowRequestsWhenTooManyWait) {
  options_.slow_waiting_max = 1;
  start();
  const std::string request = "GET /slow-block HTTP/1.1\r\nHost: a\r\n\r\n";
  RawClient running{port()};
  running.send(request);
  echo_.wait_for(1);
  RawClient waiting{port()};
  waiting.send(request);
  RawClient fast{port()};
  fast.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(fast.status(), 200);
  // On the one server thread `waiting` was read before this one is.
  RawClient refused{port()};
  refused.send(request);
  EXPECT_EQ(refused.status(), 503);
  echo_.release();
  EXPECT_EQ(running.status(), 200);
  EXPECT_EQ(waiting.status(), 200);
}

TEST_F(ServerTest, TakesAReplyFromAnyThread) {
  start();
  RawClient client{port()};
  client.send("GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
  echo_.wait_for(1);
  std::jthread{[kept = echo_.take_kept()]() mutable {
    Response response;
    response.status = 201;
    kept.at(0)(std::move(response));
  }}.join();
  EXPECT_EQ(client.status(), 201);
}

TEST_F(ServerTest, AnswersForAHandlerThatDropsItsReply) {
  start();
  EXPECT_EQ(status_of(ask("GET /drop HTTP/1.1\r\nHost: a\r\n\r\n")), 500);
}

TEST_F(ServerTest, ForgetsACallerWhoLeftWhileItsAnswerWasMade) {
  start();
  {
    RawClient client{port()};
    client.send("GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
    echo_.wait_for(1);
  }
  for (Reply& reply : echo_.take_kept()) reply({});
  EXPECT_EQ(status_of(ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n")), 200);
  server_->stop();  // would wait for a connection that leaked
}

TEST_F(ServerTest, LetsAReplyComeAfterItHasGone) {
  options_.stop_timeout = std::chrono::seconds{0};
  start();
  RawClient client{port()};
  client.send("GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
  echo_.wait_for(1);
  server_.reset();
  for (Reply& reply : echo_.take_kept()) reply({});
  EXPECT_TRUE(client.is_ended());
}

TEST_F(ServerTest, EndsAHeadThatTakesTooLong) {
  start();
  RawClient client{port()};
  client.send("GET /drip HTTP/1.1\r\nHost: a\r\n");
  pass_round();
  clock_.advance(std::chrono::seconds{9});
  client.send("X: 1\r\n");
  pass_round();
  clock_.advance(std::chrono::seconds{2});
  EXPECT_TRUE(client.is_ended());
}

TEST_F(ServerTest, EndsAConnectionThatSaysNothing) {
  start();
  RawClient silent{port()};
  RawClient idle{port()};
  idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(idle.status(), 200);
  pass_round();
  clock_.advance(std::chrono::seconds{11});
  EXPECT_TRUE(silent.is_ended());
  idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(idle.status(), 200);
  pass_round();
  clock_.advance(std::chrono::seconds{76});
  EXPECT_TRUE(idle.is_ended());
}

TEST_F(ServerTest, EndsABodyThatDrips) {
  options_.body_timeout = std::chrono::seconds{1000};
  start();
  RawClient client{port()};
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" +
              std::string(5 * 1024, 'a'));
  pass_round();
  clock_.advance(std::chrono::seconds{14});  // within 10 s and 5 KiB at 1 KiB a second
  client.send("a");
  pass_round();
  clock_.advance(std::chrono::seconds{2});
  EXPECT_TRUE(client.is_ended());
}

TEST_F(ServerTest, EndsACallerThatDoesNotReadItsAnswer) {
  start();
  RawClient client{port()};
  client.send("GET /huge HTTP/1.1\r\nHost: a\r\n\r\n");
  echo_.wait_for(1);
  pass_round();
  // Beyond the 30 s and a second for each KiB that could have been sent by then.
  clock_.advance(std::chrono::seconds{70'000});
  server_->stop();
  EXPECT_LT(client.rest().size(), 64'000'000U);
}

TEST_F(ServerTest, TellsAConnectionTooManyThatItIs) {
  options_.connections_max = 2;
  start();
  RawClient first{port()};
  RawClient second{port()};
  first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  second.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(first.status(), 200);
  EXPECT_EQ(second.status(), 200);
  RawClient third{port()};
  EXPECT_EQ(third.status(), 503);
}

TEST_F(ServerTest, FinishesWhatIsUnderWayWhenStopping) {
  start();
  RawClient client{port()};
  RawClient idle{port()};
  idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(idle.status(), 200);
  client.send("GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
  echo_.wait_for(2);
  std::jthread stopper{[this] { server_->stop(); }};
  EXPECT_TRUE(idle.is_ended());
  for (Reply& reply : echo_.take_kept()) reply({});
  const std::string answer = client.answer().value_or("");
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_EQ(field_of(answer, "Connection"), "close");
  stopper.join();
  EXPECT_FALSE(RawClient{port()}.is_connected());
}

TEST_F(ServerTest, DoesNotWaitForeverWhenStopping) {
  options_.stop_timeout = std::chrono::seconds{0};
  start();
  RawClient client{port()};
  client.send("GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
  echo_.wait_for(1);
  server_->stop();
  server_->stop();
  EXPECT_TRUE(client.is_ended());
}

TEST_F(ServerTest, SharesItsPortBetweenThreads) {
  options_.threads = 3;
  start();
  for (int i = 0; i < 30; ++i) {
    EXPECT_EQ(status_of(ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n")), 200);
  }
}

TEST_F(ServerTest, SaysThatAPortIsInUse) {
  start();
  ServerOptions again = options_;
  again.port = port();
  const auto second = Server::create(again, echo_, clock_, log_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::storage);
  EXPECT_EQ(second.error().message,
            fmt::format("port {} is in use by another program; choose another with --port or "
                        "API_PORT",
                        port()));
}

TEST_F(ServerTest, SaysThatAnAddressIsNone) {
  options_.address = "localhost";
  const auto created = Server::create(options_, echo_, clock_, log_);
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().code, ErrorCode::invalid);
}

class UnixServerTest : public ServerTest {
 protected:
  UnixServerTest()
      : folder_(std::filesystem::temp_directory_path() /
                fmt::format("metergate_http_test_{}", ::getpid())) {
    std::filesystem::create_directories(folder_);
    options_.unix_path = (folder_ / "control").string();
  }
  ~UnixServerTest() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_;
};

TEST_F(UnixServerTest, AnswersOnAFileOfItsOwnersOnly) {
  start();
  RawClient client{options_.unix_path};
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.status(), 200);
  EXPECT_EQ(echo_.last().remote_ip, "local");
  struct stat status {};
  ASSERT_EQ(::stat(options_.unix_path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  server_->stop();
  EXPECT_FALSE(std::filesystem::exists(options_.unix_path));
}

TEST_F(UnixServerTest, TakesOverAFileThatNobodyListensOn) {
  start();
  const std::string kept = options_.unix_path + ".kept";
  std::filesystem::rename(options_.unix_path, kept);
  server_.reset();
  std::filesystem::rename(kept, options_.unix_path);
  start();
  RawClient client{options_.unix_path};
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.status(), 200);
}

TEST_F(UnixServerTest, LeavesAnotherServersSocketAlone) {
  start();
  const auto second = Server::create(options_, echo_, clock_, log_);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find("another server"), std::string::npos);
}

TEST_F(UnixServerTest, LeavesAFileThatIsNoSocketAlone) {
  std::filesystem::create_directory(options_.unix_path);
  EXPECT_FALSE(Server::create(options_, echo_, clock_, log_));
  EXPECT_TRUE(std::filesystem::exists(options_.unix_path));
}

TEST_F(UnixServerTest, ReachesAPathThatIsTooLongForASocket) {
  const std::filesystem::path deep = folder_ / std::string(90, 'a') / std::string(90, 'b');
  std::filesystem::create_directories(deep);
  options_.unix_path = (deep / "control").string();
  start();
  const std::filesystem::path near = folder_ / "link";
  std::filesystem::create_symlink(deep, near);
  RawClient client{(near / "control").string()};
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.status(), 200);
}

}  // namespace
}  // namespace metergate::http
