#include "service/billing/standings.h"

#include <gtest/gtest.h>

#include "service/billing/billing.h"
#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

Standing standing(std::string_view id, std::int64_t calls = 0) {
  Standing made;
  made.tenant = tenant(id);
  made.usage[Meter::api_calls] = calls;
  return made;
}

std::string text_of(const StandingList& list) {
  std::string text;
  for (const Standing& row : list.rows)
    text += row.tenant.text() + std::to_string(row.usage[Meter::api_calls]) + " ";
  return text;
}

TEST(Standings, UpdateReplacesAddsAndRemovesInOrder) {
  StandingList list;
  list.update({standing("b", 1), standing("d", 1)}, {});
  EXPECT_EQ(text_of(list), "b1 d1 ");
  list.update({standing("a", 2), standing("b", 2), standing("c", 2)}, {tenant("d"), tenant("x")});
  EXPECT_EQ(text_of(list), "a2 b2 c2 ");
  list.update({}, {});
  EXPECT_EQ(text_of(list), "a2 b2 c2 ");
}

TEST(Standings, TheBookKeepsTheListsThatAreUsed) {
  StandingBook book;
  for (const std::string_view text : {"2026-01", "2026-02", "2026-03"})
    book.of(period(text)).update({standing("a")}, {});
  book.of(period("2026-01"));
  EXPECT_TRUE(book.of(period("2026-04")).rows.empty());
  EXPECT_FALSE(book.of(period("2026-01")).rows.empty());
  EXPECT_FALSE(book.of(period("2026-03")).rows.empty());
  EXPECT_TRUE(book.of(period("2026-02")).rows.empty());  // the least recently used one
}

// After each change, the kept list must equal a new server's.
class KeptList : public testing::Test {
 protected:
  std::string listed(std::string_view of_period = "") {
    StatementPageRequest request;
    if (!of_period.empty()) request.filter.period = period(of_period);
    return text_of(must(world_.billing.statements(request)));
  }
  std::string listed_anew(std::string_view of_period = "") {
    const Billing fresh(*world_.store, *world_.directory, *world_.catalog, world_.rules,
                        world_.clock);
    StatementPageRequest request;
    if (!of_period.empty()) request.filter.period = period(of_period);
    return text_of(must(fresh.statements(request)));
  }
  static std::string text_of(const StatementPage& page) {
    std::string text = std::to_string(page.total) + " " + std::to_string(page.summary.tenants) +
                       " " + to_text(*to_decimal(page.summary.total_overage_cost, Currency::usd()));
    // Statements are made again for each page; the kept rows show in the summary.
    for (const auto& [plan, count] : page.summary.by_plan)
      text += " " + plan + std::to_string(count);
    for (const std::int64_t count : page.summary.by_health) text += " " + std::to_string(count);
    for (const Statement& one : page.statements) text += " | " + to_text(tenant_billing_json(one));
    return text;
  }
  // A change must show, and in the same way as in a list that was never kept.
  void expect_seen(const std::string& before, std::string_view of_period = "") {
    EXPECT_NE(listed(of_period), before);
    EXPECT_EQ(listed(of_period), listed_anew(of_period));
  }

  ServicesWorld world_;
};

TEST_F(KeptList, ShowsUsageThatCame) {
  world_.add("a", "free");
  const std::string before = listed();
  world_.calls("a", "2026-03-05", 12'000);
  expect_seen(before);
}

TEST_F(KeptList, ShowsTenantsThatCameAndThatChanged) {
  world_.add("b", "free");
  std::string before = listed();
  world_.add("a", "free", "2026-03-02T00:00:00Z");
  expect_seen(before);
  before = listed();
  must(world_.directory->change(tenant("a"), {"Renamed", "suspended", {}}, world_.actor));
  expect_seen(before);
  before = listed();
  world_.change_plan("b", "premium");
  expect_seen(before);
}

TEST_F(KeptList, ShowsOwnLimits) {
  world_.add("a", "free");
  world_.calls("a", "2026-03-05", 12'000);
  const std::string before = listed();
  LimitsOverride own;
  own[Meter::api_calls] = Limit{20'000, LimitEffect::soft};
  must(world_.directory->change(tenant("a"), {{}, {}, own, "agreed"}, world_.actor));
  expect_seen(before);
}

TEST_F(KeptList, ShowsWhatTheMonthBeforeCarriesOver) {
  world_.add("a", "basic");
  world_.calls("a", "2026-03-05", 1);
  const std::string before = listed();
  // February still takes events on the second of March.
  world_.clock.set(at("2026-03-02T12:00:00Z"));
  const std::string then = listed();
  world_.storage("a", "2026-02-27T10:00:00Z", "12");
  expect_seen(then);
  world_.clock.set(at("2026-03-10T12:00:00Z"));
  expect_seen(before);
}

TEST_F(KeptList, OfAPeriodThatIsFrozenMeanwhileIsTheFrozenOne) {
  world_.add("a", "free");
  world_.calls("a", "2026-02-10", 12'000);
  const std::string before = listed("2026-02");
  must(world_.reporting.close(period("2026-02")));
  EXPECT_EQ(listed("2026-02"), before);
  world_.change_plan("a", "enterprise");
  must(world_.directory->change(tenant("a"), {"Renamed", {}, {}}, world_.actor));
  EXPECT_EQ(listed("2026-02"), before);
  EXPECT_EQ(listed_anew("2026-02"), before);
}

TEST_F(KeptList, OfTheNextMonthBeginsAnew) {
  world_.add("a", "free");
  world_.calls("a", "2026-03-05", 12'000);
  const std::string before = listed();
  world_.clock.set(at("2026-04-01T00:00:00Z"));
  expect_seen(before);
}

TEST_F(KeptList, AClockThatWasSetBackIsNoticed) {
  world_.add("a", "free", "2026-01-01T00:00:00Z");
  world_.clock.set(at("2026-03-20T00:00:00Z"));
  world_.change_plan("a", "premium");
  const std::string before = listed();
  world_.clock.set(at("2026-03-10T00:00:00Z"));
  expect_seen(before);
  const std::string back = listed();
  world_.clock.set(at("2026-03-20T00:00:00Z"));
  expect_seen(back);
  EXPECT_EQ(listed(), before);
}

TEST_F(KeptList, PagesOfAFrozenMonthHoldTheRowsOfTheirOrder) {
  for (int n = 0; n < 30; ++n) {
    const std::string id = "t" + std::to_string(10 + n);
    world_.add(id, "free");
    world_.calls(id, "2026-02-10", 100 + n * 7 % 30);
  }
  StatementPageRequest request;
  request.filter.period = period("2026-02");
  request.sort = "-api_calls";
  request.limit = 10;
  request.page = 2;
  const std::string computed = text_of(must(world_.billing.statements(request)));
  must(world_.reporting.close(period("2026-02")));
  EXPECT_EQ(text_of(must(world_.billing.statements(request))), computed);
}

}  // namespace
}  // namespace metergate
