#include "service/billing/frozen_reports.h"

#include <gtest/gtest.h>

#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

constexpr std::string_view kDigits = "0123456789";

// Ids whose order is that of their numbers.
TenantId numbered(std::size_t number) {
  std::string text = "t00000";
  for (std::size_t at = text.size(); number > 0; number /= 10) text[--at] = kDigits[number % 10];
  return tenant(text);
}

class Frozen : public testing::Test {
 protected:
  Frozen() {
    world_.add_worked_example();
    model_ = must(world_.billing.statement(tenant("tenant_456"), period("2026-02")));
  }

  KeptReport report_of(std::size_t tenants, const std::string& name, bool is_closed = true) {
    KeptReport report;
    report.head.period = period("2026-02");
    report.head.generated_at = world_.clock.now();
    report.head.is_closed = is_closed;
    report.head.name = name;
    for (std::size_t number = 1; number <= tenants; ++number) {
      model_.tenant = numbered(number);
      report.statements.push_back(model_);
      report.head.summary.add(model_);
    }
    return report;
  }

  ServicesWorld world_;
  Statement model_;
  FrozenReports reports_{*world_.store};
};

TEST_F(Frozen, ReportIsThereOnceItIsWritten) {
  EXPECT_FALSE(must(reports_.closed_report(period("2026-02"))).has_value());
  must(reports_.write(report_of(3, closed_report_name(period("2026-02")))));
  const KeptReport kept = must(reports_.closed_report(period("2026-02"))).value();
  EXPECT_EQ(kept.statements.size(), 3U);
  EXPECT_EQ(kept.head.summary.tenants, 3);
  EXPECT_TRUE(kept.head.is_closed);
  EXPECT_TRUE(kept.statements[0].is_closed);
  EXPECT_EQ(world_.documents(Collection::usage_reports).size(), 1U);
}

TEST_F(Frozen, TenantsWithManyLateLinesMakeSmallerParts) {
  bill_late(model_, std::vector<LateLine>(kLateLinesShown), Currency::usd());
  const std::size_t full = kLateLinesPerPart / kLateLinesShown;
  must(reports_.write(report_of(2 * full + 1, closed_report_name(period("2026-02")))));
  EXPECT_EQ(world_.documents(Collection::usage_reports).size(), 3U);
  const KeptReport kept = must(reports_.closed_report(period("2026-02"))).value();
  EXPECT_EQ(kept.statements.size(), 2 * full + 1);
  for (const std::size_t number : {std::size_t{1}, full, full + 1, 2 * full, 2 * full + 1}) {
    const auto found = must(reports_.closed_statement(period("2026-02"), numbered(number)));
    ASSERT_TRUE(found.has_value()) << number;
    EXPECT_EQ(found->statement.tenant, numbered(number));
    EXPECT_EQ(found->statement.late.size(), kLateLinesShown);
  }
}

TEST_F(Frozen, ReportWithoutTenantsIsAReport) {
  must(reports_.write(report_of(0, closed_report_name(period("2026-02")))));
  EXPECT_TRUE(must(reports_.closed_report(period("2026-02"))).value().statements.empty());
}

TEST_F(Frozen, LargeReportIsInPartsOfAThousand) {
  must(reports_.write(report_of(2001, closed_report_name(period("2026-02")))));
  const std::vector<Json> parts = world_.documents(Collection::usage_reports);
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(parts[0].find("tenants")->as_array().size(), 1000U);
  EXPECT_EQ(parts[2].find("tenants")->as_array().size(), 1U);
  const KeptReport kept = must(reports_.closed_report(period("2026-02"))).value();
  ASSERT_EQ(kept.statements.size(), 2001U);
  EXPECT_EQ(kept.statements[2000].tenant, numbered(2001));
}

TEST_F(Frozen, OneTenantIsFoundInItsPart) {
  must(reports_.write(report_of(2001, closed_report_name(period("2026-02")))));
  for (const std::size_t number : {1U, 1000U, 1001U, 2000U, 2001U}) {
    const auto found = must(reports_.closed_statement(period("2026-02"), numbered(number)));
    ASSERT_TRUE(found.has_value()) << number;
    EXPECT_EQ(found->statement.tenant, numbered(number));
  }
  EXPECT_FALSE(must(reports_.closed_statement(period("2026-02"), tenant("a"))).has_value());
  EXPECT_FALSE(must(reports_.closed_statement(period("2026-02"), tenant("z"))).has_value());
  EXPECT_FALSE(must(reports_.closed_statement(period("2026-01"), numbered(1))).has_value());
}

TEST_F(Frozen, InterruptedReportIsNotThereAndIsCompletedLater) {
  const std::string name = closed_report_name(period("2026-02"));
  must(reports_.write(report_of(1500, name)));
  Batch batch;  // as if the process had ended before the last batch
  batch.documents.push_back(
      {Collection::usage_reports, {"", name + "/000001"}, std::nullopt, Expect::anything, 0});
  must(world_.store->apply(std::move(batch)));
  EXPECT_FALSE(must(reports_.closed_report(period("2026-02"))).has_value());
  must(reports_.write(report_of(1500, name)));
  EXPECT_EQ(must(reports_.closed_report(period("2026-02"))).value().statements.size(), 1500U);
  const Json second =
      must(world_.store->get(Collection::usage_reports, {"", name + "/000002"})).value();
  EXPECT_EQ(second.integer_at("revision"), 1);
}

TEST_F(Frozen, NewestOfSeveralReportsIsFound) {
  must(reports_.write(report_of(1, open_report_name(period("2026-02"), "01A"), false)));
  world_.clock.advance(Milliseconds{1000});
  must(reports_.write(report_of(2, open_report_name(period("2026-02"), "01B"), false)));
  EXPECT_EQ(must(reports_.newest_report(period("2026-02"))).value().statements.size(), 2U);
  EXPECT_FALSE(must(reports_.newest_report(period("2026-01"))).has_value());
}

TEST_F(Frozen, FullDiskIsAnErrorAndLeavesNoReport) {
  world_.store->faults().refuse_writes = true;
  const Result<ReportHead> written =
      reports_.write(report_of(1, closed_report_name(period("2026-02"))));
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().code, ErrorCode::storage);
  EXPECT_FALSE(must(reports_.has_closed_report(period("2026-02"))));
}

}  // namespace
}  // namespace metergate
