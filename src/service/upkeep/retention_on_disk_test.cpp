// The daily cleanup over the real engine (journal, archive, view): what is over is nowhere in the
// folder, and what was counted of it is kept.
#include <gtest/gtest.h>

#include "service/testing/services_world_test.h"
#include "service/upkeep/archive_file.h"
#include "storage/engine/open_store.h"
#include "storage/testing/places_test.h"
#include "storage/testing/test_folder.h"

namespace metergate {
namespace {

constexpr std::string_view kAddress = "203.0.113.77";  // of January's caller; nowhere else

class RetentionOnDiskTest : public testing::Test {
 protected:
  struct World {
    std::unique_ptr<Store> store;
    std::unique_ptr<Catalog> catalog;
    std::unique_ptr<Directory> directory;
    Billing billing;
    Idempotency idempotency;
    Retention retention;

    World(std::unique_ptr<Store> opened, const BillingRules& rules, const Clock& clock,
          const Log& log)
        : store(std::move(opened)),
          catalog(must(Catalog::open(*store, clock, catalogue_text()))),
          directory(must(Directory::open(*store, *catalog, clock, rules.zone))),
          billing(*store, *directory, *catalog, rules, clock),
          idempotency(*store, clock),
          retention({*store, billing, idempotency, rules, log}) {}
  };

  void SetUp() override {
    rules_.archive_folder = folder_ / "counters";
    open();
    NewTenant wanted;
    wanted.id = tenant("acme");
    wanted.name = "Acme";
    wanted.plan = "enterprise";
    must(world_->directory->add(wanted, {"ann@example.com", "192.0.2.7", "test", "req_1"}));
  }

  void open() {
    world_.reset();
    EmbeddedOptions options;
    options.folder = folder_ / "data";
    options.segment_bytes = 1 << 20;
    options.checkpoint_every = std::chrono::hours{1};
    world_.emplace(must(open_embedded_store(options, clock_, log_)), rules_, clock_, log_);
  }

  void apply(Batch batch) {
    batch.at = clock_.now();
    const auto commit = must(world_->store->apply(std::move(batch)));
    world_->store->wait_durable(commit.sequence);
  }

  void call_from(std::string_view address) {
    UsageEvent event;
    event.tenant = tenant("acme");
    event.source = "test";
    event.id = "at " + to_text(clock_.now());
    event.occurred_at = clock_.now();
    event.fact = ApiCall{
        .method = "GET", .endpoint = "GET /orders", .status = 200, .ip = std::string{address}};
    Batch batch;
    batch.events.push_back(std::move(event));
    apply(std::move(batch));
  }

  // A call at each noon up to that day, a month closed on the fifth of the next, and every evening
  // the cleanup.
  void live_through(std::string_view last) {
    for (Timestamp noon = clock_.now(); noon < at(std::string{last} + "T23:00:00Z");
         noon += std::chrono::days{1}) {
      clock_.set(noon);
      const std::string today = to_text(noon).substr(0, 10);
      call_from(today < "2026-02-01" ? kAddress : "198.51.100.1");
      if (today.ends_with("-05") && today > "2026-01-31") close_last_month();
      clock_.set(noon + std::chrono::hours{6});
      clean_up();
      clock_.set(noon + std::chrono::days{1});
    }
  }
  void close_last_month() {
    Batch batch;
    batch.close_through = Period::from_ordinal(Period::of(clock_.now(), rules_.zone).ordinal() - 1);
    apply(std::move(batch));
  }
  void clean_up() {
    const TickReport report = must(world_->retention.tick(clock_.now()));
    EXPECT_EQ(report.faults, 0);
    EXPECT_FALSE(report.more);
  }

  std::vector<std::string> places() const { return places_of(kAddress, folder_ / "data"); }
  std::int64_t calls_in(std::string_view month) const {
    const auto counter = must(world_->store->counter(tenant("acme"), period(month)));
    return counter ? counter->calls.count : -1;
  }

  TestFolder folder_;
  ManualClock clock_{at("2026-01-01T12:00:00Z")};
  Log log_{clock_, LogLevel::error};
  BillingRules rules_;
  std::optional<World> world_;
};

TEST_F(RetentionOnDiskTest, AnAddressStaysThreeFullMonthsAndIsThenNowhere) {
  live_through("2026-04-30");
  EXPECT_FALSE(places().empty()) << "February, March and April are not over yet";
  live_through("2026-05-01");
  EXPECT_EQ(places(), std::vector<std::string>{});
  EXPECT_EQ(calls_in("2026-01"), 31);
  EXPECT_EQ(world_->store->figures().events_kept, 28 + 31 + 30 + 1);
  for (const char* month : {"2026-02", "2026-03", "2026-04"}) {
    const auto again = must(world_->store->recount(period(month)));
    ASSERT_EQ(again.size(), 1U) << month;
    EXPECT_EQ(again[0].second.calls.count, calls_in(month)) << month;
  }
}

TEST_F(RetentionOnDiskTest, WhatItRemovedIsGoneAfterAStartToo) {
  live_through("2026-05-01");
  open();
  EXPECT_EQ(places(), std::vector<std::string>{});
  EXPECT_EQ(calls_in("2026-01"), 31);
  clean_up();
  live_through("2026-05-06");
  EXPECT_EQ(calls_in("2026-05"), 6);
}

TEST_F(RetentionOnDiskTest, CountersLeaveAfterTwelveMonthsForAFileThatHasThem) {
  live_through("2026-02-05");
  for (const char* fifth : {"2026-03", "2026-05", "2026-07", "2026-09", "2026-11", "2027-01"}) {
    clock_.set(at(std::string{fifth} + "-05T12:00:00Z"));
    close_last_month();
    clean_up();
  }
  EXPECT_EQ(calls_in("2026-01"), 31) << "twelve full months are not over";
  clock_.set(at("2027-02-01T12:00:00Z"));
  clean_up();
  EXPECT_EQ(calls_in("2026-01"), -1);
  EXPECT_EQ(calls_in("2026-02"), 5);
  const auto kept =
      must(read_archive_file(rules_.archive_folder / "usage_counters-2026-01.ndjson.zst", 1 << 20));
  ASSERT_TRUE(kept);
  EXPECT_NE(kept->find("\"api_calls\":31"), std::string::npos) << *kept;
  EXPECT_EQ(places(), std::vector<std::string>{});
}

}  // namespace
}  // namespace metergate
