#include "service/upkeep/lease.h"

#include <gtest/gtest.h>

#include "storage/engine/memory_store.h"

namespace metergate {
namespace {

class LeaseTest : public testing::Test {
 protected:
  void tick(Lease& lease) { ASSERT_TRUE(lease.tick()); }

  ManualClock clock_{Timestamp{Milliseconds{1'000'000}}};
  std::unique_ptr<ControlledStore> store_ = make_memory_store(TimeZone::utc());
  Lease a_{*store_, clock_, "a"};
  Lease b_{*store_, clock_, "b"};
};

TEST_F(LeaseTest, TheFirstNodeHoldsItForAsLongAsItRenews) {
  for (int i = 0; i < 20; ++i) {
    tick(a_);
    tick(b_);
    EXPECT_TRUE(a_.is_held());
    EXPECT_FALSE(b_.is_held());
    clock_.advance(Lease::kRenewEvery);
  }
}

TEST_F(LeaseTest, AnotherTakesOverOnceItHasNotChangedForLongEnough) {
  tick(a_);
  tick(b_);
  clock_.advance(Milliseconds{7999});
  tick(b_);
  EXPECT_FALSE(b_.is_held());
  EXPECT_FALSE(a_.is_held()) << "it has ended before another may begin";
  clock_.advance(Milliseconds{1});
  tick(b_);
  EXPECT_TRUE(b_.is_held());
  tick(a_);  // it comes back, and finds another
  EXPECT_FALSE(a_.is_held());
}

TEST_F(LeaseTest, AReleasedOneIsTakenAtOnce) {
  tick(a_);
  tick(b_);
  ASSERT_TRUE(a_.release());
  EXPECT_FALSE(a_.is_held());
  tick(b_);
  EXPECT_TRUE(b_.is_held());
  ASSERT_TRUE(a_.release());  // of another's it is none
  tick(b_);
  EXPECT_TRUE(b_.is_held());
}

TEST_F(LeaseTest, ANodeThatCannotWriteLosesIt) {
  tick(a_);
  store_->faults().refuse_writes = true;
  clock_.advance(Milliseconds{5999});
  EXPECT_FALSE(a_.tick());
  EXPECT_TRUE(a_.is_held());
  clock_.advance(Milliseconds{1});
  EXPECT_FALSE(a_.is_held());
  store_->faults().refuse_writes = false;
  tick(a_);
  EXPECT_TRUE(a_.is_held());
}

}  // namespace
}  // namespace metergate
