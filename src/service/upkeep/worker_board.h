// WorkerBoard: the last and next run of each worker; written by the scheduler, read by the doors.
// Safe from any thread.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "service/shared/tick.h"

namespace metergate {

struct WorkerStatus {
  std::string name;
  Milliseconds every{0};
  bool is_running = false;
  std::optional<Timestamp> last_run_at;
  std::optional<Timestamp> next_run_at;  // nothing: not scheduled in this process
  Microseconds last_duration{0};
  TickReport last_report;
  std::string last_error;  // of the newest failed run, kept after later successful ones
  std::optional<Timestamp> last_error_at;
  std::int64_t runs = 0;
  std::int64_t failures = 0;
};

class WorkerBoard {
 public:
  void add(std::string_view name, Milliseconds every);
  void started(std::string_view name, Timestamp at);
  void finished(std::string_view name, const Result<TickReport>& result, Microseconds duration,
                Timestamp at);
  void scheduled(std::string_view name, std::optional<Timestamp> next);
  std::vector<WorkerStatus> all() const;  // in the order of adding

 private:
  WorkerStatus* find(std::string_view name);
  mutable std::mutex mutex_;
  std::vector<WorkerStatus> rows_;
};

Json worker_json(const WorkerStatus& status);

}  // namespace metergate
