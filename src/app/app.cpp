#include "app/app.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "app/build_facts.h"
#include "base/crypto.h"
#include "base/settled_clock.h"
#include "service/access/sessions.h"
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
#include "service/reports/periods.h"
#include "service/reports/reporting.h"
#include "service/shared/audit_log.h"
#include "service/shared/audit_notes.h"
#include "service/shared/currency_mark.h"
#include "service/shared/idempotency.h"
#include "service/tenants/catalog.h"
#include "service/tenants/directory.h"
#include "service/upkeep/aggregation.h"
#include "service/upkeep/drift.h"
#include "service/upkeep/retention.h"
#include "service/upkeep/telemetry.h"
#include "service/upkeep/worker_board.h"
#include "service/webhooks/deliveries.h"
#include "storage/engine/open_store.h"

namespace metergate {
namespace {

constexpr std::size_t kRandomSecretBytes = 48;

std::unexpected<Error> refuse_file(std::string_view name, const std::string& path,
                                   const Error& error) {
  return fail(ErrorCode::invalid, fmt::format("{}={}: {}", name, path, error.message));
}

Result<> check_plan(const std::string& name, std::string_view plans_toml) {
  const std::vector<Plan> plans = TRY(parse_catalogue(plans_toml));
  if (std::ranges::find(plans, name, &Plan::name) != plans.end()) return {};
  return fail(ErrorCode::invalid,
              fmt::format("GATEWAY_NEW_TENANTS=plan:{}: the catalogue has no plan of that name; it "
                          "has {}",
                          name, Catalogue::create(plans)->names_text()));
}

Error no_key_in(const Jwks& keys) {
  std::string message = "the key set has no key that verifies signatures";
  for (const std::string& which : keys.skipped()) message += "; " + which;
  return {ErrorCode::invalid, std::move(message)};
}

SessionOptions session_options(const Config& config, const AppFiles& files) {
  return {.jwt_secret = config.jwt_secret.empty() ? base64url(random_bytes(kRandomSecretBytes))
                                                  : config.jwt_secret,
          .jwks_text = files.jwks_text,
          .issuer = config.jwt_issuer,
          .audience = config.jwt_audience};
}

Webhooks::UrlCheck url_check(const Changing<http::DestinationRules>& rules) {
  return [&rules](std::string_view url) -> Result<> {
    const auto parse = url.starts_with("smtp") ? http::parse_mail_server : http::parse_destination;
    return http::check_destination(TRY(parse(url)), rules);
  };
}

}  // namespace

void log_skipped_keys(const Jwks& keys, const Log& log) {
  for (const std::string& which : keys.skipped()) log.warn("jwks.key_skipped", {{"key", which}});
}

Result<std::vector<gateway::UpstreamSpec>> read_upstreams(const Config& config) {
  std::vector<gateway::UpstreamSpec> specs;
  if (!config.upstreams_file.empty()) {
    const std::filesystem::path path{config.upstreams_file};
    const auto read_beside = [&](const std::string& name) {
      return read_text_file(path.parent_path() / name);
    };
    const auto text = read_text_file(path);
    if (!text) return refuse_file("UPSTREAMS_FILE", config.upstreams_file, text.error());
    auto read = gateway::parse_upstreams(*text, read_beside);
    if (!read) return refuse_file("UPSTREAMS_FILE", config.upstreams_file, read.error());
    specs = *std::move(read);
  }
  for (const gateway::UpstreamSpec& spec : specs) {
    const bool needs_proxy = spec.tenant.from == gateway::TenantFrom::header;
    if (needs_proxy && config.callers.proxies.is_empty())
      return fail(
          ErrorCode::invalid,
          fmt::format("the upstream '{}' takes the tenant from a trusted proxy's header, and "
                      "TRUSTED_PROXIES names no proxy",
                      spec.options.name));
  }
  if (!config.upstream_url.empty()) specs.push_back(TRY(gateway::spec_of_url(config.upstream_url)));
  TRY(gateway::check_apart(specs));
  return specs;
}

std::vector<std::filesystem::path> upstream_files(const Config& config) {
  std::vector<std::filesystem::path> files{config.upstreams_file};
  const auto text = read_text_file(files.front());
  if (!text) return files;
  const std::filesystem::path folder = files.front().parent_path();
  for (const std::string& name : gateway::files_named_in(*text)) files.push_back(folder / name);
  return files;
}

Result<AppFiles> read_app_files(const Config& config) {
  AppFiles files{.plans_toml = std::string{kShippedPlans}, .jwks_text = {}, .upstreams = {}};
  if (!config.plans_file.empty()) {
    auto text = read_text_file(config.plans_file);
    if (!text) return refuse_file("PLANS_FILE", config.plans_file, text.error());
    files.plans_toml = *std::move(text);
    const auto plans = parse_catalogue(files.plans_toml);
    if (!plans) return refuse_file("PLANS_FILE", config.plans_file, plans.error());
  }
  if (!config.jwks_file.empty()) {
    auto text = read_text_file(config.jwks_file);
    if (!text) return refuse_file("JWKS_FILE", config.jwks_file, text.error());
    files.jwks_text = *std::move(text);
    const auto keys = Jwks::parse(files.jwks_text);
    if (!keys) return refuse_file("JWKS_FILE", config.jwks_file, keys.error());
    if (keys->size() == 0) return refuse_file("JWKS_FILE", config.jwks_file, no_key_in(*keys));
  }
  if (!config.webhook_ca_file.empty()) {
    const auto text = read_text_file(config.webhook_ca_file);
    if (!text) return refuse_file("WEBHOOK_CA_FILE", config.webhook_ca_file, text.error());
  }
  files.upstreams = TRY(read_upstreams(config));
  if (!config.new_tenants_plan.empty()) TRY(check_plan(config.new_tenants_plan, files.plans_toml));
  return files;
}

// Declared in the order of construction: each borrows from those above it.
struct App::Parts {
  Parts(const Config& config, const Environment& with)
      : rules(config.rules),
        webhook_rules(config.webhook_rules),
        settled_clock(with.clock, [this](const auto& doubt) { tell(doubt); }),
        clock(with.is_clock_made_up ? with.clock : settled_clock),
        log(with.log) {}

