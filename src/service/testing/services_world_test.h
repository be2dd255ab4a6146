// Every service over memory_store with a manual clock, for tests: one line each adds a tenant and
// its usage. One thread.
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

#include "service/access/sessions.h"
#include "service/alerts/alerting.h"
#include "service/analytics/analytics.h"
#include "service/billing/billing.h"
#include "service/billing/frozen_reports.h"
#include "service/corrections/corrections.h"
#include "service/metering/enforcement.h"
#include "service/metering/ingest.h"
#include "service/metering/records.h"
#include "service/meters/meter_query.h"
#include "service/meters/meters.h"
#include "service/papers/papers.h"
#include "service/reports/reporting.h"
#include "service/shared/audit_log.h"
#include "service/shared/audit_notes.h"
#include "service/shared/idempotency.h"
#include "service/terms/terms_changes.h"
#include "service/testing/opened_services_test.h"
#include "service/testing/test_words_test.h"
#include "service/upkeep/aggregation.h"
#include "service/upkeep/retention.h"
#include "service/upkeep/telemetry.h"
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

class ServicesWorld {
 public:
  explicit ServicesWorld(BillingRules its_rules = {}, std::string_view now = "2026-03-10T12:00:00Z",
                         std::string_view plans_toml = catalogue_text())
      : clock(at(now)),
        rules(std::move(its_rules)),
        set(opened_services(clock, log, rules, *store, plans_toml)) {}

  ManualClock clock;
  BillingRules rules;
  Log log{clock, LogLevel::error};
  Actor actor{"ann@example.com", "192.0.2.7", "test", "req_1"};
  std::unique_ptr<ControlledStore> store = make_memory_store(rules.zone);
  std::unique_ptr<ServiceSet> set;
  Services& services = set->services();
  Catalog* catalog = &services.catalog;
  Directory* directory = &services.directory;
  Sessions* sessions = &services.sessions;
  Webhooks* webhook_book = &services.webhooks;
  Deliveries* deliveries = &services.deliveries;
  Ingest& ingest = services.ingest;
  Enforcement& enforcement = services.enforcement;
  Records& records = services.records;
  Idempotency& idempotency = services.idempotency;
  Billing& billing = services.billing;
  Analytics& analytics = services.analytics;
  Alerting& alerting = services.alerting;
  Reporting& reporting = services.reporting;
  Aggregation& aggregation = services.aggregation;
  Retention& retention = services.retention;
  AuditLog& audit_log = services.audit_log;
  AuditNotes& audit_notes = services.audit_notes;
  WorkerBoard& worker_board = services.worker_board;
  Meters& meters = services.meters;
  MeterQueries& meter_queries = services.meter_queries;
  Corrections& corrections = services.corrections;
  Telemetry& telemetry = services.telemetry;
  Papers& papers = services.papers;
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
