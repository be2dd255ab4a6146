#include "service/audit_log.h"

#include "service/core_world_test.h"

namespace metergate {
namespace {

using namespace core_world;

struct Trail : TestWorld {
  AuditLog log{*store};

  Trail() {
    clock.advance(std::chrono::hours{1});
    directory->change(tenant_id("tenant_1"), {"New", {}, {}}, actor).value();
    clock.advance(std::chrono::hours{1});
    directory->change_plan({tenant_id("tenant_2"), "basic", "upsell"}, {"bob", "", "", ""}).value();
  }
  std::string actions(const AuditFilter& filter) const {
    std::string text;
    const AuditPage page = log.list(filter, 1, 50).value();
    for (const Json& record : page.records) {
      text += record.string_at("action").value_or("?") + " ";
    }
    return text;
  }
  // The trail in the order of its chain, for a test to damage.
  std::vector<Json> records() const {
    Query query;
    query.collection = Collection::provider_audits;
    query.sort = {{"sequence", false}};
    return store->find(query).value();
  }
};

TEST(AuditLog, NewestComeFirst) {
  const Trail trail;
  EXPECT_EQ(trail.actions({}),
            "subscription.plan_changed tenant.updated "
            "tenant.created tenant.created ");
  const auto page = trail.log.list({}, 2, 3).value();
  EXPECT_EQ(page.total, 4);
  ASSERT_EQ(page.records.size(), 1u);
  EXPECT_EQ(page.records[0].string_at("tenant_id"), "tenant_1");
  EXPECT_EQ(page.records[0].find("revision"), nullptr);
}

TEST(AuditLog, FiltersHoldTogether) {
  const Trail trail;
  EXPECT_EQ(trail.actions({.actor = "bob"}), "subscription.plan_changed ");
  EXPECT_EQ(trail.actions({.action = "tenant.created"}), "tenant.created tenant.created ");
  EXPECT_EQ(trail.actions({.tenant_id = "tenant_2"}), "subscription.plan_changed tenant.created ");
  EXPECT_EQ(trail.actions({.action = "tenant.created", .tenant_id = "tenant_2"}),
            "tenant.created ");
  EXPECT_EQ(trail.actions({.actor = "nobody"}), "");
}

TEST(AuditLog, RangeIsHalfOpen) {
  const Trail trail;
  EXPECT_EQ(trail.actions({.from = at("2026-03-05T11:30:00Z"), .to = at("2026-03-05T12:30:00Z")}),
            "tenant.updated ");
  EXPECT_EQ(trail.actions({.from = at("2026-03-05T12:30:00Z")}), "subscription.plan_changed ");
}

TEST(AuditLog, WholeChainIsFoundWhole) {
  const Trail trail;
  const AuditVerdict verdict = trail.log.verify().value();
  EXPECT_EQ(verdict.checked, 4);
  EXPECT_FALSE(verdict.first_bad_sequence) << verdict.problem;
}

AuditVerdict check(const std::vector<Json>& records) {
  ChainCheck check;
  for (const Json& record : records) {
    if (!check.take(record)) break;
  }
  return check.verdict();
}

TEST(AuditLog, ChangedRecordIsFoundByItsSequence) {
  const Trail trail;
  const std::vector<Json> whole = trail.records();
  ASSERT_FALSE(check(whole).first_bad_sequence);
  for (const auto& [name, value] : whole[2].as_object()) {
    if (name == "revision") continue;  // the store's own, no part of the record
    std::vector<Json> changed = whole;
    changed[2].set(name, "forged");
    EXPECT_EQ(check(changed).first_bad_sequence, 3) << name;
    EXPECT_FALSE(check(changed).problem.empty());
    changed = whole;
    changed[2].remove(name);
    EXPECT_EQ(check(changed).first_bad_sequence, 3) << name;
  }
}

TEST(AuditLog, RemovedInsertedAndReorderedRecordsAreFound) {
  const Trail trail;
  const std::vector<Json> whole = trail.records();
  std::vector<Json> damaged = whole;
  damaged.erase(damaged.begin());
  EXPECT_EQ(check(damaged).first_bad_sequence, 1);
  damaged = whole;
  damaged.insert(damaged.begin() + 1, damaged[1]);
  EXPECT_EQ(check(damaged).first_bad_sequence, 3);
  damaged = whole;
  std::swap(damaged[1], damaged[2]);
  const AuditVerdict verdict = check(damaged);
  EXPECT_EQ(verdict.first_bad_sequence, 2);
  EXPECT_EQ(verdict.checked, 1);
}

TEST(AuditLog, NoRecordsAreAWholeChain) {
  const auto store = make_memory_store(TimeZone::utc());
  const AuditVerdict verdict = AuditLog(*store).verify().value();
  EXPECT_EQ(verdict.checked, 0);
  EXPECT_FALSE(verdict.first_bad_sequence);
}

}  // namespace
}  // namespace metergate