  // While the clock is doubted, its month is not closed.
  void tell(const std::optional<ClockDoubt>& doubt) const {
    if (!doubt) return log.info("clock.agrees", {{"now", to_text(clock.now())}});
    log.warn("clock.doubted",
             {{"now", to_text(doubt->now)},
              {"settled_now", to_text(doubt->settled_now)},
              {"effect", "periods are closed and old records removed by settled_now"}});
  }

  BillingRules rules;
  Changing<http::DestinationRules> webhook_rules;
  SettledClock settled_clock;
  const Clock& clock;
  const Log& log;
  std::unique_ptr<Store> store;
  std::unique_ptr<Catalog> catalog;
  std::unique_ptr<Directory> directory;
  std::unique_ptr<Sessions> sessions;
  std::unique_ptr<Webhooks> webhooks;
  std::unique_ptr<Deliveries> deliveries;
  std::optional<Ingest> ingest;
  std::optional<Enforcement> enforcement;
  std::optional<Records> records;
  std::optional<Idempotency> idempotency;
  std::optional<Billing> billing;
  std::optional<Analytics> analytics;
  std::optional<Alerting> alerting;
  std::optional<Reporting> reporting;
  std::optional<Aggregation> aggregation;
  std::optional<Retention> retention;
  std::optional<AuditLog> audit_log;
  std::optional<AuditNotes> audit_notes;
  WorkerBoard worker_board;
  std::optional<Meters> meters;
  std::optional<MeterQueries> meter_queries;
  std::optional<Corrections> corrections;
  Telemetry telemetry;
  std::optional<Drift> drift;
  std::optional<Papers> papers;
  std::optional<Services> services;

  Result<> open(const Config& config, const AppFiles& files) {
    const EmbeddedOptions options{
        .folder = config.data_dir, .zone = rules.zone, .formula = rules.storage};
    store = TRY(open_embedded_store(options, clock, log));
    TRY(check_currency(*store, rules.currency));
    if (const auto known = TRY(remembered_time(*store))) settled_clock.begin_from(*known);
    catalog = TRY(Catalog::open(*store, clock, files.plans_toml));
    for (const PlanRevision& revision : catalog->revisions())
      log.info("catalogue.plan_changed", {{"plan", revision.plan},
                                          {"version", revision.version},
                                          {"before", revision.before},
                                          {"after", revision.after}});
    directory = TRY(Directory::open(*store, *catalog, clock, rules.zone));
    sessions = TRY(Sessions::create(session_options(config, files), *store, clock));
    if (!files.jwks_text.empty()) log_skipped_keys(TRY(Jwks::parse(files.jwks_text)), log);
    webhooks = TRY(Webhooks::open(*store, clock, url_check(webhook_rules)));
    deliveries =
        TRY(Deliveries::open({*store, *webhooks, *directory, *catalog, rules, clock, log}));
    return {};
  }

