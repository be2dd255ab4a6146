// The service floor over memory_store with a manual clock, for tests: one line each adds a tenant
// and its usage. One thread.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "service/alerts/alerting.h"
#include "service/analytics/analytics.h"
#include "service/billing/billing.h"
#include "service/billing/frozen_reports.h"
#include "service/reports/reporting.h"
#include "service/shared/audit_log.h"
#include "service/shared/audit_notes.h"
#include "service/shared/idempotency.h"
#include "service/testing/test_words_test.h"
#include "service/upkeep/aggregation.h"
#include "service/upkeep/retention.h"
#include "service/upkeep/verification.h"
#include "service/upkeep/worker_board.h"
#include "storage/bytes/codec.h"
#include "storage/engine/memory_store.h"

namespace metergate {

inline Day day(std::string_view text) { return must(parse_day(text)); }
inline Period period(std::string_view text) { return must(Period::parse(text)); }
inline TenantId tenant(std::string_view text) { return must(TenantId::parse(text)); }

// A row of a report, written and read again.
inline Result<Statement> read_back(const Json& row) {
  StoredDocument stored;
  Encoder(stored.bytes).json(row);
  return statement_from_frozen(stored.view());
}

class BillingWorld {
 public:
  explicit BillingWorld(BillingRules its_rules = {}, std::string_view now = "2026-03-10T12:00:00Z")
      : clock(at(now)), rules(std::move(its_rules)) {}

  ManualClock clock;
  BillingRules rules;
  Log log{clock, LogLevel::error};
  Actor actor{"ann@example.com", "192.0.2.7", "test", "req_1"};
  std::unique_ptr<ControlledStore> store = make_memory_store(rules.zone);
  std::unique_ptr<Catalog> catalog = must(Catalog::open(*store, clock, catalogue_text()));
  std::unique_ptr<Directory> directory = must(Directory::open(*store, *catalog, clock, rules.zone));
  Billing billing{*store, *directory, *catalog, rules, clock};
  std::unique_ptr<Webhooks> webhook_book =
      must(Webhooks::open(*store, clock, [](std::string_view) { return Result<>(); }));
  std::unique_ptr<Deliveries> deliveries =
      must(Deliveries::open({*store, *webhook_book, *directory, *catalog, rules, clock, log}));
  Alerting alerting{{*store, *directory, billing, *deliveries, rules, clock}};
  Reporting reporting{*store, billing, rules, clock};
  Analytics analytics{*store, *directory, rules, clock};
  Idempotency idempotency{*store, clock};
  AuditLog audit_log{*store};
  AuditNotes audit_notes{*store, clock, log};
  WorkerBoard worker_board;
  Aggregation aggregation{{*store, *directory, billing, alerting, reporting, rules, log}};
  Retention retention{{*store, billing, idempotency, rules, log}};
  Verification verification{{*store, *directory, billing, audit_log}};

  // Adds a tenant created at `created`; the clock is set back afterwards.
  void add(std::string_view id, std::string_view plan,
           std::string_view created = "2026-01-01T00:00:00Z") {
    const Timestamp now = clock.now();
    clock.set(at(created));
    NewTenant wanted;
    wanted.id = tenant(id);
    wanted.name = "Name of " + std::string{id};
    wanted.plan = plan;
    must(directory->add(wanted, actor));
    clock.set(now);
  }

  void change_plan(std::string_view id, std::string_view plan) {
    must(directory->change_plan({tenant(id), std::string{plan}, "a test"}, actor));
  }

  void record(UsageEvent event) {
    event.source = "test";
    event.id = std::to_string(++events_);
    Batch batch;
    batch.at = event.occurred_at;
    batch.events.push_back(std::move(event));
    EXPECT_TRUE(must(store->apply(std::move(batch))).applied);
  }

  void record(std::string_view id, Timestamp when, Fact fact) {
    UsageEvent event;
    event.tenant = tenant(id);
    event.occurred_at = when;
    event.fact = std::move(fact);
    record(std::move(event));
  }

  // Calls or attempts of a day, as a total.
  void calls(std::string_view id, std::string_view on, std::int64_t count) {
    Counter counter;
    counter.calls.count = count;
    counter.calls.by_status_class[1] = count;
    add_total(id, on, counter);
  }
  void webhooks(std::string_view id, std::string_view on, std::int64_t count) {
    Counter counter;
    counter.webhooks.count = count;
    add_total(id, on, counter);
  }

  void one_call(std::string_view id, std::string_view when, int status = 200,
                Microseconds duration = Microseconds{1000}) {
    ApiCall call;
    call.method = "GET";
    call.endpoint = "GET /api/tenants/{tenant_id}/stores";
    call.status = status;
    call.request_bytes = 100;
    call.response_bytes = 900;
    call.duration = duration;
    record(id, at(when), call);
  }

  void stores(std::string_view id, std::string_view when, std::int64_t count) {
    record(id, at(when), CountReport{Meter::stores_count, count});
  }
  void devices(std::string_view id, std::string_view when, std::int64_t count) {
    record(id, at(when), CountReport{Meter::devices_count, count});
  }
  void storage(std::string_view id, std::string_view when, std::string_view gigabytes) {
    const std::optional<Decimal> shown = parse_decimal(gigabytes);
    record(id, at(when), StorageReport{from_display(Meter::storage_gb, *shown).value()});
  }

  // The worked example of the rules: a basic tenant above all five limits.
  void add_worked_example(std::string_view id = "tenant_456") {
    add(id, "basic");
    stores(id, "2026-03-02T10:00:00Z", 6);
    devices(id, "2026-03-02T10:00:00Z", 12);
    calls(id, "2026-03-03", 65'000);
    webhooks(id, "2026-03-03", 800);
    storage(id, "2026-03-04T10:00:00Z", "15.2");
  }

  std::vector<Json> documents(Collection collection) const {
    Query query;
    query.collection = collection;
    return must(store->find(query));
  }

 private:
  void add_total(std::string_view id, std::string_view on, const Counter& counter) {
    Batch batch;
    batch.at = clock.now();
    batch.day_totals.push_back({tenant(id), day(on), counter});
    must(store->apply(std::move(batch)));
  }
  std::int64_t events_ = 0;
};

inline BillingRules rules_in(std::string_view zone) {
  BillingRules rules;
  rules.zone = must(TimeZone::find(zone));
  return rules;
}

}  // namespace metergate
