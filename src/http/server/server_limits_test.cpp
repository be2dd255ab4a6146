#include "http/testing/server_fixture_test.h"

namespace metergate::http {
namespace {

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

TEST_F(ServerTest, ARouteMayTakeLessThanTheServer) {
  start();
  RawClient fits{port()};
  fits.send("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n" +
            std::string(100, 'a'));
  EXPECT_EQ(fits.status(), 200);
  RawClient fixed{port()};  // no byte of the body is needed
  fixed.send("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n");
  EXPECT_EQ(fixed.status(), 413);
  RawClient chunked{port()};
  chunked.send("POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  chunked.send("65\r\n" + std::string(101, 'a') + "\r\n");
  EXPECT_EQ(chunked.status(), 413);
  // The limit belongs to the request, not to the connection.
  fits.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n" + std::string(101, 'a'));
  EXPECT_EQ(fits.status(), 200);
}

TEST_F(ServerTest, TakesALargeBodyWithinTheLimit) {
  start();
  const std::string body(4'000'000, 'a');
  const std::string answer = ask(
      fmt::format("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{}", body.size(), body));
  EXPECT_EQ(body_of(answer).size(), body.size() + 2);
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
  // Beyond 30 s and a second for each KiB that could have been sent by then.
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

}  // namespace
}  // namespace metergate::http
