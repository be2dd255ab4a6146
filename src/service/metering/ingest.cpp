#include "service/metering/ingest.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/id.h"
#include "service/metering/open_periods.h"

namespace metergate {
namespace {

constexpr std::string_view kPeriodClosed =
    "lies in a period that is closed: it takes no more events";

// The store's refusals as a fault for each event; success if it took all.
Result<> refused(const Commit& commit) {
  Faults faults;
  for (std::size_t i = 0; i < commit.outcomes.size(); ++i) {
    switch (commit.outcomes[i]) {
      case EventOutcome::accepted:
      case EventOutcome::unmatched:
      case EventOutcome::duplicate:
        break;
      case EventOutcome::conflict:
        faults.add(ErrorCode::conflict,
                   Fault{i, "id", "was recorded before, from this source, with other content"});
        break;
      case EventOutcome::period_closed:
        faults.add(ErrorCode::period_closed, Fault{i, "time", std::string(kPeriodClosed)});
        break;
    }
  }
  return faults.result();
}

bool asks_for_a_count(const UsageEvent& event) {
  const auto* report = std::get_if<CountReport>(&event.fact);
  return report != nullptr && !report->count;
}

}  // namespace

Ingest::Moment Ingest::moment() const {
  const Timestamp now = clock_.now();
  // Computed once for a batch: looking up the zone for each month costs more than all other checks.
  return {now, open_from(store_, rules_, clock_)};
}

void Ingest::check(const UsageEvent& event, std::size_t index, const Moment& moment,
                   bool is_known_tenant, Faults& faults) const {
  for (Fault& fault : faults_of(event, moment.now)) {
    fault.index = index;
    faults.add(ErrorCode::invalid, std::move(fault));
  }
  if (!is_known_tenant) {
    faults.add(
        ErrorCode::tenant_not_found,
        Fault{index, "subject", fmt::format("there is no tenant '{}'", event.tenant.text())});
  }
  if (event.occurred_at < moment.open_from) {
    faults.add(ErrorCode::period_closed,
               Fault{index, "time",
                     fmt::format("is {}, in {}, which is closed: events are taken from {} on",
                                 to_text(event.occurred_at),
                                 Period::of(event.occurred_at, rules_.zone).text(),
                                 to_text(moment.open_from))});
  }
}

void Ingest::check(const UsageEvent& event, std::size_t index, Faults& faults) const {
  check(event, index, moment(), directory_.known().has(event.tenant), faults);
}

// A request to recount active records is kept as it was sent, so that a retry is the same event. An
// event of our own beside it states the count. Its time is taken before counting: if a record
// changes meanwhile, the later change wins.
Result<> Ingest::add_recounts(std::vector<UsageEvent>& events) const {
  std::vector<std::pair<TenantId, Meter>> asked;
  for (const UsageEvent& event : events) {
    if (!asks_for_a_count(event)) continue;
    asked.emplace_back(event.tenant, std::get<CountReport>(event.fact).meter);
  }
  std::ranges::sort(asked);
  asked.erase(std::ranges::unique(asked).begin(), asked.end());
  for (const auto& [tenant, meter] : asked) {
    UsageEvent recount;
    recount.tenant = tenant;
    recount.occurred_at = clock_.now();
    recount.source = kOwnSource;
    recount.id = make_ulid(recount.occurred_at);
    recount.is_ours = true;
    Query query;
    query.collection = meter == Meter::stores_count ? Collection::stores : Collection::devices;
    query.filter =
        Filter::all({Filter::equal("tenant_id", tenant.text()), Filter::equal("status", "active")});
    const std::int64_t count = TRY(store_.count(query));
    recount.fact = CountReport{meter, count};
    events.push_back(std::move(recount));
  }
  return {};
}

Result<Commit> Ingest::record(std::vector<UsageEvent> events, EventSender sender) {
  const auto sent = static_cast<std::int64_t>(events.size());
  Result<Commit> commit = record_counted(std::move(events), sender);
  if (!commit) {
    tallies_.refused.add(sent);
    return commit;
  }
  std::int64_t duplicates = 0;
  std::int64_t unmatched = 0;
  for (const EventOutcome outcome : commit->outcomes) {
    if (outcome == EventOutcome::duplicate) ++duplicates;
    if (outcome == EventOutcome::unmatched) ++unmatched;
  }
  tallies_.accepted.add(sent - duplicates - unmatched);
  if (duplicates > 0) tallies_.duplicate.add(duplicates);
  if (unmatched > 0) tallies_.unmatched.add(unmatched);
  return commit;
}

Result<Commit> Ingest::record_counted(std::vector<UsageEvent> events, EventSender sender) {
  if (!rules_.tracking_enabled) {
    Error error{ErrorCode::disabled,
                "usage tracking is switched off (USAGE_TRACKING_ENABLED=false): nothing was "
                "recorded"};
    error.required = "USAGE_TRACKING_ENABLED=true";
    return fail(std::move(error));
  }
  if (sender == EventSender::tenant) TRY(check_permission(events));
  TRY(check_all(events, sender));
  settle_names_and_times(events, sender);

  const std::size_t sent = events.size();
  TRY(add_recounts(events));
  Timestamp newest = kTimestampMin;
  for (std::size_t i = 0; i < sent; ++i) newest = std::max(newest, events[i].occurred_at);
  Batch batch;
  batch.at = clock_.now();
  batch.events = std::move(events);
  Commit commit = TRY(store_.apply(std::move(batch)));
  if (!commit.applied) {
    TRY(refused(commit));
    return fail(ErrorCode::internal, "the store refused a batch without a reason");
  }
  commit.outcomes.resize(std::min(sent, commit.outcomes.size()));
  if (sent > 0) clock_.witness(newest);
  return commit;
}

Result<> Ingest::admits_own() const {
  if (!rules_.tracking_enabled) return {};
  TRY(store_.admits());
  const std::optional<Period> closed_through = store_.closed_through();
  const Period period = Period::of(clock_.now(), rules_.zone);
  if (!closed_through || period > *closed_through) return {};
  return fail(ErrorCode::period_closed,
              fmt::format("nothing can be recorded now: by the server's clock it is {}, and the "
                          "period {} is closed; its operator sets the clock right, or takes the "
                          "period up again with: metergate periods reopen {} --reason TEXT",
                          to_text(clock_.now()), period.text(), period.text()));
}

Result<> Ingest::record_own(UsageEvent event) {
  if (!rules_.tracking_enabled) return {};
  event.is_ours = true;
  Batch batch;
  batch.at = event.occurred_at;
  batch.events.push_back(std::move(event));
  const Commit commit = TRY(store_.apply(std::move(batch)));
  return commit.applied ? Result<>() : refused(commit);
}

}  // namespace metergate
