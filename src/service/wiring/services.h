// Services: every service, for the doors (api, workers, commands). A ServiceSet builds them in this
// order.
#pragma once

#include <string>

#include "base/log.h"
#include "base/time.h"
#include "service/shared/rules.h"

namespace metergate {

class Store;
class Catalog;
class Directory;
class Sessions;
class Ingest;
class Billing;
class Records;
class Idempotency;
class Analytics;
class Alerting;
class Reporting;
class Aggregation;
class Retention;
class AuditLog;
class AuditNotes;
class WorkerBoard;
class Enforcement;
class Webhooks;
class Deliveries;
class Meters;
class MeterQueries;
class Corrections;
struct Telemetry;
class Drift;
class Papers;
class TermsChanges;

// The server's description of itself.
struct About {
  std::string version;
  std::string engine;          // "embedded"
  Microseconds started_at{0};  // by Clock::steady()
  Timestamp begun_at{};        // Clock::now() then
};

struct Services {
  const Clock& clock;
  const Log& log;
  const BillingRules& rules;
  Store& store;
  Catalog& catalog;
  Directory& directory;
  Sessions& sessions;
  Ingest& ingest;
  Enforcement& enforcement;  // limits, checked before a request is let through
  Records& records;          // a tenant's stores, devices, sales and tickets
  Idempotency& idempotency;
  Billing& billing;
  Analytics& analytics;
  Alerting& alerting;
  Reporting& reporting;
  Aggregation& aggregation;  // the 10-minute worker and the close of periods
  Retention& retention;
  AuditLog& audit_log;        // lists and verifies the audit trail
  AuditNotes& audit_notes;    // records requests that changed nothing: refusals, logins, downloads
  WorkerBoard& worker_board;  // the last and next run of each worker
  Webhooks& webhooks;         // subscriptions to events
  Deliveries& deliveries;     // messages to them
  Meters& meters;             // built-in and own meters
  MeterQueries& meter_queries;
  Corrections& corrections;  // voids and replaces events
  Telemetry& telemetry;      // what /metrics says of the doors
  Drift& drift;
  Papers& papers;       // reports and statements as files for people
  TermsChanges& terms;  // changes of plans and own limits, and previews of them
  About about{};
};

}  // namespace metergate
