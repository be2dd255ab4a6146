// Expired data must be gone from the whole folder, however little came since.
#include <gtest/gtest.h>

#include <thread>

#include "storage/engine/open_store.h"
#include "storage/shapes/store_answers.h"
#include "storage/testing/places_test.h"
#include "storage/testing/store_contract.h"
#include "storage/testing/test_folder.h"

namespace metergate::contract {
namespace {

constexpr std::string_view kAddress = "203.0.113.77";  // a caller's; occurs nowhere else

class EmbeddedRetentionTest : public testing::Test {
 protected:
  std::unique_ptr<Store> opened(const std::filesystem::path& folder) const {
    EmbeddedOptions options;
    options.folder = folder;
    options.zone = TimeZone::utc();
    options.segment_bytes = 1 << 20;
    options.checkpoint_every = std::chrono::hours{1};
    auto store = open_embedded_store(options, clock_, log_);
    EXPECT_TRUE(store.has_value()) << (store ? "" : store.error().message);
    return std::move(store).value();
  }

  // One call a day, with another address each month.
  static Batch day_of_calls(Timestamp when, std::string_view address) {
    UsageEvent event = call("acme", "of " + to_text(when), "2026-01-01");
    event.occurred_at = when;
    std::get<ApiCall>(event.fact).ip = address;
    Batch batch = events({std::move(event)});
    batch.at = when;
    return batch;
  }

  static void apply(Store& store, Batch batch) {
    const auto commit = store.apply(std::move(batch));
    ASSERT_TRUE(commit) << commit.error().message;
    store.wait_durable(commit->sequence);
  }

  // Runs retention as the cleanup does, with `now` as the clock's time.
  static std::int64_t retire(Store& store, Timestamp before, Timestamp now) {
    RetentionDone done;
    std::int64_t removed = 0;
    for (int step = 0; step < 100; ++step) {
      auto result = store.retire({std::nullopt, before, now - std::chrono::hours{24}});
      EXPECT_TRUE(result.has_value()) << result.error().message;
      if (!result) break;
      done = *result;
      removed += done.events_removed;
      if (!done.more) break;
    }
    EXPECT_FALSE(done.more);
    return removed;
  }

  // Five months of a small installation: the first has the address, and a late event of it comes in
  // the second.
  void live_five_months(Store& store) {
    for (int day = 0; day < 150; ++day) {
      const Timestamp when = at("2026-01-01") + std::chrono::days{day};
      apply(store, day_of_calls(when, day < 31 ? kAddress : "198.51.100.1"));
      if (day == 33)
        apply(store, day_of_calls(at("2026-01-31") + std::chrono::hours{20}, kAddress));
      if (day == 40) close_january(store);
      if (day % 10 == 9) retire(store, at("2025-01-01"), when);
    }
  }
  static void close_january(Store& store) {
    Batch batch;
    batch.at = at("2026-02-10");
    batch.close_through = period("2026-01");
    apply(store, std::move(batch));
  }

