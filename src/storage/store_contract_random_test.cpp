// What the contract says of any batches in any order: an oracle that knows only what was sent
// counts along.
#include <map>

#include "storage/random_batch_test.h"

namespace metergate::contract {
namespace {

// Which events count, by the rules alone: the content under an id for as long as its month is open.
class Oracle {
 public:
  std::vector<EventOutcome> judge(const Batch& batch) {
    std::vector<EventOutcome> outcomes;
    auto known = known_;
    bool is_refused = false;
    for (const UsageEvent& event : batch.events) {
      const Period month = Period::of(event.occurred_at, TimeZone::utc());
      const std::string name = event.tenant.text() + "/" + event.id;
      EventOutcome outcome = EventOutcome::accepted;
      if (closed_ && month <= *closed_) {
        outcome = EventOutcome::period_closed;
      } else if (const auto at = known.find(name); at != known.end()) {
        outcome = at->second == event ? EventOutcome::duplicate : EventOutcome::conflict;
      } else {
        known.emplace(name, event);
      }
      outcomes.push_back(outcome);
      is_refused |= outcome == EventOutcome::conflict || outcome == EventOutcome::period_closed;
    }
    was_refused_ = is_refused;
    if (!is_refused) next_ = std::move(known);
    return outcomes;
  }

  void applied(const Batch& batch) {
    if (was_refused_) return;
    known_ = std::move(next_);
    for (const DayTotal& total : batch.day_totals)
      totals_[{total.tenant, Period::of(total.day)}] += total.counter.calls.count;
    if (batch.close_through && (!closed_ || *closed_ < *batch.close_through))
      closed_ = batch.close_through;
  }

  std::map<TenantPeriod, std::int64_t> calls() const {
    auto calls = totals_;
    for (const auto& [name, event] : known_) {
      if (!std::holds_alternative<ApiCall>(event.fact) || !event.billable) continue;
      ++calls[{event.tenant, Period::of(event.occurred_at, TimeZone::utc())}];
    }
    return calls;
  }

 private:
  std::map<std::string, UsageEvent> known_;
  std::map<std::string, UsageEvent> next_;
  std::map<TenantPeriod, std::int64_t> totals_;
  std::optional<Period> closed_;
  bool was_refused_ = false;
};

TEST_P(StoreContract, AnyBatchesCountEveryEventOnceAndRecountToTheSame) {
  Oracle oracle;
  int number = 0;
  const bool holds = rc::check([&] {
    const Batch batch = any_batch(number++);
    const auto expected = oracle.judge(batch);
    const auto commit = store().apply(batch);
    if (!commit) {
      // A total of a closed month is the one thing that these batches are refused for.
      RC_ASSERT(commit.error().code == ErrorCode::period_closed);
      return;
    }
    RC_ASSERT(commit->outcomes == expected);
    oracle.applied(batch);
    if (number % 10 == 0) RC_ASSERT(store().checkpoint());
    if (number % 30 == 0) reopen();
    for (const auto& [of, calls] : oracle.calls())
      RC_ASSERT((*store().counter(of.tenant, of.period))->calls.count == calls);
    for (int month = 1; month <= 6; ++month) {
      const Period at_month{std::chrono::year{2026} / month};
      RC_ASSERT(store().has_all_events(at_month).value());
      const auto recounted = store().recount(at_month).value();
      for (const auto& [of, counter] : recounted) {
        const Counter stored = (*store().counter(of, at_month)).value();
        RC_ASSERT(stored.calls == counter.calls);
        RC_ASSERT(stored.webhooks == counter.webhooks);
      }
    }
  });
  EXPECT_TRUE(holds);
}

}  // namespace
}  // namespace metergate::contract
