#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>

#include "base/json.h"
#include "base/json_room.h"

namespace metergate {
namespace {

std::string reparsed(std::string_view text) {
  const auto value = parse_json(text);
  return value ? to_text(*value) : "refused";
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(ParseJson, TakesEveryProductionOfTheGrammar) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"null", "null"},
      {"true", "true"},
      {"false", "false"},
      {" \t\r\n1 \t\r\n", "1"},
      {"[]", "[]"},
      {"[ ]", "[]"},
      {"[1,2 , 3]", "[1,2,3]"},
      {"[[],{},[{}]]", "[[],{},[{}]]"},
      {"{}", "{}"},
      {R"({"a":1,"b":{"a":1}})", R"({"a":1,"b":{"a":1}})"},
      {R"({ "a" : [ null ] })", R"({"a":[null]})"},
      {R"({"":0})", R"({"":0})"},
      {R"("")", R"("")"},
      {R"("\"\\\/\b\f\n\r\t")", R"("\"\\/\u0008\u000c\n\r\t")"},
      {R"("\u0041\u00e9\u20AC")", "\"A\xc3\xa9\xe2\x82\xac\""},
      {R"("\ud83d\ude00")", "\"\xf0\x9f\x98\x80\""},
      {R"("\u0000")", R"("\u0000")"},
      {"\"\x7f\"", "\"\x7f\""},
      {"\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
      {"\"\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80\"",
       "\"\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80\""},
  };
  for (const auto& [text, wanted] : cases) EXPECT_EQ(reparsed(text), wanted) << text;
}

TEST(ParseJson, KeepsEveryDigitOfANumber) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"0", "0"},
      {"-0", "0"},
      {"-1", "-1"},
      {"9223372036854775807", "9223372036854775807"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"9007199254740993", "9007199254740993"},
      {"0.1", "0.1"},
      {"1.10", "1.10"},
      {"-0.5", "-0.5"},
      {"0.30000000000000004", "0.30000000000000004"},
      {"123456789012.345678", "123456789012.345678"},
      {"1e2", "100"},
      {"1E+2", "100"},
      {"1e-2", "0.01"},
      {"1.5e1", "15"},
      {"0e5", "0"},
      {"[1.0,1.00]", "[1.0,1.00]"},
  };
  for (const auto& [text, wanted] : cases) EXPECT_EQ(reparsed(text), wanted) << text;
}

TEST(ParseJson, TakesAWholeNumberInAnySpellingAsAnInteger) {
  EXPECT_EQ(parse_json("1e3")->kind(), Json::Kind::integer);
  EXPECT_EQ(parse_json("-0")->kind(), Json::Kind::integer);
  EXPECT_EQ(parse_json("1.0")->kind(), Json::Kind::decimal);
}

