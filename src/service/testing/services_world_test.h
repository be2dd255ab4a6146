// A BillingWorld with all other services, as the doors get them. For tests.
#pragma once

#include "service/access/sessions.h"
#include "service/corrections/corrections.h"
#include "service/metering/enforcement.h"
#include "service/metering/ingest.h"
#include "service/metering/records.h"
#include "service/meters/meter_query.h"
#include "service/meters/meters.h"
#include "service/papers/papers.h"
#include "service/testing/billing_world_test.h"
#include "service/upkeep/drift.h"
#include "service/upkeep/telemetry.h"
#include "service/wiring/services.h"

namespace metergate {

class ServicesWorld : public BillingWorld {
 public:
  using BillingWorld::BillingWorld;

  std::unique_ptr<Sessions> sessions =
      must(Sessions::create({std::string(32, 'k'), "", "", ""}, *store, clock));
  Ingest ingest{*store, *directory, rules, clock};
  Enforcement enforcement{{*store, *directory, *catalog, ingest, rules, clock}};
  Records records{{*store, *directory, enforcement, *deliveries, rules, clock}};
  Meters meters{*store, *catalog, clock};
  MeterQueries meter_queries{*store, *directory, meters, rules, clock};
  Corrections corrections{{*store, *directory, ingest, billing, reporting, rules, clock}};
  Telemetry telemetry;
  Drift drift{{*store, billing, clock, log}};
  Papers papers{{billing, analytics, rules, clock, ::testing::TempDir()}};
  Services services{clock,         log,         rules,     *store,        *catalog,
                    *directory,    *sessions,   ingest,    enforcement,   records,
                    idempotency,   billing,     analytics, alerting,      reporting,
                    aggregation,   retention,   audit_log, audit_notes,   worker_board,
                    *webhook_book, *deliveries, meters,    meter_queries, corrections,
                    telemetry,     drift,       papers};
};

}  // namespace metergate
