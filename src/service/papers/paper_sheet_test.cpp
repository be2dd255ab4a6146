#include "service/papers/paper_sheet.h"

#include <gtest/gtest.h>

#include "service/testing/test_words_test.h"

namespace metergate {
namespace {

TEST(PaperSheet, BeginsAPageWhereTheLastHasNoRoom) {
  PaperSheet sheet({.size = kUpright, .title = "Title", .made_at = "now"}, nullptr);
  EXPECT_EQ(sheet.pages(), 1);
  EXPECT_FALSE(sheet.need(1000));
  int rows = 0;
  while (sheet.pages() == 1) {
    sheet.need(500);
    sheet.skip(500);
    ++rows;
  }
  // The rows between the margins, and the one that did not fit.
  EXPECT_EQ(rows, 15);
  EXPECT_GT(sheet.top(), 500);
}

TEST(PaperSheet, MonthsAndColoursHaveNames) {
  EXPECT_EQ(shown_month(period("2026-03")), "March 2026");
  EXPECT_EQ(shown_month(period("2026-12")), "December 2026");
  EXPECT_EQ(health_color("critical").red, paper::kRed.red);
  EXPECT_EQ(health_color("").red, paper::kGrey.red);
  EXPECT_EQ(shown_text({.number = Decimal{1'234'567, 2}}), "12,345.67");
  EXPECT_EQ(shown_text({.text = "unlimited"}), "unlimited");
}

}  // namespace
}  // namespace metergate
