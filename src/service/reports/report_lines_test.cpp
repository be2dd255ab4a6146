#include "service/reports/report_lines.h"

#include <gtest/gtest.h>

#include "service/billing/billing.h"
#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

Statement with_everything() {
  ServicesWorld world;
  world.add_worked_example();
  Statement statement = must(world.billing.statement(tenant("tenant_456"), period("2026-03")));
  statement.rated.own_lines.push_back({"tokens", *Quantity::parse("12.5"), Quantity::of(10),
                                       *Quantity::parse("2.5"), Money{2'000'000},
                                       Money{5'000'000}});
  const LateLine credit{
      "api_calls", period("2026-02"), Quantity::of(-1), Money{-1'000}, "c1", "twice", 1, ""};
  LateLine many = credit;
  many.corrections = 7;
  many.correction_id.clear();
  many.reason.clear();
  bill_late(statement, {credit, many}, Currency::usd());
  return statement;
}

TEST(ReportLines, AreAllThatTheCostIsMadeOf) {
  const Statement statement = with_everything();
  const Json lines = report_lines_json(statement);
  ASSERT_EQ(lines.as_array().size(), 8U);
  EXPECT_EQ(to_text(lines.as_array()[2]),
            R"({"tenant_id":"tenant_456","tenant_name":"Name of tenant_456","plan":"basic",)"
            R"("line":"usage","meter":"api_calls","period":"2026-03","usage":65000,)"
            R"("included":50000,"overage":15000,"rate":0.001,"cost":15.00,"currency":"USD"})");
  EXPECT_EQ(lines.as_array()[5].string_at("meter"), "tokens");
  EXPECT_EQ(to_text(lines.as_array()[6]),
            R"({"tenant_id":"tenant_456","tenant_name":"Name of tenant_456","plan":"basic",)"
            R"("line":"late","meter":"api_calls","period":"2026-02","cost":-0.001,)"
            R"("currency":"USD","correction_id":"c1","reason":"twice","usage":-1})");
  EXPECT_EQ(lines.as_array()[7].integer_at("corrections"), 7);
  Money sum;
  for (const Json& line : lines.as_array())
    sum = must(add(sum, must(to_money(*line.find("cost")->number()))));
  EXPECT_EQ(statement.rated.cost, round_to_minor_unit(sum, Currency::usd()));
}

TEST(ReportLines, AsCsvHaveTheSameColumnsInEveryRow) {
  EXPECT_EQ(lines_csv_header(),
            "Tenant ID,Tenant Name,Plan,Line,Meter,Period,Usage,Included,Overage,Rate,Cost,"
            "Currency,Corrections,Correction ID,Reason\r\n");
  std::string rows;
  append_csv_lines(with_everything(), rows);
  const std::string head = "tenant_456,Name of tenant_456,basic,";
  EXPECT_NE(rows.find(head + "usage,storage_gb,2026-03,15.2,10,5.2,2.00,10.40,USD,,,\r\n"),
            std::string::npos);
  EXPECT_NE(rows.find(head + "usage,tokens,2026-03,12.5,10,2.5,2.00,5.00,USD,,,\r\n"),
            std::string::npos);
  EXPECT_NE(rows.find(head + "late,api_calls,2026-02,-1,,,,-0.001,USD,,c1,twice\r\n"),
            std::string::npos);
  EXPECT_NE(rows.find(head + "late,api_calls,2026-02,-1,,,,-0.001,USD,7,,\r\n"), std::string::npos);
}

}  // namespace
}  // namespace metergate
