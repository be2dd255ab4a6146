// The jobs that run by the clock: their intervals and the service verbs that they call. One table
// for the scheduler, the command line and the documents.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "service/shared/tick.h"
#include "service/wiring/services.h"

namespace metergate {

// Jobs of one lane run one after another; lanes are independent of each other.
enum class Lane : std::uint8_t {
  prompt,
  steady,
  background  // gives way to everything else on the machine
};

struct Job {
  std::string_view name;
  Milliseconds every;
  Lane lane;
  Result<TickReport> (*tick)(Services& services, Timestamp now);
  std::string_view purpose;
  bool is_for_one = false;  // of several nodes, only the one with the lease does it
};

std::span<const Job> all_jobs();
const Job* find_job(std::string_view name);
std::string job_names_text();                    // for messages
std::string no_such_job(std::string_view name);  // with their names, and the nearest

}  // namespace metergate
