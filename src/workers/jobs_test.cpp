#include "workers/jobs.h"

#include <gtest/gtest.h>

#include <set>

#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

TEST(Jobs, TableHasTheDocumentedJobsAndTimes) {
  ASSERT_NE(find_job("aggregation"), nullptr);
  EXPECT_EQ(find_job("aggregation")->every, std::chrono::minutes{10});
  EXPECT_EQ(find_job("cleanup")->every, std::chrono::hours{24});
  EXPECT_LE(find_job("alert_watch")->every, Milliseconds{500});
  EXPECT_EQ(find_job("laundry"), nullptr);
  EXPECT_EQ(job_names_text(), "alert_watch, aggregation, cleanup, drift");
}

TEST(Jobs, NamesAreUniqueAndEachHasItsTimeAndPurpose) {
  std::set<std::string_view> names;
  for (const Job& job : all_jobs()) {
    EXPECT_TRUE(names.insert(job.name).second) << job.name;
    EXPECT_GT(job.every, Milliseconds{0}) << job.name;
    EXPECT_FALSE(job.purpose.empty()) << job.name;
  }
}

TEST(Jobs, EachRunsOnAWorldWithUsage) {
  ServicesWorld world;
  world.add_worked_example();
  for (const Job& job : all_jobs()) {
    const Result<TickReport> report = job.tick(world.services, world.clock.now());
    EXPECT_TRUE(report.has_value()) << job.name << ": " << report.error().message;
  }
  EXPECT_EQ(world.documents(Collection::provider_alerts).size(), 1U);
  EXPECT_EQ(world.store->closed_through(), period("2026-02"));
}

TEST(Jobs, AggregationMovesRenewalDatesOn) {
  ServicesWorld world;
  world.add("acme", "basic", "2026-03-01T00:00:00Z");
  world.clock.set(at("2026-04-01T00:00:00Z"));
  ASSERT_TRUE(find_job("aggregation")->tick(world.services, world.clock.now()));
  const auto subscriptions = world.documents(Collection::subscriptions);
  ASSERT_EQ(subscriptions.size(), 1U);
  EXPECT_EQ(subscriptions[0].timestamp_at("renew_on"), at("2026-05-01T00:00:00Z"));
}

TEST(Jobs, EachSaysWhatFailed) {
  ServicesWorld world;
  world.add_worked_example();
  world.store->faults().refuse_reads = true;
  for (const Job& job : all_jobs()) {
    EXPECT_FALSE(job.tick(world.services, world.clock.now()).has_value()) << job.name;
  }
}

}  // namespace
}  // namespace metergate
