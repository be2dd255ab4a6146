#include "service/tenants/directory.h"

#include <chrono>
#include <future>

#include "service/testing/core_world_test.h"

namespace metergate {
namespace {

using namespace core_world;

TEST(Directory, TenantIsFoundByItsIdAndOthersAreNot) {
  TestWorld world;
  const auto record = world.directory->find(tenant_id("tenant_1"));
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->tenant.name, "Tenant tenant_1");
  EXPECT_EQ(record->tenant.status, "active");
  EXPECT_EQ(record->tenant.created_at, world.clock.now());
  EXPECT_EQ(record->subscription.plan(), "basic");
  EXPECT_EQ(world.directory->find(tenant_id("nobody")), nullptr);
  const auto missing = world.directory->get(tenant_id("nobody"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::tenant_not_found);
}

TEST(Directory, AllTenantsAreInTheOrderOfTheirIds) {
  TestWorld world;
  world.add("a-first", "free");
  world.add("zz", "free");
  std::string ids;
  for (const auto& record : world.directory->all_tenants()) ids += record->tenant.id.text() + " ";
  EXPECT_EQ(ids, "a-first tenant_1 tenant_2 zz ");
  EXPECT_EQ(world.directory->size(), 4u);
}

TEST(Directory, TellsWhoWasAddedOrChangedOnceThatIsShown) {
  TestWorld world;
  ChangeMark mark = world.directory->changed_tenants(0).through;
  EXPECT_TRUE(world.directory->changed_tenants(0).is_all);
  const auto changed = [&] {
    ChangedNames names = world.directory->changed_tenants(mark);
    EXPECT_FALSE(names.is_all);
    mark = names.through;
    return names.names;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(changed(), Names{});
  world.add("new", "free");
  EXPECT_EQ(changed(), Names{"new"});
  ASSERT_TRUE(world.directory->change(tenant_id("tenant_1"), {"New", {}, {}}, {}));
  EXPECT_EQ(changed(), Names{"tenant_1"});
  ASSERT_TRUE(world.directory->change_plan({tenant_id("tenant_2"), "premium", "upsell"}, {}));
  EXPECT_EQ(changed(), Names{"tenant_2"});
  EXPECT_EQ(world.directory->all_tenants().size(), 3u);
  world.restart();
  EXPECT_TRUE(world.directory->changed_tenants(0).is_all);
}

TEST(Directory, RestartShowsTheSame) {
  TestWorld world;
  LimitsOverride own;
  own[Meter::stores_count] = Limit{7};
  own[Meter::api_calls] = Limit{};
  ASSERT_TRUE(
      world.directory->change(tenant_id("tenant_1"), {"New", "suspended", own, "agreed"}, {}));
  ASSERT_TRUE(world.directory->change_plan({tenant_id("tenant_1"), "premium", "upsell"}, {}));
  const auto before = world.directory->find(tenant_id("tenant_1"));
  world.restart();
  const auto after = world.directory->find(tenant_id("tenant_1"));
  ASSERT_NE(after, nullptr);
  EXPECT_EQ(world.directory->size(), 2u);
  EXPECT_EQ(after->tenant.name, "New");
  EXPECT_EQ(after->tenant.status, "suspended");
  EXPECT_EQ(after->tenant.revision, before->tenant.revision);
  EXPECT_EQ(after->subscription_revision, before->subscription_revision);
  EXPECT_EQ(after->subscription.plan(), "premium");
  EXPECT_EQ(after->subscription.history.size(), 2u);
  EXPECT_EQ(after->subscription.own_limits(), own);
}

TEST(Directory, TwoWhoChangeTheSameTenantDoNotOverwriteEachOther) {
  TestWorld world;
  const auto other = Directory::open(*world.store, *world.catalog, world.clock).value();
  const TenantId id = tenant_id("tenant_1");
  ASSERT_TRUE(world.directory->change(id, {"First", {}, {}}, world.actor));
  const auto second = other->change(id, {"Second", {}, {}}, world.actor);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
  // The directory has read again, so the next try begins from the present state.
  EXPECT_EQ(other->find(id)->tenant.name, "First");
  ASSERT_TRUE(other->change(id, {"Second", {}, {}}, world.actor));
  EXPECT_EQ(other->find(id)->tenant.name, "Second");
}

TEST(Directory, SubscriptionIsRenewedAtTheNextPeriodOfTheBillingZone) {
  TestWorld world;
  const TimeZone zone = TimeZone::find("Asia/Kathmandu").value();
  const auto directory = Directory::open(*world.store, *world.catalog, world.clock, zone).value();
  ASSERT_TRUE(directory->add({tenant_id("nepal"), "Nepal", "free", {}}, world.actor));
  const Json subscription =
      *world.store->get(Collection::subscriptions, {"nepal", "nepal"}).value();
  EXPECT_EQ(subscription.timestamp_at("renew_on"), at("2026-03-31T18:15:00Z"));
  EXPECT_EQ(subscription.integer_at("plan_version"), 1);
}

TEST(Directory, AChangeThatMeetsARenewalIsNotRefused) {
  TestWorld world;
  const TenantId id = tenant_id("tenant_1");
  world.clock.set(at("2026-04-01T00:00:00Z"));
  std::future<Result<std::size_t>> renewal;
  // Runs between the change's reading of the record and its writing.
  const auto renew_meanwhile = [&](const PlanChanged&) -> Result<std::vector<DocumentWrite>> {
    renewal = std::async(std::launch::async, [&] { return world.directory->renew(10); });
    renewal.wait_for(std::chrono::milliseconds{100});  // all of it, unless it waits for the change
    return std::vector<DocumentWrite>{};
  };
  const auto changed =
      world.directory->change_plan({id, "premium", "upsell"}, world.actor, renew_meanwhile);
  ASSERT_TRUE(changed) << changed.error().message;
  EXPECT_EQ(renewal.get().value(), 1u) << "the other tenant's; the change has moved its own";
  EXPECT_EQ(world.directory->find(id)->subscription.plan(), "premium");
}

TEST(Directory, RenewalMovesOnInBoundedSteps) {
  TestWorld world;
  EXPECT_EQ(world.directory->renew(10).value(), 0u);
  world.clock.set(at("2026-04-01T00:00:00Z"));
  EXPECT_EQ(world.directory->renew(1).value(), 1u);
  EXPECT_EQ(world.directory->renew(10).value(), 1u);
  EXPECT_EQ(world.directory->renew(10).value(), 0u);
  for (const Json& subscription : world.all(Collection::subscriptions)) {
    EXPECT_EQ(subscription.timestamp_at("renew_on"), at("2026-05-01T00:00:00Z"));
  }
  EXPECT_TRUE(world.directory->change_plan({tenant_id("tenant_1"), "free", "quiet"}, {}));
}

TEST(Directory, TenantWithoutASubscriptionStopsTheStart) {
  TestWorld world;
  Batch batch;
  batch.documents.push_back({Collection::subscriptions, {"tenant_1", "tenant_1"}, std::nullopt});
  ASSERT_TRUE(world.store->apply(std::move(batch)));
  const auto opened = Directory::open(*world.store, *world.catalog, world.clock);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::corrupt);
  EXPECT_NE(opened.error().message.find("tenant_1"), std::string::npos);
}

TEST(Directory, WriteThatFailsShowsNothing) {
  TestWorld world;
  world.store->faults().refuse_writes = true;
  EXPECT_FALSE(world.directory->add({tenant_id("t3"), "Three", "free", {}}, world.actor));
  EXPECT_EQ(world.directory->find(tenant_id("t3")), nullptr);
  EXPECT_FALSE(world.directory->change(tenant_id("tenant_1"), {"New", {}, {}}, world.actor));
  EXPECT_EQ(world.directory->find(tenant_id("tenant_1"))->tenant.name, "Tenant tenant_1");
}

std::vector<std::string> renewals(const TestWorld& world, std::string_view id) {
  std::vector<std::string> dates;
  for (const Json& subscription : world.all(Collection::subscriptions)) {
    if (subscription.string_at("tenant_id") == id)
      dates.push_back(to_text(subscription.timestamp_at("renew_on").value()));
  }
  return dates;
}

TEST(Directory, RenewalGoesOverTheEndOfTheYearAndOverMonthsThatWereMissed) {
  TestWorld world;
  world.clock.set(at("2026-12-31T23:59:59.999Z"));
  EXPECT_EQ(world.directory->renew(10).value(), 2u);
  const auto is = [](std::string_view date) { return std::vector<std::string>{to_text(at(date))}; };
  EXPECT_EQ(renewals(world, "tenant_1"), is("2027-01-01T00:00:00Z"));
  world.clock.advance(Milliseconds{1});
  EXPECT_EQ(world.directory->renew(10).value(), 2u);
  EXPECT_EQ(renewals(world, "tenant_1"), is("2027-02-01T00:00:00Z"));
  // After half a year without a run: one move, to the next month from now.
  world.clock.set(at("2027-08-15T10:00:00Z"));
  EXPECT_EQ(world.directory->renew(10).value(), 2u);
  EXPECT_EQ(renewals(world, "tenant_2"), is("2027-09-01T00:00:00Z"));
  EXPECT_EQ(world.directory->renew(10).value(), 0u);
}

TEST(Directory, RenewalIsThatOfTheZoneAndASuspendedTenantHasOneToo) {
  TestWorld world;
  const TimeZone zone = TimeZone::find("Europe/Berlin").value();
  const auto directory = Directory::open(*world.store, *world.catalog, world.clock, zone).value();
  ASSERT_TRUE(directory->change(tenant_id("tenant_1"), {{}, "suspended", {}}, world.actor));
  const auto audits = world.all(Collection::provider_audits).size();
  // Summer time begins on 29 March: the month ends at 22:00, not at 23:00.
  world.clock.set(at("2026-03-31T22:00:00Z") - Milliseconds{1});
  EXPECT_EQ(directory->renew(10).value(), 0u);
  world.clock.advance(Milliseconds{1});
  // A date written with another zone moves when its own time has come.
  EXPECT_EQ(directory->renew(10).value(), 1u);
  EXPECT_EQ(renewals(world, "tenant_1"), std::vector{to_text(at("2026-04-30T22:00:00Z"))});
  EXPECT_EQ(directory->find(tenant_id("tenant_1"))->subscription.status, "suspended");
  EXPECT_EQ(world.all(Collection::provider_audits).size(), audits) << "the clock is no actor";
}

TEST(Directory, RenewalOutlivesARestart) {
  TestWorld world;
  world.clock.set(at("2026-04-01T00:00:00Z"));
  world.restart();
  EXPECT_EQ(world.directory->renew(10).value(), 2u);
  world.restart();
  EXPECT_EQ(world.directory->renew(10).value(), 0u);
}

TEST(Directory, RenewalLeavesWhoWasChangedMeanwhileAndGoesOn) {
  TestWorld world;
  const auto other = Directory::open(*world.store, *world.catalog, world.clock).value();
  ASSERT_TRUE(other->change(tenant_id("tenant_1"), {{}, "suspended", {}}, world.actor));
  world.clock.set(at("2026-04-01T00:00:00Z"));
  ASSERT_TRUE(world.directory->renew(10));
  EXPECT_EQ(renewals(world, "tenant_2"), std::vector{to_text(at("2026-05-01T00:00:00Z"))});
  ASSERT_TRUE(world.directory->renew(10));
  EXPECT_EQ(renewals(world, "tenant_1"), std::vector{to_text(at("2026-05-01T00:00:00Z"))});
  EXPECT_EQ(world.directory->find(tenant_id("tenant_1"))->subscription.status, "suspended");
}

TEST(Directory, RenewalWritesTheVersionDownThatAStartHasMade) {
  TestWorld world;
  std::string text = catalogue_text();
  text.replace(text.find("max_stores = 5\n"), 15, "max_stores = 7\n");
  world.clock.advance(std::chrono::hours{1});
  const auto catalog = Catalog::open(*world.store, world.clock, text).value();
  const auto directory = Directory::open(*world.store, *catalog, world.clock).value();
  EXPECT_EQ(directory->renew(10).value(), 1u) << "tenant_1 is on basic, the other is not";
  EXPECT_EQ(directory->renew(10).value(), 0u);
  const Json written =
      *world.store->get(Collection::subscriptions, {"tenant_1", "tenant_1"}).value();
  EXPECT_EQ(written.integer_at("plan_version"), 2);
}

}  // namespace
}  // namespace metergate
