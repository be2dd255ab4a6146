#include "service/meters/meters.h"

#include <fmt/format.h>

#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

class MetersTest : public ServicesWorld, public testing::Test {
 protected:
  static NewMeter wanted(std::string slug = "tokens") {
    return {{std::move(slug), "prompt", Folding::sum, "$.n", {{"model", "$.model"}}}, "", "Tokens"};
  }
  ErrorCode code_of(const Result<MeterRecord>& added) {
    EXPECT_FALSE(added.has_value());
    return added ? ErrorCode::internal : added.error().code;
  }
};

TEST_F(MetersTest, TheBuiltInOnesAreThereFromTheStart) {
  std::string slugs;
  for (const KnownMeter& meter : must(meters.all())) slugs += meter.record.meter.slug + " ";
  EXPECT_EQ(slugs, "stores_count devices_count api_calls webhook_calls storage_gb ");
  EXPECT_TRUE(must(meters.get("api_calls")).built_in);
}

TEST_F(MetersTest, OneOfTheProvidersOwnIsFoundBySlugAndById) {
  const MeterRecord made = must(meters.add(wanted(), actor));
  EXPECT_EQ(made.name, "tokens") << "the slug, where no name is given";
  EXPECT_EQ(must(meters.get("tokens")).record.id, made.id);
  EXPECT_EQ(must(meters.get(made.id)).record.meter, wanted().meter);
  EXPECT_EQ(must(meters.all()).size(), 6U);
  EXPECT_EQ(meters.get("token").error().code, ErrorCode::not_found);
}

TEST_F(MetersTest, MakingAndDeletingAreAudited) {
  must(meters.add(wanted(), actor));
  clock.advance(Milliseconds{1});
  must(meters.remove("tokens", actor));
  std::string actions;
  for (const Json& audit : documents(Collection::provider_audits))
    actions += audit.string_at("action").value_or("?") + " ";
  EXPECT_EQ(actions, "meter.created meter.deleted ");
  EXPECT_EQ(meters.get("tokens").error().code, ErrorCode::not_found);
}

TEST_F(MetersTest, ASlugThatIsTakenIsADuplicate) {
  must(meters.add(wanted(), actor));
  EXPECT_EQ(code_of(meters.add(wanted(), actor)), ErrorCode::duplicate);
}

TEST_F(MetersTest, WhatCannotBeIsRefusedWithEveryReason) {
  NewMeter bad = wanted("api_calls");
  bad.meter.value_path = "tokens";
  bad.name = "a\nb";
  bad.description = std::string(1025, 'x');
  const auto added = meters.add(bad, actor);
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code, ErrorCode::invalid);
  EXPECT_EQ(added.error().faults.size(), 4U);
  EXPECT_TRUE(documents(Collection::meters).empty());
}

TEST_F(MetersTest, ThereAreAHundredAtMost) {
  for (std::size_t i = 0; i < kOwnMetersMax; ++i)
    must(meters.add(wanted(fmt::format("m{}", i)), actor));
  EXPECT_EQ(code_of(meters.add(wanted(), actor)), ErrorCode::invalid);
  must(meters.remove("m7", actor));
  must(meters.add(wanted(), actor));
}

TEST_F(MetersTest, ABuiltInOneCannotBeDeleted) {
  const auto removed = meters.remove("storage_gb", actor);
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().code, ErrorCode::invalid);
  EXPECT_EQ(meters.remove("nothing", actor).error().code, ErrorCode::not_found);
}

TEST_F(MetersTest, AreShownAsOpenMeterShowsThem) {
  must(meters.add(wanted(), actor));
  const Json json = meter_json(must(meters.get("tokens")));
  EXPECT_EQ(json.string_at("eventType"), "prompt");
  EXPECT_EQ(json.string_at("aggregation"), "SUM");
  EXPECT_EQ(json.string_at("valueProperty"), "$.n");
  EXPECT_EQ(*json.find("groupBy"), Json::object({{"model", "$.model"}}));
  EXPECT_EQ(json.bool_at("builtIn"), false);
  EXPECT_EQ(json.timestamp_at("createdAt"), clock.now());
}

}  // namespace
}  // namespace metergate
