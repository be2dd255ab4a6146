#include "domain/wide.h"

#include <gtest/gtest.h>

namespace metergate {
namespace {

static_assert(divide_rounded(0, 2) == 0);
static_assert(divide_rounded(1, 2) == 1);
static_assert(divide_rounded(-1, 2) == -1);
static_assert(divide_rounded(1, 3) == 0);
static_assert(divide_rounded(-1, 3) == 0);

TEST(Wide, DivisionRoundsHalfAwayFromZero) {
  EXPECT_TRUE(divide_rounded(5, 10) == 1);
  EXPECT_TRUE(divide_rounded(4, 10) == 0);
  EXPECT_TRUE(divide_rounded(-5, 10) == -1);
  EXPECT_TRUE(divide_rounded(-4, 10) == 0);
  EXPECT_TRUE(divide_rounded(7, 1) == 7);
  EXPECT_TRUE(divide_rounded(1, 3) == 0);
  EXPECT_TRUE(divide_rounded(2, 3) == 1);
}

TEST(Wide, DivisionByTheGreatestNumbersDoesNotOverflow) {
  const Wide greatest = Wide{INT64_MAX};
  EXPECT_TRUE(divide_rounded(greatest * greatest, greatest) == greatest);
  EXPECT_TRUE(divide_rounded(greatest * INT64_MIN, greatest) == Wide{INT64_MIN});
}

TEST(Wide, NarrowRefusesWhatDoesNotFit) {
  EXPECT_EQ(narrow(Wide{INT64_MAX}), INT64_MAX);
  EXPECT_EQ(narrow(Wide{INT64_MIN}), INT64_MIN);
  EXPECT_EQ(narrow(Wide{INT64_MAX} + 1), std::nullopt);
  EXPECT_EQ(narrow(Wide{INT64_MIN} - 1), std::nullopt);
}

TEST(Wide, SaturateStopsAtTheBounds) {
  EXPECT_EQ(saturate(Wide{INT64_MAX} + 1), INT64_MAX);
  EXPECT_EQ(saturate(Wide{INT64_MIN} - 1), INT64_MIN);
  EXPECT_EQ(saturate(42), 42);
}

}  // namespace
}  // namespace metergate
