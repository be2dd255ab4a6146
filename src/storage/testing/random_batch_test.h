// Random batches for the tests of the stores, with few tenants, ids and months, so that duplicates,
// conflicts, late events and changes of the same records are common.
#pragma once

#include <rapidcheck.h>

#include "storage/testing/store_contract.h"

namespace metergate::contract {

inline OtherFact any_prompt(int id) {
  return {"prompt", id % 7 == 0 ? "{}"
                                : "{\"n\":" + std::to_string(id % 9) +
                                      ".5,\"g\":" + std::to_string(id % 4) + "}"};
}

// An own meter of each aggregation: m0, m1, …
inline DocumentWrite any_meter(int which) {
  MeterRecord record;
  record.meter = {"m" + std::to_string(which),
                  "prompt",
                  kFoldings[static_cast<std::size_t>(which)].aggregation,
                  "$.n",
                  {{"g", "$.g"}}};
  record.name = record.meter.slug;
  return {Collection::meters, {"", record.meter.slug}, to_document(record), Expect::anything, 0};
}

// `number` makes audit ids unique; months are in the first half of 2026. Sometimes an event of
// `store` is voided, if there is one.
inline Batch any_batch(int number, const Store& store) {
  const auto pick = [](int count) {
    return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, count));
  };
  const auto text = [](const std::string& head, int tail) { return head + std::to_string(tail); };
  const auto instant = [&pick](int months) {
    return at("2026-01-01") + std::chrono::hours{pick(months * 30 * 24)};
  };
  const auto any_tenant = [&] { return text("t", pick(3)); };
  Batch batch;
  batch.at = at("2026-01-01") + std::chrono::hours{number * 3};
  for (int i = pick(4); i > 0; --i) {
    UsageEvent event = call(any_tenant(), text("", pick(60)), "2026-01-01");
    // The content follows from the id, except for a few events, which are conflicts.
    const int id = std::stoi(event.id);
    event.occurred_at = at("2026-01-01") + std::chrono::hours{id * 70};
    if (id % 5 == 1) event.fact = WebhookCall{"w", id % 2 == 0, 200, 1, Microseconds{id}};
    if (id % 5 == 2) event.fact = StorageReport{id * 1000};
    if (id % 5 == 3) event.fact = CountReport{Meter::stores_count, {}};
    if (id % 5 == 4) {
      event.fact = any_prompt(id);
      // Close together, so that several are in the same minute.
      event.occurred_at = at("2026-02-10") + std::chrono::seconds{id * 40};
    }
    if (pick(40) == 0) event.billable = false;
    // Sent again with another time.
    if (pick(20) == 0) event.occurred_at += std::chrono::hours{pick(900)};
    batch.events.push_back(std::move(event));
  }
  for (int i = pick(3); i > 0; --i) {
    const std::string of = any_tenant();
    const std::string id = text("", pick(4));
    const auto collection = *rc::gen::element(Collection::stores, Collection::devices);
    Batch change = record(collection, of, id, pick(2) == 0 ? "active" : "suspended", "2026-01-01");
    if (pick(4) == 0) change.documents[0].document.reset();
    batch.documents.push_back(std::move(change.documents[0]));
  }
  for (int i = pick(3); i > 0; --i) {
    batch.documents.push_back(any_meter(pick(static_cast<int>(kFoldings.size()))));
    if (pick(6) == 0) batch.documents.back().document.reset();
  }
  if (pick(3) == 0) {
    const EventName name{tenant(any_tenant()), "test", text("", pick(60))};
    batch.voided = store.find_event(name, {Timestamp{}, kTimestampMax}).value();
  }
  if (pick(3) == 0) batch.audits.push_back(audit(text("audit-", number), any_tenant()));
  if (pick(6) == 0) {
    DayTotal total{tenant(any_tenant()),
                   Day{instant(6).time_since_epoch() / std::chrono::days{1} * std::chrono::days{1}},
                   {}};
    total.counter.calls.count = 1 + pick(100);
    batch.day_totals.push_back(std::move(total));
  }
  if (pick(40) == 0) batch.close_through = Period::of(instant(3), TimeZone::utc());
  return batch;
}

}  // namespace metergate::contract
