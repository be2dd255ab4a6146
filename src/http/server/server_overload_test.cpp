// More load than the server has room for: in memory, connections, descriptors, and one round of its
// loop.
#include <sys/resource.h>
#include <unistd.h>

#include <deque>

#include "http/testing/server_fixture_test.h"

namespace metergate::http {
namespace {

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

std::string post(std::size_t length, std::size_t sent, std::string_view path = "/") {
  return fmt::format("POST {} HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{}", path, length,
                     std::string(sent, 'a'));
}

TEST_F(ServerTest, RefusesBodiesForWhichThereIsNoRoom) {
  options_.held_bytes_max = 400'000;  // so bodies may have half of it
  start();
  RawClient first{port()};
  first.send(post(1'000'000, 120'000));
  pass_round();
  RawClient second{port()};
  second.send(post(1'000'000, 120'000));
  EXPECT_EQ(second.status(), 503);
  EXPECT_EQ(status_of(ask(kGet)), 200);  // a request without a body is taken
  first.close();
  pass_round();
  EXPECT_EQ(status_of(ask(post(120'000, 120'000))), 200);
}

TEST_F(ServerTest, GivesUpTheRoomOfABodyThatWasRefused) {
  options_.held_bytes_max = 400'000;
  start();
  std::deque<RawClient> refused;
  for (int i = 0; i < 3; ++i) {
    RawClient& client = refused.emplace_back(port());
    client.send(post(1'000'000, 300'000));
    EXPECT_EQ(client.status(), 503);  // and stays open
  }
  EXPECT_EQ(status_of(ask(post(120'000, 120'000))), 200);
}

TEST_F(ServerTest, RefusesRequestsWhileAnswersThatNobodyReadsFillItsMemory) {
  options_.held_bytes_max = 1'000'000;
  start();
  RawClient lazy{port()};
  lazy.send("GET /huge HTTP/1.1\r\nHost: a\r\n\r\n");
  echo_.wait_for(1);
  RawClient other{port()};
  other.send(kGet);
  EXPECT_EQ(other.status(), 503);
  lazy.close();
  int status = 503;
  for (int i = 0; i < 1000 && status == 503; ++i) {  // on the connection that was refused before
    other.send(kGet);
    status = other.status();
  }
  EXPECT_EQ(status, 200);
}

std::string get(std::string_view path, std::string_view holder) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: a\r\nX-Holder: {}\r\n\r\n", path, holder);
}

TEST_F(ServerTest, ATenantThatReadsNothingFillsItsOwnShareOnly) {
  options_.held_bytes_max = 200'000'000;
  start();
  std::deque<RawClient> lazy;  // the first answer takes more than its tenant may have
  for (int i = 0; i < 4; ++i) {
    lazy.emplace_back(port()).send(get("/huge", "tenant t1"));
    echo_.wait_for(static_cast<std::size_t>(i) + 1);
  }
  pass_round();
  EXPECT_EQ(status_of(ask(get("/large", "tenant t1"))), 503);
  EXPECT_EQ(status_of(ask(get("/", "tenant t1"))), 200);  // a small answer needs no room
  EXPECT_EQ(status_of(ask(get("/large", "tenant t2"))), 200);
  EXPECT_EQ(status_of(ask(post(120'000, 120'000))), 200);
  EXPECT_EQ(lazy.back().status(), 503);
}

TEST_F(ServerTest, AnswersWhatWatchesItWhileAllElseIsFull) {
  options_.held_bytes_max = 1'000'000;
  start();
  RawClient lazy{port()};
  lazy.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(lazy.status(), 200);
  std::deque<RawClient> unfinished;
  for (int i = 0; i < 9; ++i) {
    unfinished.emplace_back(port()).send(
        fmt::format("POST / HTTP/1.1\r\nHost: a\r\nX-Holder: tenant t{}\r\nContent-Length: "
                    "1000000\r\n\r\n{}",
                    i, std::string(100'000, 'a')));
    pass_round();
  }
  EXPECT_EQ(status_of(ask("GET /vital HTTP/1.1\r\nHost: a\r\n\r\n")), 200);
}

TEST_F(ServerTest, ReadsNoBodyOfACallerThatItDoesNotKnow) {
  start();
  RawClient stranger{port()};
  stranger.send(post(1'000'000, 0, "/private"));  // answered before any byte of it comes
  EXPECT_EQ(stranger.status(), 401);
  RawClient chunked{port()};
  chunked.send("POST /private HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  EXPECT_EQ(chunked.status(), 401);
  // A small body is skipped, so that the connection can be used again.
  RawClient small{port()};
  small.send(post(100, 100, "/private"));
  EXPECT_EQ(small.status(), 401);
  small.send(kGet);
  EXPECT_EQ(small.status(), 200);
}

TEST_F(ServerTest, HandlesACrowdOfLargeRequestsOneAfterAnother) {
  start();
  std::deque<RawClient> clients;
  for (int i = 0; i < 30; ++i) clients.emplace_back(port());
  for (RawClient& client : clients) client.send(post(50'000, 50'000) + post(40'000, 40'000));
  clients[3].close();
  EXPECT_EQ(status_of(ask(kGet)), 200);
  for (std::size_t i = 4; i < clients.size(); ++i) {
    EXPECT_EQ(body_of(clients[i].answer().value_or("")).size(), 50'002U);
    EXPECT_EQ(body_of(clients[i].answer().value_or("")).size(), 40'002U);
  }
}

TEST_F(ServerTest, RefusesLargeRequestsWhileOthersWaitForTooLong) {
  options_.turn_wait_max = Milliseconds{-1};  // every waiting request is overdue
  start();
  RawClient first{port()};
  first.send(post(50'000, 50'000, "/block"));
  echo_.wait_for(1);  // the loop is blocked in its handler
  std::deque<RawClient> others;
  for (int i = 0; i < 6; ++i) others.emplace_back(port()).send(post(50'000, 50'000));
  echo_.release();
  EXPECT_EQ(first.status(), 200);
  int refused = 0;
  for (RawClient& other : others) {
    const int status = other.status();
    EXPECT_TRUE(status == 200 || status == 503) << status;
    if (status == 503) ++refused;
    other.send(kGet);  // on a connection that stays in use
    EXPECT_EQ(body_of(other.answer().value_or("")), "/|");
  }
  EXPECT_GT(refused, 0);
  EXPECT_LT(refused, 6);
}

TEST_F(ServerTest, TellsEveryConnectionTooManyThatItIs) {
  options_.connections_max = 1;
  start();
  RawClient first{port()};
  first.send(kGet);
  EXPECT_EQ(first.status(), 200);
  // More than can be refused at a time: the last ones wait until the first are gone.
  std::deque<RawClient> others;
  for (int i = 0; i < 300; ++i) others.emplace_back(port());
  for (RawClient& other : others) {
    EXPECT_EQ(other.status(), 503);
    other.close();
  }
}

TEST_F(ServerTest, EndsACrowdWhoseTimeIsOver) {
  start();
  std::deque<RawClient> silent;
  for (int i = 0; i < 300; ++i) silent.emplace_back(port());
  pass_round();
  clock_.advance(std::chrono::seconds{11});
  for (RawClient& client : silent) EXPECT_TRUE(client.is_ended());
}

TEST_F(ServerTest, TakesAConnectionOnceThereIsADescriptorForIt) {
  start();
  pass_round();
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const int next = ::dup(0);
  ::close(next);
  // The client's own descriptor is the last.
  const rlimit few{static_cast<rlim_t>(next) + 1, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  RawClient client{port()};
  client.send(kGet);
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(client.status(), 200);
}

}  // namespace
}  // namespace metergate::http
