#include "service/papers/paper_layout.h"

#include <gtest/gtest.h>

#include "base/csv.h"
#include "service/reports/report_csv.h"
#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

Statement reported() {
  ServicesWorld world;
  world.add_worked_example();
  return must(world.billing.statement(tenant("tenant_456"), period("2026-03")));
}

std::string joined(const PaperRow& row) {
  std::string text;
  for (const PaperCell& cell : row) text += (cell.number ? to_text(*cell.number) : cell.text) + '|';
  return text;
}

TEST(PaperLayout, ColumnsOfTenantsAreThoseOfTheCsv) {
  ReportColumns columns = columns_of({reported()});
  columns.own = {"tokens"};
  columns.has_late = true;
  columns.has_errors = true;
  std::string titles;
  for (const PaperColumn& column : tenant_paper_columns(columns))
    titles += (titles.empty() ? "" : ",") + column.title;
  EXPECT_EQ(titles + "\r\n", report_csv_header(columns));
}

TEST(PaperLayout, ARowIsWhatJsonSays) {
  const Statement statement = reported();
  const PaperRow row = tenant_paper_row(statement, columns_of({statement}));
  EXPECT_EQ(joined(row),
            "tenant_456|Name of tenant_456|basic|active|6|5|12|10|65000|50000|800|500|15.2|10|Yes|"
            "48.40|critical|USD|");
}

TEST(PaperLayout, ALimitThatThereIsNotIsAWord) {
  Statement statement = reported();
  statement.terms.limits[Meter::api_calls].units.reset();
  const PaperRow row = tenant_paper_row(statement, columns_of({statement}));
  EXPECT_EQ(row[9].text, "unlimited");
  EXPECT_FALSE(row[9].number);
}

TEST(PaperLayout, EveryLineItemHasARowAndEveryRowAsManyCells) {
  const auto rows = line_paper_rows(reported());
  ASSERT_EQ(rows.size(), 5U);
  for (const PaperRow& row : rows) EXPECT_EQ(row.size(), line_paper_columns().size());
  EXPECT_EQ(joined(rows[2]),
            "tenant_456|Name of tenant_456|basic|usage|api_calls|2026-03|65000|50000|15000|0.001|"
            "15.00|USD||||");
}

TEST(PaperLayout, GroupsTheDigitsBeforeThePoint) {
  EXPECT_EQ(grouped_digits({0, 0}), "0");
  EXPECT_EQ(grouped_digits({-123, 0}), "-123");
  EXPECT_EQ(grouped_digits({1'000, 0}), "1,000");
  EXPECT_EQ(grouped_digits({-123'456'789, 2}), "-1,234,567.89");
  EXPECT_EQ(grouped_digits({123'456, 6}), "0.123456");
}

}  // namespace
}  // namespace metergate
