// Scheduler: runs jobs when they are due, by the services' clock; one thread for each lane, so that
// a long job never delays the prompt ones. The WorkerBoard shows the result of each run.
//
// A job never runs twice at the same time. A job that says `more` is due again at once; a failed
// one is logged and due again after its interval or ten minutes, whichever is sooner. A clock that
// is set back delays a job by at most its interval. run_due() and run_once() may be called from any
// thread, also without start(); the owner calls start() and stop().
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "service/upkeep/worker_board.h"
#include "workers/jobs.h"

namespace metergate {

struct JobRun {
  TickReport report;  // of all rounds together
  Microseconds duration{0};
};

class Scheduler {
 public:
  Scheduler(Services& services, std::span<const Job> jobs);
  ~Scheduler();  // stops
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // For jobs that one of several nodes does: not run while this says no. Set before start().
  void do_shared_jobs_if(std::function<bool()> may) { may_do_shared_ = std::move(may); }
  void start();
  // Returns when every round under way has ended.
  void stop();

  // Runs one round of each job that is due at `now`; returns the time when the next one is due.
  Timestamp run_due(Timestamp now);
  // Runs the job until it has nothing more to do, at most kRoundsMax rounds.
  Result<JobRun> run_once(std::string_view name);

  static constexpr int kRoundsMax = 10'000;

 private:
  struct Entry {
    Entry(const Job& its_job, Timestamp first) : job(its_job), next(first) {}
    const Job& job;
    std::mutex running;  // held while the job runs
    Timestamp next;      // guarded by mutex_
  };

  Timestamp run_lane(Lane lane, Timestamp now);
  bool take_due(Entry& entry, Timestamp now);
  void run_round(Entry& entry, Timestamp now);
  Result<TickReport> tick(Entry& entry, Timestamp now);
  void serve(Lane lane, const std::stop_token& stopping);

  Services& services_;
  std::function<bool()> may_do_shared_ = [] { return true; };
  std::deque<Entry> entries_;
  std::mutex mutex_;
  std::condition_variable_any wakes_;
  std::vector<std::jthread> threads_;
};

}  // namespace metergate
