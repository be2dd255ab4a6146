#include "base/claims.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace metergate {
namespace {

// The claims are exactly what parse_json() makes of the payload.
void expect_as_parsed(const std::string& payload) {
  const auto claims = Claims::parse(payload);
  const auto parsed = parse_json(payload);
  const bool is_object = parsed && parsed->is_object();
  ASSERT_EQ(claims.has_value(), is_object) << payload;
  if (!is_object) return;
  ASSERT_EQ(to_text(claims->to_json()), to_text(*parsed));
  for (const auto& [name, value] : parsed->as_object()) {
    ASSERT_EQ(claims->find(name), value) << payload;
    ASSERT_EQ(claims->string_at(name), parsed->string_at(name)) << payload;
    ASSERT_EQ(claims->integer_at(name), parsed->integer_at(name)) << payload;
    const auto number = claims->number_at(name);
    ASSERT_EQ(number.has_value(), value.number().has_value()) << payload;
    if (number) {
      ASSERT_EQ(compare(*number, *value.number()), std::strong_ordering::equal);
    }
  }
  ASSERT_FALSE(claims->has("absent"));
  ASSERT_EQ(claims->string_at("absent"), std::nullopt);
}

TEST(Claims, SayWhatTheirTextSays) {
  for (const char* payload :
       {R"({})",
        R"({"sub":"u","exp":1772706660,"aud":["a","b"],"roles":[],"x":true,"y":null})",
        R"({"sub":"u","exp":1772706660.5,"n":-3,"m":0,"long":999999999999999999})",
        R"({"sub":"u","exp":9223372036854775807})",
        R"({"exp":99999999999999999999})",
        R"({"exp":007})",
        R"({"exp":1e3})",
        R"({"sub":"caf\u00e9"})",
        "{\"sub\":\"caf\xC3\xA9\"}",
        "{\"sub\":\"\xFF\"}",
        "{\"sub\":\"a\nb\"}",
        R"({"sub":"a","sub":"b"})",
        R"({"a":{"b":[1]}})",
        R"({ "sub" : "u" })",
        R"({"sub":"u"} )",
        R"({"sub":"u"}})",
        R"({"sub":"u",})",
        R"({"sub"})",
        R"({"sub":})",
        R"({"a":[,]})",
        R"({"a":["b",]})",
        R"({"a":tru})",
        R"({"a":truex})",
        R"(["a"])",
        R"("a")",
        "",
        "{",
        R"({"a)",
        R"({"a":"b)"})
    expect_as_parsed(payload);
}

TEST(Claims, MayBeManyOrLong) {
  std::string many = "{";
  for (int i = 0; i < 40; ++i) many += "\"c" + std::to_string(i) + "\":" + std::to_string(i) + ",";
  expect_as_parsed(many + "\"last\":\"x\"}");
  expect_as_parsed("{\"a\":\"" + std::string(70'000, 'x') + "\"}");
}

RC_GTEST_PROP(Claims, SayWhatATreeSays, ()) {
  const auto parts = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
      "{", "}", "[", "]", ",", ":", "\"a\"", "\"b\"", "\"", "\\", "12", "0", "true", "null", " ",
      "\"a\":", "\"b\":\"x\"", ",\"c\":[\"y\"]", "-1", ".5"));
  std::string payload = *rc::gen::element<std::string>("", "{", "{\"z\":1,");
  for (const std::string& part : parts) payload += part;
  expect_as_parsed(payload);
  expect_as_parsed(payload + "}");
}

}  // namespace
}  // namespace metergate