TEST(ParseJson, RefusesNumbersThatDoNotFit) {
  for (const std::string_view text :
       {"9223372036854775808", "18446744073709551615", "-9223372036854775809", "1e19", "1e400",
        "-1e400", "123123e100000", "1e99999999999999999999",
        "100000000000000000000000000000000000000000000000000000000000000000000"}) {
    EXPECT_EQ(reparsed(text), "refused") << text;
  }
  EXPECT_EQ(reparsed("0." + std::string(100'000, '1')), "refused");
  EXPECT_EQ(reparsed(std::string(1'000'000, '1')), "refused");
}

TEST(ParseJson, RefusesNearMissesOfNumbers) {
  for (const std::string_view text :
       {"+1",   "01",    "-01",      "00",        "-",     "--1", "1.",  ".5",           "-.5",
        "1.e5", "1e",    "1e+",      "1e-",       "1e+-2", "0x1", "0b1", "1_000",        "1,0",
        "NaN",  "nan",   "Infinity", "-Infinity", "inf",   "1f",  "1d",  "1L",           "- 1",
        "1 .5", "1e5.5", "0e",       "0e+",       "0.e1",  "-a",  "1a",  "\xef\xbc\x91", "1e1e1"}) {
    EXPECT_EQ(reparsed(text), "refused") << text;
    EXPECT_EQ(reparsed("[" + std::string{text} + "]"), text == "1,0" ? "[1,0]" : "refused") << text;
  }
}

TEST(ParseJson, RefusesNearMissesOfStrings) {
  for (const std::string_view text :
       {"\"",        "\"a",         "'a'",         "a",       "\"a\nb\"",    "\"a\tb\"",
        "\"\x1f\"",  R"("\a")",     R"("\v")",     R"("\'")", R"("\x41")",   R"("\u")",
        R"("\u12")", R"("\u123g")", R"("\U0041")", R"("\)",   R"("\u{41}")", R"("\")",
        R"("a"b")",  R"("a" "b")",  "`a`"}) {
    EXPECT_EQ(reparsed(text), "refused") << text;
  }
  EXPECT_EQ(reparsed(std::string_view("\"\0\"", 3)), "refused");
}

TEST(ParseJson, RefusesSurrogatesThatStandAlone) {
  for (const std::string_view text :
       {R"("\ud83d")", R"("\ude00")", R"("\ude00\ud83d")", R"("\ud83d\ud83d")", R"("\ud83dx")",
        R"("\ud83d\n")", R"("\ud83d\u0041")", R"({"\ud83d":1})"}) {
    EXPECT_EQ(reparsed(text), "refused") << text;
  }
}

TEST(ParseJson, RefusesBytesThatAreNotUtf8) {
  for (const std::string_view bytes :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc3", "\xc3(", "\xe0\x80\x80", "\xe0\x9f\xbf",
        "\xe2\x82", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80", "\xfe", "\xff"}) {
    EXPECT_EQ(reparsed("\"" + std::string{bytes} + "\""), "refused")
        << testing::PrintToString(bytes);
    EXPECT_EQ(reparsed("{\"" + std::string{bytes} + "\":1}"), "refused");
  }
}

const std::vector<std::string_view> kStructureNearMisses = {"",
                                                            " ",
                                                            "[",
                                                            "]",
                                                            "{",
                                                            "}",
                                                            "[1",
                                                            "[1,",
                                                            "[1,]",
                                                            "[,1]",
                                                            "[,]",
                                                            "[1 2]",
                                                            "[1,,2]",
                                                            "[1]]",
                                                            "[[1]",
                                                            "{\"a\"",
                                                            "{\"a\":",
                                                            "{\"a\":}",
                                                            "{\"a\":1",
                                                            "{\"a\":1,",
                                                            "{\"a\":1,}",
                                                            "{,}",
                                                            "{\"a\" 1}",
                                                            "{\"a\"::1}",
                                                            "{\"a\",1}",
                                                            "{a:1}",
                                                            "{1:1}",
                                                            "{'a':1}",
                                                            "{null:1}",
                                                            "{\"a\":1}}",
                                                            "{\"a\":1]",
                                                            "[1}",
                                                            "1 2",
                                                            "[] []",
                                                            "{}x",
                                                            "tru",
                                                            "True",
                                                            "TRUE",
                                                            "nul",
                                                            "NULL",
                                                            "nullx",
                                                            "truefalse",
                                                            "undefined",
                                                            "//x\n1",
                                                            "/*x*/1",
                                                            "1//x",
                                                            "1/**/",
                                                            "#x\n1",
                                                            "[1;2]",
                                                            "\xef\xbb\xbf"
                                                            "1",
                                                            "\f1",
                                                            "\v1",
                                                            "1\xc2\xa0",
                                                            "*"};

TEST(ParseJson, RefusesNearMissesOfStructure) {
  for (const std::string_view text : kStructureNearMisses) {
    EXPECT_EQ(reparsed(text), "refused") << text;
  }
  EXPECT_EQ(reparsed(std::string_view("1\0", 2)), "refused");
  EXPECT_EQ(reparsed(std::string_view("\0001", 2)), "refused");
}

TEST(ParseJson, RefusesAKeyThatStandsTwice) {
  EXPECT_EQ(reparsed(R"({"a":1,"a":1})"), "refused");
  EXPECT_EQ(reparsed(R"({"a":1,"b":2,"\u0061":3})"), "refused");
  EXPECT_EQ(reparsed(R"([{"x":{"a":1,"a":2}}])"), "refused");
  EXPECT_EQ(reparsed(R"({"":1,"":2})"), "refused");
  EXPECT_EQ(reparsed(R"({"a":{"a":{"a":1}},"A":1})"), R"({"a":{"a":{"a":1}},"A":1})");
}

TEST(ParseJson, FindsARepeatedKeyInObjectsOfAnySize) {
  for (const std::size_t size : {2U, 8U, 9U, 10U, 1000U}) {
    for (const std::size_t repeated : {std::size_t{0}, (size - 1) / 2, size - 2}) {
      std::string text = "{";
      for (std::size_t i = 0; i + 1 < size; ++i) text += "\"k" + std::to_string(i) + "\":1,";
      EXPECT_NE(reparsed(text + "\"new\":1}"), "refused") << size;
      EXPECT_EQ(reparsed(text + "\"k" + std::to_string(repeated) + "\":1}"), "refused") << size;
    }
  }
}

TEST(ParseJson, AllowsADepthOf64AndNoMore) {
  EXPECT_EQ(reparsed(nested(64)), nested(64));
  EXPECT_EQ(reparsed(nested(65)), "refused");
  EXPECT_EQ(reparsed(std::string(1'000'000, '[')), "refused");
  std::string objects;
  for (int i = 0; i < 65; ++i) objects += R"({"a":)";
  EXPECT_EQ(reparsed(objects + "1" + std::string(65, '}')), "refused");
}

TEST(ParseJson, AllowsTenThousandMembersAndNoMore) {
  std::string text = "{";
  for (int i = 0; i < 10'000; ++i) text += "\"" + std::to_string(i) + "\":1,";
  EXPECT_NE(reparsed(text.substr(0, text.size() - 1) + "}"), "refused");
  EXPECT_EQ(reparsed(text + "\"x\":1}"), "refused");
}

// Two bytes of text become a value of 40 bytes in the tree.
TEST(ParseJson, TreesOfManyTimesTheirTextAreRefused) {
  const auto repeated = [](std::string_view piece, std::size_t bytes) {
    std::string text;
    while (text.size() + piece.size() < bytes) text += piece;
    return text;
  };
  constexpr std::size_t kBytes = std::size_t{8} << 20;
  for (const std::string& text :
       {"[" + repeated("1,", kBytes) + "1]", "[" + repeated("[],", kBytes) + "1]",
        "[" + repeated(R"({"a":1},)", kBytes) + "1]", "[0,[" + repeated("\"\",", kBytes) + "1]]"}) {
    const auto refused = parse_json(text);
    ASSERT_FALSE(refused) << text.substr(0, 10);
    EXPECT_EQ(refused.error().code, ErrorCode::too_large) << refused.error().message;
  }
  // Ordinary bodies fit.
  const std::string event =
      R"({"specversion":"1.0","id":"0123456789abcdef","source":"a","type":"b","subject":"c",)"
      R"("data":{"a":1,"b":2.5,"c":"x","d":true,"e":null,"f":[1,2,3]}},)";
  EXPECT_TRUE(parse_json("[" + repeated(event, kBytes / 4) + "1]"));
  EXPECT_TRUE(parse_json("[" + repeated("1,", 500'000) + "1]"));
  EXPECT_TRUE(parse_json("[" + repeated(R"("0123456789abcdef0123456789abcdef",)", kBytes) + "1]"));
}

TEST(ParseJson, TextsOfOneBodyShareTheirRoom) {
  std::size_t room = 1000;
  ASSERT_TRUE(parse_json_within("[1,2,3]", JsonNumbers::any, room));
  EXPECT_LT(room, 1000u);
  const std::size_t left = room;
  ASSERT_TRUE(parse_json_within("1", JsonNumbers::any, room));
  EXPECT_LT(room, left);
  for (int i = 0; i < 30 && parse_json_within("[1,2,3]", JsonNumbers::any, room); ++i) {
  }
  EXPECT_EQ(parse_json_within("[1,2,3,4,5,6,7,8]", JsonNumbers::any, room).error().code,
            ErrorCode::too_large);
}

TEST(ParseJson, AnyNumberIsKeptWhereItIsAskedFor) {
  const auto kept = [](std::string_view text) {
    return to_text(parse_json(text, JsonNumbers::any).value());
  };
  for (const std::string_view text :
       {"1e300", "-1E-300", "18446744073709551615", "0.12345678901234567890123", "0.1000000000",
        "99999999999999999999.5", "1e-19"}) {
    EXPECT_EQ(kept(text), text);
    const Json json = *parse_json(text, JsonNumbers::any);
    EXPECT_TRUE(json.exact_number()) << text;
    EXPECT_FALSE(json.whole_number()) << text;
  }
  EXPECT_FALSE(parse_json("1e300"));
  EXPECT_EQ(kept("1e2"), "100");
  EXPECT_EQ(parse_json("100.0")->whole_number(), 100);
  EXPECT_EQ(parse_json("-100.00")->whole_number(), -100);
  EXPECT_FALSE(parse_json("100.5")->whole_number());
  EXPECT_EQ(*parse_json("1e300", JsonNumbers::any), *parse_json("10e299", JsonNumbers::any));
  EXPECT_NE(*parse_json("1e300", JsonNumbers::any), *parse_json("1", JsonNumbers::any));
  EXPECT_TRUE(compare(*parse_json("-1e300", JsonNumbers::any), *parse_json("1")) < 0);
}

TEST(ParseJson, SaysWhereAndWhatIsWrong) {
  const auto broken = parse_json("[1,2,x]");
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, ErrorCode::invalid);
  EXPECT_TRUE(broken.error().message.starts_with("the JSON is not valid at byte 5: "))
      << broken.error().message;
  const auto twice = parse_json(R"({"ab":1,"ab":2})");
  ASSERT_FALSE(twice);
  EXPECT_NE(twice.error().message.find("the key \"ab\" stands twice"), std::string::npos)
      << twice.error().message;
  const auto big = parse_json("99999999999999999999");
  ASSERT_FALSE(big);
  EXPECT_NE(big.error().message.find("99999999999999999999"), std::string::npos);
}

TEST(ParseJson, KeepsLongStringsWhole) {
  const std::string text =
      "\"" + std::string(3'000'000, 'x') + "\\n" + std::string(1000, 'y') + "\"";
  EXPECT_EQ(reparsed(text), text);
}

RC_GTEST_PROP(ParseJson, NeverCrashesOnAnyText, ()) {
  const auto text = *rc::gen::container<std::string>(
      rc::gen::elementOf(std::string{"{}[]\",:\\u0123456789.-+eE truefalsn\xc3\xa9\x80"}));
  if (const auto value = parse_json(text)) RC_ASSERT((*parse_json(to_text(*value)) == *value));
}

TEST(ExtendedJson, BringsTimestampsBack) {
  const Json value = Json::object(
      {{"at", Timestamp{Milliseconds{1'772'706'600'123}}},
       {"list", Json::Array{Timestamp{}, "x", Json::object({{"deep", Timestamp{}}})}}});
  EXPECT_EQ(to_extended_text(value),
            R"({"at":{"$date":"2026-03-05T10:30:00.123Z"},"list":[{"$date":)"
            R"("1970-01-01T00:00:00.000Z"},"x",{"deep":{"$date":"1970-01-01T00:00:00.000Z"}}]})");
  EXPECT_EQ(parse_extended_json(to_extended_text(value)), value);
}

TEST(ExtendedJson, ReadsTheCanonicalForms) {
  EXPECT_EQ(*parse_extended_json(R"({"$date":{"$numberLong":"5"}})"),
            Json{Timestamp{Milliseconds{5}}});
  EXPECT_EQ(*parse_extended_json(R"({"$date":5})"), Json{Timestamp{Milliseconds{5}}});
  EXPECT_EQ(*parse_extended_json(R"({"$numberLong":"-9223372036854775808"})"), Json{INT64_MIN});
  EXPECT_EQ(*parse_extended_json(R"({"$numberInt":"7"})"), Json{7});
  EXPECT_EQ(*parse_extended_json(R"({"$numberDecimal":"48.40"})"), Json(Decimal{4840, 2}));
  EXPECT_EQ(*parse_extended_json(R"({"$numberDouble":"0.5"})"), Json(Decimal{5, 1}));
}

TEST(ExtendedJson, RefusesAWrapperWithoutAValue) {
  for (const std::string_view text :
       {R"({"$date":"yesterday"})", R"({"$date":null})", R"({"$date":1.5})",
        R"({"$date":9223372036854775807})", R"({"$date":-1})", R"({"$date":{"$numberLong":"x"}})",
        R"({"$date":{"$numberLong":"1","x":1}})", R"({"$numberLong":5})", R"({"$numberLong":"x"})",
        R"({"$numberDouble":"NaN"})", R"([{"a":{"$date":"x"}}])"}) {
    EXPECT_FALSE(parse_extended_json(text)) << text;
  }
}

TEST(ExtendedJson, LeavesOtherObjectsAsTheyAre) {
  for (const std::string_view text : {R"({"date":"2026-03-05T10:30:00Z"})",
                                      R"({"$date":"x","other":1})", R"({"$other":1})", "{}"}) {
    const auto value = parse_extended_json(text);
    ASSERT_TRUE(value) << text;
    EXPECT_EQ(to_text(*value), text);
  }
}

TEST(ExtendedJson, PlainParsingGivesTheWrapperNoMeaning) {
  EXPECT_EQ(reparsed(R"({"$date":"x"})"), R"({"$date":"x"})");
}

}  // namespace
}  // namespace metergate
