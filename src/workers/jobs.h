// The jobs: what runs by the clock, how often, and which service verb it calls. One table for the
// scheduler, the command line and the documents.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "service/services.h"
#include "service/tick.h"

namespace metergate {

// Jobs of one lane run one after another; lanes do not wait for each other.
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
};

std::span<const Job> all_jobs();
const Job* find_job(std::string_view name);
std::string job_names_text();  // for a person

}  // namespace metergate
