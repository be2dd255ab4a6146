#include "app/progress.h"

#include <gtest/gtest.h>

namespace metergate {
namespace {

TEST(Progress, ShowsRateAndTimeLeft) {
  EXPECT_EQ(progress_text({.events = 1000,
                           .bytes = 500'000,
                           .bytes_total = 1'000'000,
                           .elapsed = std::chrono::seconds{10}}),
            "1000 events  100/s  49 %  10 s left");
}

TEST(Progress, EndsAtAHundredPercent) {
  EXPECT_EQ(progress_text(
                {.events = 2, .bytes = 7, .bytes_total = 7, .elapsed = std::chrono::seconds{1}}),
            "2 events  2/s  100 %  0 s left");
}

TEST(Progress, UnknownLengthShowsTheRateAlone) {
  EXPECT_EQ(progress_text(
                {.events = 5, .bytes = 7, .bytes_total = 0, .elapsed = std::chrono::seconds{1}}),
            "5 events  5/s");
}

TEST(Progress, NothingDoneYetDividesByNothing) {
  EXPECT_EQ(progress_text({}), "0 events  0/s");
  EXPECT_EQ(
      progress_text({.events = 0, .bytes = 1, .bytes_total = 1'000'000'000'000, .elapsed = {}}),
      "0 events  0/s  0 %  0 s left");
}

}  // namespace
}  // namespace metergate
