// Counters and rollups: the figures kept for a tenant's usage events, and the one function that
// folds an event into each. Folding is a sum, a last-by-time or a maximum, so the order in which
// events arrive does not change a counter. Values; no threads.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/histogram.h"
#include "base/result.h"
#include "base/time.h"
#include "domain/meter.h"
#include "domain/usage_event.h"

namespace metergate {

// A value that is replaced, not summed: the latest by time, and the greatest within its span.
struct Gauge {
  std::int64_t last = 0;
  std::int64_t peak = 0;
  Timestamp at{};  // of `last`; the epoch: never set in this span
  bool is_set() const { return at != Timestamp{}; }
  // The later of two instants wins; at equal instants the greater value wins, so that order does
  // not matter.
  void set(std::int64_t value, Timestamp when);
  // Takes over the value from before the span: it counts for the peak, and is `last` until a later
  // value is set.
  void carry(const Gauge& before, Timestamp start);
  void merge(const Gauge& other);  // `other` is another part of the same span
  friend bool operator==(const Gauge&, const Gauge&) = default;
};

// The bytes that a tenant's records take (rules: "What counts", storage_gb).
struct StorageFormula {
  std::int64_t base_bytes = 100LL << 20;
  std::int64_t bytes_per_sale = 1024;
  std::int64_t bytes_per_ticket = 512;
  std::int64_t bytes_per_audit = 256;
};

// Levels, such as the number of stores. They carry over from one period to the next.
struct Gauges {
  Gauge stores;
  Gauge devices;
  Gauge sales;  // the number of records ever made
  Gauge tickets;
  Gauge audits;
  Gauge reported_bytes;  // if set: storage reported by the application, instead of the formula
  void carry(const Gauges& before, Timestamp start);
  bool has_any() const;  // true if any gauge is set
  friend bool operator==(const Gauges&, const Gauges&) = default;
};

std::int64_t storage_bytes(const Gauges& gauges, const StorageFormula& formula);
std::int64_t peak_storage_bytes(const Gauges& gauges, const StorageFormula& formula);

// Sums over API calls: a tenant's month or day, or an hour of one of its endpoints.
struct CallSums {
  std::int64_t count = 0;     // billable calls
  std::int64_t unbilled = 0;  // recorded with billable: false; not in any other member
  std::array<std::int64_t, 5> by_status_class{};  // 1xx … 5xx
  std::int64_t request_bytes = 0;
  std::int64_t response_bytes = 0;
  std::int64_t duration_us = 0;
  Histogram durations;
  void fold(const ApiCall& call, bool billable);
  void unfold(const ApiCall& call, bool billable);  // takes out a call that was folded in
  void merge(const CallSums& other);
  std::int64_t successes() const;  // status below 400
  friend bool operator==(const CallSums&, const CallSums&) = default;
};

struct WebhookSums {
  std::int64_t count = 0;  // attempts
  std::int64_t failures = 0;
  std::int64_t duration_us = 0;
  void fold(const WebhookCall& call);
  void unfold(const WebhookCall& call);
  void merge(const WebhookSums& other);
  friend bool operator==(const WebhookSums&, const WebhookSums&) = default;
};

// A tenant's month, or one of its days: the same type, folded by the same function.
struct Counter {
  CallSums calls;
  WebhookSums webhooks;
  Gauges gauges;
  Timestamp updated_at{};
  void fold(const UsageEvent& event);
  friend bool operator==(const Counter&, const Counter&) = default;
};

// The five meters, in units, at the end of the counter's span.
Usage usage_of(const Counter& counter, const StorageFormula& formula);
Usage peaks_of(const Counter& counter, const StorageFormula& formula);

}  // namespace metergate
