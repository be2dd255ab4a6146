#include "service/testing/core_world_test.h"

namespace metergate {
namespace {

using namespace core_world;

template <class T>
void expect_message(const Result<T>& result, ErrorCode code, std::string_view part) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, code);
  EXPECT_NE(result.error().message.find(part), std::string::npos) << result.error().message;
}

TEST(DirectoryChanges, AddingWritesBothDocumentsAndOneAuditRecord) {
  TestWorld world;
  const auto added = world.directory->add({tenant_id("t3"), "Three", "free", {}}, world.actor);
  ASSERT_TRUE(added);
  EXPECT_EQ(added->revision, 1);
  EXPECT_TRUE(world.store->get(Collection::tenants, {"t3", "t3"}).value());
  EXPECT_TRUE(world.store->get(Collection::subscriptions, {"t3", "t3"}).value());
  const auto audits = world.audits("tenant.created");
  ASSERT_EQ(audits.size(), 3u);
  EXPECT_EQ(audits[2].string_at("tenant_id"), "t3");
  EXPECT_EQ(audits[2].string_at("actor"), "ann@example.com");
  EXPECT_EQ(audits[2].string_at("ip"), "192.0.2.7");
  EXPECT_EQ(audits[2].find("after")->string_at("plan"), "free");
}

TEST(DirectoryChanges, AddingIsRefusedForTakenIdBadPlanAndBadName) {
  TestWorld world;
  Directory& directory = *world.directory;
  expect_message(directory.add({tenant_id("tenant_1"), "Again", "free", {}}, world.actor),
                 ErrorCode::duplicate, "'tenant_1'");
  expect_message(directory.add({tenant_id("t3"), "Three", "gold", {}}, world.actor),
                 ErrorCode::invalid,
                 "Invalid plan. Must be one of: free, basic, premium, enterprise");
  expect_message(directory.add({tenant_id("t3"), " ", "free", {}}, world.actor), ErrorCode::invalid,
                 "name");
  EXPECT_EQ(directory.size(), 2u);
  EXPECT_EQ(world.audits("tenant.created").size(), 2u);
}

TEST(DirectoryChanges, ChangeWritesWhatItNamesAndKeepsTheRest) {
  TestWorld world;
  const TenantId id = tenant_id("tenant_1");
  LimitsOverride own;
  own[Meter::devices_count] = Limit{99};
  world.clock.advance(std::chrono::minutes{1});
  ASSERT_TRUE(world.directory->change(id, {{}, {}, own, "agreed"}, world.actor));
  EXPECT_EQ(world.directory->find(id)->tenant.name, "Tenant tenant_1");
  EXPECT_EQ(world.directory->find(id)->subscription.own_limits(), own);
  ASSERT_TRUE(world.directory->change(id, {{}, "suspended", {}}, world.actor));
  EXPECT_EQ(world.directory->find(id)->tenant.status, "suspended");
  EXPECT_EQ(world.directory->find(id)->subscription.status, "suspended");
  EXPECT_EQ(world.directory->find(id)->subscription.own_limits(), own);
  ASSERT_TRUE(world.directory->change(id, {{}, {}, LimitsOverride{}, "agreed"}, world.actor));
  EXPECT_EQ(world.directory->find(id)->subscription.own_limits(), LimitsOverride{});
  const auto audits = world.audits("tenant.updated");
  ASSERT_EQ(audits.size(), 3u);
  EXPECT_EQ(audits[1].find("before")->string_at("status"), "active");
  EXPECT_EQ(audits[1].find("after")->string_at("status"), "suspended");
}

TEST(DirectoryChanges, ChangeOfNothingOrToNonsenseIsRefused) {
  TestWorld world;
  const TenantId id = tenant_id("tenant_1");
  expect_message(world.directory->change(id, {}, world.actor), ErrorCode::invalid, "nothing");
  expect_message(world.directory->change(id, {"", {}, {}}, world.actor), ErrorCode::invalid,
                 "name");
  expect_message(world.directory->change(id, {{}, "deleted", {}}, world.actor), ErrorCode::invalid,
                 "'deleted'");
  expect_message(world.directory->change(tenant_id("t9"), {"N", {}, {}}, world.actor),
                 ErrorCode::tenant_not_found, "'t9'");
  EXPECT_TRUE(world.audits("tenant.updated").empty());
}

