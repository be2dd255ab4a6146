#include "service/tenants/limits_override.h"

#include <gtest/gtest.h>

namespace metergate {
namespace {

Result<LimitsOverride> parsed(std::string_view json) { return parse_override(*parse_json(json)); }

TEST(LimitsOverride, OverrideNamesOnlyWhatItSets) {
  const auto own =
      parsed(R"({"max_stores":7,"max_api_calls_per_month":null,"max_storage_gb":1.5})");
  ASSERT_TRUE(own);
  EXPECT_EQ((*own)[Meter::stores_count]->units, 7);
  ASSERT_TRUE((*own)[Meter::api_calls]);
  EXPECT_FALSE((*own)[Meter::api_calls]->units);
  EXPECT_EQ((*own)[Meter::storage_gb]->units, 3LL << 29);
  EXPECT_FALSE((*own)[Meter::devices_count]);
  EXPECT_EQ(to_text(to_json(*own)),
            R"({"max_stores":7,"max_api_calls_per_month":null,"max_storage_gb":1.5})");
}

TEST(LimitsOverride, EmptyOverrideAndNullAreNoOverride) {
  EXPECT_EQ(parsed("{}").value(), LimitsOverride{});
  EXPECT_EQ(parsed("null").value(), LimitsOverride{});
  EXPECT_EQ(to_text(to_json(LimitsOverride{})), "{}");
}

TEST(LimitsOverride, EveryFaultOfAnOverrideIsNamed) {
  const auto own = parsed(R"({"max_tills":1,"max_stores":-1,"max_devices":"many"})");
  ASSERT_FALSE(own);
  EXPECT_EQ(own.error().code, ErrorCode::invalid);
  ASSERT_EQ(own.error().faults.size(), 3u);
  EXPECT_EQ(own.error().faults[0].field, "limits_override.max_tills");
  EXPECT_NE(own.error().faults[0].message.find("there are max_stores, max_devices, "),
            std::string::npos);
  EXPECT_EQ(own.error().faults[1].field, "limits_override.max_stores");
  EXPECT_EQ(own.error().faults[2].field, "limits_override.max_devices");
  EXPECT_FALSE(parsed("[]"));
  EXPECT_FALSE(parsed("7"));
}

TEST(LimitsOverride, NamesMetersOfTheProvidersOwn) {
  const auto own = parsed(R"({"meters":{"tokens":0.5,"images":null}})");
  ASSERT_TRUE(own);
  EXPECT_EQ(own->own_meters.at("tokens"), Quantity::parse("0.5"));
  EXPECT_EQ(own->own_meters.at("images"), std::nullopt);
  EXPECT_EQ(to_text(to_json(*own)), R"({"meters":{"images":null,"tokens":0.5}})");
  EXPECT_EQ(parsed(to_text(to_json(*own))).value(), *own);
}

TEST(LimitsOverride, EveryFaultOfAnOwnMetersLimitIsNamed) {
  const auto own = parsed(R"({"meters":{"api_calls":1,"a b":1,"t":-1,"u":"7",)"
                          R"("v":1000000000000001,"w":0.0000000001,"x":[]}})");
  ASSERT_FALSE(own);
  EXPECT_EQ(own.error().code, ErrorCode::invalid);
  ASSERT_EQ(own.error().faults.size(), 7u);
  EXPECT_EQ(own.error().faults[0].field, "limits_override.meters.api_calls");
  EXPECT_EQ(own.error().faults[2].field, "limits_override.meters.t");
  EXPECT_FALSE(parsed(R"({"meters":7})"));
  std::string many = R"({"meters":{)";
  for (int i = 0; i <= 100; ++i) many += (i == 0 ? "\"m" : ",\"m") + std::to_string(i) + "\":1";
  EXPECT_FALSE(parsed(many + "}}"));
}

TEST(LimitsOverride, SaysWhichLimitsAreHard) {
  const auto own = parsed(R"({"max_stores":7,"effects":{"stores_count":"hard","tokens":"soft"}})");
  ASSERT_TRUE(own);
  EXPECT_EQ(own->effects.at("stores_count"), LimitEffect::hard);
  EXPECT_EQ(own->effects.at("tokens"), LimitEffect::soft);
  EXPECT_EQ(to_text(to_json(*own)),
            R"({"max_stores":7,"effects":{"stores_count":"hard","tokens":"soft"}})");
  EXPECT_EQ(parsed(to_text(to_json(*own))).value(), *own);
}

TEST(LimitsOverride, EveryFaultOfAnEffectIsNamed) {
  const auto own =
      parsed(R"({"effects":{"a b":"hard","api_calls":"firm","max_stores":"hard","tokens":1}})");
  ASSERT_FALSE(own);
  ASSERT_EQ(own.error().faults.size(), 4u);
  EXPECT_EQ(own.error().faults[0].field, "limits_override.effects.a b");
  EXPECT_EQ(own.error().faults[1].message, R"(must be "soft" or "hard", not "firm")");
  EXPECT_FALSE(parsed(R"({"effects":"hard"})"));
}

}  // namespace
}  // namespace metergate
