#include "service/tenants/limit_shapes.h"

#include <gtest/gtest.h>

namespace metergate {
namespace {

TEST(LimitShapes, CountIsAWholeNumberUpToItsBound) {
  EXPECT_EQ(limit_from(Meter::stores_count, Json(0))->units, 0);
  EXPECT_EQ(limit_from(Meter::api_calls, Json(kLimitMax))->units, kLimitMax);
  EXPECT_FALSE(limit_from(Meter::api_calls, Json(kLimitMax + 1)));
  EXPECT_FALSE(limit_from(Meter::stores_count, Json(-1)));
  EXPECT_FALSE(limit_from(Meter::stores_count, Json(Decimal{15, 1})));
  EXPECT_FALSE(limit_from(Meter::stores_count, Json("5")));
  EXPECT_FALSE(limit_from(Meter::stores_count, Json(true)));
}

TEST(LimitShapes, StorageIsGigabytesWithDecimals) {
  EXPECT_EQ(limit_from(Meter::storage_gb, Json(10))->units, 10LL << 30);
  EXPECT_EQ(limit_from(Meter::storage_gb, Json(Decimal{15, 1}))->units, 3LL << 29);
  EXPECT_FALSE(limit_from(Meter::storage_gb, Json(Decimal{1, 7})));
  EXPECT_FALSE(limit_from(Meter::storage_gb, Json(kStorageLimitMax + 1)));
}

TEST(LimitShapes, NullIsUnlimited) {
  const Result<Limit> limit = limit_from(Meter::devices_count, Json());
  ASSERT_TRUE(limit);
  EXPECT_FALSE(limit->units);
  EXPECT_TRUE(limit_json(Meter::devices_count, *limit).is_null());
}

TEST(LimitShapes, ErrorSaysWhatIsAllowed) {
  const Result<Limit> limit = limit_from(Meter::stores_count, Json(-3));
  ASSERT_FALSE(limit);
  EXPECT_EQ(limit.error().message,
            "must be a whole number from 0 to 1000000000000, or null, not -3");
}

TEST(LimitShapes, StorageSurvivesTheWayOutAndBack) {
  for (std::int64_t millionths : {1LL, 333'333LL, 1'000'001LL, 15'200'000LL, 999'999'999'999LL}) {
    const Result<Limit> limit = limit_from(Meter::storage_gb, Json(Decimal{millionths, 6}));
    ASSERT_TRUE(limit);
    EXPECT_EQ(limit_from(Meter::storage_gb, limit_json(Meter::storage_gb, *limit))->units,
              limit->units);
  }
}

TEST(LimitShapes, LimitsHaveAllFiveNames) {
  Limits limits;
  limits[Meter::stores_count].units = 5;
  limits[Meter::storage_gb].units = 10LL << 30;
  EXPECT_EQ(to_text(limits_json(limits)),
            R"({"max_stores":5,"max_devices":null,"max_api_calls_per_month":null,)"
            R"("max_webhooks_per_month":null,"max_storage_gb":10})");
}

}  // namespace
}  // namespace metergate
