#include "service/wiring/service_set.h"

#include <utility>

#include "service/alerts/alerting.h"
#include "service/analytics/analytics.h"
#include "service/billing/billing.h"
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
#include "service/tenants/catalog.h"
#include "service/tenants/directory.h"
#include "service/terms/terms_changes.h"
#include "service/upkeep/aggregation.h"
#include "service/upkeep/drift.h"
#include "service/upkeep/retention.h"
#include "service/upkeep/telemetry.h"
#include "service/upkeep/worker_board.h"
#include "service/webhooks/deliveries.h"

namespace metergate {
namespace {

// Another node may write the same versions at the same time: then they are there.
Result<std::unique_ptr<Catalog>> open_catalog(const ServiceSet::With& with) {
  constexpr int kTriesMax = 5;
  for (int tries = 1;; ++tries) {
    auto opened = Catalog::open(with.store, with.clock, with.plans_toml, with.if_plans_differ);
    if (opened || opened.error().code != ErrorCode::conflict || tries == kTriesMax) return opened;
  }
}

}  // namespace

// The services that read the store when they open, which may fail.
struct ServiceSet::Opened {
  std::unique_ptr<Catalog> catalog;
  std::unique_ptr<Directory> directory;
  std::unique_ptr<Sessions> sessions;
  std::unique_ptr<Webhooks> webhooks;
  std::unique_ptr<Deliveries> deliveries;

  static Result<Opened> open(With& with) {
    Opened made;
    made.catalog = TRY(open_catalog(with));
    for (const PlanRevision& revision : made.catalog->revisions())
      with.log.info("catalogue.plan_changed", {{"plan", revision.plan},
                                               {"version", revision.version},
                                               {"before", revision.before},
                                               {"after", revision.after}});
    made.directory = TRY(Directory::open(with.store, *made.catalog, with.clock, with.rules.zone));
    made.sessions = TRY(Sessions::create(with.sessions, with.store, with.clock));
    made.webhooks = TRY(Webhooks::open(with.store, with.clock, std::move(with.url_check)));
    made.deliveries = TRY(Deliveries::open({with.store, *made.webhooks, *made.directory,
                                            *made.catalog, with.rules, with.clock, with.log}));
    return made;
  }
};

// Declared in the order of construction: each borrows from those above it.
struct ServiceSet::Parts {
  With with;
  Opened opened;
  Store& store = with.store;
  const Clock& clock = with.clock;
  const Log& log = with.log;
  const BillingRules& rules = with.rules;
  Catalog& catalog = *opened.catalog;
  Directory& directory = *opened.directory;
  Deliveries& deliveries = *opened.deliveries;

  Ingest ingest{store, directory, rules, clock};
  Enforcement enforcement{{.store = store,
                           .directory = directory,
                           .catalog = catalog,
                           .ingest = ingest,
                           .rules = rules,
                           .clock = clock}};
  Records records{{.store = store,
                   .directory = directory,
                   .enforcement = enforcement,
                   .deliveries = deliveries,
                   .rules = rules,
                   .clock = clock}};
  Idempotency idempotency{store, clock};
  Billing billing{store, directory, catalog, rules, clock};
  Analytics analytics{store, directory, rules, clock};
  Alerting alerting{{.store = store,
                     .directory = directory,
                     .billing = billing,
                     .deliveries = deliveries,
                     .rules = rules,
                     .clock = clock}};
  Reporting reporting{store, billing, rules, clock};
  Aggregation aggregation{{.store = store,
                           .directory = directory,
                           .billing = billing,
                           .alerting = alerting,
                           .reporting = reporting,
                           .rules = rules,
                           .log = log}};
  Retention retention{
      {.store = store, .billing = billing, .idempotency = idempotency, .rules = rules, .log = log}};
  AuditLog audit_log{store};
  AuditNotes audit_notes{store, clock, log};
  WorkerBoard worker_board{};
  Meters meters{store, catalog, clock};
  MeterQueries meter_queries{store, directory, meters, rules, clock};
  Corrections corrections{{.store = store,
                           .directory = directory,
                           .ingest = ingest,
                           .billing = billing,
                           .reporting = reporting,
                           .rules = rules,
                           .clock = clock}};
  Telemetry telemetry{};
  Drift drift{{store, billing, clock, log}};
  Papers papers{{billing, analytics, rules, clock, with.data_folder}};
  TermsChanges terms{{.directory = directory,
                      .billing = billing,
                      .alerting = alerting,
                      .idempotency = idempotency,
                      .rules = rules,
                      .log = log}};
  Services services{.clock = clock,
                    .log = log,
                    .rules = rules,
                    .store = store,
                    .catalog = catalog,
                    .directory = directory,
                    .sessions = *opened.sessions,
                    .ingest = ingest,
                    .enforcement = enforcement,
                    .records = records,
                    .idempotency = idempotency,
                    .billing = billing,
                    .analytics = analytics,
                    .alerting = alerting,
                    .reporting = reporting,
                    .aggregation = aggregation,
                    .retention = retention,
                    .audit_log = audit_log,
                    .audit_notes = audit_notes,
                    .worker_board = worker_board,
                    .webhooks = *opened.webhooks,
                    .deliveries = deliveries,
                    .meters = meters,
                    .meter_queries = meter_queries,
                    .corrections = corrections,
                    .telemetry = telemetry,
                    .drift = drift,
                    .papers = papers,
                    .terms = terms,
                    .about = with.about};

  Parts(With its_with, Opened its_opened)
      : with(std::move(its_with)), opened(std::move(its_opened)) {}
};

Result<std::unique_ptr<ServiceSet>> ServiceSet::open(With with) {
  Opened opened = TRY(Opened::open(with));
  return std::unique_ptr<ServiceSet>(
      new ServiceSet(std::make_unique<Parts>(std::move(with), std::move(opened))));
}

ServiceSet::ServiceSet(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
ServiceSet::~ServiceSet() = default;

Services& ServiceSet::services() { return parts_->services; }

}  // namespace metergate
