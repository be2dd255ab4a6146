#include "workers/scheduler.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/check.h"

namespace metergate {

namespace {

constexpr Milliseconds kRetryAfter = std::chrono::minutes{10};
// The interval at which an idle lane checks the clock, so that a jump is noticed.
constexpr Milliseconds kLookEvery{1000};
constexpr std::array kLanes = {Lane::prompt, Lane::steady, Lane::background};
constexpr int kLowestPriority = 19;

// Lowers the priority of the calling thread alone. Without permission it keeps the usual one.
void give_way() { ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kLowestPriority); }

}  // namespace

Scheduler::Scheduler(Services& services, std::span<const Job> jobs) : services_(services) {
  const Timestamp now = services.clock.now();
  for (const Job& job : jobs) {
    entries_.emplace_back(job, now);
    services.worker_board.add(job.name, job.every);
  }
}

Scheduler::~Scheduler() { stop(); }

void Scheduler::start() {
  CHECK(threads_.empty());
  for (const Lane lane : kLanes) {
    threads_.emplace_back([this, lane](const std::stop_token& stopping) { serve(lane, stopping); });
  }
}

void Scheduler::stop() {
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();
  for (const Entry& entry : entries_) {
    services_.worker_board.scheduled(entry.job.name, std::nullopt);
  }
}

void Scheduler::serve(Lane lane, const std::stop_token& stopping) {
  if (lane == Lane::background) give_way();
  while (!stopping.stop_requested()) {
    const Timestamp next = run_lane(lane, services_.clock.now());
    const Milliseconds wait = std::clamp(next - services_.clock.now(), Milliseconds{0}, kLookEvery);
    std::unique_lock lock{mutex_};
    wakes_.wait_for(lock, stopping, wait, [] { return false; });
  }
}

bool Scheduler::take_due(Entry& entry, Timestamp now) {
  const std::lock_guard lock{mutex_};
  const bool is_set_back = entry.next - now > entry.job.every;
  if (now < entry.next && !is_set_back) return false;
  entry.next = now + entry.job.every;
  return true;
}

Result<TickReport> Scheduler::tick(Entry& entry, Timestamp now) {
  const std::lock_guard lock{entry.running};
  const Microseconds before = services_.clock.steady();
  services_.worker_board.started(entry.job.name, now);
  Result<TickReport> result = entry.job.tick(services_, now);
  const Microseconds duration = services_.clock.steady() - before;
  services_.worker_board.finished(entry.job.name, result, duration, services_.clock.now());
  return result;
}

void Scheduler::run_round(Entry& entry, Timestamp now) {
  const Result<TickReport> result = tick(entry, now);
  Timestamp next = now + entry.job.every;
  if (!result) {
    next = now + std::min(entry.job.every, kRetryAfter);
    services_.log.error(
        "worker.failed",
        {{"worker", entry.job.name}, {"problem", result.error().message}, {"next_run", next}});
  } else if (result->more) {
    next = now;
  }
  {
    const std::lock_guard lock{mutex_};
    entry.next = next;
  }
  services_.worker_board.scheduled(entry.job.name, next);
}

Timestamp Scheduler::run_lane(Lane lane, Timestamp now) {
  Timestamp earliest = now + kLookEvery;
  for (Entry& entry : entries_) {
    if (entry.job.lane != lane) continue;
    if (entry.job.is_for_one && !may_do_shared_()) continue;
    if (take_due(entry, now)) run_round(entry, now);
    const std::lock_guard lock{mutex_};
    earliest = std::min(earliest, entry.next);
  }
  return earliest;
}

Timestamp Scheduler::run_due(Timestamp now) {
  Timestamp earliest = Timestamp::max();
  for (const Lane lane : kLanes) earliest = std::min(earliest, run_lane(lane, now));
  return earliest;
}

Result<JobRun> Scheduler::run_once(std::string_view name) {
  const auto entry =
      std::ranges::find_if(entries_, [&](const Entry& one) { return one.job.name == name; });
  if (entry == entries_.end()) {
    return fail(ErrorCode::not_found, no_such_job(name));
  }
  JobRun run;
  const Microseconds before = services_.clock.steady();
  for (int round = 0; round < kRoundsMax; ++round) {
    const TickReport one = TRY(tick(*entry, services_.clock.now()));
    run.report.done += one.done;
    run.report.faults += one.faults;
    run.report.more = one.more;
    if (!one.more) break;
  }
  run.duration = services_.clock.steady() - before;
  return run;
}

}  // namespace metergate
