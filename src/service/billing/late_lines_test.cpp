#include "service/billing/late_lines.h"

#include "service/billing/frozen_reports.h"
#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

LateEntry entry(std::string_view of = "acme", std::int64_t number = 1) {
  LateEntry made;
  made.tenant = tenant(of);
  made.event = std::to_string(number) + "-0";
  made.period = period("2026-02");
  made.number = number;
  made.billed_in = period("2026-03");
  made.currency = "USD";
  made.correction_id = "c" + std::to_string(number);
  made.reason = "counted in error";
  made.lines = {{"api_calls", made.period, Quantity::of(-1), Money{-1'000}, made.correction_id,
                 made.reason, 1, ""}};
  made.totals = {{"api_calls", Quantity::of(-number)}, {"tokens", Quantity{Wide{5}}}};
  return made;
}

Batch writing(const LateEntry& made) {
  Batch batch;
  batch.documents.push_back({Collection::late_lines,
                             {made.tenant.text(), made.event},
                             late_document(made),
                             Expect::absent,
                             0});
  return batch;
}

TEST(LateLines, ADocumentReadsBackAsItWasWritten) {
  const LateEntry before = entry();
  const LateEntry after = must(late_entry_from(must(parse_json(to_text(late_document(before))))));
  EXPECT_EQ(after.lines, before.lines);
  EXPECT_EQ(after.totals, before.totals);
  EXPECT_EQ(after.billed_in, before.billed_in);
  EXPECT_EQ(after.event, before.event);
}

TEST(LateLines, DamageIsNoticed) {
  const Json whole = late_document(entry());
  for (const auto& [member, value] : whole.as_object()) {
    Json damaged = whole;
    damaged.remove(member);
    EXPECT_FALSE(late_entry_from(damaged)) << member;
    damaged.set(member, true);
    EXPECT_FALSE(late_entry_from(damaged)) << member;
  }
}

TEST(LateLines, AreThoseOfOneTenantAndPeriodInTheirOrder) {
  ServicesWorld world;
  for (std::int64_t number : {2, 10, 1}) must(world.store->apply(writing(entry("acme", number))));
  must(world.store->apply(writing(entry("bolt", 1))));
  const Currency usd = Currency::usd();
  const auto lines = must(late_lines_of(*world.store, tenant("acme"), period("2026-03"), usd));
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0].correction_id, "c1");
  EXPECT_EQ(lines[2].correction_id, "c10");
  EXPECT_TRUE(must(late_lines_of(*world.store, tenant("acme"), period("2026-04"), usd)).empty());
  EXPECT_EQ(must(late_lines_of_all_tenants(*world.store, period("2026-03"), usd)).size(), 2U);
  EXPECT_EQ(must(last_late_entry(*world.store, tenant("acme"), period("2026-02")))->number, 10);
  EXPECT_FALSE(must(last_late_entry(*world.store, tenant("acme"), period("2026-01"))));
}

TEST(LateLines, TwoOfOneNumberAreRefusedByTheStore) {
  ServicesWorld world;
  must(world.store->apply(writing(entry("acme", 1))));
  LateEntry other = entry("acme", 1);
  other.event = "7-7";
  const auto refused = world.store->apply(writing(other));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
}

TEST(LateLines, InAnotherCurrencySayWhich) {
  ServicesWorld world;
  must(world.store->apply(writing(entry())));
  const Currency eur = must(Currency::find("EUR"));
  const auto lines = must(late_lines_of(*world.store, tenant("acme"), period("2026-03"), eur));
  EXPECT_EQ(lines[0].currency, "USD");
  EXPECT_EQ(late_items_json(lines, eur).as_array()[0].string_at("currency"), "USD");
}

TEST(LateLines, StandInAFrozenStatementAndComeBackExactly) {
  ServicesWorld world;
  world.add_worked_example();
  Statement before = must(world.billing.statement(tenant("tenant_456"), period("2026-03")));
  std::vector<LateLine> late(kLateLinesShown + 2, entry().lines[0]);
  late[1].quantity = Quantity{Wide{-1}};
  late[1].cost = Money{-90'000'000};
  late[2].currency = "EUR";
  bill_late(before, late, Currency::usd());
  ASSERT_LT(before.rated.cost, Money{});
  const Json row = frozen_json(before);
  const Statement after = must(read_back(row));
  EXPECT_EQ(after.late, before.late);
  EXPECT_EQ(after.rated.cost, before.rated.cost);
  EXPECT_EQ(to_text(tenant_billing_json(after)), to_text(tenant_billing_json(before)));

  Json damaged = row;
  damaged.remove("late_items");
  EXPECT_FALSE(read_back(damaged));
  damaged = row;
  Json exact = *row.find("exact");
  exact.set("late", Json::array());
  damaged.set("exact", exact);
  EXPECT_FALSE(read_back(damaged));
}

}  // namespace
}  // namespace metergate
