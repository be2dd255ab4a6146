#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "http/wire/body_decoder.h"
#include "http/wire/head.h"

namespace metergate::http {
namespace {

ResponseHead head_of(std::string_view bytes) {
  ResponseHead head;
  const Result<> parsed = parse_response_head(bytes, head);
  EXPECT_TRUE(parsed) << bytes;
  return head;
}

ResponseFraming answer_framing(std::string_view fields, int status = 200,
                               bool answers_head = false) {
  const std::string bytes =
      "HTTP/1.1 " + std::to_string(status) + " X\r\n" + std::string{fields} + "\r\n";
  const auto found = framing_of(head_of(bytes), answers_head);
  EXPECT_TRUE(found) << fields;
  return found.value_or(ResponseFraming{});
}

bool is_refused(std::string_view fields) {
  const std::string bytes = "HTTP/1.1 200 OK\r\n" + std::string{fields} + "\r\n";
  return !framing_of(head_of(bytes), false);
}

TEST(ResponseHead, IsTakenApart) {
  const ResponseHead head = head_of("HTTP/1.0 404 Not here\r\nA: b \r\nC:\r\n\r\n");
  EXPECT_EQ(head.status, 404);
  EXPECT_EQ(head.version_minor, 0);
  EXPECT_EQ(head.reason, "Not here");
  ASSERT_EQ(head.fields.size(), 2U);
  EXPECT_EQ(head.fields[0].value, "b");
  EXPECT_EQ(head.fields[1].name, "C");
}

TEST(ResponseHead, MayHaveNoReason) {
  EXPECT_EQ(head_of("HTTP/1.1 200 \r\n\r\n").reason, "");
  EXPECT_EQ(head_of("HTTP/1.1 200\r\n\r\n").reason, "");
}

TEST(ResponseHead, LosesSpacesBeforeAColon) {
  const ResponseHead head = head_of("HTTP/1.1 200 OK\r\nContent-Length : 3\r\nA\t : b\r\n\r\n");
  ASSERT_EQ(head.fields.size(), 2U);
  EXPECT_EQ(head.fields[0].name, "Content-Length");
  EXPECT_EQ(head.fields[1].name, "A");
  EXPECT_EQ(framing_of(head, false)->length, 3);
}

TEST(ResponseHead, IsRefusedWhereItIsMalformed) {
  for (const char* bytes :
       {"", "\r\n\r\n", "HTTP/1.1\r\n\r\n", "HTTP/1.2 200 OK\r\n\r\n", "http/1.1 200 OK\r\n\r\n",
        "HTTP/1.1  200 OK\r\n\r\n", "HTTP/1.1 099 OK\r\n\r\n", "HTTP/1.1 600 OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 200OK\r\n\r\n", "HTTP/1.1 200 O\x01K\r\n\r\n",
        "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nA\r\n\r\n", "HTTP/1.1 200 OK\r\n: a\r\n\r\n",
        "HTTP/1.1 200 OK\r\n A: b\r\n\r\n", "HTTP/1.1 200 OK\r\nA b : c\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n", "HTTP/1.1 200 OK\r\nA: b\nc\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\nx"}) {
    ResponseHead head;
    EXPECT_FALSE(parse_response_head(bytes, head)) << bytes;
  }
}

TEST(ResponseFraming, IsByLengthChunksOrTheEnd) {
  EXPECT_EQ(answer_framing("Content-Length: 12\r\n").length, 12);
  EXPECT_EQ(answer_framing("transfer-encoding: Chunked\r\n").body, BodyKind::chunked);
  EXPECT_EQ(answer_framing("").body, BodyKind::until_close);
  EXPECT_FALSE(answer_framing("").keep_alive);
  EXPECT_TRUE(answer_framing("Content-Length: 0\r\n").keep_alive);
  EXPECT_FALSE(answer_framing("Content-Length: 0\r\nConnection: x, Close\r\n").keep_alive);
}

TEST(ResponseFraming, IsNoneForHeadAndWhatHasNoBody) {
  EXPECT_EQ(answer_framing("Content-Length: 12\r\n", 200, true).body, BodyKind::none);
  EXPECT_EQ(answer_framing("Content-Length: 12\r\n", 200, true).said_length, 12);
  EXPECT_EQ(answer_framing("Content-Length: 12\r\n", 304).said_length, 12);
  EXPECT_EQ(answer_framing("Content-Length: 12\r\n", 204).said_length, std::nullopt);
  EXPECT_EQ(answer_framing("", 204).body, BodyKind::none);
}

TEST(ResponseFraming, IsRefusedWhereItIsAmbiguous) {
  for (const char* fields :
       {"Content-Length: 1\r\nContent-Length: 1\r\n", "Content-Length: 1, 1\r\n",
        "Content-Length: +1\r\n", "Content-Length: \r\n", "Content-Length: 1234567890123456789\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n", "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"})
    EXPECT_TRUE(is_refused(fields)) << fields;
  ResponseHead old = head_of("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  EXPECT_FALSE(framing_of(old, false));
}

// The decoded body of these pieces; nothing if the decoder refuses.
std::optional<std::string> decoded(BodyDecoder& decoder, std::string_view bytes, std::size_t step) {
  std::string held;
  std::string data;
  for (std::size_t at = 0; at < bytes.size() || !held.empty();) {
    held += bytes.substr(std::min(at, bytes.size()), step);
    at += step;
    while (true) {
      const auto taken = decoder.take(held);
      if (!taken) return std::nullopt;
      if (taken->taken == 0) break;
      data += taken->data;
      held.erase(0, taken->taken);
    }
    if (at >= bytes.size()) break;
  }
  return data;
}

RC_GTEST_PROP(BodyDecoder, GivesTheSameBodyInWhateverPiecesItComes, ()) {
  const auto pieces = *rc::gen::container<std::vector<std::string>>(
      rc::gen::nonEmpty(rc::gen::string<std::string>()));
  std::string wire;
  std::string whole;
  for (const std::string& piece : pieces) {
    char size[20];
    std::snprintf(size, sizeof(size), "%zx;e=1\r\n", piece.size());
    wire += size + piece + "\r\n";
    whole += piece;
  }
  wire += "0\r\nA: b\r\n\r\n";
  BodyDecoder decoder{ResponseFraming{.body = BodyKind::chunked}};
  const auto step = *rc::gen::inRange<std::size_t>(1, 40);
  RC_ASSERT(decoded(decoder, wire, step) == whole);
  RC_ASSERT(decoder.is_complete());
}

TEST(BodyDecoder, TakesNothingBehindTheBody) {
  BodyDecoder fixed{ResponseFraming{.body = BodyKind::length, .length = 2}};
  const auto step = fixed.take("abc");
  ASSERT_TRUE(step);
  EXPECT_EQ(step->data, "ab");
  EXPECT_TRUE(fixed.is_complete());
  EXPECT_EQ(fixed.take("c").value().taken, 0U);
  BodyDecoder none{ResponseFraming{}};
  EXPECT_TRUE(none.is_complete());
}

TEST(BodyDecoder, TakesTrailersWithSpacesBeforeTheColon) {
  BodyDecoder decoder{ResponseFraming{.body = BodyKind::chunked}};
  EXPECT_EQ(decoded(decoder, "3\r\nabc\r\n0\r\nA : b\r\n\r\n", 5), "abc");
}

// Otherwise a line that ends in a bare LF would be waited for until the timeout.
TEST(BodyDecoder, RefusesBareLineEndsAtOnce) {
  for (const std::string_view wire : {"3\nabc\n0\n\n", "0\r\nA: b\n", "3\rabc"}) {
    BodyDecoder decoder{ResponseFraming{.body = BodyKind::chunked}};
    EXPECT_EQ(decoded(decoder, std::string{wire}, 100), std::nullopt) << wire;
  }
}

TEST(BodyDecoder, RefusesMalformedChunks) {
  for (const char* wire : {"zz\r\n", "3\r\nabcd\r\n", "3\r\nabcX", "100000000\r\n", " 3\r\n",
                           "0\r\nno colon\r\n\r\n", "3 \r\nabc\r\n"}) {
    BodyDecoder decoder{ResponseFraming{.body = BodyKind::chunked}};
    EXPECT_EQ(decoded(decoder, wire, 100), std::nullopt) << wire;
  }
  BodyDecoder decoder{ResponseFraming{.body = BodyKind::chunked}};
  EXPECT_EQ(decoded(decoder, "1;" + std::string(2000, 'x'), 100), std::nullopt);
  BodyDecoder trailers{ResponseFraming{.body = BodyKind::chunked}};
  std::string many = "0\r\n";
  for (int i = 0; i < 1000; ++i) many += "Trailer-Name: value\r\n";
  EXPECT_EQ(decoded(trailers, many, 1000), std::nullopt);
}

}  // namespace
}  // namespace metergate::http
