#include "service/meters/meter_tally.h"

#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

std::string text(const DaySplit& split) {
  std::string text;
  for (const Window& window : {split.head, split.days, split.tail})
    text += is_empty(window) ? "- "
                             : to_text(window.start).substr(5, 11) + "/" +
                                   to_text(window.end).substr(5, 11) + " ";
  return text;
}

std::string split(std::string_view from, std::string_view to, std::string_view zone = "UTC") {
  return text(split_by_days({at(from), at(to)}, must(TimeZone::find(zone))));
}

TEST(MeterTally, ARangeIsSplitIntoItsDaysAndWhatIsAroundThem) {
  EXPECT_EQ(split("2026-03-02T00:00:00Z", "2026-03-04T00:00:00Z"), "- 03-02T00:00/03-04T00:00 - ");
  EXPECT_EQ(split("2026-03-02T10:00:00Z", "2026-03-04T11:00:00Z"),
            "03-02T10:00/03-03T00:00 03-03T00:00/03-04T00:00 03-04T00:00/03-04T11:00 ");
  EXPECT_EQ(split("2026-03-02T00:00:00Z", "2026-03-04T00:00:00Z", "Asia/Kathmandu"),
            "03-02T00:00/03-02T18:15 03-02T18:15/03-03T18:15 03-03T18:15/03-04T00:00 ");
}

TEST(MeterTally, ARangeWithoutAWholeDayIsAllHead) {
  EXPECT_EQ(split("2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z"), "03-02T10:00/03-02T11:00 - - ");
}

TEST(MeterTally, PartsOfDaysThatMeetAtMidnightAreHeadAndTail) {
  EXPECT_EQ(split("2026-03-02T10:00:00Z", "2026-03-03T11:00:00Z"),
            "03-02T10:00/03-03T00:00 - 03-03T00:00/03-03T11:00 ");
  EXPECT_EQ(split("2026-03-02T00:00:00Z", "2026-03-02T11:00:00Z"), "- - 03-02T00:00/03-02T11:00 ");
}

TEST(MeterTally, StopsWhereTheAnswerGetsTooBig) {
  MeterPlan plan;
  plan.range = {at("2020-01-01T00:00:00Z"), at("2030-01-01T00:00:00Z")};
  plan.size = WindowSize::minute;
  MeterTally tally(plan, Folding::count);
  MeterCell cell;
  cell.count = 1;
  Timestamp when = plan.range.start;
  for (std::size_t i = 0; i < kMeterRowsMax; ++i, when += std::chrono::minutes{1})
    must(tally.add(when, tenant("a"), {}, cell));
  const auto over = tally.add(when, tenant("a"), {}, cell);
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, ErrorCode::invalid);
}

}  // namespace
}  // namespace metergate
