#include "service/shared/listed_values.h"

#include <gtest/gtest.h>

namespace metergate {
namespace {

using Values = std::vector<std::string>;

TEST(ListedValues, StandBetweenCommas) {
  EXPECT_EQ(listed_values("open,resolved"), (Values{"open", "resolved"}));
  EXPECT_EQ(listed_values("open"), Values{"open"});
  EXPECT_EQ(listed_values(",a,,b,"), (Values{"a", "b"}));
  EXPECT_EQ(listed_values(""), Values{});
}

TEST(ListedValues, AnyOfThemIsListed) {
  EXPECT_TRUE(is_listed("free,basic", "basic"));
  EXPECT_FALSE(is_listed("free,basic", "bas"));
  EXPECT_FALSE(is_listed("free,basic", ""));
  EXPECT_TRUE(is_listed("", "anything"));
}

TEST(ListedValues, ANameMayHaveACommaOfItsOwn) {
  EXPECT_TRUE(is_listed("ann,bob", "ann,bob"));
  const Filter filter = equal_to_listed("actor", "ann,bob");
  for (const char* actor : {"ann", "bob", "ann,bob"})
    EXPECT_TRUE(filter.matches(Json::object({{"actor", actor}}))) << actor;
  for (const char* actor : {"", "an", "ann,"})
    EXPECT_FALSE(filter.matches(Json::object({{"actor", actor}}))) << actor;
}

TEST(ListedValues, OfOneValueItIsAnEquality) {
  EXPECT_EQ(equal_to_listed("status", "open").op, FilterOperator::equal);
}

}  // namespace
}  // namespace metergate
