#include "domain/counter.h"

#include <algorithm>

#include "domain/wide.h"

namespace metergate {
namespace {

// Sums of amounts that are never negative stop at their maximum instead of wrapping. The result
// does not depend on the order of the amounts even then.
void accumulate(std::int64_t& total, std::int64_t amount) {
  total = saturate(Wide{total} + amount);
}

std::size_t class_of(int status) {
  return static_cast<std::size_t>(std::clamp(status / 100, 1, 5)) - 1;
}

std::int64_t formula_bytes(const std::array<std::int64_t, 3>& records,
                           const StorageFormula& formula) {
  const auto& [sales, tickets, audits] = records;
  return saturate(Wide{formula.base_bytes} + Wide{sales} * formula.bytes_per_sale +
                  Wide{tickets} * formula.bytes_per_ticket +
                  Wide{audits} * formula.bytes_per_audit);
}

struct CounterFolder {
  Counter& counter;
  const UsageEvent& event;

  void operator()(const ApiCall& call) const { counter.calls.fold(call, event.billable); }
  void operator()(const WebhookCall& call) const { counter.webhooks.fold(call); }
  void operator()(const StorageReport& report) const {
    counter.gauges.reported_bytes.set(report.bytes, event.occurred_at);
  }
  void operator()(const CountReport& report) const {
    if (!report.count) return;
    Gauge& gauge =
        report.meter == Meter::devices_count ? counter.gauges.devices : counter.gauges.stores;
    gauge.set(*report.count, event.occurred_at);
  }
  void operator()(const OtherFact&) const {}
};

}  // namespace

void Gauge::set(std::int64_t value, Timestamp when) {
  if (!is_set() || when > at) {
    last = value;
    at = when;
  } else if (when == at) {
    last = std::max(last, value);
  }
  peak = std::max(peak, value);
}

void Gauge::carry(const Gauge& before, Timestamp start) {
  if (before.is_set()) set(before.last, std::min(before.at, start - Milliseconds{1}));
}

void Gauge::merge(const Gauge& other) {
  if (!other.is_set()) return;
  set(other.last, other.at);
  peak = std::max(peak, other.peak);
}

void Gauges::carry(const Gauges& before, Timestamp start) {
  stores.carry(before.stores, start);
  devices.carry(before.devices, start);
  sales.carry(before.sales, start);
  tickets.carry(before.tickets, start);
  audits.carry(before.audits, start);
  reported_bytes.carry(before.reported_bytes, start);
}

bool Gauges::has_any() const {
  return stores.is_set() || devices.is_set() || sales.is_set() || tickets.is_set() ||
         audits.is_set() || reported_bytes.is_set();
}

std::int64_t storage_bytes(const Gauges& gauges, const StorageFormula& formula) {
  if (gauges.reported_bytes.is_set()) return gauges.reported_bytes.last;
  return formula_bytes({gauges.sales.last, gauges.tickets.last, gauges.audits.last}, formula);
}

std::int64_t peak_storage_bytes(const Gauges& gauges, const StorageFormula& formula) {
  if (gauges.reported_bytes.is_set()) return gauges.reported_bytes.peak;
  return formula_bytes({gauges.sales.peak, gauges.tickets.peak, gauges.audits.peak}, formula);
}

void CallSums::fold(const ApiCall& call, bool billable) {
  if (!billable) {
    accumulate(unbilled, 1);
    return;
  }
  accumulate(count, 1);
  accumulate(by_status_class[class_of(call.status)], 1);
  accumulate(request_bytes, call.request_bytes);
  accumulate(response_bytes, call.response_bytes);
  accumulate(duration_us, call.duration.count());
  durations.add(call.duration);
}

void CallSums::unfold(const ApiCall& call, bool billable) {
  if (!billable) {
    accumulate(unbilled, -1);
    return;
  }
  accumulate(count, -1);
  accumulate(by_status_class[class_of(call.status)], -1);
  accumulate(request_bytes, -call.request_bytes);
  accumulate(response_bytes, -call.response_bytes);
  accumulate(duration_us, -call.duration.count());
  durations.remove(call.duration);
}

void CallSums::merge(const CallSums& other) {
  accumulate(count, other.count);
  accumulate(unbilled, other.unbilled);
  for (std::size_t i = 0; i < by_status_class.size(); ++i)
    accumulate(by_status_class[i], other.by_status_class[i]);
  accumulate(request_bytes, other.request_bytes);
  accumulate(response_bytes, other.response_bytes);
  accumulate(duration_us, other.duration_us);
  durations.merge(other.durations);
}

std::int64_t CallSums::successes() const {
  return saturate(Wide{by_status_class[0]} + by_status_class[1] + by_status_class[2]);
}

void WebhookSums::fold(const WebhookCall& call) {
  accumulate(count, 1);
  if (!call.success) accumulate(failures, 1);
  accumulate(duration_us, call.duration.count());
}

void WebhookSums::unfold(const WebhookCall& call) {
  accumulate(count, -1);
  if (!call.success) accumulate(failures, -1);
  accumulate(duration_us, -call.duration.count());
}

void WebhookSums::merge(const WebhookSums& other) {
  accumulate(count, other.count);
  accumulate(failures, other.failures);
  accumulate(duration_us, other.duration_us);
}

void Counter::fold(const UsageEvent& event) {
  std::visit(CounterFolder{*this, event}, event.fact);
  updated_at = std::max(updated_at, event.occurred_at);
}

Usage usage_of(const Counter& counter, const StorageFormula& formula) {
  Usage usage;
  usage[Meter::stores_count] = counter.gauges.stores.last;
  usage[Meter::devices_count] = counter.gauges.devices.last;
  usage[Meter::api_calls] = counter.calls.count;
  usage[Meter::webhook_calls] = counter.webhooks.count;
  usage[Meter::storage_gb] = storage_bytes(counter.gauges, formula);
  return usage;
}

Usage peaks_of(const Counter& counter, const StorageFormula& formula) {
  Usage peaks = usage_of(counter, formula);
  peaks[Meter::stores_count] = counter.gauges.stores.peak;
  peaks[Meter::devices_count] = counter.gauges.devices.peak;
  peaks[Meter::storage_gb] = peak_storage_bytes(counter.gauges, formula);
  return peaks;
}

}  // namespace metergate
