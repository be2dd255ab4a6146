#include "api/event_body.h"

#include <gtest/gtest.h>

#include "base/compression.h"

namespace metergate::api {
namespace {

http::Request request_of(std::string_view type, std::string body) {
  http::Request request;
  request.method = "POST";
  request.path = request.target = "/api/v1/events";
  if (!type.empty()) request.headers.emplace_back("content-type", type);
  request.body = std::move(body);
  return request;
}

Result<EventBody> read(std::string_view type, std::string body) {
  Faults faults;
  Result<EventBody> read = read_event_body(request_of(type, std::move(body)), faults);
  EXPECT_TRUE(faults.is_empty());
  return read;
}

void expect_code(const Result<EventBody>& body, ErrorCode code) {
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().code, code) << body.error().message;
}

TEST(EventBody, OneCloudEventAndABatch) {
  const auto one = read("application/cloudevents+json", R"({"id":"1"})");
  ASSERT_TRUE(one);
  EXPECT_EQ(one->elements.size(), 1u);
  EXPECT_TRUE(one->needs_specversion);
  const auto batch =
      read("application/cloudevents-batch+json; charset=UTF-8", R"([{"id":"1"},{"id":"2"}])");
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->elements.size(), 2u);
  EXPECT_EQ(batch->elements[1].first, 1u);
  EXPECT_TRUE(batch->needs_specversion);
}

TEST(EventBody, PlainJsonIsOneOrManyWithoutSpecversion) {
  for (const std::string_view type : {"application/json", "Application/JSON ;x=y", ""}) {
    const auto one = read(type, R"({"id":"1"})");
    ASSERT_TRUE(one);
    EXPECT_EQ(one->elements.size(), 1u);
    EXPECT_FALSE(one->needs_specversion);
    EXPECT_EQ(read(type, R"([{},{}])")->elements.size(), 2u);
  }
}

TEST(EventBody, ShapeOfTheBodyFollowsTheMediaType) {
  expect_code(read("application/cloudevents+json", "[{}]"), ErrorCode::invalid);
  expect_code(read("application/cloudevents-batch+json", "{}"), ErrorCode::invalid);
  expect_code(read("application/json", "5"), ErrorCode::invalid);
  expect_code(read("application/json", "{"), ErrorCode::invalid);
  expect_code(read("application/json", ""), ErrorCode::invalid);
}

TEST(EventBody, AnyOtherMediaTypeIsRefused) {
  for (const std::string_view type :
       {"text/plain", "application/x-www-form-urlencoded", "application/cloudevents+xml",
        "application/xml", "application/cloudevents-batch"}) {
    expect_code(read(type, "{}"), ErrorCode::media_type);
  }
}

TEST(EventBody, ABatchMayBeEmpty) {
  for (const auto& [type, text] :
       {std::pair{"application/json", "[]"}, std::pair{"application/cloudevents-batch+json", " []"},
        std::pair{"application/x-ndjson", "\n \n"}}) {
    const auto body = read(type, text);
    ASSERT_TRUE(body) << type;
    EXPECT_TRUE(body->elements.empty()) << type;
  }
  expect_code(read("application/cloudevents+json", "[]"), ErrorCode::invalid);
}

// The trees of all lines are in memory at the same time.
TEST(EventBody, LinesShareTheRoomOfTheirBody) {
  std::string line = "[";
  for (int i = 0; i < 380; ++i) line += "1,";
  line += "1]\n";
  std::string text;
  for (int i = 0; i < 9000; ++i) text += line;
  expect_code(read("application/x-ndjson", text), ErrorCode::too_large);
}

TEST(EventBody, TenThousandAreTakenAndOneMoreIsNot) {
  const auto array_of = [](std::size_t count) {
    std::string text = "[{}";
    for (std::size_t i = 1; i < count; ++i) text += ",{}";
    return text + "]";
  };
  EXPECT_TRUE(read("application/json", array_of(kBatchEventsMax)));
  expect_code(read("application/json", array_of(kBatchEventsMax + 1)), ErrorCode::invalid);
  std::string lines;
  for (std::size_t i = 0; i < kBatchEventsMax; ++i) lines += "{}\n";
  EXPECT_TRUE(read("application/x-ndjson", lines));
  expect_code(read("application/x-ndjson", lines + "{}"), ErrorCode::invalid);
}

TEST(EventBody, LinesAreNumberedWithoutTheEmptyOnes) {
  Faults faults;
  const auto body = read_event_body(
      request_of("application/x-ndjson", "{\"id\":\"0\"}\r\n\n{bad\n{\"id\":\"2\"}"), faults);
  ASSERT_TRUE(body);
  ASSERT_EQ(body->elements.size(), 2u);
  EXPECT_EQ(body->elements[1].first, 2u);
  EXPECT_FALSE(body->needs_specversion);
  ASSERT_FALSE(faults.is_empty());
  EXPECT_EQ(faults.result().error().faults[0].index, 1u);
}

http::Request binary_request(std::string body) {
  http::Request request = request_of("application/json", std::move(body));
  request.headers.insert(request.headers.end(), {{"ce-specversion", "1.0"},
                                                 {"ce-id", "e%201"},
                                                 {"ce-source", "100%25"},
                                                 {"ce-type", "storage.usage"},
                                                 {"ce-subject", "tenant_1"}});
  return request;
}

TEST(EventBody, BinaryModeHasItsAttributesInHeaders) {
  Faults faults;
  const auto body = read_event_body(binary_request(R"({"bytes":5})"), faults);
  ASSERT_TRUE(body);
  ASSERT_EQ(body->elements.size(), 1u);
  EXPECT_TRUE(body->needs_specversion);
  EXPECT_EQ(to_text(body->elements[0].second),
            R"({"specversion":"1.0","id":"e 1","source":"100%","type":"storage.usage",)"
            R"("subject":"tenant_1","data":{"bytes":5}})");
}

TEST(EventBody, CodedBodyIsDecodedWithinItsBound) {
  Faults faults;
  http::Request request = request_of("application/json", zstd_compress(R"([{"id":"1"}])"));
  request.headers.emplace_back("content-encoding", "zstd");
  EXPECT_EQ(read_event_body(request, faults)->elements.size(), 1u);
  request.body = zstd_compress(std::string(kBodyBytesMax + 1, ' '));
  expect_code(read_event_body(request, faults), ErrorCode::too_large);
  request.body = "[]";
  expect_code(read_event_body(request, faults), ErrorCode::invalid);
  request.headers.back().second = "br";
  expect_code(read_event_body(request, faults), ErrorCode::media_type);
}

TEST(EventBody, BinaryModeIsStrictToo) {
  Faults faults;
  http::Request twice = binary_request("{}");
  twice.headers.emplace_back("ce-id", "other");
  expect_code(read_event_body(twice, faults), ErrorCode::invalid);
  http::Request latin = binary_request("{}");
  latin.headers.emplace_back("ce-place", "%E9t%E9");
  expect_code(read_event_body(latin, faults), ErrorCode::invalid);
  http::Request half = binary_request("{}");
  half.headers.emplace_back("ce-share", "50%");
  expect_code(read_event_body(half, faults), ErrorCode::invalid);
  http::Request xml = binary_request("<a/>");
  xml.headers.front().second = "application/xml";
  expect_code(read_event_body(xml, faults), ErrorCode::media_type);
}

}  // namespace
}  // namespace metergate::api
