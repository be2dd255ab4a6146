#include "service/upkeep/metric_table.h"

#include <fmt/format.h>

#include "base/check.h"

namespace metergate {
namespace {

using enum MetricKind;

constexpr std::array<MetricRow, 50> kRows = {{
    {Metric::build_info,
     "metergate_build_info",
     gauge,
     "",
     {"version", "engine"},
     "1; the labels say which program runs, on which engine"},
    {Metric::start_time,
     "process_start_time_seconds",
     gauge,
     "seconds",
     {},
     "when the process began, since 1970"},
    {Metric::cpu_seconds,
     "process_cpu_seconds_total",
     counter,
     "seconds",
     {},
     "CPU time of the process, user and system"},
    {Metric::resident_bytes,
     "process_resident_memory_bytes",
     gauge,
     "bytes",
     {},
     "memory of the process that is in RAM"},
    {Metric::open_fds,
     "process_open_fds",
     gauge,
     "descriptors",
     {},
     "file descriptors that are open"},
    {Metric::fds_max,
     "process_max_fds",
     gauge,
     "descriptors",
     {},
     "file descriptors that may be open"},
    {Metric::clock_doubted,
     "metergate_clock_doubted",
     gauge,
     "",
     {},
     "1: the clock has jumped, and periods are not closed by it"},
    {Metric::tenants, "metergate_tenants", gauge, "tenants", {}, "tenants in the directory"},
    {Metric::http_requests,
     "metergate_http_requests_total",
     counter,
     "requests",
     {"class"},
     "requests that Metergate answered itself, by class of status (2xx to 5xx)"},
    {Metric::http_duration,
     "metergate_http_request_duration_seconds",
     histogram,
     "seconds",
     {},
     "from a request that has been read to its answer, the wait for the disk included"},
    {Metric::http_connections,
     "metergate_http_connections",
     gauge,
     "connections",
     {},
     "connections of callers that are open"},
    {Metric::http_connections_max,
     "metergate_http_connections_max",
     gauge,
     "connections",
     {},
     "connections that may be open; one more is answered 503"},
    {Metric::http_held_bytes,
     "metergate_http_held_bytes",
     gauge,
     "bytes",
     {},
     "bodies and answers that wait for their peer"},
    {Metric::http_held_bytes_max,
     "metergate_http_held_bytes_max",
     gauge,
     "bytes",
     {},
     "how much of them may wait"},
    {Metric::ingest_events,
     "metergate_ingest_events_total",
     counter,
     "events",
     {"outcome"},
     "events that were sent: accepted, unmatched (kept, and no meter counts them), duplicate, or "
     "refused with their batch"},
    {Metric::ingest_duration,
     "metergate_ingest_request_duration_seconds",
     histogram,
     "seconds",
     {},
     "from a request with events that has been read to its answer: the events are on disk"},
    {Metric::gateway_requests,
     "metergate_gateway_requests_total",
     counter,
     "requests",
     {"answered_by", "class"},
     "requests under an upstream's paths: answered by the upstream, by the gateway, or by nobody "
     "(the caller went away)"},
    {Metric::gateway_duration,
     "metergate_gateway_request_duration_seconds",
     histogram,
     "seconds",
     {},
     "from a request's head to the end of the upstream's answer"},
    {Metric::gateway_bytes,
     "metergate_gateway_bytes_total",
     counter,
     "bytes",
     {"direction"},
     "bytes of requests (in) and answers (out) that passed through"},
    {Metric::gateway_targets,
     "metergate_gateway_targets",
     gauge,
     "targets",
     {"upstream", "state"},
     "targets of each upstream that are up or down"},
    {Metric::limit_checks,
     "metergate_limit_checks_total",
     counter,
     "calls",
     {"verdict"},
     "calls held against their tenant's limits: admitted, over_limit, too_fast; passed: let "
     "through all the same"},
    {Metric::journal_appended,
     "metergate_journal_appended_sequence",
     gauge,
     "batches",
     {},
     "number of the newest batch that was taken"},
    {Metric::journal_durable,
     "metergate_journal_durable_sequence",
     gauge,
     "batches",
     {},
     "number of the newest batch that is on disk"},
    {Metric::journal_bytes,
     "metergate_journal_bytes",
     gauge,
     "bytes",
     {},
     "journal that is not archived yet"},
    {Metric::journal_sync_duration,
     "metergate_journal_sync_duration_seconds",
     histogram,
     "seconds",
     {},
     "how long the disk took for a sync of the journal"},
    {Metric::storage_free_bytes,
     "metergate_storage_free_bytes",
     gauge,
     "bytes",
     {},
     "room that is free where the data is"},
    {Metric::storage_accepts_writes,
     "metergate_storage_accepts_writes",
     gauge,
     "",
     {},
     "0: writes are refused with 503"},
    {Metric::view_written,
     "metergate_view_written_sequence",
     gauge,
     "batches",
     {},
     "number of the newest batch whose figures are in the view's files; later ones are folded in "
     "memory and would be replayed"},
    {Metric::archive_events,
     "metergate_archive_events",
     gauge,
     "events",
     {},
     "raw events that are kept"},
    {Metric::archive_bytes,
     "metergate_archive_bytes",
     gauge,
     "bytes",
     {},
     "files of archived raw events"},
    {Metric::cluster_slot,
     "metergate_cluster_slot",
     gauge,
     "entries",
     {},
     "with MONGO_URI: the entry of the shared journal up to which this node has followed"},
    {Metric::cluster_entries,
     "metergate_cluster_entries_total",
     counter,
     "entries",
     {"outcome"},
     "entries of this node: won, lost (another node's was first, so it was decided anew), unknown "
     "(at first, and then sent again); void: entries of any node that count for none"},
    {Metric::cluster_unread,
     "metergate_cluster_unread_seconds",
     gauge,
     "seconds",
     {},
     "since this node last read the shared journal to its end"},
    {Metric::worker_runs,
     "metergate_worker_runs_total",
     counter,
     "runs",
     {"worker"},
     "runs of each worker"},
    {Metric::worker_failures,
     "metergate_worker_failures_total",
     counter,
     "runs",
     {"worker"},
     "runs that failed"},
    {Metric::worker_running, "metergate_worker_running", gauge, "", {"worker"}, "1: it is at work"},
    {Metric::worker_last_run,
     "metergate_worker_last_run_timestamp_seconds",
     gauge,
     "seconds",
     {"worker"},
     "when its last run began, since 1970"},
    {Metric::worker_last_duration,
     "metergate_worker_last_duration_seconds",
     gauge,
     "seconds",
     {"worker"},
     "how long its last run took"},
    {Metric::deliveries_waiting,
     "metergate_deliveries_waiting",
     gauge,
     "deliveries",
     {},
     "deliveries to webhooks that wait for an attempt"},
    {Metric::delivery_attempts,
     "metergate_delivery_attempts_total",
     counter,
     "attempts",
     {"outcome"},
     "attempts: delivered, failed, or not_sent (the address is refused)"},
    {Metric::deliveries_given_up,
     "metergate_deliveries_given_up_total",
     counter,
     "deliveries",
     {},
     "deliveries that were given up after their last attempt"},
    {Metric::drift_units,
     "usage_drift_units",
     gauge,
     "units",
     {},
     "units by which counters differ from a recount of the raw events; anything but 0 is a fault"},
    {Metric::drift_rounds,
     "usage_drift_rounds_total",
     counter,
     "rounds",
     {},
     "recounts of the open periods that came to their end"},
    {Metric::drift_last_round,
     "usage_drift_last_round_timestamp_seconds",
     gauge,
     "seconds",
     {},
     "when the last recount ended, since 1970; 0: none has"},
    {Metric::drift_last_duration,
     "usage_drift_last_round_duration_seconds",
     gauge,
     "seconds",
     {},
     "how long it took"},
    {Metric::drift_checked,
     "usage_drift_counters_checked",
     gauge,
     "counters",
     {},
     "counters of tenants that it compared"},
    {Metric::drift_unproven,
     "usage_drift_counters_unproven",
     gauge,
     "counters",
     {},
     "counters that it could not compare: raw events are missing, or events were voided meanwhile"},
    {Metric::tenant_usage,
     "metergate_tenant_usage",
     gauge,
     "the meter's",
     {"tenant", "meter"},
     "usage of the current month; only with METRICS_TENANTS"},
    {Metric::tenant_limit,
     "metergate_tenant_limit",
     gauge,
     "the meter's",
     {"tenant", "meter"},
     "what the tenant's plan includes; none where that is unlimited; only with METRICS_TENANTS"},
    {Metric::tenant_cost,
     "metergate_tenant_overage_cost",
     gauge,
     "the currency's main unit",
     {"tenant", "currency"},
     "cost of the current month so far; only with METRICS_TENANTS"},
}};

constexpr bool is_in_order() {
  for (std::size_t at = 0; at < kRows.size(); ++at) {
    if (static_cast<std::size_t>(kRows[at].metric) != at) return false;
  }
  return true;
}
static_assert(is_in_order(), "a row's place is its metric's number");

void append_escaped(std::string_view text, std::string& out) {
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
}

std::string labels_text(const MetricRow& row, MetricsText::LabelValues values) {
  std::string out;
  std::size_t at = 0;
  for (const std::string_view value : values) {
    CHECK(at < row.labels.size() && !row.labels[at].empty());
    out += at == 0 ? '{' : ',';
    out += row.labels[at++];
    out += "=\"";
    append_escaped(value, out);
    out += '"';
  }
  CHECK(at == row.labels.size() || row.labels[at].empty());
  if (at > 0) out += '}';
  return out;
}

std::string seconds_text(std::int64_t microseconds) { return to_text(Decimal{microseconds, 6}); }

}  // namespace

std::string_view name_of(MetricKind kind) {
  switch (kind) {
    case counter:
      return "counter";
    case gauge:
      return "gauge";
    case histogram:
      return "histogram";
  }
  return {};
}

std::span<const MetricRow> all_metrics() { return kRows; }
const MetricRow& row_of(Metric metric) { return kRows[static_cast<std::size_t>(metric)]; }

std::string metrics_page_table() {
  std::string out = "| Metric | Kind | Unit | Labels | Says |\n|---|---|---|---|---|\n";
  for (const MetricRow& row : kRows) {
    std::string labels;
    for (const std::string_view label : row.labels) {
      if (label.empty()) continue;
      labels += fmt::format("{}`{}`", labels.empty() ? "" : ", ", label);
    }
    out += fmt::format("| `{}` | {} | {} | {} | {} |\n", row.name, name_of(row.kind), row.unit,
                       labels, row.help);
  }
  return out;
}

void MetricsText::put(Metric metric, Decimal value, LabelValues labels) {
  const MetricRow& row = row_of(metric);
  CHECK(row.kind != histogram);
  samples_[static_cast<std::size_t>(metric)] +=
      fmt::format("{}{} {}\n", row.name, labels_text(row, labels), to_text(value));
}

void MetricsText::put(Metric metric, const LatencyCounts& counts) {
  const MetricRow& row = row_of(metric);
  CHECK(row.kind == histogram);
  std::string& out = samples_[static_cast<std::size_t>(metric)];
  std::int64_t so_far = 0;
  for (std::size_t at = 0; at < kLatencyBoundsUs.size(); ++at) {
    so_far += counts.buckets[at];
    out += fmt::format("{}_bucket{{le=\"{}\"}} {}\n", row.name, seconds_text(kLatencyBoundsUs[at]),
                       so_far);
  }
  so_far += counts.buckets.back();
  out += fmt::format("{}_bucket{{le=\"+Inf\"}} {}\n", row.name, so_far);
  out += fmt::format("{}_sum {}\n", row.name, seconds_text(counts.sum.count()));
  out += fmt::format("{}_count {}\n", row.name, so_far);
}

std::string MetricsText::text() const {
  std::string out;
  for (const MetricRow& row : kRows) {
    out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", row.name, row.help, row.name,
                       name_of(row.kind));
    out += samples_[static_cast<std::size_t>(row.metric)];
  }
  return out;
}

}  // namespace metergate
