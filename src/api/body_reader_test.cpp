#include <gtest/gtest.h>

#include "api/routes.h"
#include "api/usual_fields.h"

namespace metergate::api {
namespace {

constexpr std::array<std::string_view, 2> kLetterWords = {"a", "b"};
constexpr std::array<std::string_view, 2> kGateWords = {"POS", "GATE"};

constexpr Field integer_of(std::string_view name, std::int64_t least, std::int64_t most) {
  Field field = of_kind(name, Kind::integer);
  field.least = least;
  field.most = most;
  return field;
}

BodyReader reader_of(std::string_view json, std::span<const Field> fields) {
  return BodyReader{parse_json(json).value(), fields};
}

Result<BodyReader> opened(const http::Request& request) { return BodyReader::open(request, {}); }

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
    EXPECT_TRUE(opened(request_with(type, "{}"))) << type;
  }
}

TEST(BodyReader, RefusesOtherMediaTypes) {
  for (const char* type : {"text/plain", "application/xml", "application/jsonx", "json",
                           "application/json, text/plain"}) {
    const auto body = opened(request_with(type, "{}"));
    ASSERT_FALSE(body) << type;
    EXPECT_EQ(body.error().code, ErrorCode::media_type);
  }
  http::Request encoded = request_with("application/json", "{}");
  encoded.headers.emplace_back("content-encoding", "gzip");
  EXPECT_EQ(opened(encoded).error().code, ErrorCode::media_type);
}

TEST(BodyReader, RefusesWhatIsNoObject) {
  for (const char* body : {"", "[]", "1", "null", "\"a\"", "{", "{}{}", "{\"a\":1,\"a\":2}"}) {
    const auto read = opened(request_with("", body));
    ASSERT_FALSE(read) << body;
    EXPECT_EQ(read.error().code, ErrorCode::invalid);
  }
}

TEST(BodyReader, ReadsEachKind) {
  const std::array<Field, 7> fields = {
      required(text_of("t", 1, 4)),     required(choice_of("c", kLetterWords)),
      required(integer_of("n", -5, 5)), of_kind("f", Kind::flag),
      of_kind("at", Kind::time),        texts_of("l", 2),
      of_kind("any", Kind::any)};
  BodyReader body = reader_of(
      R"({"t":"text","c":"b","n":-5,"f":true,"at":"2026-03-05T10:30:00Z","l":["x","y"],"any":{}})",
      fields);
  EXPECT_EQ(body.text("t"), "text");
  EXPECT_EQ(body.text("c"), "b");
  EXPECT_EQ(body.integer("n"), -5);
  EXPECT_EQ(body.maybe_flag("f"), true);
  EXPECT_EQ(body.maybe_time("at"), parse_timestamp("2026-03-05T10:30:00Z").value());
  EXPECT_EQ(body.maybe_texts("l"), (std::vector<std::string>{"x", "y"}));
  EXPECT_NE(body.maybe_any("any"), nullptr);
  EXPECT_TRUE(body.finish());
}

TEST(BodyReader, TakesNullAndAbsentAlike) {
  const std::array<Field, 3> fields = {text_of("a", 1, 2), text_of("b", 1, 2),
                                       integer_of("c", 1, 2)};
  BodyReader body = reader_of(R"({"a":null})", fields);
  EXPECT_EQ(body.maybe_text("a"), std::nullopt);
  EXPECT_EQ(body.maybe_text("b"), std::nullopt);
  EXPECT_EQ(body.text("b"), "");
  EXPECT_EQ(body.integer("c"), 0);
  EXPECT_EQ(body.maybe_any("a"), nullptr);
  EXPECT_TRUE(body.is_null("a"));
  EXPECT_FALSE(body.is_null("b"));
  EXPECT_TRUE(body.finish());
}

TEST(BodyReader, CollectsAllFaultsWithoutBeingAsked) {
  const std::array<Field, 4> fields = {
      required(text_of("short", 3, 500)), required(text_of("missing", 1, 64)),
      required(choice_of("kind", kGateWords)), required(integer_of("count", 0, 9))};
  BodyReader body = reader_of(R"({"short":"a","kind":7,"extra":1})", fields);
  EXPECT_EQ(body.text("short"), "") << "what is wrong is as if it were left out";
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

TEST(BodyReader, KnowsWhatWasMeant) {
  const std::array<Field, 2> fields = {text_of("reason", 3, 500), choice_of("kind", kGateWords)};
  BodyReader body = reader_of(R"({"raeson":"because","kind":"GAET"})", fields);
  EXPECT_EQ(fault_text(body.finish()),
            "kind is 'GAET'; must be one of: POS, GATE; did you mean 'GATE'?; "
            "raeson is unknown; allowed: reason, kind; did you mean 'reason'?");
}

TEST(BodyReader, CountsCharactersNotBytes) {
  const std::array<Field, 2> fields = {text_of("a", 3, 3), text_of("b", 3, 3)};
  BodyReader body = reader_of(R"({"a":"äöü","b":"äöüß"})", fields);
  EXPECT_EQ(body.text("a"), "äöü");
  EXPECT_EQ(fault_text(body.finish()), "b has 4 characters; must be a text of 3 characters");
}

TEST(BodyReader, RefusesControlCharacters) {
  const std::array<Field, 2> fields = {text_of("a", 1, 9), text_of("b", 1, 9)};
  BodyReader body = reader_of(R"({"a":"x\u0000y","b":"x\ny\t"})", fields);
  EXPECT_EQ(body.text("a"), "");
  EXPECT_EQ(body.text("b"), "x\ny\t");
  EXPECT_EQ(fault_text(body.finish()),
            "a has a control character; only tabs and line ends are allowed");
}

TEST(BodyReader, NeverTellsATextThatMayBeASecret) {
  const std::array<Field, 1> fields = {text_of("password", 12, 1024)};
  BodyReader body = reader_of(R"({"password":"hunter2"})", fields);
  const std::string told = fault_text(body.finish());
  EXPECT_NE(told, "");
  EXPECT_EQ(told.find("hunter2"), std::string::npos);
}

TEST(BodyReader, RefusesNumbersThatAreNotWholeOrOutOfBounds) {
  const std::array<Field, 1> fields = {required(integer_of("n", 0, 9))};
  for (const char* json : {R"({"n":1.5})", R"({"n":"1"})", R"({"n":10})", R"({"n":-1})",
                           R"({"n":1e3})", R"({"n":true})", R"({"n":[1]})"}) {
    EXPECT_FALSE(reader_of(json, fields).finish()) << json;
  }
}

TEST(BodyReader, RefusesWrongFlagsTimesAndLists) {
  const std::array<Field, 5> fields = {of_kind("f", Kind::flag), of_kind("t", Kind::time),
                                       of_kind("u", Kind::time), texts_of("l", 5),
                                       texts_of("m", 1)};
  BodyReader body =
      reader_of(R"({"f":"true","t":"yesterday","u":5,"l":["a",1],"m":["a","b"]})", fields);
  EXPECT_EQ(body.maybe_flag("f"), std::nullopt);
  EXPECT_EQ(body.finish().error().faults.size(), 5U);
}

TEST(BodyReader, TakesFaultsOfTheHandler) {
  BodyReader body = reader_of("{}", {});
  body.fault("plan", "is too old");
  EXPECT_EQ(fault_text(body.finish()), "plan is too old");
}

}  // namespace
}  // namespace metergate::api
