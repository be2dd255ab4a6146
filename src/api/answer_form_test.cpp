#include "api/answer_form.h"

#include <gtest/gtest.h>

#include "base/content_coding.h"
#include "http/words/problem.h"

namespace metergate::api {
namespace {

std::string header_in(const http::Response& response, std::string_view name) {
  for (const http::Header& field : response.headers) {
    if (field.first == name) return field.second;
  }
  return "";
}

http::Request request_with(std::vector<http::Header> headers, const std::string& method = "GET") {
  http::Request request;
  request.method = method;
  request.headers = std::move(headers);
  return request;
}

http::Response answer_at(std::int64_t second, std::string_view request_id,
                         const std::string& text) {
  return http::success(Json::object({{"text", text}}),
                       {.now = Timestamp{std::chrono::seconds{second}}, .request_id = request_id});
}

http::Response streamed(std::vector<std::string> pieces) {
  http::Response response;
  response.headers = {{"Content-Type", "text/csv"}, {"Cache-Control", "no-store"}};
  response.source = [pieces = std::move(pieces),
                     next = std::size_t{0}]() mutable -> Result<std::optional<std::string>> {
    if (next == pieces.size()) return std::nullopt;
    return std::optional<std::string>{pieces[next++]};
  };
  return response;
}

std::string whole_of(http::Response& response) {
  std::string body = response.body;
  while (response.source) {
    const auto piece = response.source();
    EXPECT_TRUE(piece);
    if (!piece || !*piece) break;
    EXPECT_FALSE((*piece)->empty()) << "an empty piece would end a chunked body";
    body += **piece;
  }
  return body;
}

TEST(AnswerForm, TheTagFollowsWhatIsSaidAndNotWhenAndToWhom) {
  const auto tag = [](http::Response response) {
    return header_in(formed(std::move(response), request_with({})), "ETag");
  };
  const std::string first = tag(answer_at(1, "req_a", "x"));
  EXPECT_TRUE(first.starts_with("W/\"")) << first;
  EXPECT_EQ(tag(answer_at(2, "req_b", "x")), first);
  EXPECT_EQ(tag(answer_at(2, R"(a","data":b)", "x")), first) << "a request_id cannot pose as data";
  EXPECT_NE(tag(answer_at(1, "req_a", "y")), first);
}

TEST(AnswerForm, WhoHasItAlreadyIsToldSo) {
  const std::string tag = header_in(formed(answer_at(1, "req_a", "x"), request_with({})), "ETag");
  for (const std::string& field :
       {tag, "\"other\", " + tag, tag.substr(2), std::string{"*"}, "W/\"a\" ,\t" + tag}) {
    const auto response =
        formed(answer_at(2, "req_b", "x"), request_with({{"if-none-match", field}}));
    EXPECT_EQ(response.status, 304) << field;
    EXPECT_EQ(response.body, "");
    EXPECT_EQ(header_in(response, "ETag"), tag);
    EXPECT_EQ(header_in(response, "Cache-Control"), "private, no-cache");
  }
  for (const std::string& field : {std::string{"\"other\""}, std::string{}, "x" + tag}) {
    EXPECT_EQ(formed(answer_at(2, "b", "x"), request_with({{"if-none-match", field}})).status, 200)
        << field;
  }
}

TEST(AnswerForm, CodesWhatIsLongEnoughForWhoAsks) {
  const std::string text(5000, 'x');
  for (const char* coding : {"gzip", "zstd"}) {
    auto response = formed(answer_at(1, "a", text), request_with({{"accept-encoding", coding}}));
    EXPECT_EQ(header_in(response, "Content-Encoding"), coding);
    EXPECT_EQ(header_in(response, "Vary"), "Accept-Encoding");
    EXPECT_LT(response.body.size(), text.size() / 10);
    EXPECT_EQ(*decode_content(coding, response.body, 10'000), answer_at(1, "a", text).body);
  }
  auto short_one = formed(answer_at(1, "a", "x"), request_with({{"accept-encoding", "gzip"}}));
  EXPECT_EQ(header_in(short_one, "Content-Encoding"), "");
  EXPECT_EQ(header_in(short_one, "Vary"), "Accept-Encoding");
  auto plain = formed(answer_at(1, "a", text), request_with({}));
  EXPECT_EQ(header_in(plain, "Content-Encoding"), "");
}

TEST(AnswerForm, HeadAgreesWithGet) {
  const std::string text(5000, 'x');
  const std::vector<http::Header> asked = {{"accept-encoding", "gzip"}};
  const auto get = formed(answer_at(1, "a", text), request_with(asked));
  const auto head = formed(answer_at(1, "a", text), request_with(asked, "HEAD"));
  EXPECT_EQ(get.headers, head.headers);
  EXPECT_EQ(get.body.size(), head.body.size());
}

TEST(AnswerForm, ChangesAndRefusalsGoOutAsTheyAre) {
  const std::vector<http::Header> asked = {{"accept-encoding", "gzip"}, {"if-none-match", "*"}};
  const std::string text(5000, 'x');
  const auto posted = formed(answer_at(1, "a", text), request_with(asked, "POST"));
  EXPECT_EQ(posted.headers, answer_at(1, "a", text).headers);
  auto created = answer_at(1, "a", text);
  created.status = 201;
  EXPECT_EQ(header_in(formed(std::move(created), request_with(asked)), "ETag"), "");
}

TEST(AnswerForm, AShortStreamIsSentWholeWithATag) {
  auto response = formed(streamed({"a,b\r\n", "1,2\r\n"}), request_with({}));
  EXPECT_FALSE(response.source);
  EXPECT_EQ(response.body, "a,b\r\n1,2\r\n");
  EXPECT_NE(header_in(response, "ETag"), "");
}

TEST(AnswerForm, ALongStreamIsCodedAsItComes) {
  std::vector<std::string> pieces;
  std::string text;
  for (int i = 0; i < 500; ++i) {
    pieces.push_back(std::string(1000, static_cast<char>('a' + i % 26)) + std::to_string(i));
    text += pieces.back();
  }
  auto plain = formed(streamed(pieces), request_with({}));
  ASSERT_TRUE(plain.source);
  EXPECT_EQ(whole_of(plain), text);
  auto coded = formed(streamed(pieces), request_with({{"accept-encoding", "gzip"}}));
  EXPECT_EQ(header_in(coded, "Content-Encoding"), "gzip");
  EXPECT_EQ(header_in(coded, "ETag"), "");
  EXPECT_EQ(*decode_content("gzip", whole_of(coded), 1 << 20), text);
}

TEST(AnswerForm, AStreamThatFailsStillFails) {
  http::Response response;
  response.source = []() -> Result<std::optional<std::string>> {
    return fail(ErrorCode::storage, "the disk is gone");
  };
  auto made = formed(std::move(response), request_with({}));
  ASSERT_TRUE(made.source);
  EXPECT_FALSE(made.source());
}

TEST(AnswerForm, WhatIsCompressedAlreadyIsNotCodedAgain) {
  http::Response response;
  response.headers = {{"Content-Type", "application/pdf"}};
  response.body.assign(5000, 'x');
  const auto made = formed(std::move(response), request_with({{"accept-encoding", "gzip"}}));
  EXPECT_EQ(header_in(made, "Content-Encoding"), "");
  EXPECT_NE(header_in(made, "ETag"), "");
}

}  // namespace
}  // namespace metergate::api