TEST(DirectoryChanges, PlanChangeTakesEffectAtOnceWithOneAuditRecord) {
  TestWorld world;
  const TenantId id = tenant_id("tenant_1");
  world.clock.advance(std::chrono::hours{2});
  const auto changed =
      world.directory->change_plan({id, "enterprise", "asked for by phone"}, world.actor);
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->old_plan, "basic");
  EXPECT_EQ(changed->new_plan, "enterprise");
  EXPECT_EQ(changed->new_terms.limits[Meter::stores_count].units, 100);
  EXPECT_EQ(changed->updated_at, world.clock.now());
  const Subscription& subscription = world.directory->find(id)->subscription;
  EXPECT_EQ(subscription.plan(), "enterprise");
  EXPECT_EQ(subscription.plan_at(world.clock.now() - Milliseconds{1}), "basic");
  const auto audits = world.audits("subscription.plan_changed");
  ASSERT_EQ(audits.size(), 1u);
  EXPECT_EQ(audits[0].string_at("reason"), "asked for by phone");
  EXPECT_EQ(audits[0].string_at("user_agent"), "curl/8");
  EXPECT_EQ(audits[0].find("before")->string_at("plan"), "basic");
  EXPECT_EQ(audits[0].find("after")->string_at("plan"), "enterprise");
  EXPECT_EQ(audits[0].find("after")->find("limits")->integer_at("max_stores"), 100);
}

TEST(DirectoryChanges, NewLimitsAreThoseWithTheTenantsOwn) {
  TestWorld world;
  const TenantId id = tenant_id("tenant_1");
  LimitsOverride own;
  own[Meter::stores_count] = Limit{3};
  ASSERT_TRUE(world.directory->change(id, {{}, {}, own, "agreed"}, world.actor));
  const auto changed = world.directory->change_plan({id, "premium", "upsell"}, world.actor);
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->new_terms.limits[Meter::stores_count].units, 3);
  EXPECT_EQ(changed->new_terms.limits[Meter::devices_count].units, 50);
}

TEST(DirectoryChanges, AnOwnMeterMustBeThereToHaveALimit) {
  TestWorld world;
  TenantPatch patch;
  patch.own_limits.emplace().own_meters = {{"tokens", Quantity::of(7)}};
  patch.reason = "agreed";
  const auto refused = world.directory->change(tenant_id("tenant_1"), patch, world.actor);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid);
  ASSERT_EQ(refused.error().faults.size(), 1u);
  EXPECT_EQ(refused.error().faults[0].field, "limits_override.meters.tokens");
  EXPECT_FALSE(
      world.directory->add({tenant_id("t9"), "T", "free", *patch.own_limits}, world.actor));
}

TEST(DirectoryChanges, PlanChangeIsRefusedWhereARuleIsBroken) {
  TestWorld world;
  const TenantId id = tenant_id("tenant_1");
  const auto check = [&](const PlanChange& change) {
    return world.directory->subscription_after(change);
  };
  EXPECT_TRUE(check({id, "premium", "abc"}));
  EXPECT_TRUE(check({id, "premium", std::string(500, 'x')}));
  expect_message(check({tenant_id("t9"), "gold", ""}), ErrorCode::tenant_not_found, "'t9'");
  expect_message(check({id, "gold", "reason"}), ErrorCode::invalid,
                 "Invalid plan. Must be one of:");
  expect_message(check({id, "basic", "reason"}), ErrorCode::invalid, "on plan 'basic' already");
  expect_message(check({id, "premium", "ab"}), ErrorCode::invalid, "reason: must be 3 to 500");
  expect_message(check({id, "premium", "   a   "}), ErrorCode::invalid, "reason");
  expect_message(check({id, "premium", std::string(501, 'x')}), ErrorCode::invalid, "not 501");
  expect_message(check({id, "premium", "abc" + std::string(9000, ' ')}), ErrorCode::invalid,
                 "reason");
  const auto both = check({id, "basic", ""});
  ASSERT_FALSE(both);
  EXPECT_EQ(both.error().faults.size(), 2u);
  expect_message(world.directory->change_plan({id, "basic", "reason"}, world.actor),
                 ErrorCode::invalid, "already");
  EXPECT_TRUE(world.audits("subscription.plan_changed").empty());
}

