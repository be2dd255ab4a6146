#include "workers/scheduler.h"

#include <gtest/gtest.h>

#include <array>
#include <latch>

#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

// The script of the jobs below. Jobs are plain functions, so it is a global.
struct Script {
  int prompt_runs = 0;
  int steady_runs = 0;
  bool fails = false;
  int rounds_with_more = 0;
};
Script script;
std::latch* ran_once = nullptr;

Result<TickReport> prompt_tick(Services& /*services*/, Timestamp /*now*/) {
  ++script.prompt_runs;
  if (script.fails) return fail(ErrorCode::storage, "no room");
  return TickReport{1, 0, script.rounds_with_more-- > 0};
}

Result<TickReport> steady_tick(Services& /*services*/, Timestamp /*now*/) {
  if (++script.steady_runs == 1 && ran_once != nullptr) ran_once->count_down();
  return TickReport{5, 2, false};
}

constexpr std::array<Job, 2> kTwoJobs = {{
    {"prompt", Milliseconds{200}, Lane::prompt, prompt_tick, "for the test"},
    {"steady", std::chrono::hours{1}, Lane::steady, steady_tick, "for the test"},
}};

class SchedulerTest : public testing::Test {
 protected:
  SchedulerTest() {
    script = {};
    ran_once = nullptr;
  }
  Timestamp run() { return scheduler_.run_due(world_.clock.now()); }
  WorkerStatus status(std::size_t row) { return world_.worker_board.all()[row]; }

  ServicesWorld world_;
  Scheduler scheduler_{world_.services, kTwoJobs};
};

TEST_F(SchedulerTest, EachJobRunsAtFirstAndThenInItsOwnTime) {
  const Timestamp start = world_.clock.now();
  EXPECT_EQ(run(), start + Milliseconds{200});
  EXPECT_EQ(run(), start + Milliseconds{200});
  EXPECT_EQ(script.prompt_runs, 1);
  EXPECT_EQ(script.steady_runs, 1);
  world_.clock.advance(Milliseconds{200});
  run();
  EXPECT_EQ(script.prompt_runs, 2);
  EXPECT_EQ(script.steady_runs, 1);
  world_.clock.advance(std::chrono::hours{1});
  run();
  EXPECT_EQ(script.steady_runs, 2);
}

TEST_F(SchedulerTest, BoardShowsWhatWasDone) {
  run();
  EXPECT_EQ(status(1).name, "steady");
  EXPECT_EQ(status(1).last_report.done, 5);
  EXPECT_EQ(status(1).last_report.faults, 2);
  EXPECT_EQ(status(1).last_run_at, world_.clock.now());
  EXPECT_EQ(status(1).next_run_at, world_.clock.now() + std::chrono::hours{1});
}

TEST_F(SchedulerTest, JobWithMoreToDoIsDueAgainAtOnce) {
  script.rounds_with_more = 1;
  EXPECT_EQ(run(), world_.clock.now());
  run();
  EXPECT_EQ(script.prompt_runs, 2);
  run();
  EXPECT_EQ(script.prompt_runs, 2);
}

TEST_F(SchedulerTest, FailureIsShownAndTheJobIsTriedAgain) {
  script.fails = true;
  run();
  EXPECT_EQ(status(0).last_error, "no room");
  EXPECT_EQ(status(0).failures, 1);
  EXPECT_EQ(script.steady_runs, 1);  // the other jobs still run
  script.fails = false;
  world_.clock.advance(Milliseconds{200});
  run();
  EXPECT_EQ(script.prompt_runs, 2);
  EXPECT_EQ(status(0).failures, 1);
}

TEST_F(SchedulerTest, ClockThatIsSetBackDelaysNothing) {
  run();
  world_.clock.set(world_.clock.now() - std::chrono::hours{48});
  run();
  EXPECT_EQ(script.prompt_runs, 2);
  EXPECT_EQ(script.steady_runs, 2);
}

TEST_F(SchedulerTest, RunOnceGoesOnUntilThereIsNoMore) {
  script.rounds_with_more = 3;
  const JobRun done = must(scheduler_.run_once("prompt"));
  EXPECT_EQ(done.report.done, 4);
  EXPECT_FALSE(done.report.more);
  EXPECT_EQ(must(scheduler_.run_once("steady")).report.faults, 2);
}

TEST_F(SchedulerTest, UnknownJobIsNotFoundAndTheKnownOnesAreNamed) {
  const Result<JobRun> run = scheduler_.run_once("laundry");
  ASSERT_FALSE(run.has_value());
  EXPECT_EQ(run.error().code, ErrorCode::not_found);
  EXPECT_NE(run.error().message.find("laundry"), std::string::npos);
}

TEST_F(SchedulerTest, ThreadsRunWhatIsDueAndStopWaitsForThem) {
  std::latch ran{1};
  ran_once = &ran;
  scheduler_.start();
  ran.wait();
  scheduler_.stop();
  EXPECT_GE(script.steady_runs, 1);
  const int runs = script.prompt_runs;
  EXPECT_GE(runs, 0);
  EXPECT_FALSE(status(0).next_run_at.has_value());
  EXPECT_FALSE(status(0).is_running);
}

}  // namespace
}  // namespace metergate
