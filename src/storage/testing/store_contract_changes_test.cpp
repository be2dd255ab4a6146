// The contract for changes after a mark.
#include <algorithm>

#include "storage/testing/store_contract.h"

namespace metergate::contract {
namespace {

using Names = std::vector<std::string>;

class Reader {
 public:
  explicit Reader(Store& store) : store_(store), mark_(store.changed_tenants(0).through) {}
  // The names changed since the last call, sorted.
  Names changed() {
    ChangedNames changed = store_.changed_tenants(mark_);
    EXPECT_FALSE(changed.is_all);
    mark_ = changed.through;
    std::ranges::sort(changed.names);
    return changed.names;
  }
  bool is_all() { return store_.changed_tenants(mark_).is_all; }
  ChangeMark mark() const { return mark_; }

 private:
  Store& store_;
  ChangeMark mark_;
};

TEST_P(StoreContract, ANewReaderOfChangesIsToldAllAndThenNothing) {
  EXPECT_TRUE(store().changed_tenants(0).is_all);
  Reader reader(store());
  EXPECT_EQ(reader.changed(), Names{});
}

TEST_P(StoreContract, EveryWayToChangeATenantIsTold) {
  Reader reader(store());
  apply(events({call("a", "1", "2026-03-05"), call("b", "2", "2026-03-05")}));
  EXPECT_EQ(reader.changed(), (Names{"a", "b"}));
  apply(record(Collection::stores, "c", "s", "active", "2026-03-06"));
  EXPECT_EQ(reader.changed(), Names{"c"});
  Batch total;
  total.day_totals.push_back({tenant("d"), day("2026-02-02"), {}});
  apply(std::move(total));
  EXPECT_EQ(reader.changed(), Names{"d"});
  Batch audited;
  audited.audits.push_back(audit("audit_1", "e"));
  apply(std::move(audited));
  EXPECT_EQ(reader.changed(), Names{"e"});
  Batch voiding;
  voiding.voided =
      store().find_event({tenant("a"), "test", "1"}, {at("2026-03-01"), at("2026-04-01")}).value();
  ASSERT_TRUE(voiding.voided);
  apply(std::move(voiding));
  EXPECT_EQ(reader.changed(), Names{"a"});
}

TEST_P(StoreContract, WhatBelongsToNoTenantChangesNone) {
  Reader reader(store());
  apply(write(Collection::settings, {"", "x"}, Json::object({{"a", 1}})));
  EXPECT_EQ(reader.changed(), Names{});
}

TEST_P(StoreContract, ClosingAPeriodMayChangeEverybody) {
  apply(events({call("a", "1", "2026-02-05")}));
  Reader reader(store());
  Batch closing;
  closing.close_through = period("2026-02");
  apply(std::move(closing));
  EXPECT_TRUE(reader.is_all());
}

TEST_P(StoreContract, RetentionMayChangeEverybodyAndEveryDay) {
  apply(events({call("a", "1", "2026-01-05")}));
  Batch closing;
  closing.close_through = period("2026-01");
  apply(std::move(closing));
  Reader reader(store());
  ASSERT_TRUE(store().retire({period("2026-02"), std::nullopt}).has_value());
  EXPECT_TRUE(reader.is_all());
  EXPECT_GT(store().days_changed(day("2020-01-01"), day("2020-01-01")), reader.mark());
}

TEST_P(StoreContract, AChangeOfADayIsOneOfEverySpanThatHoldsIt) {
  apply(events({call("a", "1", "2026-03-05")}));
  Reader reader(store());
  const ChangeMark before = reader.mark();
  apply(events({call("a", "2", "2026-03-07")}));
  const auto changed = [this](std::string_view first, std::string_view last) {
    return store().days_changed(day(first), day(last));
  };
  EXPECT_LE(changed("2026-03-01", "2026-03-06"), before);
  EXPECT_LE(changed("2026-03-08", "2026-03-31"), before);
  EXPECT_GT(changed("2026-03-07", "2026-03-07"), before);
  EXPECT_GT(changed("2026-03-01", "2026-03-31"), before);
}

TEST_P(StoreContract, WhatATenantHasChangesOnTheDayOfTheBatch) {
  Reader reader(store());
  apply(record(Collection::stores, "c", "s", "active", "2026-03-06"));
  EXPECT_LE(store().days_changed(Day::min(), day("2026-03-05")), reader.mark());
  EXPECT_GT(store().days_changed(Day::min(), day("2026-03-06")), reader.mark());
}

}  // namespace
}  // namespace metergate::contract
