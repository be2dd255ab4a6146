#include "http/words/message.h"

#include <gtest/gtest.h>

namespace metergate::http {
namespace {

constexpr Timestamp kNow{Milliseconds{1'772'706'600'000}};  // 2026-03-05T10:30:00Z

HeadContext context() { return {.request_id = "req_1", .now = kNow}; }

TEST(SerializeHead, HasEverythingThatTheServerOwns) {
  Response response;
  response.headers = {{"Content-Type", "text/plain"}};
  response.body = "hello";
  EXPECT_EQ(serialize_head(response, context()),
            "HTTP/1.1 200 OK\r\n"
            "Date: Thu, 05 Mar 2026 10:30:00 GMT\r\n"
            "Server: metergate\r\n"
            "Connection: keep-alive\r\n"
            "X-Request-Id: req_1\r\n"
            "X-Content-Type-Options: nosniff\r\n"
            "Content-Type: text/plain\r\n"
            "Content-Length: 5\r\n"
            "\r\n");
}

TEST(SerializeHead, LeavesOutFieldsThatWouldSplitTheAnswer) {
  Response response;
  response.headers = {{"X-Good", "1"},
                      {"X-Bad", "a\r\nSet-Cookie: b"},
                      {"X-Bad\r\nSet-Cookie", "b"},
                      {"X-Null", std::string("a\0b", 3)},
                      {"", "b"},
                      {"X Bad", "b"}};
  const std::string head = serialize_head(response, context());
  EXPECT_NE(head.find("X-Good: 1\r\n"), std::string::npos);
  EXPECT_EQ(head.find("Bad"), std::string::npos);
  EXPECT_EQ(head.find("Set-Cookie"), std::string::npos);
  EXPECT_EQ(head.find("X-Null"), std::string::npos);
}

TEST(SerializeHead, SaysCloseWhereTheConnectionEnds) {
  HeadContext closing = context();
  closing.keep_alive = false;
  EXPECT_NE(serialize_head({}, closing).find("Connection: close\r\n"), std::string::npos);
}

TEST(SerializeHead, OfAStatusWithoutABodyHasNoLength) {
  for (const int status : {204, 304}) {
    Response response;
    response.status = status;
    EXPECT_EQ(serialize_head(response, context()).find("Content-Length"), std::string::npos);
  }
}

TEST(SerializeHead, OfASourceIsChunkedOnlyForThoseWhoTakeChunks) {
  Response response;
  response.source = [] { return std::optional<std::string>{}; };
  EXPECT_NE(serialize_head(response, context()).find("Transfer-Encoding: chunked\r\n"),
            std::string::npos);
  HeadContext old = context();
  old.takes_chunks = false;
  const std::string head = serialize_head(response, old);
  EXPECT_EQ(head.find("Transfer-Encoding"), std::string::npos);
  EXPECT_EQ(head.find("Content-Length"), std::string::npos);
}

TEST(HeadContext, EndsTheConnectionWhereEitherSideWantsIt) {
  Request request;
  Response response;
  EXPECT_TRUE(head_context(request, response, kNow).keep_alive);
  response.close = true;
  EXPECT_FALSE(head_context(request, response, kNow).keep_alive);
  response.close = false;
  request.keep_alive = false;
  EXPECT_FALSE(head_context(request, response, kNow).keep_alive);
}

TEST(HeadContext, EndsTheConnectionAfterASourceWithoutChunks) {
  Request request;
  request.takes_chunks = false;
  Response response;
  EXPECT_TRUE(head_context(request, response, kNow).keep_alive);
  response.source = [] { return std::optional<std::string>{}; };
  EXPECT_FALSE(head_context(request, response, kNow).keep_alive);
}

TEST(Request, HeaderThatStandsTwiceIsJoined) {
  Request request;
  request.headers = {{"accept", "a"}, {"host", "h"}, {"accept", "b"}};
  EXPECT_EQ(request.header("accept"), "a, b");
  EXPECT_EQ(request.header("host"), "h");
  EXPECT_EQ(request.header("cookie"), std::nullopt);
}

TEST(HttpDate, IsRightAtTheEdgesOfTheCalendar) {
  EXPECT_EQ(http_date(Timestamp{}), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(http_date(Timestamp{Milliseconds{951'782'399'999}}), "Mon, 28 Feb 2000 23:59:59 GMT");
  EXPECT_EQ(http_date(Timestamp{Milliseconds{951'782'400'000}}), "Tue, 29 Feb 2000 00:00:00 GMT");
}

}  // namespace
}  // namespace metergate::http
