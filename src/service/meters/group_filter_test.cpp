#include "service/meters/group_filter.h"

#include <gtest/gtest.h>

namespace metergate {
namespace {

// The values that the filter matches; "-" is a group without a value.
std::string held(const std::string& filter) {
  const auto parsed = GroupFilter::parse(parse_json(filter).value());
  if (!parsed) return "refused: " + parsed.error().message;
  std::string text;
  for (const char* value : {"gpt-4", "gpt-4o", "GPT-5", "llama", ""}) {
    if (parsed->holds(value)) text += std::string{value} + " ";
  }
  return text + (parsed->holds(std::nullopt) ? "-" : "");
}

TEST(GroupFilter, TakesOpenMetersOperators) {
  EXPECT_EQ(held(R"({"$eq":"gpt-4"})"), "gpt-4 ");
  EXPECT_EQ(held(R"({"$ne":"gpt-4"})"), "gpt-4o GPT-5 llama  -");
  EXPECT_EQ(held(R"({"$in":["gpt-4","llama"]})"), "gpt-4 llama ");
  EXPECT_EQ(held(R"({"$nin":["gpt-4","llama",""]})"), "gpt-4o GPT-5 -");
  EXPECT_EQ(held(R"({"$gt":"gpt-4"})"), "gpt-4o llama ");
  EXPECT_EQ(held(R"({"$gte":"gpt-4","$lt":"h"})"), "gpt-4 gpt-4o ");
  EXPECT_EQ(held(R"({"$lte":"GPT-5"})"), "GPT-5  ");
}

TEST(GroupFilter, LikesAsSqlDoes) {
  EXPECT_EQ(held(R"({"$like":"gpt-%"})"), "gpt-4 gpt-4o ");
  EXPECT_EQ(held(R"({"$like":"gpt-_"})"), "gpt-4 ");
  EXPECT_EQ(held(R"({"$ilike":"gpt-_"})"), "gpt-4 GPT-5 ");
  EXPECT_EQ(held(R"({"$like":"%"})"), "gpt-4 gpt-4o GPT-5 llama  ");
  EXPECT_EQ(held(R"({"$like":"%l%a%a"})"), "llama ");
  EXPECT_EQ(held(R"({"$like":"gpt\\_4"})"), "") << "an escaped mark stands for itself";
  EXPECT_EQ(held(R"({"$nlike":"gpt%","$ne":""})"), "GPT-5 llama -");
  EXPECT_EQ(held(R"({"$nilike":"gpt%","$ne":""})"), "llama -");
}

TEST(GroupFilter, PutsSeveralTogether) {
  EXPECT_EQ(held(R"({"$or":[{"$eq":"llama"},{"$like":"%4o"}]})"), "gpt-4o llama ");
  EXPECT_EQ(held(R"({"$and":[{"$like":"gpt%"},{"$ne":"gpt-4"}]})"), "gpt-4o ");
  EXPECT_EQ(held(R"({})"), "gpt-4 gpt-4o GPT-5 llama  -");
  EXPECT_EQ(held(R"({"$eq":null,"$ne":"llama"})"), "gpt-4 gpt-4o GPT-5  -");
}

TEST(GroupFilter, SaysWhatIsWrong) {
  EXPECT_EQ(held(R"("x")"), R"(refused: must be an object like {"$eq": "x"})");
  EXPECT_TRUE(held(R"({"$equ":"x"})").starts_with("refused: '$equ' is no operator; did you mean"));
  EXPECT_EQ(held(R"({"$eq":5})"), "refused: $eq must be a text");
  EXPECT_EQ(held(R"({"$in":"x"})"), "refused: $in must be a list");
  EXPECT_EQ(held(R"({"$in":[5]})"), "refused: $in must be a list of texts");
  std::string deep = R"({"$eq":"x"})";
  for (int i = 0; i < 6; ++i) deep = R"({"$and":[)" + deep + "]}";
  EXPECT_EQ(held(deep), "refused: is deeper than 4 filters in one another");
}

// A pattern of many stars must not take a time that grows with their number's power.
TEST(GroupFilter, ManyStarsAreQuick) {
  std::string pattern;
  for (int i = 0; i < 60; ++i) pattern += "%a";
  const auto filter = GroupFilter::parse(Json::object({{"$like", pattern + "b"}}));
  EXPECT_FALSE(filter->holds(std::string(128, 'a')));
}

}  // namespace
}  // namespace metergate
