// The contract for any batches in any order: an oracle that knows only the sent events counts
// along.
#include <algorithm>
#include <map>
#include <set>

#include "storage/testing/random_batch_test.h"

namespace metergate::contract {
namespace {

bool is_same(const UsageEvent& a, const UsageEvent& b) {
  return a.fact == b.fact && a.billable == b.billable;  // regardless of their times
}

// The counted events by the rules alone: the content of an id, for as long as its month is open.
class Oracle {
 public:
  std::vector<EventOutcome> judge(const Batch& batch) {
    std::vector<EventOutcome> outcomes;
    auto known = known_;
    bool is_refused = false;
    for (const UsageEvent& event : batch.events) {
      const Period month = Period::of(event.occurred_at, TimeZone::utc());
      const std::string name = event.tenant.text() + "/" + event.id;
      const UsageEvent* first = open_one(known, name);
      EventOutcome outcome = EventOutcome::accepted;
      if (first != nullptr && is_same(*first, event)) {
        outcome = EventOutcome::duplicate;
      } else if (is_closed(month)) {
        outcome = EventOutcome::period_closed;
      } else if (first != nullptr) {
        outcome = EventOutcome::conflict;
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
    if (batch.voided) voided_.insert(place_of(batch.voided->event));
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
      if (voided_.contains(place_of(event))) continue;
      ++calls[{event.tenant, Period::of(event.occurred_at, TimeZone::utc())}];
    }
    return calls;
  }

 private:
  // An id may occur in several months, each after the previous was closed.
  using Known = std::multimap<std::string, UsageEvent>;
  bool is_closed(Period month) const { return closed_ && month <= *closed_; }
  const UsageEvent* open_one(const Known& known, const std::string& name) const {
    const auto [first, end] = known.equal_range(name);
    for (auto at = first; at != end; ++at) {
      if (!is_closed(Period::of(at->second.occurred_at, TimeZone::utc()))) return &at->second;
    }
    return nullptr;
  }
  static std::string place_of(const UsageEvent& event) {
    return event.tenant.text() + "/" + event.id + "/" + to_text(event.occurred_at);
  }

  Known known_;
  Known next_;
  std::set<std::string> voided_;
  std::map<TenantPeriod, std::int64_t> totals_;
  std::optional<Period> closed_;
  bool was_refused_ = false;
};

class RandomContract : public StoreContract {
 protected:
  // Reading all tenants at once gives the same as reading each.
  bool months_agree(const MonthSpan& span) {
    std::map<TenantPeriod, Counter> found;
    const auto keep = [&found](TenantMonths& one) {
      for (auto& [month, counter] : one.months)
        found.emplace(TenantPeriod{one.tenant, month}, counter);
      return true;
    };
    if (!store().months_of_all_tenants(span, keep)) return false;
    std::map<TenantPeriod, Counter> expected;
    for (const char* name : {"t0", "t1", "t2"}) {
      for (Period month = span.first; month <= span.last; month = month.next()) {
        const auto counter = store().counter(tenant(name), month).value();
        if (counter) expected.emplace(TenantPeriod{tenant(name), month}, *counter);
      }
    }
    return found == expected;
  }

  // Every month of every meter must equal its events, without the voided ones.
  bool meters_agree(Period month) {
    std::map<std::pair<TenantId, std::string>, MeterCell> recounted;
    auto totals = store().recount_meters(month).value();
    for (MeterTotal& total : totals) recounted[{total.tenant, total.slug}] = std::move(total.cell);
    for (const char* name : {"t0", "t1", "t2"}) {
      for (std::size_t i = 0; i < kFoldings.size(); ++i) {
        const std::string slug = "m" + std::to_string(i);
        const auto stored = store().meter_total(tenant(name), slug, month).value();
        if (stored.value_or(MeterCell{}) != recounted[{tenant(name), slug}]) return false;
      }
    }
    return true;
  }
};

TEST_P(RandomContract, AnyBatchesCountEveryEventOnceAndRecountToTheSame) {
  Oracle oracle;
  int number = 0;
  const bool holds = rc::check([&] {
    const Batch batch = any_batch(number++, store());
    const auto expected = oracle.judge(batch);
    const auto commit = store().apply(batch);
    if (!commit) {
      // A total of a closed month, or an event that cannot be voided (any more).
      RC_ASSERT(commit.error().code == ErrorCode::period_closed || batch.voided);
      return;
    }
    // The match of a meter and a type is tested with the meters.
    std::vector<EventOutcome> outcomes = commit->outcomes;
    std::ranges::replace(outcomes, EventOutcome::unmatched, EventOutcome::accepted);
    RC_ASSERT(outcomes == expected);
    oracle.applied(batch);
    if (number % 10 == 0) RC_ASSERT(store().checkpoint());
    if (number % 30 == 0) reopen();
    for (const auto& [of, calls] : oracle.calls())
      RC_ASSERT((*store().counter(of.tenant, of.period))->calls.count == calls);
    const Period first{std::chrono::year{2026} / (1 + number % 6)};
    RC_ASSERT(months_agree({first, first}));
    RC_ASSERT(months_agree({first, Period{std::chrono::year{2026} / 8}}));
    for (int month = 1; month <= 6; ++month) {
      const Period at_month{std::chrono::year{2026} / month};
      RC_ASSERT(store().has_all_events(at_month).value());
      const auto recounted = store().recount(at_month).value();
      for (const auto& [of, counter] : recounted) {
        const Counter stored = (*store().counter(of, at_month)).value();
        RC_ASSERT(stored.calls == counter.calls);
        RC_ASSERT(stored.webhooks == counter.webhooks);
      }
      RC_ASSERT(meters_agree(at_month));
    }
  });
  EXPECT_TRUE(holds);
}

INSTANTIATE_TEST_SUITE_P(Engines, RandomContract, testing::ValuesIn(all_engines()),
                         [](const auto& given) { return given.param.name; });

}  // namespace
}  // namespace metergate::contract
