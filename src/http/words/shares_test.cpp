#include "http/words/shares.h"

#include <gtest/gtest.h>

namespace metergate::http {
namespace {

constexpr std::size_t kAll = 1'600;
const Holder kStranger{"192.0.2.1", Standing::stranger};
const Holder kTenant{"tenant t1", Standing::tenant};
const Holder kOther{"tenant t2", Standing::tenant};
const Holder kProvider{"provider ops", Standing::provider};
const Holder kVital{"192.0.2.1", Standing::vital};

TEST(Shares, AHolderThatIsFullLeavesRoomForOthers) {
  Shares shares{kAll};
  shares.change(kTenant, 0, 200);
  EXPECT_EQ(shares.room(kTenant, kAll), Room::enough);  // up to its share
  shares.change(kTenant, 0, 1);                         // by another connection
  EXPECT_EQ(shares.room(kTenant, kAll), Room::none_for_holder);
  EXPECT_EQ(shares.room(kOther, kAll), Room::enough);
  EXPECT_EQ(shares.room(kStranger, kAll), Room::enough);
  shares.change(kTenant, 200, 0);
  EXPECT_EQ(shares.room(kTenant, kAll), Room::enough);
}

TEST(Shares, AStrangerHasLessThanATenantAndAProviderMore) {
  EXPECT_EQ(part_of(kAll, Standing::stranger), 100U);
  EXPECT_EQ(part_of(kAll, Standing::tenant), 200U);
  EXPECT_EQ(part_of(kAll, Standing::provider), 800U);
  EXPECT_EQ(part_of(kAll, Standing::staff), kAll);
}

TEST(Shares, OnlyStaffAndVitalRequestsUseTheReserve) {
  Shares shares{kAll};
  shares.change(kProvider, 0, 1'401);
  EXPECT_EQ(shares.room(kTenant, kAll), Room::none);
  EXPECT_EQ(shares.room({"ada", Standing::staff}, kAll), Room::enough);
  EXPECT_EQ(shares.room(kVital, kAll), Room::enough);
  shares.change(kProvider, 1'401, 1'601);
  EXPECT_EQ(shares.room(kVital, kAll), Room::none);
}

TEST(Shares, ASmallerBoundHoldsForAllButThose) {
  Shares shares{kAll};
  shares.change(kProvider, 0, 500);
  EXPECT_EQ(shares.room(kTenant, 499), Room::none);
  EXPECT_EQ(shares.room(kTenant, 500), Room::enough);
  EXPECT_EQ(shares.room(kVital, 499), Room::enough);
}

TEST(Shares, TheHolderWithTheMostIsCondemnedUntilItHoldsNothing) {
  Shares shares{kAll};
  shares.condemn_worst();  // nobody holds anything
  EXPECT_FALSE(shares.is_condemned(kTenant));
  shares.change(kTenant, 0, 150);
  shares.change(kOther, 0, 300);
  shares.condemn_worst();
  EXPECT_TRUE(shares.is_condemned(kOther));
  EXPECT_FALSE(shares.is_condemned(kTenant));
  shares.change(kOther, 300, 100);
  shares.condemn_worst();  // one after another
  EXPECT_TRUE(shares.is_condemned(kOther));
  shares.change(kOther, 100, 0);
  EXPECT_FALSE(shares.is_condemned(kOther));
  shares.condemn_worst();
  EXPECT_TRUE(shares.is_condemned(kTenant));
}

}  // namespace
}  // namespace metergate::http
