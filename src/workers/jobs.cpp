#include "workers/jobs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/nearest.h"
#include "service/alerts/alerting.h"
#include "service/tenants/directory.h"
#include "service/upkeep/aggregation.h"
#include "service/upkeep/drift.h"
#include "service/upkeep/retention.h"
#include "service/webhooks/deliveries.h"

namespace metergate {

namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr std::size_t kRenewalsPerStep = 10'000;

// Both are done, even if the other fails.
Result<TickReport> aggregate(Services& services, Timestamp /*now*/) {
  const Result<std::size_t> renewed = services.directory.renew(kRenewalsPerStep);
  TickReport report = TRY(services.aggregation.tick());
  const std::size_t subscriptions = TRY(renewed);
  report.done += subscriptions;
  report.more = report.more || subscriptions == kRenewalsPerStep;
  return report;
}

Result<TickReport> watch_alerts(Services& services, Timestamp /*now*/) {
  // Read several times a second, so that a jump of the clock is noticed as one.
  services.clock.settled_now();
  return services.alerting.watch_step();
}

Result<TickReport> clean_up(Services& services, Timestamp /*now*/) {
  const Timestamp now = services.clock.settled_now();
  TickReport report = TRY(services.retention.tick(now));
  const TickReport forgotten = TRY(services.deliveries.forget(now));
  report.done += forgotten.done;
  report.more = report.more || forgotten.more;
  return report;
}

Result<TickReport> recount(Services& services, Timestamp /*now*/) { return services.drift.tick(); }

constexpr std::array<Job, 4> kJobs = {{
    {"alert_watch", Milliseconds{400}, Lane::prompt, watch_alerts,
     "opens and updates alerts of tenants whose usage has changed", true},
    {"aggregation", minutes{10}, Lane::steady, aggregate,
     "closes periods, freezes their reports, looks for missed alerts, counts records again, moves "
     "renewal dates on",
     true},
    {"cleanup", hours{24}, Lane::steady, clean_up,
     "archives and removes what has been kept long enough"},
    {"drift", minutes{1}, Lane::background, recount,
     "counts the open periods again from raw events, and says by how many units counters differ"},
}};

}  // namespace

std::span<const Job> all_jobs() { return kJobs; }

const Job* find_job(std::string_view name) {
  const auto row = std::ranges::find(kJobs, name, &Job::name);
  return row == kJobs.end() ? nullptr : &*row;
}

std::string job_names_text() {
  std::string text;
  for (const Job& job : kJobs) {
    if (!text.empty()) text += ", ";
    text += job.name;
  }
  return text;
}

std::string no_such_job(std::string_view name) {
  std::vector<std::string_view> known;
  for (const Job& job : kJobs) known.push_back(job.name);
  return fmt::format("there is no worker {:.80}; there are {}{}", name, fmt::join(known, ", "),
                     did_you_mean(name, known));
}

}  // namespace metergate
