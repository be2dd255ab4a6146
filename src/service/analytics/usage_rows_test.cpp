#include "service/analytics/usage_rows.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <random>

#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

using std::chrono::days;

std::vector<RowDays> rows_of(std::string_view first, std::string_view last, GroupBy group_by) {
  std::vector<RowDays> rows;
  for (Day start = group_start(day(first), group_by); start <= day(last);) {
    const Day next = next_group(start, group_by);
    rows.push_back({std::max(start, day(first)), std::min(next - days{1}, day(last)), start});
    start = next;
  }
  return rows;
}

// Random changes of a few tenants over three months, the first of which gets closed.
class UsageWork : public ServicesWorld {
 public:
  explicit UsageWork(unsigned seed) : dice_(seed) {
    for (int i = 0; i < 4; ++i) add_tenant();
  }

  void step() {
    switch (roll(11)) {
      case 0:
        return add_tenant();
      case 1:
        return change_any_plan();
      case 2:
        return correct();
      case 3:
        return add_sum();
      case 4:
        clock.advance(std::chrono::hours{roll(30)});
        return;
      case 5:
        return close_and_retire();
      default:
        return send();
    }
  }

  // Compares with a server that has kept nothing.
  void expect_fresh(UsageRows& kept) {
    for (const GroupBy group_by : {GroupBy::day, GroupBy::week, GroupBy::month}) {
      const std::vector<RowDays> rows = rows_of("2026-01-01", "2026-04-30", group_by);
      const Day today = rules.zone.day_of(clock.now());
      UsageRows fresh(*store, *directory, rules);
      const auto expected = must(fresh.totals(rows, today));
      const auto found = must(kept.totals(rows, today));
      for (std::size_t i = 0; i < rows.size(); ++i) {
        SCOPED_TRACE(fmt::format("{} {}", to_text(group_by), to_text(rows[i].date)));
        EXPECT_EQ(found[i].calls, expected[i].calls);
        EXPECT_EQ(found[i].webhooks, expected[i].webhooks);
        EXPECT_EQ(found[i].storage_bytes, expected[i].storage_bytes);
        EXPECT_EQ(found[i].active_tenants, expected[i].active_tenants);
      }
    }
  }

 private:
  int roll(int end) { return static_cast<int>(dice_() % static_cast<unsigned>(end)); }
  std::string any_tenant() { return "t" + std::to_string(roll(tenants_)); }

  void add_tenant() {
    NewTenant wanted;
    wanted.id = tenant("t" + std::to_string(tenants_++));
    wanted.name = "A name";
    wanted.plan = "basic";
    must(directory->add(wanted, actor));
  }

  void change_any_plan() {
    const TenantId id = tenant(any_tenant());
    const std::string plan = must(directory->get(id))->subscription.history.back().plan;
    change_plan(id.text(), plan == "basic" ? "premium" : "basic");
  }

  // Mostly now, otherwise some time in the open months.
  Timestamp any_time() {
    if (roll(3) > 0) return clock.now();
    const Timestamp open = store->closed_through() ? store->closed_through()->window(rules.zone).end
                                                   : at("2026-01-01T00:00:00Z");
    const auto span = static_cast<int>((clock.now() - open) / std::chrono::minutes{1});
    return span <= 0 ? clock.now() : open + std::chrono::minutes{roll(span)};
  }

  void send() {
    UsageEvent event;
    event.tenant = tenant(any_tenant());
    event.source = "app";
    event.id = "e" + std::to_string(events_);
    event.occurred_at = any_time();
    event.billable = roll(10) > 0;
    const Microseconds duration{roll(1 << 20)};
    const std::array<Fact, 5> facts = {
        ApiCall{"GET", "GET /x", "", 100 * (1 + roll(5)), 1, 2, duration, "", "", ""},
        ApiCall{"GET", "GET /y", "", 200, 10, 20, duration, "", "", ""},
        WebhookCall{"hook", roll(2) == 0, 200, 1, duration},
        StorageReport{std::int64_t{roll(1000)} << 20}, CountReport{Meter::stores_count, roll(5)}};
    event.fact = facts[static_cast<std::size_t>(roll(5))];
    Batch batch;
    batch.at = clock.now();
    sent_.push_back({event.tenant, event.source, event.id});
    batch.events.push_back(std::move(event));
    must(store->apply(std::move(batch)));
    ++events_;
  }

  // Counts, events of a closed period and corrected events are refused.
  void correct() {
    if (sent_.empty()) return;
    CorrectionRequest wanted;
    wanted.name = sent_[static_cast<std::size_t>(roll(static_cast<int>(sent_.size())))];
    wanted.reason = "it was wrong";
    if (const auto kept = corrections.find(wanted)) (void)corrections.apply(wanted, *kept, actor);
  }

  void add_sum() {
    const std::string on = to_text(rules.zone.day_of(any_time()));
    calls(any_tenant(), on, 1 + roll(50));
  }

  void close_and_retire() {
    const Period before = Period::of(clock.now(), rules.zone).previous();
    if (billing.is_closed(before)) must(reporting.close(before));
    if (roll(4) == 0) must(store->retire({before, std::nullopt}));
  }

  std::mt19937 dice_;
  int tenants_ = 0;
  int events_ = 0;
  std::vector<EventName> sent_;
};

// With room for the shares of all rows, of few and of none.
RC_GTEST_PROP(UsageRows, AreWhatIsMadeFromNothingWhateverHappens, ()) {
  const std::size_t room = *rc::gen::element(kShareBytesMax, std::size_t{4000}, std::size_t{0});
  UsageWork work(*rc::gen::arbitrary<unsigned>());
  UsageRows rows(*work.store, *work.directory, work.rules, room);
  for (int i = 0; i < 60; ++i) {
    work.step();
    if (i % 3 == 0) work.expect_fresh(rows);
    RC_ASSERT(!testing::Test::HasFailure());
  }
}

}  // namespace
}  // namespace metergate