  TestFolder folder_;
  SystemClock clock_;
  Log log_{clock_, LogLevel::error};
};

TEST_F(EmbeddedRetentionTest, WhatIsOverLeavesAFolderInWhichNothingEverFills) {
  auto store = opened(folder_.path());
  for (int day = 0; day < 31; ++day)
    apply(*store, day_of_calls(at("2026-01-01") + std::chrono::days{day}, kAddress));
  apply(*store, day_of_calls(at("2026-02-01"), "198.51.100.1"));
  EXPECT_FALSE(places_of(kAddress, folder_.path()).empty()) << "the journal has it";
  EXPECT_EQ(retire(*store, at("2026-02-01"), at("2026-02-01")), 31);
  EXPECT_TRUE(places_of(kAddress, folder_.path()).empty());
  EXPECT_FALSE(places_of("198.51.100.1", folder_.path()).empty());
  EXPECT_EQ(store->figures().events_kept, 1);
  EXPECT_EQ((*store->counter(tenant("acme"), period("2026-01")))->calls.count, 31);
}

TEST_F(EmbeddedRetentionTest, FiveMonthsOfDaysLeaveThreeAndWhatEachDayCounted) {
  auto store = opened(folder_.path());
  live_five_months(*store);
  EXPECT_FALSE(places_of(kAddress, folder_.path()).empty()) << "the archive has it";
  const std::int64_t removed = retire(*store, at("2026-02-01"), at("2026-05-30"));
  EXPECT_EQ(removed, 32) << "the late one too";
  EXPECT_TRUE(places_of(kAddress, folder_.path()).empty());
  EXPECT_EQ(store->figures().events_kept, 119);
  EXPECT_EQ((*store->counter(tenant("acme"), period("2026-01")))->calls.count, 32);
  for (const char* month : {"2026-02", "2026-03", "2026-04", "2026-05"}) {
    ASSERT_TRUE(store->has_all_events(period(month)).value()) << month;
    const auto again = store->recount(period(month)).value();
    ASSERT_EQ(again.size(), 1U);
    EXPECT_EQ(again[0].second.calls.count,
              (*store->counter(tenant("acme"), period(month)))->calls.count);
  }
  const auto twice = store->apply(day_of_calls(at("2026-02-01"), "198.51.100.1")).value().outcomes;
  EXPECT_EQ(twice, std::vector{EventOutcome::duplicate}) << "ids of open periods are kept";
}

// A copy of the folder at any step equals the state after a kill.
TEST_F(EmbeddedRetentionTest, AKillInTheMiddleLosesNothingAndIsGoneOnWith) {
  auto store = opened(folder_.path());
  live_five_months(*store);
  const std::string before = answers(*store);
  std::atomic<bool> is_through = false;
  std::vector<std::unique_ptr<TestFolder>> killed;
  std::thread copying([&] {
    while (!is_through && killed.size() < 12) {
      killed.push_back(std::make_unique<TestFolder>());
      killed.back()->become(folder_);
    }
  });
  retire(*store, at("2026-02-01"), at("2026-05-30"));
  is_through = true;
  copying.join();
  const std::string expected = answers(*store);
  EXPECT_NE(before, expected);
  ASSERT_FALSE(killed.empty());
  for (const auto& folder : killed) {
    auto revived = opened(folder->path());
    EXPECT_EQ((*revived->counter(tenant("acme"), period("2026-01")))->calls.count, 32);
    if (revived->has_all_events(period("2026-01")).value()) {
      EXPECT_EQ(revived->recount(period("2026-01")).value()[0].second.calls.count, 32);
    }
    EXPECT_EQ(revived->recount(period("2026-03")).value()[0].second.calls.count, 31);
    retire(*revived, at("2026-02-01"), at("2026-05-30"));
    EXPECT_TRUE(places_of(kAddress, folder->path()).empty());
    EXPECT_EQ(answers(*revived), expected);
  }
}

TEST_F(EmbeddedRetentionTest, TheViewsFilesLetGoOfWhatWasRemoved) {
  const DocumentKey key{"", "kept for a while"};
  const auto write = [&](std::optional<Json> document) {
    Batch batch;
    batch.at = at("2026-01-01");
    batch.documents.push_back({.collection = Collection::settings, .key = key});
    batch.documents.back().document = std::move(document);
    return batch;
  };
  auto store = opened(folder_.path());
  apply(*store, write(Json::object({{"agent", "Canary/77 (a browser)"}})));
  retire(*store, at("2025-12-01"), at("2026-01-03"));
  EXPECT_FALSE(places_of("Canary/77", folder_.path()).empty()) << "it is there still";
  apply(*store, write(std::nullopt));
  ASSERT_TRUE(store->checkpoint());
  EXPECT_FALSE(places_of("Canary/77", folder_.path()).empty()) << "until it is compacted";
  retire(*store, at("2026-01-01"), at("2026-01-03"));
  EXPECT_TRUE(places_of("Canary/77", folder_.path()).empty());
}

TEST_F(EmbeddedRetentionTest, ASegmentOfTodayIsLeftToFill) {
  auto store = opened(folder_.path());
  apply(*store, day_of_calls(at("2026-03-01"), kAddress));
  const auto before = store->figures().journal_bytes;
  retire(*store, at("2026-01-01"), at("2026-03-01") + std::chrono::hours{23});
  EXPECT_EQ(store->figures().journal_bytes, before);
  retire(*store, at("2026-01-01"), at("2026-03-01") + std::chrono::hours{25});
  EXPECT_LT(store->figures().journal_bytes, before);
  EXPECT_EQ(store->figures().events_kept, 1);
}

}  // namespace
}  // namespace metergate::contract
