#include "service/upkeep/verification.h"

#include <gtest/gtest.h>

#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

class VerificationTest : public testing::Test {
 protected:
  VerificationTest() {
    world_.add("a", "free");
    world_.one_call("a", "2026-02-05T10:00:00Z");
    world_.one_call("a", "2026-03-05T10:00:00Z");
    world_.record("a", at("2026-03-05T10:00:00Z"), WebhookCall{"w", false, 500, 1, {}});
    must(world_.aggregation.tick());
  }

  // Rewrites the frozen row of tenant a in the report of February.
  void tamper(void (*change)(Json& row)) {
    const DocumentKey key{"", closed_report_name(period("2026-02")) + "/000001"};
    Json document = must(world_.store->get(Collection::usage_reports, key)).value();
    Json rows = *document.find("tenants");
    change(rows.as_array()[0]);
    document.set("tenants", rows);
    Batch batch;
    batch.documents.push_back({Collection::usage_reports, key, document, Expect::anything, 0});
    must(world_.store->apply(std::move(batch)));
  }

  ServicesWorld world_;
};

TEST_F(VerificationTest, FindsNothingWhereAllIsWell) {
  const Verdict verdict = must(world_.verification.verify(std::nullopt));
  EXPECT_EQ(verdict.differences_total, 0) << to_text(verdict_json(verdict));
  EXPECT_GE(verdict.counters_checked, 2);
  EXPECT_GE(verdict.audits_checked, 1);
  EXPECT_EQ(verdict.reports_checked, 1);
}

TEST_F(VerificationTest, FindsAFrozenCostThatIsNotWhatItsFiguresGive) {
  tamper([](Json& row) {
    Json exact = *row.find("exact");
    exact.set("cost", 5'000'000);
    row.set("exact", exact);
  });
  const Verdict verdict = must(world_.verification.verify(period("2026-02")));
  ASSERT_GE(verdict.differences_total, 2);  // the row, and the summary over it
  EXPECT_EQ(verdict.differences[0].what, "report");
  EXPECT_EQ(verdict.differences[0].tenant, "a");
  EXPECT_EQ(verdict.differences[0].meter, "overage_cost");
  EXPECT_EQ(verdict.differences[0].found, "5.000000");
  EXPECT_EQ(verdict_json(verdict).bool_at("ok"), false);
}

TEST_F(VerificationTest, AFrozenReportHoldsTheTrailToTheHeadThatItHadThen) {
  const auto report = must(world_.reporting.rows(period("2026-02")));
  const AuditHead head = must(parse_audit_head(report.head().audit_head));
  EXPECT_GE(head.sequence, 1);
  const Verdict verdict = must(world_.verification.verify(std::nullopt));
  EXPECT_EQ(verdict.audit_head, to_text(world_.store->audit_head()));
  const DocumentKey key{"", closed_report_name(period("2026-02")) + "/000001"};
  Json document = must(world_.store->get(Collection::usage_reports, key)).value();
  document.set("audit_head", std::string(64, '7') + "@1");
  Batch batch;
  batch.documents.push_back({Collection::usage_reports, key, document, Expect::anything, 0});
  must(world_.store->apply(std::move(batch)));
  const Verdict found = must(world_.verification.verify(std::nullopt));
  ASSERT_EQ(found.differences_total, 1) << to_text(verdict_json(found));
  EXPECT_EQ(found.differences[0].what, "audit");
  EXPECT_EQ(found.differences[0].meter, "the report 2026-02/closed");
}

TEST_F(VerificationTest, FuturePeriodIsRefused) {
  EXPECT_FALSE(world_.verification.verify(period("2026-04")).has_value());
}

TEST_F(VerificationTest, RecordsThatDifferFromTheirGaugeAreReported) {
  Batch batch;
  batch.at = world_.clock.now();
  batch.documents.push_back({Collection::stores,
                             {"a", "s1"},
                             Json::object({{"tenant_id", "a"},
                                           {"store_id", "s1"},
                                           {"status", "active"},
                                           {"updated_at", batch.at}}),
                             Expect::anything,
                             0});
  must(world_.store->apply(std::move(batch)));
  world_.stores("a", "2026-03-10T12:00:00Z", 9);
  const Verdict verdict = must(world_.verification.verify(std::nullopt));
  ASSERT_EQ(verdict.differences_total, 1);
  EXPECT_EQ(verdict.differences[0].what, "records");
  EXPECT_EQ(verdict.differences[0].expected, "1");
  EXPECT_EQ(verdict.differences[0].found, "9");
}

TEST(Verdict, KeepsABoundedListAndCountsAll) {
  Verdict verdict;
  for (int at = 0; at < 1500; ++at) verdict.add({"counter", "", "", "", "", ""});
  Verdict all;
  all.merge(std::move(verdict));
  EXPECT_EQ(all.differences_total, 1500);
  EXPECT_EQ(all.differences.size(), Verdict::kDifferencesMax);
}

}  // namespace
}  // namespace metergate
