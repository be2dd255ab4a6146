// A journal in a test's folder: opens, appends, and records the replayed batches.
#pragma once

#include <gtest/gtest.h>

#include <future>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "storage/journal/journal.h"
#include "storage/journal/journal_recovery.h"
#include "storage/journal/journal_segment.h"
#include "storage/testing/test_folder.h"

namespace metergate {

using Replayed = std::map<std::uint64_t, std::string>;

struct TestJournal {
  explicit TestJournal(std::int64_t segment_bytes = 16 << 10)
      : options{.folder = folder.path(), .segment_bytes = segment_bytes} {}

  Journal::Visit collect() {
    return [this](std::uint64_t sequence, std::string_view batch) -> Result<> {
      EXPECT_TRUE(replayed.empty() || sequence == replayed.rbegin()->first + 1);
      replayed[sequence] = batch;
      return {};
    };
  }

  Result<> open(std::uint64_t after = 0) {
    journal.reset();
    replayed.clear();
    auto opened = Journal::open(options, after, collect(), log);
    if (!opened) return fail(opened.error());
    journal = *std::move(opened);
    return {};
  }

  // Only checks and replays.
  Result<Recovered> recover_only(std::uint64_t after = 0) {
    replayed.clear();
    return recover(options, after, collect(), log);
  }

  void wait(std::uint64_t sequence) const {
    std::promise<void> done;
    journal->when_durable(sequence, [&done] { done.set_value(); });
    done.get_future().wait();
  }

  // Retries until the journal accepts it: a small segment is full before the next is prepared.
  void append(std::uint64_t sequence, std::string_view batch) const {
    for (;;) {
      const auto taken = journal->append(sequence, batch);
      if (taken) return;
      ASSERT_EQ(taken.error().code, ErrorCode::overloaded) << taken.error().message;
      std::this_thread::yield();
    }
  }

  // One batch in a frame of its own.
  void write(std::uint64_t sequence, std::string_view batch) const {
    append(sequence, batch);
    wait(sequence);
  }

  // Leaves the folder as a kill does: without the mark of an orderly stop.
  void kill() {
    journal.reset();
    std::filesystem::remove(folder / "stopped");
  }

  std::filesystem::path segment(std::uint64_t number) const {
    return segment_path(folder.path(), number);
  }

  TestFolder folder;
  JournalOptions options;
  ManualClock clock{Timestamp{}};
  Log log{clock, LogLevel::error};
  std::unique_ptr<Journal> journal;
  Replayed replayed;
};

}  // namespace metergate
