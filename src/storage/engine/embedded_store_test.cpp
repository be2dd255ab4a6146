// The engine on disk, beyond the contract: crashes, full segments, its folder.
#include <thread>

#include "storage/bytes/files.h"
#include "storage/engine/memory_store.h"
#include "storage/engine/open_store.h"
#include "storage/shapes/store_answers.h"
#include "storage/testing/random_batch_test.h"
#include "storage/testing/test_folder.h"

namespace metergate::contract {
namespace {

class EmbeddedStoreTest : public testing::Test {
 protected:
  Result<std::unique_ptr<Store>> open(const std::filesystem::path& folder,
                                      std::string_view zone = "UTC") const {
    EmbeddedOptions options;
    options.folder = folder;
    options.zone = *TimeZone::find(zone);
    options.segment_bytes = 1 << 20;
    options.checkpoint_every = std::chrono::hours{1};
    return open_embedded_store(options, clock_, log_);
  }
  std::unique_ptr<Store> opened(const std::filesystem::path& folder) const {
    auto store = open(folder);
    EXPECT_TRUE(store.has_value()) << (store ? "" : store.error().message);
    return std::move(store).value();
  }
  // Events of about 100 bytes each, numbered from `from`.
  static Batch many(int from, int count) {
    Batch batch = events({});
    for (int i = from; i < from + count; ++i) {
      UsageEvent event = call("t" + std::to_string(i % 3), std::to_string(i), "2026-03-01");
      event.occurred_at += std::chrono::minutes{i % 40'000};
      std::get<ApiCall>(event.fact).path = std::string(100, 'p');
      batch.events.push_back(std::move(event));
    }
    return batch;
  }

  TestFolder folder_;
  ManualClock clock_{Timestamp{}};  // never later than the facts, unless a test says so
  Log log_{clock_, LogLevel::error};
};

void apply_durably(Store& store, Batch batch) {
  const auto commit = store.apply(std::move(batch));
  ASSERT_TRUE(commit) << commit.error().message;
  store.wait_durable(commit->sequence);
}

// A copy of the folder while the store is open equals the state after a kill: changes that the view
// had not flushed are missing.
TEST_F(EmbeddedStoreTest, AnswersTheSameAfterAKillAtAnyPoint) {
  const auto twin = make_memory_store(TimeZone::utc());
  auto store = opened(folder_.path());
  TestFolder killed;
  int number = 0;
  std::string broken;  // the first broken claim, since smaller cases use its folder
  const auto claim = [&](bool is_true, const char* what) {
    if (!is_true && broken.empty()) broken = what + (" after batch " + std::to_string(number));
    RC_ASSERT(is_true);
  };
  const bool holds = rc::check([&] {
    const Batch batch = any_batch(number++, *twin);
    const auto expected = twin->apply(batch);
    const auto commit = store->apply(batch);
    claim(commit.has_value() == expected.has_value(), "both take or refuse");
    if (commit) claim(commit->outcomes == expected->outcomes, "both say the same of each event");
    store->wait_durable(store->head());
    if (number % 7 == 0) claim(store->checkpoint().has_value(), "a checkpoint can be made");
    if (number % 20 == 19) {
      store.reset();
      store = opened(folder_.path());
    }
    killed.become(folder_);
    const auto revived = opened(killed.path());
    claim(answers(*revived) == answers(*twin), "the revived one answers as before");
    claim(answers(*store) == answers(*twin), "the one that lives on does");
  });
  EXPECT_TRUE(holds) << broken;
}

TEST_F(EmbeddedStoreTest, AnOlderViewCatchesUpWithTheJournal) {
  auto store = opened(folder_.path());
  apply_durably(*store, many(0, 100));
  store.reset();
  TestFolder older;
  older.become(folder_);
  store = opened(folder_.path());
  apply_durably(*store, many(50, 100));
  const std::string expected = answers(*store);
  store.reset();
  std::filesystem::remove_all(folder_ / "view");
  std::filesystem::copy(older / "view", folder_ / "view");
  EXPECT_EQ(answers(*opened(folder_.path())), expected);
}

TEST_F(EmbeddedStoreTest, FullSegmentsMoveToTheArchive) {
  auto store = opened(folder_.path());
  constexpr int kEvents = 40'000;
  for (int i = 0; i < kEvents; i += 1000) apply_durably(*store, many(i, 1000));
  const auto before = store->figures();
  EXPECT_GT(before.journal_bytes, 3 << 20);
  ASSERT_TRUE(store->checkpoint());
  const auto after = store->figures();
  EXPECT_LT(after.journal_bytes, 2 << 20);
  EXPECT_EQ(after.events_kept, kEvents);
  const auto count_calls = [](const Store& of) {
    Query query;
    query.collection = Collection::api_calls;
    return of.count(query).value();
  };
  EXPECT_EQ(count_calls(*store), kEvents);
  store.reset();
  store = opened(folder_.path());
  EXPECT_EQ(count_calls(*store), kEvents);
  EXPECT_EQ(store->apply(many(0, 1000))->outcomes,
            std::vector<EventOutcome>(1000, EventOutcome::duplicate));
}

TEST_F(EmbeddedStoreTest, TheNewestComeFirstAcrossArchiveAndMemory) {
  auto store = opened(folder_.path());
  for (int i = 0; i < 12'000; i += 1000) apply_durably(*store, many(i, 1000));
  ASSERT_TRUE(store->checkpoint());
  apply_durably(*store, many(12'000, 10));
  Query query;
  query.collection = Collection::api_calls;
  query.sort = {{"timestamp", true}};
  int next = 12'009;
  ASSERT_TRUE(store->for_each(query, [&next](const Json& document) {
    return document.string_at("_id") == std::to_string(next--);
  }));
  EXPECT_EQ(next, -1);
}

TEST_F(EmbeddedStoreTest, RetentionRemovesArchivedEvents) {
  auto store = opened(folder_.path());
  for (int i = 0; i < 12'000; i += 1000) apply_durably(*store, many(i, 1000));
  ASSERT_TRUE(store->checkpoint());
  const auto kept = store->figures().events_kept;
  RetentionDone done;
  do {
    done = store->retire({std::nullopt, at("2027-01-01")}).value();
  } while (done.more);
  EXPECT_LT(store->figures().events_kept, kept);
  store.reset();
  store = opened(folder_.path());
  EXPECT_EQ(store->has_all_events(period("2026-03")).value(), false);
  EXPECT_EQ((*store->counter(tenant("t0"), period("2026-03")))->calls.count, 4000);
}

TEST_F(EmbeddedStoreTest, CheckpointsBesideWritersLoseNothing) {
  constexpr int kThreads = 4;
  constexpr int kBatches = 60;
  auto store = opened(folder_.path());
  std::vector<std::thread> writers;
  std::atomic<int> running = kThreads;
  Query counters;
  counters.collection = Collection::usage_counters;
  for (int thread = 0; thread < kThreads; ++thread) {
    writers.emplace_back([&, thread] {
      for (int i = 0; i < kBatches; ++i) {
        // Each batch twice, and each event by two threads: it counts once.
        const int from = (thread / 2 * kBatches + i) * 20;
        for (int twice = 0; twice < 2; ++twice) EXPECT_TRUE(store->apply(many(from, 20)));
        EXPECT_TRUE(store->find(counters));
      }
      --running;
    });
  }
  while (running > 0) EXPECT_TRUE(store->checkpoint());
  for (std::thread& writer : writers) writer.join();
  constexpr int kEvents = kThreads / 2 * kBatches * 20;
  for (int reopenings = 0; reopenings < 2; ++reopenings) {
    std::int64_t calls = 0;
    const auto recounted = store->recount(period("2026-03")).value();
    for (const auto& [of, counter] : recounted) {
      EXPECT_EQ((*store->counter(of, period("2026-03")))->calls, counter.calls);
      calls += counter.calls.count;
    }
    EXPECT_EQ(calls, kEvents);
    store.reset();
    store = opened(folder_.path());
  }
}

TEST_F(EmbeddedStoreTest, ASnapshotOpensAsTheStoreWas) {
  auto store = opened(folder_.path());
  // More than a segment, so that some are in the archive.
  for (int at = 0; at < 10'000; at += 2000) apply_durably(*store, many(at, 2000));
  ASSERT_TRUE(store->checkpoint());
  apply_durably(*store, many(20'000, 50));  // and some in the journal alone
  const auto before = answers(*store);
  auto lock = SnapshotLock::take(folder_.path());
  ASSERT_TRUE(lock);
  const auto taken = take_snapshot(*store);
  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_EQ(taken->sequence, store->head());
  apply_durably(*store, many(30'000, 50));  // what comes later is not in it
  ASSERT_TRUE(store->checkpoint());
  TestFolder copy;
  std::filesystem::copy(taken->folder, copy.path(), std::filesystem::copy_options::recursive);
  EXPECT_EQ(answers(*opened(copy.path())), before);
}

TEST_F(EmbeddedStoreTest, SnapshotsBesideWritersHaveWhatWasDurableBefore) {
  auto store = opened(folder_.path());
  std::atomic<bool> is_over = false;
  std::thread writer([&] {
    for (int at = 0; !is_over; at += 100) apply_durably(*store, many(at, 100));
  });
  for (int round = 0; round < 2; ++round) {
    const Sequence promised = store->durable();
    const auto taken = take_snapshot(*store);
    ASSERT_TRUE(taken) << taken.error().message;
    EXPECT_GE(taken->sequence, promised);
    TestFolder copy;
    std::filesystem::copy(taken->folder, copy.path(), std::filesystem::copy_options::recursive);
    EXPECT_EQ(opened(copy.path())->head(), taken->sequence);
  }
  is_over = true;
  writer.join();
}

TEST_F(EmbeddedStoreTest, OneBackupAtATimeHasTheSnapshotAndAnAbandonedOneGoes) {
  auto store = opened(folder_.path());
  {
    auto lock = SnapshotLock::take(folder_.path());
    ASSERT_TRUE(lock);
    const auto second = SnapshotLock::take(folder_.path());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::conflict);
    ASSERT_TRUE(take_snapshot(*store));
    store.reset();
    store = opened(folder_.path());
    EXPECT_TRUE(std::filesystem::exists(folder_ / "snapshot")) << "its backup still reads it";
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ / "snapshot"));
  ASSERT_TRUE(take_snapshot(*store));
  store.reset();
  store = opened(folder_.path());
  EXPECT_FALSE(std::filesystem::exists(folder_ / "snapshot"));
}

TEST_F(EmbeddedStoreTest, AStoreWithoutAFolderHasNoSnapshot) {
  const auto store = make_memory_store(TimeZone::utc());
  const auto taken = take_snapshot(*store);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ErrorCode::conflict);
}

TEST_F(EmbeddedStoreTest, AnUnfinishedRestoreIsNotOpened) {
  std::filesystem::create_directory(folder_ / kUnfinishedRestore);
  const auto store = open(folder_.path());
  ASSERT_FALSE(store);
  EXPECT_NE(store.error().message.find("run metergate restore again"), std::string::npos);
}

TEST_F(EmbeddedStoreTest, WhatATenantHasIsInTheMonthsThatBeganSinceToo) {
  auto store = opened(folder_.path());
  apply_durably(*store, events({fact("a", "1", "2026-01-10", CountReport{Meter::stores_count, 6}),
                                call("b", "2", "2026-02-10")}));
  clock_.set(*parse_timestamp("2026-04-02T00:00:00Z"));
  const auto months = [&](std::string_view filter) {
    Query query;
    query.collection = Collection::usage_counters;
    query.filter = parse_filter(parse_json(filter).value()).value();
    std::string text;
    const std::vector<Json> counters = store->find(query).value();
    for (const Json& counter : counters)
      text += *counter.string_at("_id") + ' ' +
              std::to_string(*counter.integer_at("stores_count")) + '\n';
    EXPECT_EQ(store->count(query).value(), std::ranges::count(text, '\n'));
    return text;
  };
  EXPECT_EQ(months(R"({"tenant_id":"a"})"), "2026-01|a 6\n2026-02|a 6\n2026-03|a 6\n2026-04|a 6\n");
  EXPECT_EQ(months(R"({"period":"2026-04"})"), "2026-04|a 6\n2026-04|b 0\n");
  EXPECT_EQ(months(R"({"period":"2026-05"})"), "") << "it has not begun";
  EXPECT_EQ(months(R"({"period":"2026-01"})"), "2026-01|a 6\n") << "b was not there yet";
}

TEST_F(EmbeddedStoreTest, OneProcessHasTheFolder) {
  EXPECT_FALSE(is_folder_in_use(folder_.path()));
  auto store = opened(folder_.path());
  EXPECT_TRUE(is_folder_in_use(folder_.path()));
  const auto second = open(folder_.path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
  EXPECT_NE(second.error().message.find(std::to_string(::getpid())), std::string::npos);
  store.reset();
  EXPECT_FALSE(is_folder_in_use(folder_.path()));
  EXPECT_TRUE(open(folder_.path()));
}

TEST_F(EmbeddedStoreTest, AnotherTimeZoneIsRefusedNamingBoth) {
  opened(folder_.path()).reset();
  const auto refused = open(folder_.path(), "Asia/Tokyo");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid);
  EXPECT_NE(refused.error().message.find("UTC"), std::string::npos);
  EXPECT_NE(refused.error().message.find("Asia/Tokyo"), std::string::npos);
}

TEST_F(EmbeddedStoreTest, AnotherFormatOrADamagedOneIsRefused) {
  opened(folder_.path()).reset();
  const std::string good = contents(folder_ / "FORMAT");
  for (const std::string& bad :
       {std::string("{\"format\":2}"), std::string("{}"), std::string("x"), good.substr(0, 20)}) {
    replace_contents(folder_ / "FORMAT", bad);
    const auto refused = open(folder_.path());
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().code, ErrorCode::corrupt) << bad;
  }
  std::filesystem::remove(folder_ / "FORMAT");
  EXPECT_EQ(open(folder_.path()).error().code, ErrorCode::corrupt);
  replace_contents(folder_ / "FORMAT", good);
  EXPECT_TRUE(open(folder_.path()));
}

TEST_F(EmbeddedStoreTest, APlaceThatCannotBeAFolderIsRefused) {
  replace_contents(folder_ / "file", "x");
  const auto refused = open(folder_ / "file");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::storage);
  EXPECT_NE(refused.error().message.find((folder_ / "file").string()), std::string::npos);
}

TEST_F(EmbeddedStoreTest, ALostViewIsNotMistakenForAnEmptyOne) {
  auto store = opened(folder_.path());
  for (int i = 0; i < 12'000; i += 1000) apply_durably(*store, many(i, 1000));
  store.reset();
  opened(folder_.path()).reset();
  std::filesystem::remove_all(folder_ / "view");
  const auto refused = open(folder_.path());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::corrupt);
}

TEST_F(EmbeddedStoreTest, ALostJournalIsNotMistakenForAnEmptyOne) {
  auto store = opened(folder_.path());
  apply_durably(*store, many(0, 10));
  store.reset();
  std::filesystem::remove_all(folder_ / "journal");
  const auto refused = open(folder_.path());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::corrupt);
}

}  // namespace
}  // namespace metergate::contract
