#include "service/shared/faults.h"

#include <gtest/gtest.h>

namespace metergate {
namespace {

TEST(Faults, NothingWrongIsSuccess) {
  const Faults faults;
  EXPECT_TRUE(faults.is_empty());
  EXPECT_TRUE(faults.result());
}

TEST(Faults, OneFaultIsTheMessage) {
  Faults faults;
  faults.add("name", "is missing");
  const Result<> result = faults.result();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::invalid);
  EXPECT_EQ(result.error().message, "name: is missing");
  ASSERT_EQ(result.error().faults.size(), 1u);
  EXPECT_EQ(result.error().faults[0].field, "name");
}

TEST(Faults, OneKindIsTheCodeAndMixedKindsAreInvalid) {
  Faults faults;
  faults.add(ErrorCode::period_closed, Fault{0, "time", "too late"});
  faults.add(ErrorCode::period_closed, Fault{1, "time", "too late"});
  EXPECT_EQ(faults.result().error().code, ErrorCode::period_closed);
  EXPECT_EQ(faults.result().error().message, "event 0: time: too late (and 1 more)");
  faults.add(ErrorCode::tenant_not_found, Fault{2, "subject", "unknown"});
  EXPECT_EQ(faults.result().error().code, ErrorCode::invalid);
}

TEST(Faults, KeepsTwentyAndDropsTheRest) {
  Faults faults;
  for (std::size_t i = 0; i < 25; ++i) faults.add(ErrorCode::conflict, Fault{i, "id", "taken"});
  EXPECT_TRUE(faults.is_full());
  EXPECT_EQ(faults.result().error().faults.size(), 20u);
  EXPECT_EQ(faults.result().error().code, ErrorCode::conflict);
}

}  // namespace
}  // namespace metergate
