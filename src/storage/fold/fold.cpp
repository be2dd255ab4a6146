#include "storage/fold/fold.h"

#include <algorithm>
#include <map>

#include "storage/view/figures.h"

namespace metergate {
namespace {

constexpr std::string_view kOther = "other";

void merge(Counter& into, const Counter& from) {
  into.calls.merge(from.calls);
  into.webhooks.merge(from.webhooks);
  for (Gauge Gauges::*gauge : {&Gauges::stores, &Gauges::devices, &Gauges::sales, &Gauges::tickets,
                               &Gauges::audits, &Gauges::reported_bytes})
    (into.gauges.*gauge).merge(from.gauges.*gauge);
  into.updated_at = std::max(into.updated_at, from.updated_at);
}

std::size_t histogram_bytes(const CallSums& sums) {
  return sums.durations.buckets().size() * sizeof(Histogram::Bucket);
}

}  // namespace

Result<> Fold::apply(std::uint64_t sequence, const DecidedBatch& batch,
                     const std::vector<EventId>& ids) {
  CHECK(ids.size() == batch.events.size());
  CHECK(sequence == view_.state().sequence + 1);
  TRY(fold_documents(batch));
  for (const BackfilledCell& cell : batch.backfilled) TRY(fold_backfilled(cell));
  if (batch.voided) TRY(fold_void(*batch.voided, batch.at));
  for (std::size_t i = 0; i < batch.events.size(); ++i) {
    const UsageEvent& event = batch.events[i];
    if (!event.is_ours) view_.add_id(ids[i], calendar_.slot_of(event.occurred_at).period);
    const std::optional<UsageEvent> counted = counted_event(batch, i);
    TRY(fold_event(counted ? *counted : event));
  }
  for (const DayTotal& total : batch.day_totals) TRY(fold_day_total(total));
  if (batch.close_through) view_.close_through(*batch.close_through);
  if (batch.reopen_from) TRY(reopen_from(*batch.reopen_from));
  view_.state().sequence = sequence;
  return {};
}

Result<Counter*> Fold::touch_month(const std::string& tenant, Period period) {
  return touch_month(view_.live_rows(tenant), tenant, period);
}

Result<Counter*> Fold::touch_month(TenantRows& rows, const std::string& tenant, Period period) {
  RecentRows& recent = rows.recent;
  CounterRow* row = recent.period == period ? View::touch_hot(recent.month) : nullptr;
  bool is_new = false;
  if (row == nullptr) {
    const auto touched = TRY(view_.touch<CounterRow>(rows, tenant, keys::month_place(period)));
    row = touched.row;
    is_new = touched.is_new;
    recent.period = period;
    recent.month = touched.hot;
  }
  const auto& closed = view_.state().closed_through;
  if (is_new) {
    auto& newest = view_.state().newest_period;
    if (!newest || *newest < period) newest = period;
    if (period.ordinal() < view_.first_period(tenant).value_or(INT32_MAX))
      TRY(view_.set_first_period(tenant, period.ordinal()));
    view_.add_tenant(tenant);
  }
  if (!row->is_carried && closed && period.previous() <= *closed) {
    const TimeZone& zone = calendar_.zone();
    const Gauges before = TRY(Figures(view_, zone).gauges_at_end(tenant, period.previous()));
    row->counter.gauges.carry(before, period.window(zone).start);
    row->is_carried = true;
  }
  return &row->counter;
}

Result<Counter*> Fold::touch_day(TenantRows& rows, const std::string& tenant, Day day) {
  RecentRows& recent = rows.recent;
  CounterRow* row = recent.day == day ? View::touch_hot(recent.of_day) : nullptr;
  if (row == nullptr) {
    const auto touched = TRY(view_.touch<CounterRow>(rows, tenant, keys::day_place(day)));
    row = touched.row;
    recent.day = day;
    recent.of_day = touched.hot;
  }
  return &row->counter;
}

Result<> Fold::fold_event(const UsageEvent& event) {
  const Slot& slot = calendar_.slot_of(event.occurred_at);
  const std::string& tenant = event.tenant.text();
  TenantRows& rows = view_.live_rows(tenant);
  Counter* day = TRY(touch_day(rows, tenant, slot.day));
  for (Counter* counter : {TRY(touch_month(rows, tenant, slot.period)), day}) {
    const std::size_t before = histogram_bytes(counter->calls);
    counter->fold(event);
    view_.account(histogram_bytes(counter->calls) - before);
  }
  RecentRows& recent = rows.recent;
  if (recent.touched_in != touched_.round() || recent.touched != slot.period) {
    touched_.add(tenant, slot.period);
    recent.touched_in = touched_.round();
    recent.touched = slot.period;
  }
  if (const auto* call = std::get_if<ApiCall>(&event.fact))
    TRY(fold_call(*call, event, slot, rows));
  if (const auto* other = std::get_if<OtherFact>(&event.fact)) TRY(fold_meters(*other, event));
  return {};
}

Result<> Fold::fold_call(const ApiCall& call, const UsageEvent& event, const Slot& slot,
                         TenantRows& rows) {
  RecentRows& recent = rows.recent;
  const bool is_recent = recent.hour == slot.hour && recent.endpoint == call.endpoint;
  CallSums* sums = is_recent ? View::touch_hot(recent.calls) : nullptr;
  if (sums == nullptr) {
    place_.clear();
    keys::append_hour_place(place_, slot.hour, call.endpoint);
    // An endpoint that has a row in this hour is within the limit.
    recent.calls = view_.find_hot<CallSums>(rows, place_);
    sums = View::touch_hot(recent.calls);
    recent.hour = slot.hour;
    recent.endpoint = call.endpoint;
  }
  if (sums == nullptr) {
    const std::string& tenant = event.tenant.text();
    const std::string_view endpoint = TRY(endpoint_within_cap(tenant, slot.period, call.endpoint));
    const std::string place = keys::hour_place(slot.hour, endpoint);
    recent.calls = TRY(view_.touch<CallSums>(rows, tenant, place)).hot;
    sums = View::touch_hot(recent.calls);
  }
  sums->fold(call, event.billable);
  view_.account(sizeof(Histogram::Bucket));
  return {};
}

Result<std::string_view> Fold::endpoint_within_cap(const std::string& tenant, Period period,
                                                   const std::string& endpoint) {
  auto& known = TRY(view_.touch<EndpointRow>(tenant, keys::endpoints_place(period))).row->endpoints;
  const auto at = std::ranges::lower_bound(known, endpoint);
  if (at != known.end() && *at == endpoint) return std::string_view(endpoint);
  if (known.size() < kEndpointsMax) {
    view_.account(endpoint.size() + sizeof(std::string));
    known.insert(at, endpoint);
    return std::string_view(endpoint);
  }
  const auto other = std::ranges::lower_bound(known, kOther);
  if (other == known.end() || *other != kOther) known.insert(other, std::string(kOther));
  return kOther;
}

Result<> Fold::fold_day_total(const DayTotal& total) {
  const std::string& tenant = total.tenant.text();
  const Period period = Period::of(total.day);
  merge(*TRY(touch_month(tenant, period)), total.counter);
  merge(*TRY(touch_day(tenant, total.day)), total.counter);
  merge(TRY(view_.touch<CounterRow>(tenant, keys::backfill_place(period))).row->counter,
        total.counter);
  touched_.add(tenant, period);
  return {};
}

}  // namespace metergate
