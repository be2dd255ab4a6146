#include "service/papers/paper_pdf.h"

#include <gtest/gtest.h>

#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

std::string printed(ServicesWorld& world, ReportDetail detail) {
  const auto rows = must(world.reporting.rows(period("2026-03")));
  const YearChart year = must(year_of_all(world.analytics, period("2026-03")));
  ScratchFile file = must(ScratchFile::make(::testing::TempDir()));
  must(print_report(rows, detail, {world.rules.zone, year, file}));
  return must(file.read_some(1 << 22));
}

TEST(PaperPdf, IsTheSameForTheSameReport) {
  ServicesWorld world;
  world.add_worked_example();
  const std::string once = printed(world, ReportDetail::tenants);
  EXPECT_TRUE(once.starts_with("%PDF-"));
  EXPECT_EQ(once, printed(world, ReportDetail::tenants));
  EXPECT_NE(once, printed(world, ReportDetail::lines));
}

TEST(PaperPdf, AStatementWithoutACostIsPrintedWithItsReason) {
  ServicesWorld world;
  world.add_worked_example();
  Statement statement = must(world.billing.statement(tenant("tenant_456"), period("2026-03")));
  statement.rated.cost.reset();
  statement.rated.billing_error = "the amount is beyond what can be billed";
  const YearChart year = must(year_of(world.billing, statement));
  ScratchFile file = must(ScratchFile::make(::testing::TempDir()));
  EXPECT_TRUE(print_statement(statement, world.clock.now(), {world.rules.zone, year, file}));
  EXPECT_GT(must(file.size()), 1000);
}

}  // namespace
}  // namespace metergate