TEST(DirectoryChanges, ExtraTravelsWithThePlanChangeOrNotAtAll) {
  TestWorld world;
  const TenantId id = tenant_id("tenant_1");
  const auto remember = [](const PlanChanged& changed) -> Result<std::vector<DocumentWrite>> {
    DocumentWrite write;
    write.collection = Collection::settings;
    write.key = {"", "memo"};
    write.document = Json::object({{"plan", changed.new_plan}, {"at", changed.updated_at}});
    write.expect = Expect::absent;
    return std::vector<DocumentWrite>{std::move(write)};
  };
  ASSERT_TRUE(world.directory->change_plan({id, "premium", "upsell"}, world.actor, remember));
  const auto memo = world.store->get(Collection::settings, {"", "memo"}).value();
  ASSERT_TRUE(memo);
  EXPECT_EQ(memo->string_at("plan"), "premium");
  const auto again =
      world.directory->change_plan({id, "enterprise", "upsell"}, world.actor, remember);
  expect_message(again, ErrorCode::conflict, "Idempotency-Key");
  EXPECT_EQ(world.directory->find(id)->subscription.plan(), "premium");
  EXPECT_EQ(world.audits("subscription.plan_changed").size(), 1u);
  const auto refuse = [](const PlanChanged&) -> Result<std::vector<DocumentWrite>> {
    return fail(ErrorCode::storage, "no");
  };
  expect_message(world.directory->change_plan({id, "free", "why"}, world.actor, refuse),
                 ErrorCode::storage, "no");
}

TEST(DirectoryChanges, ClockThatWentBackKeepsTheHistoryInOrder) {
  TestWorld world;
  const TenantId id = tenant_id("tenant_1");
  world.clock.advance(-std::chrono::hours{5});
  ASSERT_TRUE(world.directory->change_plan({id, "premium", "upsell"}, world.actor));
  const auto& history = world.directory->find(id)->subscription.history;
  ASSERT_EQ(history.size(), 2u);
  EXPECT_LE(history[0].from, history[1].from);
}

TEST(DirectoryChanges, OwnLimitsAreChangedForAReasonThatIsKept) {
  TestWorld world;
  const TenantId id = tenant_id("tenant_1");
  LimitsOverride own;
  own[Meter::stores_count] = Limit{7};
  const auto change = [&](std::string reason) {
    return world.directory->change(id, {{}, {}, own, std::move(reason)}, world.actor);
  };
  for (const std::string reason : {"", "ab", "  x  ", "  \t "})
    expect_message(change(reason), ErrorCode::invalid, "reason: must be 3 to 500");
  expect_message(change(std::string(501, 'x')), ErrorCode::invalid, "reason");
  EXPECT_TRUE(world.audits("tenant.updated").empty());
  // Characters, not bytes.
  std::string reason;
  for (int i = 0; i < 500; ++i) reason += "é";
  ASSERT_TRUE(change(reason));
  const auto audits = world.audits("tenant.updated");
  ASSERT_EQ(audits.size(), 1u);
  EXPECT_EQ(audits[0].string_at("reason"), reason);
  EXPECT_EQ(to_text(*audits[0].find("before")->find("limits_override")), "{}");
  EXPECT_EQ(to_text(*audits[0].find("after")->find("limits_override")), R"({"max_stores":7})");
  // A reason for another change has to follow the same rule.
  expect_message(world.directory->change(id, {"New", {}, {}, "  x  "}, world.actor),
                 ErrorCode::invalid, "reason");
  EXPECT_TRUE(world.directory->change(id, {"New", {}, {}, ""}, world.actor));
}

