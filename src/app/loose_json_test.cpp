#include "app/loose_json.h"

#include <gtest/gtest.h>

#include <string>

namespace metergate {
namespace {

std::string read(std::string_view text) {
  const auto json = parse_loose_json(text);
  return json ? to_extended_text(*json) : "refused: " + json.error().message;
}

bool is_refused(std::string_view text) { return !parse_loose_json(text).has_value(); }

TEST(LooseJson, StrictJsonIsReadAsItStands) {
  EXPECT_EQ(read(R"({"a": [1, true, null, "x\ny"]})"), R"({"a":[1,true,null,"x\ny"]})");
}

TEST(LooseJson, KeysNeedNoQuotes) {
  EXPECT_EQ(read(R"({period: "2026-03", tenant_id : "t"})"),
            R"({"period":"2026-03","tenant_id":"t"})");
  EXPECT_EQ(read("{units: {$gte: 5}, metadata.plan: 'free'}"),
            R"({"units":{"$gte":5},"metadata.plan":"free"})");
}

TEST(LooseJson, SingleQuotedTextsMayHoldDoubleQuotesAndEscapes) {
  EXPECT_EQ(read(R"({a: 'say "hi" it\'s'})"), R"({"a":"say \"hi\" it's"})");
}

TEST(LooseJson, WordsInsideTextsAreLeftAlone) {
  EXPECT_EQ(read(R"({a: "b: c, d}", e: 'f: g,}'})"), R"({"a":"b: c, d}","e":"f: g,}"})");
}

TEST(LooseJson, CommaTooManyIsForgiven) { EXPECT_EQ(read("{a: [1, 2,], }"), R"({"a":[1,2]})"); }

TEST(LooseJson, ShellDatesAndNumbersAreExtendedJson) {
  const std::string expected = R"({"timestamp":{"$gte":{"$date":"2026-03-01T00:00:00.000Z"}}})";
  EXPECT_EQ(read(R"({timestamp: {$gte: ISODate("2026-03-01T00:00:00Z")}})"), expected);
  EXPECT_EQ(read(R"({timestamp: {$gte: new Date('2026-03-01T00:00:00Z')}})"), expected);
  EXPECT_EQ(read("{a: NumberLong(7), b: NumberInt('8')}"), R"({"a":7,"b":8})");
}

TEST(LooseJson, ADateMayBeADayOrATimeWithoutAZone) {
  const std::string day = R"({"a":{"$date":"2026-11-10T00:00:00.000Z"}})";
  const std::string time = R"({"a":{"$date":"2026-11-10T10:30:00.000Z"}})";
  EXPECT_EQ(read(R"({a: ISODate("2026-11-10")})"), day);
  EXPECT_EQ(read(R"({a: new Date("2026-11-10")})"), day);
  EXPECT_EQ(read(R"({a: ISODate('2026-11-10T10:30')})"), time);
  EXPECT_EQ(read(R"({a: ISODate("2026-11-10 10:30:00")})"), time);
  EXPECT_EQ(read(R"({a: ISODate("2026-11-10T10:30:00.000")})"), time);
  EXPECT_EQ(read(R"({a: ISODate("2026-11-10T11:30:00+01:00")})"), time);
  EXPECT_EQ(read(R"({a: ISODate("2026-11")})"), R"({"a":{"$date":"2026-11-01T00:00:00.000Z"}})");
  EXPECT_EQ(read("{a: new Date(0)}"), R"({"a":{"$date":"1970-01-01T00:00:00.000Z"}})");
  for (const char* text : {R"({a: ISODate("2026-11-31")})", R"({a: ISODate("2026-13")})",
                           R"({a: ISODate("10.11.2026")})", "{a: ISODate()}"})
    EXPECT_TRUE(is_refused(text)) << text;
}

TEST(LooseJson, NumbersHaveManyNames) {
  EXPECT_EQ(read("{a: Long('7'), b: Int32(8), c: NumberDecimal('1.5'), d: new Double(2.25)}"),
            R"({"a":7,"b":8,"c":1.5,"d":2.25})");
}

TEST(LooseJson, NegativeNumbersAreRead) {
  EXPECT_EQ(read("{timestamp: -1}"), R"({"timestamp":-1})");
}

TEST(LooseJson, OtherWordsAndOpenEndsAreRefused) {
  for (const char* text : {"", "{", "{a: b}", "{a: 'b}", "{a: \"b}", "{a: ISODate('x'", "{a: 1} {",
                           "{a: /x/}", "{a: 1, a: 2}", "{a: ISODate('yesterday')}", "{a b}"}) {
    EXPECT_TRUE(is_refused(text)) << text;
  }
}

TEST(LooseJson, RefusalSaysWhere) {
  EXPECT_NE(read("{a: b}").find("at character 5: b stands without quotes"), std::string::npos);
}

TEST(LooseJson, TextBeyondItsBoundIsRefused) {
  EXPECT_TRUE(is_refused("'" + std::string(70'000, 'x') + "'"));
}

}  // namespace
}  // namespace metergate
