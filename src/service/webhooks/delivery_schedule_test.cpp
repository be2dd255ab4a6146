#include "service/webhooks/delivery_schedule.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace metergate {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

Milliseconds wait_of(int tries, std::optional<Milliseconds> asked = {}, std::uint32_t random = 0) {
  return wait_after({tries, asked, random}).value();
}

TEST(DeliverySchedule, IsTheDocumentedOne) {
  const std::vector<Milliseconds> documented = {seconds{5}, minutes{5}, minutes{30},
                                                hours{2},   hours{5},   hours{10},
                                                hours{14},  hours{20},  hours{24}};
  ASSERT_EQ(documented.size() + 1, static_cast<std::size_t>(kDeliveryTriesMax));
  Milliseconds total{0};
  for (std::size_t i = 0; i < documented.size(); ++i) {
    EXPECT_EQ(wait_of(static_cast<int>(i) + 1), documented[i]);
    total += documented[i];
  }
  EXPECT_GE(total, hours{72});
  EXPECT_LE(total, hours{80});
}

TEST(DeliverySchedule, AfterTheLastTryThereIsNone) {
  EXPECT_FALSE(wait_after({kDeliveryTriesMax, std::nullopt, 0}));
  EXPECT_FALSE(wait_after({kDeliveryTriesMax + 5, hours{1}, 0}));
}

TEST(DeliverySchedule, ChanceAddsAtMostATenth) {
  EXPECT_EQ(wait_of(1, {}, UINT32_MAX), Milliseconds{5500});
  EXPECT_EQ(wait_of(9, {}, UINT32_MAX), Milliseconds{hours{24}} * 11 / 10);
}

TEST(DeliverySchedule, ReceiverMayAskForLongerButNotForShorterNorForMoreThanADay) {
  EXPECT_EQ(wait_of(1, seconds{120}), seconds{120});
  EXPECT_EQ(wait_of(2, seconds{1}), minutes{5});
  EXPECT_EQ(wait_of(1, hours{1000}), hours{24});
  EXPECT_EQ(wait_of(1, seconds{0}), seconds{5});
  // The random part is added to the receiver's wait, but never beyond the day.
  EXPECT_EQ(wait_of(1, hours{10}, UINT32_MAX), hours{11});
  EXPECT_EQ(wait_of(1, hours{23}, UINT32_MAX), hours{24});
  EXPECT_EQ(wait_of(1, hours{1000}, UINT32_MAX), hours{24});
  EXPECT_EQ(wait_of(1, Milliseconds::max(), UINT32_MAX), hours{24});
}

TEST(DeliverySchedule, EveryWaitIsBounded) {
  rc::check([](std::uint32_t random) {
    const int tries = *rc::gen::inRange(1, kDeliveryTriesMax);
    const auto asked = Milliseconds{*rc::gen::inRange<std::int64_t>(0, 1'000'000'000'000)};
    const Milliseconds wait = wait_of(tries, asked, random);
    RC_ASSERT(wait >= seconds{5});
    RC_ASSERT(wait <= Milliseconds{hours{24}} * 11 / 10);
  });
}

}  // namespace
}  // namespace metergate
