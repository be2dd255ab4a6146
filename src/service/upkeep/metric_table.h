// The table of what GET /metrics says: each metric's name, kind, unit, labels and help, in one row.
// The answer, the page docs/metrics.md and the check of dashboards and alert rules are made from
// it.
//
// MetricsText gathers values in any order and prints them in the table's, as Prometheus' text
// format has it. Values; no threads.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "base/decimal.h"
#include "base/tally.h"
#include "base/time.h"

namespace metergate {

enum class Metric : std::uint8_t {
  build_info,
  start_time,
  cpu_seconds,
  resident_bytes,
  open_fds,
  fds_max,
  clock_doubted,
  tenants,
  http_requests,
  http_duration,
  http_connections,
  http_connections_max,
  http_held_bytes,
  http_held_bytes_max,
  ingest_events,
  ingest_duration,
  gateway_requests,
  gateway_duration,
  gateway_bytes,
  gateway_targets,
  limit_checks,
  journal_appended,
  journal_durable,
  journal_bytes,
  journal_sync_duration,
  storage_free_bytes,
  storage_accepts_writes,
  view_written,
  archive_events,
  archive_bytes,
  cluster_slot,
  cluster_entries,
  cluster_unread,
  worker_runs,
  worker_failures,
  worker_running,
  worker_last_run,
  worker_last_duration,
  deliveries_waiting,
  delivery_attempts,
  deliveries_given_up,
  drift_units,
  drift_rounds,
  drift_last_round,
  drift_last_duration,
  drift_checked,
  drift_unproven,
  tenant_usage,
  tenant_limit,
  tenant_cost,
};

enum class MetricKind : std::uint8_t { counter, gauge, histogram };
std::string_view name_of(MetricKind kind);

struct MetricRow {
  Metric metric;
  std::string_view name;
  MetricKind kind;
  std::string_view unit;
  std::array<std::string_view, 2> labels;  // empty: none
  std::string_view help;
};

std::span<const MetricRow> all_metrics();
const MetricRow& row_of(Metric metric);
// The table of docs/metrics.md.
std::string metrics_page_table();

class MetricsText {
 public:
  using LabelValues = std::initializer_list<std::string_view>;  // as many as the row has labels
  void put(Metric metric, Decimal value, LabelValues labels = {});
  void put(Metric metric, std::int64_t value, LabelValues labels = {}) {
    put(metric, Decimal{value, 0}, labels);
  }
  void put_flag(Metric metric, bool value) { put(metric, std::int64_t{value ? 1 : 0}); }
  void put_seconds(Metric metric, Microseconds value, LabelValues labels = {}) {
    put(metric, Decimal{value.count(), 6}, labels);
  }
  void put(Metric metric, const LatencyCounts& counts);
  // Every metric of the table has its head, also where it has no value.
  std::string text() const;

 private:
  static constexpr std::size_t kMetrics = static_cast<std::size_t>(Metric::tenant_cost) + 1;
  std::array<std::string, kMetrics> samples_;
};

}  // namespace metergate
