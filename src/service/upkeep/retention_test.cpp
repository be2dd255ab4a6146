#include "service/upkeep/retention.h"

#include <gtest/gtest.h>

#include "service/testing/services_world_test.h"
#include "service/upkeep/archive_file.h"

namespace metergate {
namespace {

class RetentionTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "retention_XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    fill(world_);
    close(world_);
  }
  // Old months, and a current one.
  void fill(ServicesWorld& world) {
    world.rules.archive_folder = folder_ / "archive";
    world.add("a", "free", "2025-01-01T00:00:00Z");
    world.calls("a", "2025-01-10", 1);
    world.calls("a", "2025-02-10", 2);
    world.calls("a", "2025-03-10", 3);
    world.calls("a", "2026-03-02", 4);
  }
  void close(ServicesWorld& world) {
    Batch batch;
    batch.at = world.clock.now();
    batch.close_through = period("2026-01");
    ASSERT_TRUE(world.store->apply(std::move(batch)).has_value());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string archived(const std::string& name) {
    return must(read_archive_file(folder_ / "archive" / name, 1 << 20)).value_or("");
  }
  std::int64_t calls_in(std::string_view month) { return calls_in(world_, month); }
  std::int64_t calls_in(ServicesWorld& world, std::string_view month) {
    const auto counter = must(world.store->counter(tenant("a"), period(month)));
    return counter ? counter->calls.count : -1;
  }
  TickReport tick() { return must(world_.retention.tick(world_.clock.now())); }

  ServicesWorld world_;
  std::filesystem::path folder_;
};

TEST_F(RetentionTest, CountersOverTwelveFullMonthsAreArchivedAndThenRemoved) {
  EXPECT_FALSE(tick().more);
  EXPECT_NE(archived("usage_counters-2025-01.ndjson.zst").find("\"2025-01\""), std::string::npos);
  EXPECT_NE(archived("usage_counters-2025-02.ndjson.zst").find("\"2025-02\""), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "archive" / "usage_counters-2025-03.ndjson.zst"));
  EXPECT_NE(calls_in("2025-01"), 1);
  EXPECT_EQ(calls_in("2025-03"), 3);
  EXPECT_EQ(calls_in("2026-03"), 4);
}

TEST_F(RetentionTest, SecondRunFindsNothingToDo) {
  tick();
  EXPECT_EQ(tick().done, 0);
}

TEST_F(RetentionTest, RunAfterACrashBetweenFileAndRemovalGoesOn) {
  tick();
  const std::string before = archived("usage_counters-2025-01.ndjson.zst");
  // The state after a crash: the files were written, and the counters were not removed yet.
  ServicesWorld again;
  fill(again);
  close(again);
  EXPECT_TRUE(again.retention.tick(again.clock.now()).has_value());
  EXPECT_EQ(archived("usage_counters-2025-01.ndjson.zst"), before);
  EXPECT_NE(calls_in(again, "2025-01"), 1);
}

TEST_F(RetentionTest, CounterThatTheFileDoesNotHoldGoesToAFileOfItsOwn) {
  tick();
  ServicesWorld other;
  fill(other);
  other.calls("a", "2025-01-11", 77);
  close(other);
  EXPECT_TRUE(other.retention.tick(other.clock.now()).has_value());
  EXPECT_NE(archived("usage_counters-2025-01.2.ndjson.zst").find("\"api_calls\":78"),
            std::string::npos);
}

TEST_F(RetentionTest, NothingIsRemovedWhereItCannotBeArchived) {
  world_.rules.archive_folder = "/proc/no_such_folder";
  EXPECT_FALSE(world_.retention.tick(world_.clock.now()).has_value());
  EXPECT_EQ(calls_in("2025-01"), 1);
}

TEST_F(RetentionTest, DamagedArchiveStopsTheRemoval) {
  tick();
  ServicesWorld again;
  fill(again);
  close(again);
  std::filesystem::resize_file(folder_ / "archive" / "usage_counters-2025-01.ndjson.zst", 10);
  EXPECT_FALSE(again.retention.tick(again.clock.now()).has_value());
  EXPECT_EQ(calls_in(again, "2025-01"), 1);
}

TEST_F(RetentionTest, OpenPeriodsStayHoweverShortTheRetention) {
  world_.rules.usage_retention_months = 0;
  world_.rules.grace = std::chrono::hours{24 * 60};
  world_.calls("a", "2026-02-10", 9);
  tick();
  EXPECT_EQ(calls_in("2026-02"), 9);
}

TEST_F(RetentionTest, ExpiredIdempotencyKeysGo) {
  const KeyedRequest request{"ann", "POST /x", "key-1", "{}"};
  Batch batch;
  batch.at = world_.clock.now();
  batch.documents.push_back(must(world_.idempotency.remember(request, {200, Json::object()})));
  must(world_.store->apply(std::move(batch)));
  tick();
  EXPECT_EQ(world_.documents(Collection::idempotency_keys).size(), 1U);
  world_.clock.advance(std::chrono::hours{25});
  tick();
  EXPECT_TRUE(world_.documents(Collection::idempotency_keys).empty());
}

}  // namespace
}  // namespace metergate
