#include "service/reports/report_csv.h"

#include <gtest/gtest.h>

#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

Statement reported_example() {
  ServicesWorld world;
  world.add_worked_example();
  Statement statement = must(world.billing.statement(tenant("tenant_456"), period("2026-03")));
  statement.tenant_name = "Adventure Park";
  return statement;
}

std::string row_of_csv(const Statement& statement) {
  std::string out;
  append_csv_row(statement, columns_of({statement}), out);
  return out;
}

TEST(ReportCsv, HeaderIsExactlyAsDocumented) {
  EXPECT_EQ(report_csv_header(ReportColumns{}),
            "Tenant ID,Tenant Name,Plan,Status,Stores Count,Stores Limit,Devices Count,Devices "
            "Limit,API Calls,API Limit,Webhook Calls,Webhook Limit,Storage GB,Storage Limit,Has "
            "Overages,Overage Cost,Health Status\r\n");
}

TEST(ReportCsv, RowIsExactlyAsDocumented) {
  EXPECT_EQ(row_of_csv(reported_example()),
            "tenant_456,Adventure Park,basic,active,6,5,12,10,65000,50000,800,500,15.20,10.00,"
            "Yes,48.40,critical,USD\r\n");
}

TEST(ReportCsv, ACreditIsANumberBelowZero) {
  Statement statement = reported_example();
  const LateLine credit{"api_calls",
                        period("2026-02"),
                        Quantity::of(-1),
                        Money{-50'000'000},
                        "c1",
                        "counted twice",
                        1,
                        ""};
  bill_late(statement, {credit}, Currency::usd());
  EXPECT_NE(row_of_csv(statement).find(",Yes,-1.60,critical"), std::string::npos);
}

TEST(ReportCsv, WhatExplainsTheCostStandsBehindTheFixedColumns) {
  Statement statement = reported_example();
  statement.rated.own_lines.push_back({"tokens", *Quantity::parse("12.5"), Quantity::of(10),
                                       *Quantity::parse("2.5"), Money{2}, Money{5}});
  Statement other = reported_example();
  other.rated.own_lines.push_back({"seats", Quantity::of(3), std::nullopt, {}, Money{}, Money{}});
  const LateLine credit{
      "api_calls", period("2026-02"), Quantity::of(-1), Money{-1'000}, "c1", "twice, or more", 1,
      ""};
  bill_late(other, {credit}, Currency::usd());
  const ReportColumns columns = columns_of({statement, other});
  EXPECT_TRUE(report_csv_header(columns).ends_with(
      ",Health Status,Currency,seats Usage,seats Limit,tokens Usage,tokens Limit,Late Lines\r\n"));
  std::string rows;
  append_csv_row(statement, columns, rows);
  append_csv_row(other, columns, rows);
  EXPECT_NE(rows.find(",critical,USD,,,12.5,10,\r\n"), std::string::npos) << rows;
  EXPECT_NE(rows.find(",critical,USD,3,unlimited,,,\"api_calls 2026-02 -1 = -0.001 USD (twice, or "
                      "more)\"\r\n"),
            std::string::npos)
      << rows;
  EXPECT_EQ(must(columns_from(columns_json(columns))), columns);
}

TEST(ReportCsv, WhatIsOverItsLimitNeverLooksLikeIt) {
  Statement statement = reported_example();
  statement.usage[Meter::storage_gb] = (std::int64_t{10} << 30) + 1;
  EXPECT_NE(row_of_csv(statement).find(",10.000000001,10.00,Yes,"), std::string::npos);
}

TEST(ReportCsv, WhatIsNotKnownIsAnEmptyCell) {
  Statement statement = reported_example();
  statement.is_known = false;
  statement.rated.cost.reset();
  statement.rated.billing_error = "gone";
  EXPECT_EQ(row_of_csv(statement),
            "tenant_456,Adventure Park,basic,active,,5,,10,,50000,,500,,10.00,,,,USD,gone\r\n");
}

TEST(ReportCsv, NameLikeAFormulaIsMadeHarmless) {
  Statement statement = reported_example();
  statement.tenant_name = "=1+1";
  EXPECT_NE(row_of_csv(statement).find(",'=1+1,"), std::string::npos);
  statement.tenant_name = "Park, \"North\"";
  EXPECT_NE(row_of_csv(statement).find(",\"Park, \"\"North\"\"\","), std::string::npos);
}

TEST(ReportCsv, UnlimitedSaysSo) {
  Statement statement = reported_example();
  statement.terms.limits[Meter::storage_gb].units.reset();
  statement.rated.has_overages = false;
  EXPECT_NE(row_of_csv(statement).find(",15.20,unlimited,No,"), std::string::npos);
}

TEST(ReportCsv, StorageIsRoundedOnceFromBytes) {
  Statement statement = reported_example();
  // 0.00499999999… GB, which six decimals would round up to 0.005 first.
  statement.usage[Meter::storage_gb] = 5'368'709;
  EXPECT_NE(row_of_csv(statement).find(",500,0.00,"), std::string::npos);
}

}  // namespace
}  // namespace metergate