TEST(DirectoryChanges, AnUnchangedPatchWritesNothing) {
  TestWorld world;
  const TenantId id = tenant_id("tenant_1");
  LimitsOverride own;
  own[Meter::stores_count] = Limit{7};
  ASSERT_TRUE(world.directory->change(id, {{}, {}, own, "agreed"}, world.actor));
  const Sequence before = world.store->head();
  world.clock.advance(std::chrono::hours{1});
  EXPECT_TRUE(world.directory->change(id, {{}, {}, own, "agreed"}, world.actor));
  EXPECT_TRUE(world.directory->change(id, {"Tenant tenant_1", "active", own, "again"}, {}));
  EXPECT_TRUE(world.directory->change(id, {{}, "active", {}}, world.actor));
  EXPECT_EQ(world.store->head(), before);
  // A patch of one field writes only that field's document.
  const auto subscription = world.directory->find(id)->subscription_revision;
  ASSERT_TRUE(world.directory->change(id, {"New", "active", own, "agreed"}, world.actor));
  EXPECT_EQ(world.directory->find(id)->subscription_revision, subscription);
}

TEST(DirectoryChanges, APlanChangeKeepsOwnLimitsAndWarnsOfThoseBelow) {
  TestWorld world;
  const TenantId id = tenant_id("tenant_1");
  LimitsOverride own;
  own[Meter::stores_count] = Limit{7};
  own[Meter::api_calls] = Limit{500'000};
  own[Meter::devices_count] = Limit{};
  ASSERT_TRUE(world.directory->change(id, {{}, {}, own, "agreed"}, world.actor));
  const auto changed = world.directory->change_plan({id, "premium", "upsell"}, world.actor);
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->own_limits, own);
  ASSERT_EQ(changed->warnings.size(), 1u) << "500,000 calls and no limit of devices are more";
  EXPECT_NE(changed->warnings[0].find("own limit of 7 for max_stores"), std::string::npos);
  EXPECT_NE(changed->warnings[0].find("plan 'premium', 20;"), std::string::npos);
  EXPECT_EQ(world.directory->find(id)->subscription.own_limits(), own);
}

TEST(DirectoryChanges, APlanChangeCanDropOwnLimits) {
  TestWorld world;
  const TenantId id = tenant_id("tenant_1");
  LimitsOverride own;
  own[Meter::stores_count] = Limit{7};
  ASSERT_TRUE(world.directory->change(id, {{}, {}, own, "agreed"}, world.actor));
  world.clock.advance(std::chrono::hours{1});
  const PlanChange change{id, "premium", "upsell", true};
  EXPECT_EQ(world.directory->subscription_after(change)->own_limits(), LimitsOverride{});
  const auto changed = world.directory->change_plan(change, world.actor);
  ASSERT_TRUE(changed);
  EXPECT_TRUE(changed->warnings.empty());
  EXPECT_EQ(changed->new_terms.limits[Meter::stores_count].units, 20);
  const Subscription& after = world.directory->find(id)->subscription;
  EXPECT_EQ(after.own_limits(), LimitsOverride{});
  EXPECT_EQ(after.own_limits_at(world.clock.now() - Milliseconds{1}), own);
  const auto audits = world.audits("subscription.plan_changed");
  EXPECT_EQ(to_text(*audits[0].find("before")->find("limits_override")), R"({"max_stores":7})");
  EXPECT_EQ(to_text(*audits[0].find("after")->find("limits_override")), "{}");
  // Without own limits to drop, the history does not grow.
  ASSERT_TRUE(world.directory->change_plan({tenant_id("tenant_2"), "premium", "upsell", true}, {}));
  EXPECT_TRUE(world.directory->find(tenant_id("tenant_2"))->subscription.limits_history.empty());
}

TEST(DirectoryChanges, AnEffectOfAMeterThatThereIsNotIsRefused) {
  TestWorld world;
  LimitsOverride own;
  own.effects = {{"api_calls", LimitEffect::hard}};
  const TenantId id = tenant_id("tenant_1");
  EXPECT_TRUE(world.directory->change(id, {{}, {}, own, "agreed"}, world.actor));
  own.effects = {{"tokens", LimitEffect::hard}};
  const auto refused = world.directory->change(id, {{}, {}, own, "agreed"}, world.actor);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().faults.at(0).field, "limits_override.effects.tokens");
}

}  // namespace
}  // namespace metergate
