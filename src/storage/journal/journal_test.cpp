#include "storage/journal/journal.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <mutex>
#include <thread>

#include "storage/testing/test_journal.h"

namespace metergate {
namespace {

std::string batch_of(std::uint64_t sequence, std::size_t bytes) {
  return std::to_string(sequence) + std::string(bytes, static_cast<char>('a' + sequence % 26));
}

// Limits the size of this process's files, so that writes fail as on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(std::int64_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{static_cast<rlim_t>(bytes), before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
};

RC_GTEST_PROP(Journal, WhatWasAppendedIsReplayedInOrderAfterAnyStop, ()) {
  TestJournal test;
  Replayed written;
  std::uint64_t sequence = 0;
  for (int run = *rc::gen::inRange(1, 4); run > 0; --run) {
    RC_ASSERT(test.open().has_value());
    RC_ASSERT(test.replayed == written);
    RC_ASSERT(test.journal->durable() == sequence);
    for (int i = *rc::gen::inRange(0, 30); i > 0; --i) {
      ++sequence;
      written[sequence] = batch_of(sequence, *rc::gen::inRange<std::size_t>(0, 2000));
      test.append(sequence, written[sequence]);
    }
    if (*rc::gen::arbitrary<bool>()) test.kill();
  }
  RC_ASSERT(test.open().has_value());
  RC_ASSERT(test.replayed == written);
}

RC_GTEST_PROP(Journal, SegmentsThatAreEndedEarlyAreReplayedLikeFullOnes, ()) {
  TestJournal test;
  Replayed written;
  std::uint64_t sequence = 0;
  for (int run = *rc::gen::inRange(1, 4); run > 0; --run) {
    RC_ASSERT(test.open().has_value());
    RC_ASSERT(test.replayed == written);
    for (int i = *rc::gen::inRange(0, 12); i > 0; --i) {
      ++sequence;
      written[sequence] = batch_of(sequence, *rc::gen::inRange<std::size_t>(0, 2000));
      test.append(sequence, written[sequence]);
      if (!*rc::gen::arbitrary<bool>()) continue;
      RC_ASSERT(test.journal->end_segment().has_value());
      RC_ASSERT(test.journal->durable() == sequence);
      const auto segments = test.journal->segments();
      RC_ASSERT(segments.back().first_sequence == sequence + 1);
      RC_ASSERT(segments[segments.size() - 2].is_full);
      RC_ASSERT(segments[segments.size() - 2].last_sequence == sequence);
    }
    if (*rc::gen::arbitrary<bool>()) test.kill();
  }
  RC_ASSERT(test.open().has_value());
  RC_ASSERT(test.replayed == written);
}

TEST(Journal, EndsASegmentBesideWriters) {
  TestJournal test;
  ASSERT_TRUE(test.open());
  constexpr std::uint64_t kBatches = 3000;
  std::thread writer{[&] {
    for (std::uint64_t i = 1; i <= kBatches; ++i) {
      test.append(i, batch_of(i, 40));
      test.journal->when_written(i, [] {});
    }
  }};
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(test.journal->end_segment());
  writer.join();
  EXPECT_TRUE(test.journal->end_segment());
  EXPECT_TRUE(test.journal->end_segment()) << "there is nothing in it: it stays";
  const auto count = test.journal->segments().size();
  EXPECT_TRUE(test.journal->remove_through(kBatches));
  EXPECT_EQ(test.journal->segments().size(), 1U) << "of " << count;
  ASSERT_TRUE(test.open(kBatches));
  EXPECT_EQ(test.journal->durable(), kBatches);
}

TEST(Journal, ReplayBeginsAboveTheGivenSequence) {
  TestJournal test;
  ASSERT_TRUE(test.open());
  for (std::uint64_t i = 1; i <= 5; ++i) test.write(i, "b");
  ASSERT_TRUE(test.open(3));
  EXPECT_EQ(test.replayed, (Replayed{{4, "b"}, {5, "b"}}));
  ASSERT_TRUE(test.open(5));
  EXPECT_TRUE(test.replayed.empty());
  test.write(6, "c");
}

TEST(Journal, AnErrorOfTheReplayIsPassedOn) {
  TestJournal test;
  ASSERT_TRUE(test.open());
  test.write(1, "b");
  test.kill();
  const auto refuse = [](std::uint64_t, std::string_view) -> Result<> {
    return fail(ErrorCode::invalid, "no");
  };
  EXPECT_EQ(Journal::open(test.options, 0, refuse, test.log).error().message, "no");
}

TEST(Journal, SixteenThreadsGetTheirBatchesDurableAndCalledBackInOrder) {
  constexpr int kThreads = 16;
  constexpr int kEach = 200;
  TestJournal test{1 << 20};
  ASSERT_TRUE(test.open());
  std::mutex numbering;
  std::uint64_t next = 1;
  std::vector<std::uint64_t> called;  // by the committing thread, or under `numbering`
  std::mutex calling;
  const auto client = [&] {
    for (int i = 0; i < kEach; ++i) {
      std::promise<void> done;
      {
        const std::lock_guard lock{numbering};
        const std::uint64_t sequence = next++;
        test.append(sequence, batch_of(sequence, 100));
        test.journal->when_durable(sequence, [&, sequence] {
          EXPECT_GE(test.journal->durable(), sequence);
          {
            const std::lock_guard also{calling};
            called.push_back(sequence);
          }
          done.set_value();
        });
      }
      done.get_future().wait();
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(client);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(called.size(), std::size_t{kThreads * kEach});
  ASSERT_TRUE(test.open());
  ASSERT_EQ(test.replayed.size(), std::size_t{kThreads * kEach});
  for (const auto& [sequence, batch] : test.replayed) ASSERT_EQ(batch, batch_of(sequence, 100));
}

TEST(Journal, CallbacksRunInTheOrderOfTheirSequencesAndOfTheirAsking) {
  TestJournal test;
  ASSERT_TRUE(test.open());
  std::vector<std::string> called;
  test.journal->when_durable(3, [&] { called.push_back("3"); });
  test.journal->when_durable(2, [&] { called.push_back("2a"); });
  test.journal->when_durable(2, [&] { called.push_back("2b"); });
  for (std::uint64_t i = 1; i <= 3; ++i) test.write(i, "b");
  EXPECT_EQ(called, (std::vector<std::string>{"2a", "2b", "3"}));
  bool is_called = false;
  test.journal->when_durable(2, [&] { is_called = true; });
  EXPECT_TRUE(is_called) << "what is durable already is answered at once";
}

TEST(Journal, WhatIsWrittenIsInTheFileBeforeItIsReported) {
  TestJournal test;
  ASSERT_TRUE(test.open());
  std::promise<std::string> found;
  test.journal->when_written(1, [&] {
    EXPECT_EQ(test.journal->written(), 1U);
    const auto path = test.journal->segments().back().path;
    std::ifstream file(path, std::ios::binary);
    found.set_value({std::istreambuf_iterator<char>(file), {}});
  });
  ASSERT_TRUE(test.journal->append(1, "the very batch"));
  EXPECT_NE(found.get_future().get().find("the very batch"), std::string::npos);
  bool is_called = false;
  test.journal->when_written(1, [&] { is_called = true; });
  EXPECT_TRUE(is_called) << "what is written already is answered at once";
}

TEST(Journal, WhoAsksWhetherItIsWrittenWritesItAtOnce) {
  TestJournal test;
  ASSERT_TRUE(test.open());
  test.write(1, "the first begins a segment");
  for (std::uint64_t i = 2; i <= 9; ++i) {
    ASSERT_TRUE(test.journal->append(i, "b"));
    bool is_called = false;
    test.journal->when_written(i, [&] { is_called = true; });
    EXPECT_TRUE(is_called);
  }
  test.kill();
  ASSERT_TRUE(test.open());
  EXPECT_EQ(test.replayed.size(), 9U);
}

TEST(Journal, WhatNobodyWaitsForIsSyncedSoon) {
  TestJournal test;
  ASSERT_TRUE(test.open());
  ASSERT_TRUE(test.journal->append(1, "b"));
  while (test.journal->durable() < 1) std::this_thread::yield();
  ASSERT_TRUE(test.journal->append(2, "b"));
  test.journal->when_written(2, [] {});
  while (test.journal->durable() < 2) std::this_thread::yield();
}

TEST(Journal, ThreadsThatWriteBesideOneAnotherKeepTheOrder) {
  constexpr std::uint64_t kEach = 300;
  TestJournal test{1 << 16};
  ASSERT_TRUE(test.open());
  std::mutex numbering;
  std::uint64_t next = 1;
  std::atomic<std::uint64_t> called = 0;
  const auto client = [&] {
    for (std::uint64_t i = 0; i < kEach; ++i) {
      std::uint64_t sequence = 0;
      {
        const std::lock_guard lock{numbering};
        sequence = next++;
        test.append(sequence, batch_of(sequence, 100));
      }
      test.journal->when_written(sequence, [&] { ++called; });
    }
  };
  {
    const std::jthread one{client};
    const std::jthread two{client};
    const std::jthread three{client};
  }
  test.wait(3 * kEach);
  EXPECT_EQ(called, 3 * kEach);
  test.kill();
  ASSERT_TRUE(test.open());
  ASSERT_EQ(test.replayed.size(), 3 * kEach);
  for (const auto& [sequence, batch] : test.replayed) ASSERT_EQ(batch, batch_of(sequence, 100));
}

TEST(Journal, ACallbackMayAppendAndAskAgain) {
  TestJournal test;
  ASSERT_TRUE(test.open());
  std::promise<void> done;
  test.journal->when_durable(1, [&] {
    ASSERT_TRUE(test.journal->append(2, "second"));
    test.journal->when_durable(2, [&done] { done.set_value(); });
  });
  ASSERT_TRUE(test.journal->append(1, "first"));
  done.get_future().wait();
  EXPECT_EQ(test.journal->durable(), 2U);
}

TEST(Journal, WhatWasTakenIsWrittenBeforeTheJournalGoes) {
  TestJournal test;
  ASSERT_TRUE(test.open());
  for (std::uint64_t i = 1; i <= 50; ++i) test.append(i, "b");
  ASSERT_TRUE(test.open());
  EXPECT_EQ(test.replayed.size(), 50U);
}

TEST(Journal, RollsIntoTheNextSegmentWithoutAGap) {
  TestJournal test;
  ASSERT_TRUE(test.open());
  for (std::uint64_t i = 1; i <= 20; ++i) {
    test.write(i, batch_of(i, 4000));
  }
  const auto segments = test.journal->segments();
  ASSERT_GT(segments.size(), 3U);
  EXPECT_EQ(segments.front().first_sequence, 1U);
  for (std::size_t i = 1; i < segments.size(); ++i) {
    EXPECT_TRUE(segments[i - 1].is_full);
    EXPECT_EQ(segments[i].number, segments[i - 1].number + 1);
    EXPECT_EQ(segments[i].first_sequence, segments[i - 1].last_sequence + 1);
  }
  EXPECT_FALSE(segments.back().is_full);
  ASSERT_TRUE(test.open());
  ASSERT_EQ(test.replayed.size(), 20U);
  for (const auto& [sequence, batch] : test.replayed) EXPECT_EQ(batch, batch_of(sequence, 4000));
}

TEST(Journal, RemovesFullSegmentsThroughASequenceAndNoOther) {
  TestJournal test;
  ASSERT_TRUE(test.open());
  for (std::uint64_t i = 1; i <= 20; ++i) {
    test.write(i, batch_of(i, 4000));
  }
  const auto before = test.journal->segments();
  ASSERT_TRUE(test.journal->remove_through(before[1].last_sequence));
  EXPECT_EQ(test.journal->segments().front().number, before[2].number);
  EXPECT_FALSE(std::filesystem::exists(before[1].path));
  ASSERT_TRUE(test.journal->remove_through(before[2].last_sequence - 1));
  EXPECT_EQ(test.journal->segments().front().number, before[2].number);
  ASSERT_TRUE(test.journal->remove_through(UINT64_MAX));
  EXPECT_EQ(test.journal->segments().size(), 1U) << "the one that is appended to stays";

  const std::uint64_t left = test.journal->segments().front().first_sequence;
  ASSERT_TRUE(test.open(left - 1));
  EXPECT_EQ(test.replayed.begin()->first, left);
  EXPECT_EQ(test.open(0).error().code, ErrorCode::corrupt) << "the first batches are gone";
}

TEST(Journal, ABatchThatFitsIntoNoSegmentIsRefusedAndOneThatJustFitsIsTaken) {
  TestJournal test;
  ASSERT_TRUE(test.open());
  EXPECT_EQ(test.journal->append(1, std::string(16 << 10, 'x')).error().code, ErrorCode::too_large);
  const std::size_t fitting = (16 << 10) - kSegmentHeaderBytes - kFrameOverheadBytes - 16;
  EXPECT_EQ(test.journal->admits(fitting + 1).error().code, ErrorCode::too_large);
  for (std::uint64_t i = 1; i <= 4; ++i) {
    test.append(i, std::string(fitting, 'x'));
  }
  ASSERT_TRUE(test.open());
  EXPECT_EQ(test.replayed.size(), 4U);
}

TEST(Journal, BatchesBeyondWhatMayWaitAreRefusedAndNotTaken) {
  TestJournal test;
  test.options.waiting_bytes_max = 3000;
  ASSERT_TRUE(test.open());
  // A callback holds the committing thread, so that nothing becomes durable meanwhile.
  std::promise<void> held;
  std::promise<void> go;
  test.journal->when_durable(1, [&] {
    held.set_value();
    go.get_future().wait();
  });
  ASSERT_TRUE(test.journal->append(1, "b"));
  held.get_future().wait();
  EXPECT_TRUE(test.journal->append(2, std::string(2000, 'x')));
  EXPECT_EQ(test.journal->append(3, std::string(2000, 'x')).error().code, ErrorCode::overloaded);
  EXPECT_EQ(test.journal->admits(2000).error().code, ErrorCode::overloaded);
  EXPECT_TRUE(test.journal->admits(100));
  EXPECT_EQ(test.journal->durable(), 1U);
  go.set_value();
  test.wait(2);
  EXPECT_TRUE(test.journal->append(3, std::string(2000, 'x')));
}

TEST(Journal, AFullDiskIsRefusedBeforeAFrameMeetsItAndWritesReturnByThemselves) {
  TestJournal test;
  ASSERT_TRUE(test.open());
  std::uint64_t sequence = 0;
  {
    const FileSizeLimit full{(16 << 10) - 1};  // no new segment; what is reserved can be written
    Result<> taken;
    while (taken || taken.error().code == ErrorCode::overloaded) {
      taken = test.journal->append(sequence + 1, batch_of(sequence + 1, 500));
      if (taken) test.wait(++sequence);
    }
    EXPECT_EQ(taken.error().code, ErrorCode::storage) << taken.error().message;
    EXPECT_EQ(test.journal->admits(1).error().code, ErrorCode::storage);
    EXPECT_EQ(test.journal->durable(), sequence);
  }
  while (!test.journal->admits(500)) std::this_thread::yield();  // within about a second
  test.write(sequence + 1, "again");
  ASSERT_TRUE(test.open());
  EXPECT_EQ(test.replayed.size(), sequence + 1);
}

TEST(Journal, OpensOnAFullDiskForReading) {
  TestJournal test;
  ASSERT_TRUE(test.open());
  test.write(1, "b");
  while (!std::filesystem::exists(test.segment(3))) std::this_thread::yield();  // both spares
  test.kill();
  // Only the copy of the last segment finds room: in the last spare.
  ASSERT_TRUE(test.recover_only());
  for (std::uint64_t i = 3; std::filesystem::exists(test.segment(i)); ++i) {
    std::filesystem::remove(test.segment(i));
  }
  const FileSizeLimit full{(16 << 10) - 1};
  ASSERT_TRUE(test.open());
  EXPECT_EQ(test.replayed.size(), 1U);
  EXPECT_EQ(test.journal->append(2, "b").error().code, ErrorCode::storage);
}

TEST(JournalDeathTest, ARefusedWriteEndsTheProcessBeforeAnythingIsReported) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto meet_a_refusing_disk = [] {
    TestJournal test;
    if (!test.open()) return;
    test.write(1, "b");
    const FileSizeLimit refusing{kSegmentHeaderBytes};  // standard error is a file here
    test.journal->when_durable(2, [] { std::fputs("reported\n", stderr); });
    if (test.journal->append(2, "b")) test.wait(2);
  };
  EXPECT_EXIT(meet_a_refusing_disk(), ::testing::ExitedWithCode(1),
              "^metergate: the disk refused .*; stopping so that nothing is acknowledged that is "
              "not on disk\n$");
}

TEST(Journal, AFolderThatCannotBeMadeIsAStorageError) {
  TestJournal test;
  replace_contents(test.folder / "file", "x");
  test.options.folder = test.folder / "file";
  EXPECT_EQ(test.open().error().code, ErrorCode::storage);
}

}  // namespace
}  // namespace metergate
