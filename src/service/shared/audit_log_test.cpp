#include "service/shared/audit_log.h"

#include <algorithm>

#include "service/testing/core_world_test.h"

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
  // The trail in the order of its chain, for tests that damage it.
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

TEST(AuditLog, IsSortedByEachPlainField) {
  const Trail trail;
  for (const std::string_view field : kAuditSorts) {
    std::string rising = trail.actions({.sort = std::string{field}});
    EXPECT_EQ(std::ranges::count(rising, ' '), 4) << field;
  }
  EXPECT_EQ(trail.actions({.sort = "sequence"}),
            "tenant.created tenant.created tenant.updated subscription.plan_changed ");
  EXPECT_EQ(trail.actions({.sort = "-actor"}).find("subscription.plan_changed"), 0U);
  EXPECT_EQ(trail.actions({.sort = "action"}).find("subscription.plan_changed"), 0U);
  EXPECT_EQ(trail.actions({.sort = "-action"}),
            "tenant.updated tenant.created tenant.created subscription.plan_changed ");
  EXPECT_EQ(trail.actions({.tenant_id = "tenant_2", .sort = "timestamp"}),
            "tenant.created subscription.plan_changed ");
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
    if (name == "revision") continue;  // the store's own, not part of the record
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

AuditVerdict check_whole(const std::vector<Json>& records, std::vector<AuditAnchor> anchors) {
  ChainCheck check{std::move(anchors)};
  for (const Json& record : records) {
    if (!check.take(record)) break;
  }
  return check.finish();
}

AuditHead head_of(const std::vector<Json>& records, std::size_t count) {
  if (count == 0) return {};
  return {static_cast<std::int64_t>(count), records[count - 1].string_at("hash").value()};
}

TEST(AuditLog, ATailThatWasCutIsFoundByAnyHeadThatItHad) {
  const Trail trail;
  const std::vector<Json> whole = trail.records();
  ASSERT_EQ(whole.size(), 4U);
  for (std::size_t left = 0; left <= whole.size(); ++left) {
    for (std::size_t known = 0; known <= whole.size(); ++known) {
      const std::vector<Json> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(left));
      const AuditVerdict verdict = check_whole(cut, {{head_of(whole, known), "a note"}});
      EXPECT_EQ(verdict.lost.size(), known > left ? 1U : 0U) << left << " of 4, knowing " << known;
      EXPECT_EQ(verdict.head, head_of(whole, left));
      EXPECT_FALSE(verdict.first_bad_sequence);
    }
  }
}

TEST(AuditLog, AChainThatWasMadeAnewIsFoundByAHeadBehindTheChange) {
  const Trail trail;
  const std::vector<Json> whole = trail.records();
  std::vector<Json> forged{whole.begin(), whole.begin() + 2};
  AuditLink link = link_after(forged.back()).value();
  for (std::size_t at = 2; at < whole.size(); ++at) {
    AuditRecord record;
    record.audit_id = whole[at].string_at("audit_id").value();
    record.actor = "somebody else";
    record.timestamp = *whole[at].timestamp_at("timestamp");
    forged.push_back(to_chained_document(record, link));
    link = link_after(forged.back()).value();
  }
  EXPECT_FALSE(check(forged).first_bad_sequence) << "it is a chain";
  EXPECT_TRUE(check_whole(forged, {{head_of(whole, 2), "from before"}}).lost.empty());
  const AuditVerdict verdict =
      check_whole(forged, {{head_of(whole, 3), "a report"}, {head_of(whole, 4), "the store"}});
  ASSERT_EQ(verdict.lost.size(), 2U);
  EXPECT_EQ(verdict.lost[0].where, "a report");
  EXPECT_EQ(verdict.lost[0].expected, to_text(head_of(whole, 3)));
  EXPECT_EQ(verdict.lost[0].found, to_text(head_of(forged, 3)));
}

TEST(AuditLog, TheStoresOwnEndAndAGivenHeadAreLookedFor) {
  const Trail trail;
  const std::vector<Json> whole = trail.records();
  EXPECT_EQ(trail.store->audit_head(), head_of(whole, 4));
  EXPECT_TRUE(trail.log.verify(head_of(whole, 3)).value().lost.empty());
  AuditHead other = head_of(whole, 3);
  other.hash[0] = other.hash[0] == 'a' ? 'b' : 'a';
  EXPECT_EQ(trail.log.verify(other).value().lost.size(), 1U);
  AuditHead later = head_of(whole, 4);
  later.sequence = 5;
  EXPECT_EQ(trail.log.verify(later).value().lost.size(), 1U);
}

TEST(AuditLog, AHeadIsWrittenAndReadInOneWay) {
  const AuditHead head{17, std::string(62, '0') + "af"};
  EXPECT_EQ(parse_audit_head(to_text(head)).value(), head);
  EXPECT_EQ(parse_audit_head(to_text(AuditHead{})).value(), AuditHead{});
  const std::string hash(64, '0');
  for (const std::string& text :
       {std::string{}, hash, hash + "@", hash + "@x", hash + "@1x", hash + "@-1", hash + "@ 1",
        std::string{"@1"}, hash.substr(1) + "@1", hash + "0@1", std::string(64, 'A') + "@1",
        hash + "@99999999999999999999", " " + hash + "@1"}) {
    const auto read = parse_audit_head(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, ErrorCode::invalid);
    EXPECT_NE(read.error().message.find("HASH@N"), std::string::npos) << read.error().message;
  }
}

TEST(AuditLog, NoRecordsAreAWholeChain) {
  const auto store = make_memory_store(TimeZone::utc());
  const AuditVerdict verdict = AuditLog(*store).verify().value();
  EXPECT_EQ(verdict.checked, 0);
  EXPECT_FALSE(verdict.first_bad_sequence);
}

}  // namespace
}  // namespace metergate
