#include "service/tenants/offer.h"

#include "service/testing/core_world_test.h"

namespace metergate {
namespace {

using namespace core_world;

Result<Offer> offer_to(const TestWorld& world, std::string_view tenant, Meter meter) {
  return find_offer(*world.catalog,
                    {*world.directory->find(tenant_id(tenant)), meter, world.clock.now()});
}

TEST(Offer, IsThePlansWhereTheTenantHasNoLimitOfItsOwn) {
  TestWorld world;
  const Offer offer = offer_to(world, "tenant_2", Meter::webhook_calls).value();
  EXPECT_EQ(offer.limit.units, 100);
  EXPECT_FALSE(offer.is_hard());
}

TEST(Offer, IsTheTenantsOwnWhereItHasOne) {
  TestWorld world;
  LimitsOverride own;
  own[Meter::webhook_calls] = Limit{7, LimitEffect::soft};
  own[Meter::api_calls] = Limit{};
  own.effects = {{"webhook_calls", LimitEffect::hard}, {"api_calls", LimitEffect::hard}};
  ASSERT_TRUE(world.directory->change(tenant_id("tenant_2"), TenantPatch{{}, {}, own, "agreed"},
                                      world.actor));
  EXPECT_EQ(offer_to(world, "tenant_2", Meter::webhook_calls)->limit.units, 7);
  EXPECT_TRUE(offer_to(world, "tenant_2", Meter::webhook_calls)->is_hard());
  // A hard effect without a limit means nothing.
  EXPECT_FALSE(offer_to(world, "tenant_2", Meter::api_calls)->is_hard());
  EXPECT_EQ(offer_to(world, "tenant_2", Meter::stores_count)->limit.units, 1);
}

TEST(Offer, APlanThatTheCatalogueLacksIsDamage) {
  TestWorld world;
  TenantRecord record = *world.directory->find(tenant_id("tenant_2"));
  record.subscription.history.back().plan = "gone";
  const Result<Offer> offer =
      find_offer(*world.catalog, {record, Meter::api_calls, world.clock.now()});
  ASSERT_FALSE(offer);
  EXPECT_EQ(offer.error().code, ErrorCode::corrupt);
}

}  // namespace
}  // namespace metergate
