#include <gtest/gtest.h>

#include "api/routes.h"

namespace metergate::api {
namespace {

BodyReader reader_of(std::string_view json) { return BodyReader{parse_json(json).value()}; }

std::string fault_text(const Result<>& result) {
  return result ? std::string{} : result.error().message;
}

http::Request request_with(std::string type, std::string body) {
  http::Request request;
  if (!type.empty()) request.headers.emplace_back("content-type", std::move(type));
  request.body = std::move(body);
  return request;
}

TEST(BodyReader, OpensJsonByWhateverNameItComes) {
  for (const char* type :
       {"", "application/json", "Application/JSON; charset=utf-8", "application/json ;x"}) {
    EXPECT_TRUE(BodyReader::open(request_with(type, "{}"))) << type;
  }
}

TEST(BodyReader, RefusesOtherMediaTypes) {
  for (const char* type : {"text/plain", "application/xml", "application/jsonx", "json",
                           "application/json, text/plain"}) {
    const auto opened = BodyReader::open(request_with(type, "{}"));
    ASSERT_FALSE(opened) << type;
    EXPECT_EQ(opened.error().code, ErrorCode::media_type);
  }
  http::Request encoded = request_with("application/json", "{}");
  encoded.headers.emplace_back("content-encoding", "gzip");
  EXPECT_EQ(BodyReader::open(encoded).error().code, ErrorCode::media_type);
}

TEST(BodyReader, RefusesWhatIsNoObject) {
  for (const char* body : {"", "[]", "1", "null", "\"a\"", "{", "{}{}", "{\"a\":1,\"a\":2}"}) {
    const auto opened = BodyReader::open(request_with("", body));
    ASSERT_FALSE(opened) << body;
    EXPECT_EQ(opened.error().code, ErrorCode::invalid);
  }
}

TEST(BodyReader, ReadsEachKind) {
  BodyReader body = reader_of(
      R"({"t":"text","c":"b","n":-5,"f":true,"at":"2026-03-05T10:30:00Z","l":["x","y"],"any":{}})");
  EXPECT_EQ(body.required_text("t", 1, 4), "text");
  EXPECT_EQ(body.required_choice("c", {"a", "b"}), "b");
  EXPECT_EQ(body.required_integer("n", -5, 5), -5);
  EXPECT_EQ(body.optional_flag("f"), true);
  EXPECT_EQ(body.optional_time("at"), parse_timestamp("2026-03-05T10:30:00Z").value());
  EXPECT_EQ(body.optional_texts("l", 2), (std::vector<std::string>{"x", "y"}));
  EXPECT_NE(body.optional_any("any"), nullptr);
  EXPECT_TRUE(body.finish());
}

TEST(BodyReader, TakesNullAndAbsentAlike) {
  BodyReader body = reader_of(R"({"a":null})");
  EXPECT_EQ(body.optional_text("a", 1, 2), std::nullopt);
  EXPECT_EQ(body.optional_text("b", 1, 2), std::nullopt);
  EXPECT_EQ(body.optional_integer("c", 1, 2), std::nullopt);
  EXPECT_EQ(body.optional_any("a"), nullptr);
  EXPECT_TRUE(body.finish());
}

TEST(BodyReader, CollectsAllFaults) {
  BodyReader body = reader_of(R"({"short":"a","kind":7,"extra":1})");
  body.required_text("short", 3, 500);
  body.required_text("missing", 1, 64);
  body.required_choice("kind", {"POS", "GATE"});
  body.required_integer("count", 0, 9);
  const auto result = body.finish();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::invalid);
  ASSERT_EQ(result.error().faults.size(), 5U);
  EXPECT_EQ(result.error().message,
            "short has 1 characters; must be a text of 3 to 500 characters; "
            "missing is missing; must be a text of 1 to 64 characters; "
            "kind is 7; must be one of: POS, GATE; and 2 more");
  EXPECT_EQ(result.error().faults[4].field, "extra");
  EXPECT_EQ(result.error().faults[4].message, "is unknown; allowed: short, missing, kind, count");
}

TEST(BodyReader, CountsCharactersNotBytes) {
  BodyReader body = reader_of(R"({"a":"äöü","b":"äöüß"})");
  EXPECT_EQ(body.required_text("a", 3, 3), "äöü");
  body.required_text("b", 3, 3);
  EXPECT_EQ(fault_text(body.finish()), "b has 4 characters; must be a text of 3 characters");
}

TEST(BodyReader, RefusesControlCharacters) {
  BodyReader body = reader_of(R"({"a":"x\u0000y","b":"x\ny\t"})");
  EXPECT_EQ(body.required_text("a", 1, 9), "");
  EXPECT_EQ(body.required_text("b", 1, 9), "x\ny\t");
  EXPECT_EQ(fault_text(body.finish()),
            "a has a control character; only tabs and line ends are allowed");
}

TEST(BodyReader, NeverTellsATextThatMayBeASecret) {
  BodyReader body = reader_of(R"({"password":"hunter2"})");
  body.required_text("password", 12, 1024);
  EXPECT_EQ(fault_text(body.finish()).find("hunter2"), std::string::npos);
}

TEST(BodyReader, RefusesNumbersThatAreNotWholeOrOutOfBounds) {
  for (const char* json : {R"({"n":1.5})", R"({"n":"1"})", R"({"n":10})", R"({"n":-1})",
                           R"({"n":1e3})", R"({"n":true})", R"({"n":[1]})"}) {
    BodyReader body = reader_of(json);
    body.required_integer("n", 0, 9);
    EXPECT_FALSE(body.finish()) << json;
  }
}

TEST(BodyReader, RefusesWrongFlagsTimesAndLists) {
  BodyReader body = reader_of(R"({"f":"true","t":"yesterday","u":5,"l":["a",1],"m":["a","b"]})");
  body.optional_flag("f");
  body.optional_time("t");
  body.optional_time("u");
  body.optional_texts("l", 5);
  body.optional_texts("m", 1);
  EXPECT_EQ(body.finish().error().faults.size(), 5U);
}

TEST(BodyReader, TakesFaultsOfTheHandler) {
  BodyReader body = reader_of("{}");
  body.fault("plan", "is too old");
  EXPECT_EQ(fault_text(body.finish()), "plan is too old");
}

}  // namespace
}  // namespace metergate::api
