#include "base/json.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>

namespace metergate {
namespace {

Timestamp at(std::int64_t ms) { return Timestamp{Milliseconds{ms}}; }

// A random value of any kind but a timestamp, at most `depth` deep.
rc::Gen<Json> any_json(int depth) {
  const auto scalar = rc::gen::oneOf(
      rc::gen::just(Json{}),
      rc::gen::map(rc::gen::arbitrary<bool>(), [](bool b) { return Json{b}; }),
      rc::gen::map(rc::gen::arbitrary<std::int64_t>(), [](std::int64_t n) { return Json{n}; }),
      rc::gen::map(rc::gen::pair(rc::gen::arbitrary<std::int64_t>(), rc::gen::inRange(1, 19)),
                   [](const std::pair<std::int64_t, int>& d) {
                     return Json{Decimal{d.first, static_cast<std::uint8_t>(d.second)}};
                   }),
      rc::gen::map(rc::gen::container<std::string>(rc::gen::inRange<char>(0, 127)),
                   [](const std::string& s) { return Json{s}; }));
  if (depth == 0) return scalar;
  const auto deeper = rc::gen::lazy([depth] { return any_json(depth - 1); });
  const auto elements = rc::gen::container<std::vector<Json>>(deeper);
  const auto array =
      rc::gen::map(elements, [](const std::vector<Json>& values) { return Json{values}; });
  const auto object = rc::gen::map(elements, [](const std::vector<Json>& values) {
    Json made = Json::object();
    for (std::size_t i = 0; i < values.size(); ++i) made.set("k\"" + std::to_string(i), values[i]);
    return made;
  });
  return rc::gen::oneOf(scalar, array, object);
}

TEST(JsonText, WritesEachKind) {
  const Json value = Json::object({{"null", nullptr},
                                   {"yes", true},
                                   {"no", false},
                                   {"whole", INT64_MIN},
                                   {"exact", Decimal{-1250, 2}},
                                   {"text", "a"},
                                   {"at", at(0)},
                                   {"list", Json::Array{1, "b"}},
                                   {"none", Json::object()}});
  EXPECT_EQ(to_text(value),
            R"({"null":null,"yes":true,"no":false,"whole":-9223372036854775808,"exact":-12.50,)"
            R"("text":"a","at":"1970-01-01T00:00:00.000Z","list":[1,"b"],"none":{}})");
}

TEST(JsonText, EscapesWhatMustBeEscapedAndNothingElse) {
  std::string out;
  append_quoted(std::string_view("\"\\\n\r\t\b\0\x1f/\x7f\xc3\xa9", 12), out);
  EXPECT_EQ(out, "\"\\\"\\\\\\n\\r\\t\\u0008\\u0000\\u001f/\x7f\xc3\xa9\"");
  out.clear();
  append_quoted("", out);
  EXPECT_EQ(out, "\"\"");
}

TEST(JsonText, ShowsTimestampsInTheZoneThatIsAskedFor) {
  const Json value = Json::object({{"at", at(1'772'706'600'123)}});
  std::string out;
  append_text(value, *TimeZone::find("Asia/Kathmandu"), out);
  EXPECT_EQ(out, R"({"at":"2026-03-05T16:15:00+05:45"})");
  EXPECT_EQ(to_text(value), R"({"at":"2026-03-05T10:30:00.123Z"})");
}

RC_GTEST_PROP(JsonText, ComesBackAsItWas, ()) {
  const Json value = *rc::gen::resize(8, any_json(3));
  const auto back = parse_json(to_text(value));
  RC_ASSERT(back.has_value());
  RC_ASSERT(*back == value);
  RC_ASSERT(to_text(*back) == to_text(value));
}

TEST(JsonValue, SetReplacesOrAddsAtTheEnd) {
  Json value = Json::object({{"a", 1}, {"b", 2}});
  value.set("a", 3);
  value.set("c", 4);
  EXPECT_EQ(to_text(value), R"({"a":3,"b":2,"c":4})");
  EXPECT_TRUE(value.remove("b"));
  EXPECT_FALSE(value.remove("b"));
  EXPECT_EQ(to_text(value), R"({"a":3,"c":4})");
}

TEST(JsonValue, AnswersNothingForAnAbsentMemberOrAnotherKind) {
  const Json value =
      Json::object({{"text", "x"}, {"whole", 5}, {"exact", Decimal{5, 1}}, {"yes", true}});
  EXPECT_EQ(value.string_at("text"), "x");
  EXPECT_EQ(value.string_at("whole"), std::nullopt);
  EXPECT_EQ(value.string_at("absent"), std::nullopt);
  EXPECT_EQ(value.integer_at("whole"), 5);
  EXPECT_EQ(value.integer_at("exact"), std::nullopt);
  EXPECT_EQ(value.integer_at("text"), std::nullopt);
  EXPECT_EQ(value.bool_at("yes"), true);
  EXPECT_EQ(value.bool_at("whole"), std::nullopt);
  EXPECT_EQ(value.timestamp_at("text"), std::nullopt);
  EXPECT_EQ(Json{5}.find("text"), nullptr);
  EXPECT_EQ(Json::array().string_at("text"), std::nullopt);
}

TEST(JsonValue, NumberIsAnIntegerOrADecimalAndNothingElse) {
  EXPECT_EQ(to_text(*Json{5}.number()), "5");
  EXPECT_EQ(to_text(*Json(Decimal{55, 1}).number()), "5.5");
  EXPECT_FALSE(Json{"5"}.number());
  EXPECT_FALSE(Json{true}.number());
  EXPECT_FALSE(Json{}.number());
}

TEST(JsonValue, StopsTheProcessWhereTheKindWasNotAskedFor) {
  EXPECT_DEATH({ (void)Json{"x"}.as_integer(); }, "internal check failed");
  EXPECT_DEATH({ (void)Json{}.as_object(); }, "internal check failed");
}

TEST(JsonValue, AnEmptyOptionalIsNull) {
  EXPECT_TRUE(Json{std::optional<std::int64_t>{}}.is_null());
  EXPECT_EQ(Json{std::optional<std::int64_t>{7}}.as_integer(), 7);
}

TEST(JsonEquality, IsByValueForNumbersAndInAnyOrderForMembers) {
  EXPECT_EQ(Json{1}, Json(Decimal{100, 2}));
  EXPECT_EQ(Json::object({{"a", 1}, {"b", 2}}), Json::object({{"b", 2}, {"a", 1}}));
  EXPECT_FALSE(Json::object({{"a", 1}}) == Json::object({{"a", 1}, {"b", 2}}));
  EXPECT_FALSE(Json::object({{"a", 1}}) == Json::object({{"a", 2}}));
  EXPECT_FALSE(Json::object({{"a", nullptr}}) == Json::object({{"b", nullptr}}));
  EXPECT_FALSE((Json{Json::Array{1, 2}} == Json{Json::Array{2, 1}}));
  EXPECT_FALSE(Json{"1"} == Json{1});
  EXPECT_FALSE(Json{true} == Json{1});
  EXPECT_FALSE(Json{at(0)} == Json{to_text(at(0))});
}

TEST(JsonOrder, IsThatOfMongoDb) {
  const Json rising[] = {nullptr,
                         INT64_MIN,
                         Decimal{-5, 1},
                         0,
                         Decimal{5, 1},
                         1,
                         "",
                         "A",
                         "a",
                         "aa",
                         "\xc3\xa9",
                         Json::object(),
                         Json::object({{"a", 1}}),
                         Json::object({{"a", 2}}),
                         Json::object({{"b", 1}}),
                         Json::array(),
                         Json{Json::Array{1}},
                         Json{Json::Array{1, 1}},
                         Json{Json::Array{2}},
                         false,
                         true,
                         at(-1),
                         at(1)};
  for (std::size_t i = 0; i < std::size(rising); ++i) {
    for (std::size_t j = 0; j < std::size(rising); ++j) {
      EXPECT_EQ(compare(rising[i], rising[j]), i <=> j)
          << to_text(rising[i]) << " and " << to_text(rising[j]);
      EXPECT_EQ(rising[i] == rising[j], i == j);
    }
  }
}

}  // namespace
}  // namespace metergate