  void build_services() {
    ingest.emplace(*store, *directory, rules, clock);
    enforcement.emplace(Enforcement::Parts{.store = *store,
                                           .directory = *directory,
                                           .catalog = *catalog,
                                           .ingest = *ingest,
                                           .rules = rules,
                                           .clock = clock});
    records.emplace(Records::Parts{.store = *store,
                                   .directory = *directory,
                                   .enforcement = *enforcement,
                                   .deliveries = *deliveries,
                                   .rules = rules,
                                   .clock = clock});
    idempotency.emplace(*store, clock);
    billing.emplace(*store, *directory, *catalog, rules, clock);
    analytics.emplace(*store, *directory, rules, clock);
    alerting.emplace(Alerting::Parts{.store = *store,
                                     .directory = *directory,
                                     .billing = *billing,
                                     .deliveries = *deliveries,
                                     .rules = rules,
                                     .clock = clock});
    reporting.emplace(*store, *billing, rules, clock);
    aggregation.emplace(Aggregation::Parts{.store = *store,
                                           .directory = *directory,
                                           .billing = *billing,
                                           .alerting = *alerting,
                                           .reporting = *reporting,
                                           .rules = rules,
                                           .log = log});
    retention.emplace(Retention::Parts{.store = *store,
                                       .billing = *billing,
                                       .idempotency = *idempotency,
                                       .rules = rules,
                                       .log = log});
    audit_log.emplace(*store);
    audit_notes.emplace(*store, clock, log);
    meters.emplace(*store, *catalog, clock);
    meter_queries.emplace(*store, *directory, *meters, rules, clock);
    corrections.emplace(Corrections::Parts{.store = *store,
                                           .directory = *directory,
                                           .ingest = *ingest,
                                           .billing = *billing,
                                           .reporting = *reporting,
                                           .rules = rules,
                                           .clock = clock});
  }

  void build_what_tells(const Config& config) {
    telemetry.is_open_to = [networks = config.metrics_allow](std::string_view ip) {
      const auto address = http::parse_ip(ip);
      return address && networks.has(*address);
    };
    telemetry.tenants_told = config.metrics_tenants;
    drift.emplace(Drift::Parts{*store, *billing, clock, log});
    papers.emplace(Papers::Parts{*billing, *analytics, rules, clock, config.data_dir});
  }

  // Collects the references that the doors borrow, once everything is built.
  void gather() {
    services.emplace(
        Services{.clock = clock,
                 .log = log,
                 .rules = rules,
                 .store = *store,
                 .catalog = *catalog,
                 .directory = *directory,
                 .sessions = *sessions,
                 .ingest = *ingest,
                 .enforcement = *enforcement,
                 .records = *records,
                 .idempotency = *idempotency,
                 .billing = *billing,
                 .analytics = *analytics,
                 .alerting = *alerting,
                 .reporting = *reporting,
                 .aggregation = *aggregation,
                 .retention = *retention,
                 .audit_log = *audit_log,
                 .audit_notes = *audit_notes,
                 .worker_board = worker_board,
                 .webhooks = *webhooks,
                 .deliveries = *deliveries,
                 .meters = *meters,
                 .meter_queries = *meter_queries,
                 .corrections = *corrections,
                 .telemetry = telemetry,
                 .drift = *drift,
                 .papers = *papers,
                 .about = {std::string{kVersion}, "embedded", clock.steady(), clock.now()}});
  }
};

Result<std::unique_ptr<App>> App::open(const Config& config, const AppFiles& files,
                                       const Environment& environment) {
  auto parts = std::make_unique<Parts>(config, environment);
  TRY(parts->open(config, files));
  parts->build_services();
  parts->build_what_tells(config);
  parts->gather();
  return std::unique_ptr<App>(new App(std::move(parts)));
}

App::App(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
App::~App() = default;

Services& App::services() { return *parts_->services; }

void App::take_changing(const Config& config) {
  parts_->rules.take_changing(config.rules);
  parts_->webhook_rules = config.webhook_rules;
}

}  // namespace metergate
