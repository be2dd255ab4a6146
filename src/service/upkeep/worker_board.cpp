#include "service/upkeep/worker_board.h"

#include <algorithm>

#include "base/check.h"

namespace metergate {

WorkerStatus* WorkerBoard::find(std::string_view name) {
  const auto row = std::ranges::find(rows_, name, &WorkerStatus::name);
  CHECK(row != rows_.end());
  return &*row;
}

void WorkerBoard::add(std::string_view name, Milliseconds every) {
  const std::lock_guard lock{mutex_};
  if (std::ranges::find(rows_, name, &WorkerStatus::name) != rows_.end()) return;
  WorkerStatus row;
  row.name = name;
  row.every = every;
  rows_.push_back(std::move(row));
}

void WorkerBoard::started(std::string_view name, Timestamp at) {
  const std::lock_guard lock{mutex_};
  WorkerStatus* row = find(name);
  row->is_running = true;
  row->last_run_at = at;
}

void WorkerBoard::finished(std::string_view name, const Result<TickReport>& result,
                           Microseconds duration, Timestamp at) {
  const std::lock_guard lock{mutex_};
  WorkerStatus* row = find(name);
  row->is_running = false;
  row->last_duration = duration;
  ++row->runs;
  if (result) {
    row->last_report = *result;
    return;
  }
  row->last_error = result.error().message;
  row->last_error_at = at;
  ++row->failures;
}

void WorkerBoard::scheduled(std::string_view name, std::optional<Timestamp> next) {
  const std::lock_guard lock{mutex_};
  find(name)->next_run_at = next;
}

std::vector<WorkerStatus> WorkerBoard::all() const {
  const std::lock_guard lock{mutex_};
  return rows_;
}

Json worker_json(const WorkerStatus& status) {
  return Json::object({
      {"name", status.name},
      {"every_seconds", trimmed(Decimal{status.every.count(), 3})},
      {"running", status.is_running},
      {"last_run", status.last_run_at},
      {"last_duration_ms", trimmed(Decimal{status.last_duration.count(), 3})},
      {"last_done", status.last_report.done},
      {"last_faults", status.last_report.faults},
      {"next_run", status.next_run_at},
      {"last_error", status.last_error.empty() ? Json{} : Json{status.last_error}},
      {"last_error_at", status.last_error_at},
      {"runs", status.runs},
      {"failures", status.failures},
  });
}

}  // namespace metergate
