#include "domain/meter_cell.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace metergate {
namespace {

Timestamp at_ms(std::int64_t ms) { return Timestamp{Milliseconds{ms}}; }

MeterReading reading(std::int64_t value, std::int64_t ms = 1) {
  MeterReading one;
  one.is_usable = true;
  one.value = Quantity::of(value);
  one.mark = {0, static_cast<std::uint64_t>(value)};
  one.at = at_ms(ms);
  return one;
}

MeterCell cell_of(Folding folding, const std::vector<MeterReading>& readings) {
  MeterCell cell;
  for (const MeterReading& one : readings) cell.fold(folding, one);
  return cell;
}

std::string value_of(Folding folding, const std::vector<std::int64_t>& values) {
  std::vector<MeterReading> readings;
  for (const std::int64_t value : values) readings.push_back(reading(value));
  const auto value = cell_of(folding, readings).value(folding);
  return value ? to_text(value->shown()) : "nothing";
}

TEST(MeterCell, FoldsByItsAggregation) {
  const std::vector<std::int64_t> values = {4, 1, 1, 10};
  EXPECT_EQ(value_of(Folding::count, values), "4");
  EXPECT_EQ(value_of(Folding::sum, values), "16");
  EXPECT_EQ(value_of(Folding::average, values), "4");
  EXPECT_EQ(value_of(Folding::least, values), "1");
  EXPECT_EQ(value_of(Folding::greatest, values), "10");
  EXPECT_EQ(value_of(Folding::unique_count, values), "3");
}

TEST(MeterCell, WithoutEventsIsZeroWhereThatMeansNothing) {
  EXPECT_EQ(value_of(Folding::count, {}), "0");
  EXPECT_EQ(value_of(Folding::sum, {}), "0");
  EXPECT_EQ(value_of(Folding::unique_count, {}), "0");
  for (const Folding folding :
       {Folding::average, Folding::least, Folding::greatest, Folding::latest, Folding::median})
    EXPECT_EQ(value_of(folding, {}), "nothing");
}

TEST(MeterCell, OfNegativeValuesKeepsThem) {
  EXPECT_EQ(value_of(Folding::sum, {-3, 1}), "-2");
  EXPECT_EQ(value_of(Folding::greatest, {-3, -1}), "-1");
  EXPECT_EQ(value_of(Folding::least, {-3, -1}), "-3");
}

TEST(MeterCell, LatestIsByTimeAndOfEqualInstantsTheGreater) {
  const auto latest = [](const std::vector<MeterReading>& readings) {
    return to_text(cell_of(Folding::latest, readings).value(Folding::latest)->shown());
  };
  EXPECT_EQ(latest({reading(5, 20), reading(7, 10)}), "5");
  EXPECT_EQ(latest({reading(5, 20), reading(7, 20)}), "7");
  EXPECT_EQ(latest({reading(7, 20), reading(5, 20)}), "7");
}

TEST(MeterCell, AnUnusableEventIsCountedApart) {
  MeterCell cell = cell_of(Folding::least, {MeterReading{}, reading(5), MeterReading{}});
  EXPECT_EQ(cell.unusable, 2);
  EXPECT_EQ(cell.count, 1);
  EXPECT_EQ(cell.value(Folding::least), Quantity::of(5));
}

TEST(MeterCell, PercentilesOfOneValueAreExact) {
  EXPECT_EQ(value_of(Folding::median, {7, 7, 7}), "7");
  EXPECT_EQ(value_of(Folding::percentile_99, {1'000'000'000'000}), "1000000000000");
}

TEST(MeterCell, OfTooManyDifferentValuesSaysSo) {
  MeterCell cell;
  for (std::size_t i = 0; i < kUniqueMax; ++i)
    cell.fold(Folding::unique_count, reading(static_cast<std::int64_t>(i)));
  EXPECT_FALSE(cell.is_full);
  cell.fold(Folding::unique_count, reading(5));
  EXPECT_FALSE(cell.is_full) << "it is there already";
  cell.fold(Folding::unique_count, reading(-1));
  EXPECT_TRUE(cell.is_full);
  EXPECT_EQ(cell.value(Folding::unique_count), Quantity::of(kUniqueMax));
  MeterCell other = cell_of(Folding::unique_count, {reading(3)});
  other.merge(Folding::unique_count, cell);
  EXPECT_TRUE(other.is_full);
}

TEST(MeterCell, SumsAndCountsCanBeTakenOutAgainOthersCannot) {
  for (const FoldingRow& row : kFoldings) {
    MeterCell cell = cell_of(row.aggregation, {reading(3), reading(4)});
    const MeterCell before = cell_of(row.aggregation, {reading(3)});
    const bool can = row.aggregation == Folding::count || row.aggregation == Folding::sum ||
                     row.aggregation == Folding::average;
    EXPECT_EQ(cell.unfold(row.aggregation, reading(4)), can) << row.name;
    EXPECT_EQ(cell == before, can) << row.name;
    EXPECT_TRUE(MeterCell{}.unfold(row.aggregation, MeterReading{})) << row.name;
  }
}

rc::Gen<std::vector<MeterReading>> any_readings() {
  return rc::gen::container<std::vector<MeterReading>>(rc::gen::exec([] {
    MeterReading one = reading(*rc::gen::inRange<std::int64_t>(0, 100'000),
                               *rc::gen::inRange<std::int64_t>(1, 20));
    one.is_usable = *rc::gen::inRange(0, 5) != 0;
    return one;
  }));
}

RC_GTEST_PROP(MeterCell, AnySplitInAnyOrderMergesToTheSame, ()) {
  const Folding folding =
      kFoldings[*rc::gen::inRange<std::size_t>(0, kFoldings.size())].aggregation;
  std::vector<MeterReading> readings = *any_readings();
  const MeterCell whole = cell_of(folding, readings);
  std::ranges::reverse(readings);
  const auto middle =
      readings.begin() + *rc::gen::inRange<std::ptrdiff_t>(0, std::ssize(readings) + 1);
  MeterCell merged = cell_of(folding, {readings.begin(), middle});
  merged.merge(folding, cell_of(folding, {middle, readings.end()}));
  RC_ASSERT(merged == whole);
}

RC_GTEST_PROP(MeterCell, PercentilesAreOffByOnePercentAtMost, ()) {
  const auto& row = kFoldings[*rc::gen::inRange<std::size_t>(7, 10)];
  std::vector<MeterReading> readings = *rc::gen::nonEmpty(any_readings());
  for (MeterReading& one : readings) one.is_usable = true;
  const Quantity read = *cell_of(row.aggregation, readings).value(row.aggregation);
  std::ranges::sort(readings, {}, [](const MeterReading& one) { return one.value; });
  const std::size_t rank = std::max<std::size_t>(1, (readings.size() * row.permille + 999) / 1000);
  const Wide exact = readings[rank - 1].value.billionths;
  const Wide off = read.billionths > exact ? read.billionths - exact : exact - read.billionths;
  RC_ASSERT(off * 100 <= exact);
}

}  // namespace
}  // namespace metergate
