#include "service/papers/papers.h"

#include <gtest/gtest.h>

#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

TEST(Papers, AreAFileInEachFormat) {
  ServicesWorld world;
  world.add_worked_example();
  for (const auto& [format, begin] :
       {std::pair{PaperFormat::xlsx, "PK"}, std::pair{PaperFormat::pdf, "%PDF-"}}) {
    auto rows = must(world.reporting.rows(period("2026-03")));
    ScratchFile report = must(world.papers.report(std::move(rows), format, ReportDetail::tenants));
    EXPECT_TRUE(must(report.read_some(100)).starts_with(begin)) << name_of(format);
    const Statement statement =
        must(world.billing.statement(tenant("tenant_456"), period("2026-03")));
    ScratchFile paper = must(world.papers.statement(statement, format));
    EXPECT_TRUE(must(paper.read_some(100)).starts_with(begin)) << name_of(format);
  }
}

TEST(Papers, AreNamedAfterWhatTheyAreOf) {
  EXPECT_EQ(paper_name(period("2026-03"), ReportDetail::tenants, "csv"),
            "usage_report_2026-03.csv");
  EXPECT_EQ(paper_name(period("2026-03"), ReportDetail::lines, "pdf"),
            "usage_report_lines_2026-03.pdf");
  EXPECT_EQ(statement_name(tenant("tenant_456"), period("2026-03"), "xlsx"),
            "statement_tenant_456_2026-03.xlsx");
}

TEST(Papers, FormatsAreFoundByTheirName) {
  EXPECT_EQ(find_paper_format("xlsx"), PaperFormat::xlsx);
  EXPECT_EQ(find_paper_format("pdf"), PaperFormat::pdf);
  EXPECT_FALSE(find_paper_format("csv"));
  EXPECT_EQ(media_type_of(PaperFormat::pdf), "application/pdf");
}

TEST(Papers, WithoutRoomNothingIsBegun) {
  ServicesWorld world;
  world.add_worked_example();
  const Papers papers({world.billing, world.analytics, world.rules, world.clock, "/nowhere"});
  const auto report = papers.report(must(world.reporting.rows(period("2026-03"))),
                                    PaperFormat::xlsx, ReportDetail::tenants);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::storage);
}

}  // namespace
}  // namespace metergate
