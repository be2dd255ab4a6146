#include "domain/meter.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace metergate {
namespace {

std::string shown(Meter meter, std::int64_t units) { return to_text(to_display(meter, units)); }

TEST(Meter, EachRowStandsAtThePlaceOfItsMeter) {
  for (const MeterRow& row : kMeters) {
    EXPECT_EQ(row_of(row.meter).name, row.name);
    EXPECT_EQ(find_meter(row.name), row.meter);
  }
}

TEST(Meter, UnknownNamesAreNotFound) {
  EXPECT_EQ(find_meter(""), std::nullopt);
  EXPECT_EQ(find_meter("API_CALLS"), std::nullopt);
  EXPECT_EQ(find_meter("max_stores"), std::nullopt);
}

TEST(Meter, CountsAreShownWhole) {
  EXPECT_EQ(shown(Meter::api_calls, 65'000), "65000");
  EXPECT_EQ(shown(Meter::stores_count, 0), "0");
}

TEST(Meter, StorageIsShownInGigabytesWithoutZerosAtTheEnd) {
  EXPECT_EQ(shown(Meter::storage_gb, 0), "0");
  EXPECT_EQ(shown(Meter::storage_gb, kBytesPerGigabyte), "1");
  EXPECT_EQ(shown(Meter::storage_gb, kBytesPerGigabyte / 2), "0.5");
  EXPECT_EQ(shown(Meter::storage_gb, 16'320'875'725), "15.2");
  EXPECT_EQ(shown(Meter::storage_gb, 1), "0.000000001") << "what is there is not shown as 0";
  EXPECT_EQ(shown(Meter::storage_gb, 536), "0.000000499");
  EXPECT_EQ(to_text(to_fine_display(Meter::storage_gb, kBytesPerGigabyte + 1)), "1.000000001");
  EXPECT_EQ(to_text(to_fine_display(Meter::api_calls, 7)), "7");
  EXPECT_EQ(shown(Meter::storage_gb, 537), "0.000001");
  EXPECT_EQ(shown(Meter::storage_gb, INT64_MAX), "8589934592");
}

TEST(Meter, DisplayUnitsAreReadExactToTheUnit) {
  EXPECT_EQ(from_display(Meter::storage_gb, {152, 1}), 16'320'875'725);
  EXPECT_EQ(from_display(Meter::storage_gb, {5, 1}), kBytesPerGigabyte / 2);
  EXPECT_EQ(from_display(Meter::api_calls, {65'000, 0}), 65'000);
  EXPECT_EQ(from_display(Meter::api_calls, {650, 1}), 65);
}

TEST(Meter, NegativeAndTooLargeDisplayUnitsAreRefused) {
  EXPECT_EQ(from_display(Meter::api_calls, {-1, 0}), std::nullopt);
  EXPECT_EQ(from_display(Meter::storage_gb, {INT64_MAX, 0}), std::nullopt);
}

RC_GTEST_PROP(Meter, StorageComesBackWithinHalfAMillionthOfAGigabyte, ()) {
  const auto bytes = *rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << 60);
  const auto back =
      from_display(Meter::storage_gb, to_display(Meter::storage_gb, bytes)).value_or(-1);
  RC_ASSERT(std::abs(back - bytes) <= 537);
}

}  // namespace
}  // namespace metergate
