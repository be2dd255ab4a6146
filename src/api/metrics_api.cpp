// Monitoring reads this every few seconds, so nothing here walks data that grows with the number of
// tenants or events, except the tenants that METRICS_TENANTS asks for.
#include "api/metrics_api.h"

#include <algorithm>
#include <array>
#include <string>

#include "api/admission.h"
#include "base/process_figures.h"
#include "domain/each_line.h"
#include "service/billing/billing.h"
#include "service/metering/enforcement.h"
#include "service/metering/ingest.h"
#include "service/upkeep/drift.h"
#include "service/upkeep/telemetry.h"
#include "service/upkeep/worker_board.h"
#include "service/webhooks/deliveries.h"

namespace metergate::api {
namespace {

constexpr std::array<std::string_view, 6> kClasses = {"other", "1xx", "2xx", "3xx", "4xx", "5xx"};
constexpr std::array<std::string_view, 3> kAnsweredBy = {"upstream", "gateway", "nobody"};

// Since 1970, for a gauge; 0: never.
Microseconds since_epoch(std::optional<Timestamp> at) {
  return at ? at->time_since_epoch() : Microseconds{0};
}

void put_process(const Services& services, MetricsText& text) {
  const ProcessFigures figures = process_figures();
  text.put(Metric::build_info, 1, {services.about.version, services.about.engine});
  text.put_seconds(Metric::start_time, since_epoch(services.about.begun_at));
  text.put_seconds(Metric::cpu_seconds, figures.cpu);
  text.put(Metric::resident_bytes, figures.resident_bytes);
  text.put(Metric::open_fds, figures.open_fds);
  text.put(Metric::fds_max, figures.fds_max);
  text.put_flag(Metric::clock_doubted, services.clock.doubt().has_value());
  text.put(Metric::tenants, static_cast<std::int64_t>(services.directory.size()));
}

// Series without a request yet are printed as 0, so that a rate over them includes the first
// request.
void put_doors(const Telemetry& telemetry, MetricsText& text) {
  for (std::size_t digit = 2; digit < kClasses.size(); ++digit)
    text.put(Metric::http_requests, telemetry.http_answers.by_class[digit].value(),
             {kClasses[digit]});
  text.put(Metric::http_duration, telemetry.http_durations.counts());
  text.put(Metric::ingest_duration, telemetry.ingest_durations.counts());
  for (std::size_t by = 0; by < kAnsweredBy.size(); ++by) {
    for (std::size_t digit = 0; digit < kClasses.size(); ++digit)
      text.put(Metric::gateway_requests, telemetry.gateway_answers[by].by_class[digit].value(),
               {kAnsweredBy[by], kClasses[digit]});
  }
  text.put(Metric::gateway_duration, telemetry.gateway_durations.counts());
  text.put(Metric::gateway_bytes, telemetry.gateway_bytes_in.value(), {"in"});
  text.put(Metric::gateway_bytes, telemetry.gateway_bytes_out.value(), {"out"});
}

void put_events_and_limits(const Services& services, MetricsText& text) {
  const IngestTallies& events = services.ingest.tallies();
  text.put(Metric::ingest_events, events.accepted.value(), {"accepted"});
  text.put(Metric::ingest_events, events.unmatched.value(), {"unmatched"});
  text.put(Metric::ingest_events, events.duplicate.value(), {"duplicate"});
  text.put(Metric::ingest_events, events.refused.value(), {"refused"});
  const LimitTallies& calls = services.enforcement.tallies();
  text.put(Metric::limit_checks, calls.admitted.value(), {"admitted"});
  text.put(Metric::limit_checks, calls.over_limit.value(), {"over_limit"});
  text.put(Metric::limit_checks, calls.too_fast.value(), {"too_fast"});
  text.put(Metric::limit_checks, calls.passed.value(), {"passed"});
}

void put_store(const StoreFigures& figures, MetricsText& text) {
  text.put(Metric::journal_appended, static_cast<std::int64_t>(figures.head));
  text.put(Metric::journal_durable, static_cast<std::int64_t>(figures.durable));
  text.put(Metric::journal_bytes, figures.journal_bytes);
  text.put(Metric::journal_sync_duration, figures.journal_syncs);
  text.put(Metric::storage_free_bytes, figures.disk_free_bytes);
  text.put_flag(Metric::storage_accepts_writes, figures.accepts_writes);
  text.put(Metric::view_written, static_cast<std::int64_t>(figures.checkpointed));
  text.put(Metric::archive_events, figures.events_kept);
  text.put(Metric::archive_bytes, figures.archive_bytes);
}

void put_workers(const WorkerBoard& board, MetricsText& text) {
  for (const WorkerStatus& worker : board.all()) {
    text.put(Metric::worker_runs, worker.runs, {worker.name});
    text.put(Metric::worker_failures, worker.failures, {worker.name});
    text.put(Metric::worker_running, std::int64_t{worker.is_running ? 1 : 0}, {worker.name});
    text.put_seconds(Metric::worker_last_run, since_epoch(worker.last_run_at), {worker.name});
    text.put_seconds(Metric::worker_last_duration, worker.last_duration, {worker.name});
  }
}

void put_deliveries(const Deliveries& deliveries, MetricsText& text) {
  const DeliveryTallies& tallies = deliveries.tallies();
  text.put(Metric::deliveries_waiting, deliveries.waiting());
  text.put(Metric::delivery_attempts, tallies.delivered.value(), {"delivered"});
  text.put(Metric::delivery_attempts, tallies.failed.value(), {"failed"});
  text.put(Metric::delivery_attempts, tallies.not_sent.value(), {"not_sent"});
  text.put(Metric::deliveries_given_up, tallies.given_up.value());
}

void put_drift(const DriftState& drift, MetricsText& text) {
  text.put(Metric::drift_units, drift.units);
  text.put(Metric::drift_rounds, drift.rounds);
  text.put_seconds(Metric::drift_last_round, since_epoch(drift.last_at));
  text.put_seconds(Metric::drift_last_duration, drift.last_duration);
  text.put(Metric::drift_checked, drift.checked);
  text.put(Metric::drift_unproven, drift.unproven);
}

void put_tenant(const Statement& statement, MetricsText& text) {
  const std::string& tenant = statement.tenant.text();
  each_line(statement.rated, [&](const auto& line) {
    const std::string_view meter = meter_of(line);
    text.put(Metric::tenant_usage, shown(line, line.usage), {tenant, meter});
    if (line.included) text.put(Metric::tenant_limit, shown(line, *line.included), {tenant, meter});
  });
  if (statement.rated.cost)
    text.put(Metric::tenant_cost, to_decimal(*statement.rated.cost, statement.currency),
             {tenant, statement.currency.code()});
}

// The fullest first: those are what somebody watches for.
Result<> put_tenants(const Services& services, MetricsText& text) {
  StatementPageRequest request;
  request.limit = services.telemetry.tenants_told;
  if (request.limit == 0) return {};
  request.sort = "-utilization";
  const StatementPage page = TRY(services.billing.statements(request));
  for (const Statement& statement : page.statements) put_tenant(statement, text);
  return {};
}

// True if a proxy passed the request on without being named in TRUSTED_PROXIES: its own address
// then stands for that of every caller.
bool is_from_unnamed_proxy(const http::Request& request) {
  constexpr std::array<std::string_view, 4> kMarks = {"forwarded", "x-forwarded-for", "x-real-ip",
                                                      "via"};
  return !request.is_from_proxy && std::ranges::any_of(kMarks, [&](std::string_view name) {
    return request.header(name).has_value();
  });
}

// Callers from the addresses of METRICS_ALLOW need no token.
Result<> check_caller(const Call& call) {
  const Telemetry& telemetry = call.services.telemetry;
  const http::Request& request = call.request;
  if (!telemetry.is_open_to) return {};
  if (!is_from_unnamed_proxy(request) && telemetry.is_open_to(request.remote_ip)) return {};
  const Caller caller = TRY(authenticate(request, call.services));
  if (!caller.tenant() && caller.may(Permission::billing_read)) return {};
  return refuse_for_want_of(Permission::billing_read);
}

Result<Answer> show_metrics(Call& call) {
  TRY(check_caller(call));
  const Services& services = call.services;
  MetricsText text;
  put_process(services, text);
  put_doors(services.telemetry, text);
  put_events_and_limits(services, text);
  put_store(services.store.figures(), text);
  put_workers(services.worker_board, text);
  put_deliveries(services.deliveries, text);
  put_drift(services.drift.state(), text);
  services.telemetry.ask_sources(text);
  TRY(put_tenants(services, text));
  http::Response response;
  response.headers = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}};
  response.body = text.text();
  Answer answer;
  answer.whole = std::move(response);
  return answer;
}

}  // namespace

Route metrics_route() {
  return {.method = "GET",
          .path = "/metrics",
          .access = open_to_everybody(),
          .handler = show_metrics,
          .query = {},
          .summary = "Show the server's metrics in Prometheus' text format",
          .name = "show_metrics",
          .answers = {{nullptr, 200, Form::text}},
          .errors = {ErrorCode::unauthorized, ErrorCode::permission}};
}

}  // namespace metergate::api
