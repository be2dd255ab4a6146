#include "storage/journal/journal_recovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

#include "storage/bytes/checksum.h"
#include "storage/journal/journal_frame.h"
#include "storage/testing/test_journal.h"

namespace metergate {
namespace {

using ::testing::HasSubstr;

// A small journal in the state after a kill, with the starts of its frames.
struct SmallJournal : TestJournal {
  explicit SmallJournal(std::uint64_t batches) : TestJournal(8 << 10) {
    EXPECT_TRUE(open().has_value());
    for (std::uint64_t i = 1; i <= batches; ++i) {
      starts.push_back(used());
      write(i, "batch-" + std::to_string(i));
      written[i] = "batch-" + std::to_string(i);
    }
    end = used();
    kill();
    kept.become(folder);
  }

  std::size_t used() const {
    const auto segments = journal->segments();
    return segments.empty() ? kSegmentHeaderBytes : static_cast<std::size_t>(segments.back().bytes);
  }

  void restore() {
    journal.reset();
    folder.become(kept);
  }

  std::vector<std::size_t> starts;
  std::size_t end = 0;
  Replayed written;
  TestFolder kept;
};

// Three segments with several frames, killed.
struct LongJournal : TestJournal {
  LongJournal() {
    EXPECT_TRUE(open().has_value());
    for (std::uint64_t i = 1; i <= 15; ++i) write(i, std::string(2500, 'x'));
    infos = journal->segments();
    kill();
    EXPECT_GE(infos.size(), 4U);
  }

  void expect_damage(std::string_view word) {
    const auto result = recover_only();
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, ErrorCode::corrupt);
    EXPECT_THAT(result.error().message, HasSubstr(std::string{word}));
    EXPECT_THAT(result.error().message, HasSubstr(folder.path().string()));
  }

  std::vector<JournalSegment> infos;
};

TEST(JournalRecovery, ATailTornAtAnyByteIsCutAndTheJournalGoesOn) {
  SmallJournal test{3};
  Replayed without_last = test.written;
  without_last.erase(3);
  for (std::size_t torn = test.starts[2]; torn < test.end; ++torn) {
    test.restore();
    std::string bytes = contents(test.segment(1));
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(torn), bytes.end(), '\0');
    replace_contents(test.segment(1), bytes);
    ASSERT_TRUE(test.open().has_value()) << torn;
    ASSERT_EQ(test.replayed, without_last) << torn;
    ASSERT_EQ(test.journal->durable(), 2U);
    test.write(3, "another");
    ASSERT_TRUE(test.open().has_value()) << torn;
    ASSERT_EQ(test.replayed[3], "another") << torn;
  }
}

TEST(JournalRecovery, ATailWhoseEndCameToDiskBeforeItsBeginningIsCutToo) {
  SmallJournal test{3};
  for (std::size_t missing = test.starts[2] + 1; missing < test.end; ++missing) {
    test.restore();
    std::string bytes = contents(test.segment(1));
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(test.starts[2]),
              bytes.begin() + static_cast<std::ptrdiff_t>(missing), '\0');
    replace_contents(test.segment(1), bytes);
    ASSERT_TRUE(test.recover_only().has_value()) << missing;
    ASSERT_EQ(test.replayed.size(), 2U) << missing;
    // The cut bytes are also removed from the file, so that they cannot return.
    ASSERT_TRUE(is_all_zero(std::string_view{contents(test.segment(1))}.substr(test.starts[2])));
  }
}

TEST(JournalRecovery, ATornTailIsDamageWhereItWasKnownToBeOnDisk) {
  SmallJournal test{3};
  flip_bit(test.segment(1), test.end - 1, 0);
  const auto known_by_the_view = test.recover_only(3);
  ASSERT_FALSE(known_by_the_view.has_value());
  EXPECT_EQ(known_by_the_view.error().code, ErrorCode::corrupt);

  test.restore();
  ASSERT_TRUE(test.open().has_value());
  test.journal.reset();  // a stop in order
  flip_bit(test.segment(1), test.end - 1, 0);
  const auto known_by_the_stop = test.recover_only();
  ASSERT_FALSE(known_by_the_stop.has_value());
  EXPECT_THAT(known_by_the_stop.error().message, HasSubstr("stopped in order after 3"));
}

TEST(JournalRecovery, ABitFlippedAnywhereNeverChangesWhatIsReplayed) {
  SmallJournal test{4};
  Replayed without_last = test.written;
  without_last.erase(4);
  std::size_t refused = 0;
  std::size_t cut = 0;
  for (std::size_t at = 0; at < test.end + 64; ++at) {
    if (at == 64) at = kSegmentHeaderBytes - 64;  // the bytes between are unused
    for (const unsigned bit : {0U, 5U}) {
      flip_bit(test.segment(1), at, bit);
      const auto result = test.recover_only();
      if (!result) {
        ASSERT_EQ(result.error().code, ErrorCode::corrupt);
        flip_bit(test.segment(1), at, bit);
        ++refused;
        continue;
      }
      test.restore();
      if (test.replayed != test.written) {
        ASSERT_EQ(test.replayed, without_last) << "byte " << at;
        ASSERT_GE(at, test.starts[3]) << "only the last frame may be taken for a torn tail";
        ++cut;
      }
    }
  }
  EXPECT_EQ(refused, 2 * (56 + test.starts[3] - kSegmentHeaderBytes));
  EXPECT_EQ(cut, 2 * (test.end - test.starts[3]));
}

TEST(JournalRecovery, ABadFrameWithAGoodOneSomewhereBehindItIsDamageWithItsPlace) {
  SmallJournal test{3};
  flip_bit(test.segment(1), test.starts[1] + 12, 0);  // its length
  const auto result = test.recover_only();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::corrupt);
  EXPECT_THAT(result.error().message, HasSubstr("at byte " + std::to_string(test.starts[1])));
  EXPECT_THAT(result.error().message, HasSubstr(std::to_string(test.starts[2])));
  EXPECT_THAT(result.error().message, HasSubstr("Restore"));
}

// Frames after the first, written while syncs run; each has the sequence that was on disk by then.
struct WrittenBeside {
  explicit WrittenBeside(const SmallJournal& test, std::size_t batch_bytes = 8)
      : bytes(contents(test.segment(1))), at(test.end), batch_bytes_(batch_bytes) {
    Frame first;
    EXPECT_EQ(decode(std::string_view{bytes}.substr(test.starts[0]), first), Soundness::good);
    hash_ = first.hash;
  }

  void add(std::uint64_t durable) {
    std::string frame;
    begin_frame(frame);
    add_batch(frame, std::string(batch_bytes_, static_cast<char>('a' + sequence)));
    hash_ = finish_frame(frame, {.first_sequence = ++sequence,
                                 .batch_count = 1,
                                 .durable = durable,
                                 .previous_hash = hash_});
    bytes.replace(at, frame.size(), frame);
    at += frame.size();
    ends.push_back(at);
  }

  std::string bytes;  // of the segment
  std::size_t at;     // position of the next frame
  std::uint64_t sequence = 1;
  std::vector<std::size_t> ends;  // of frames 2, 3, …

 private:
  std::size_t batch_bytes_;
  std::uint64_t hash_ = 0;
};

TEST(JournalRecovery, AFrameThatWasLostBeforeOneWrittenBesideItIsATornTail) {
  SmallJournal test{1};
  WrittenBeside journal{test};
  journal.add(1);
  journal.add(1);
  journal.bytes[test.end + 12] ^= 1;
  replace_contents(test.segment(1), journal.bytes);
  ASSERT_TRUE(test.recover_only().has_value());
  EXPECT_EQ(test.replayed, (Replayed{{1, "batch-1"}}));
  EXPECT_TRUE(is_all_zero(std::string_view{contents(test.segment(1))}.substr(test.end)))
      << "what lay behind it must not come back";
}

TEST(JournalRecovery, AFrameThatWasOnDiskWhenALaterOneWasWrittenIsDamage) {
  SmallJournal test{1};
  WrittenBeside journal{test};
  journal.add(1);
  journal.add(1);
  journal.add(2);
  journal.bytes[test.end + 12] ^= 1;
  replace_contents(test.segment(1), journal.bytes);
  const auto result = test.recover_only();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::corrupt);
}

// A power cut keeps any of the unsynced sectors and loses the others.
RC_GTEST_PROP(JournalRecovery, APowerCutTakesNothingThatWasOnDisk, ()) {
  constexpr std::size_t kSector = 512;
  SmallJournal test{1};
  WrittenBeside journal{test, 300};
  std::uint64_t durable = 1;
  for (int i = *rc::gen::inRange(1, 10); i > 0; --i) {
    durable = *rc::gen::inRange(durable, journal.sequence + 1);
    journal.add(durable);
  }
  const std::size_t synced = durable == 1 ? test.end : journal.ends[durable - 2];
  for (std::size_t sector = synced / kSector; sector * kSector < journal.at; ++sector) {
    if (*rc::gen::arbitrary<bool>()) continue;
    const std::size_t from = std::max(synced, sector * kSector);
    const std::size_t to = std::min((sector + 1) * kSector, journal.bytes.size());
    journal.bytes.replace(from, to - from, to - from, '\0');
  }
  replace_contents(test.segment(1), journal.bytes);
  RC_ASSERT(test.recover_only().has_value());
  RC_ASSERT(test.replayed.size() >= durable);
  RC_ASSERT(test.replayed.rbegin()->first == test.replayed.size());
}

TEST(JournalRecovery, AFrameOfZerosInTheMiddleIsDamage) {
  SmallJournal test{3};
  std::string bytes = contents(test.segment(1));
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(test.starts[0]),
            bytes.begin() + static_cast<std::ptrdiff_t>(test.starts[2]), '\0');
  replace_contents(test.segment(1), bytes);
  EXPECT_EQ(test.recover_only().error().code, ErrorCode::corrupt);
}

TEST(JournalRecovery, FramesInAnotherOrderAreDamage) {
  SmallJournal test{4};
  std::string bytes = contents(test.segment(1));
  const std::size_t size = test.starts[2] - test.starts[1];
  ASSERT_EQ(size, test.starts[3] - test.starts[2]);
  const std::string second = bytes.substr(test.starts[1], size);
  bytes.replace(test.starts[1], size, bytes.substr(test.starts[2], size));
  bytes.replace(test.starts[2], size, second);
  replace_contents(test.segment(1), bytes);
  EXPECT_EQ(test.recover_only().error().code, ErrorCode::corrupt);
  EXPECT_THAT(test.recover_only().error().message, HasSubstr("next sequence"));
}

TEST(JournalRecovery, AFrameOfAnotherHistoryIsDamage) {
  SmallJournal test{2};
  // The same sequence in a valid frame with another first batch: the second frame does not fit.
  std::string frame;
  begin_frame(frame);
  add_batch(frame, "batch-X");
  finish_frame(frame, {.first_sequence = 1, .batch_count = 1});
  std::string bytes = contents(test.segment(1));
  bytes.replace(test.starts[0], frame.size(), frame);
  replace_contents(test.segment(1), bytes);
  EXPECT_THAT(test.recover_only().error().message, HasSubstr("does not follow"));
}

// Sets another version in a header, and the matching checksum.
void set_version(std::string& bytes, std::size_t at, std::size_t version_at, std::size_t size) {
  bytes[at + version_at] = 2;
  const std::uint64_t sum = checksum(std::string_view{bytes}.substr(at, size));
  std::memcpy(bytes.data() + at + size, &sum, sizeof sum);
}

TEST(JournalRecovery, NewerFormatsAreRefusedByName) {
  SmallJournal test{2};
  const std::string sound = contents(test.segment(1));
  std::string bytes = sound;
  set_version(bytes, 0, 8, 48);
  replace_contents(test.segment(1), bytes);
  EXPECT_THAT(test.recover_only().error().message, HasSubstr("newer format"));
  bytes = sound;
  set_version(bytes, test.starts[1], 4, test.end - test.starts[1] - 8);
  replace_contents(test.segment(1), bytes);
  EXPECT_THAT(test.recover_only().error().message, HasSubstr("newer format"));
}

TEST(JournalRecovery, AMissingSegmentIsDamage) {
  for (const std::size_t missing : {1U, 2U}) {
    LongJournal test;
    std::filesystem::remove(test.infos[missing].path);
    test.expect_damage("missing");
  }
  LongJournal test;
  std::filesystem::remove(test.infos.back().path);  // the remaining spares reveal the gap
  test.expect_damage("missing");
}

TEST(JournalRecovery, AMissingFirstSegmentIsDamageWhereItIsNeeded) {
  LongJournal test;
  std::filesystem::remove(test.infos[0].path);
  test.expect_damage("but 1 is needed");
  EXPECT_TRUE(test.recover_only(test.infos[0].last_sequence).has_value());
}

TEST(JournalRecovery, AnEmptyFolderUnderAViewThatKnowsMoreIsDamage) {
  TestJournal test;
  EXPECT_EQ(test.recover_only(7).error().code, ErrorCode::corrupt);
  EXPECT_TRUE(test.recover_only(0).has_value());
}

TEST(JournalRecovery, ADuplicatedSegmentIsDamage) {
  LongJournal test;
  std::filesystem::copy_file(test.infos[1].path, test.infos[2].path,
                             std::filesystem::copy_options::overwrite_existing);
  test.expect_damage("another's name");
}

TEST(JournalRecovery, SwappedSegmentsAreDamage) {
  LongJournal test;
  const std::string second = contents(test.infos[1].path);
  replace_contents(test.infos[1].path, contents(test.infos[2].path));
  replace_contents(test.infos[2].path, second);
  test.expect_damage("another's name");
}

TEST(JournalRecovery, ABadLastFrameOfASegmentThatAnotherFollowsIsDamage) {
  LongJournal test;
  flip_bit(test.infos[1].path, static_cast<std::size_t>(test.infos[1].bytes) - 1, 0);
  test.expect_damage("a segment follows");
}

TEST(JournalRecovery, AMissingLastFrameOfASegmentThatAnotherFollowsIsDamage) {
  LongJournal test;
  std::string bytes = contents(test.infos[1].path);
  const auto frame_bytes = static_cast<std::int64_t>(kFrameOverheadBytes + 2 + 2500);
  std::fill(bytes.begin() + test.infos[1].bytes - frame_bytes, bytes.end(), '\0');
  replace_contents(test.infos[1].path, bytes);
  test.expect_damage("next sequence");
}

TEST(JournalRecovery, ASegmentOfZerosBeforeAUsedOneIsDamage) {
  LongJournal test;
  replace_contents(test.infos[1].path, std::string(16 << 10, '\0'));
  test.expect_damage("empty, yet a used one follows");
}

TEST(JournalRecovery, AFileCutShortIsDamage) {
  for (const std::size_t left : {0U, 100U, 4096U, 9000U, (16U << 10) - 1}) {
    LongJournal test;
    std::filesystem::resize_file(test.infos.back().path, left);
    test.expect_damage(test.infos.back().path.string());
  }
}

TEST(JournalRecovery, AHeaderThatWasCutOffBeforeAnyFrameIsBegunAgain) {
  LongJournal test;
  const std::uint64_t spare = test.infos.back().number + 1;
  std::string bytes = contents(test.segment(spare));
  bytes.replace(0, 20, contents(test.infos.back().path).substr(0, 20));
  replace_contents(test.segment(spare), bytes);
  ASSERT_TRUE(test.open().has_value());
  EXPECT_EQ(test.replayed.size(), 15U);
  for (std::uint64_t i = 16; i <= 30; ++i) test.write(i, std::string(2500, 'y'));
  ASSERT_TRUE(test.open().has_value());
  EXPECT_EQ(test.replayed.size(), 30U);
}

TEST(JournalRecovery, LeftOversOfAnInterruptedPreparationOrCopyAreRemoved) {
  LongJournal test;
  // The state after the last spare segment was taken for the copy, before the copy got its name.
  const std::uint64_t spare = test.infos.back().number + 2;
  if (std::filesystem::exists(test.segment(spare))) std::filesystem::remove(test.segment(spare));
  const std::string beside = test.infos.back().path.string() + ".new";
  replace_contents(beside, contents(test.infos.back().path).substr(0, 7000));
  ASSERT_TRUE(test.open().has_value());
  EXPECT_EQ(test.replayed.size(), 15U);
  EXPECT_FALSE(std::filesystem::exists(beside));
}

TEST(JournalRecovery, AnotherSegmentSizeIsTakenUpAndTheOldSegmentsStayReadable) {
  LongJournal test;
  test.options.segment_bytes = 64 << 10;
  ASSERT_TRUE(test.open().has_value());
  EXPECT_EQ(test.replayed.size(), 15U);
  for (std::uint64_t i = 16; i <= 20; ++i) test.write(i, std::string(20'000, 'y'));
  test.kill();
  ASSERT_TRUE(test.open().has_value());
  EXPECT_EQ(test.replayed.size(), 20U);
}

// A process that is killed at any moment keeps everything that it has reported, as durable or as
// written.
void lose_nothing_reported(void (Journal::*when)(std::uint64_t sequence,
                                                 std::move_only_function<void()> then)) {
  TestJournal test;
  std::uint64_t reported = 0;
  for (int round = 0; round < 20; ++round) {
    int pipe_ends[2];
    ASSERT_EQ(::pipe(pipe_ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      if (!test.open()) ::_exit(3);
      for (std::uint64_t i = test.journal->durable() + 1;; ++i) {
        test.append(i, std::string(i % 900, 'k'));
        ((*test.journal).*when)(i, [i, end = pipe_ends[1]] {
          if (::write(end, &i, sizeof i) != sizeof i) ::_exit(4);
        });
      }
    }
    ::close(pipe_ends[1]);
    std::uint64_t last = 0;
    for (int seen = 0; seen <= 37 * round; ++seen) {
      if (::read(pipe_ends[0], &last, sizeof last) != sizeof last) break;
    }
    ::kill(child, SIGKILL);
    while (::read(pipe_ends[0], &last, sizeof last) == sizeof last) reported = last;
    ::close(pipe_ends[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status);
    reported = std::max(reported, last);
    ASSERT_TRUE(test.recover_only().has_value());
    ASSERT_GE(test.replayed.size(), reported);
    for (const auto& [sequence, batch] : test.replayed) ASSERT_EQ(batch.size(), sequence % 900);
  }
  EXPECT_GT(reported, 100U);
}

TEST(JournalRecovery, AKilledProcessLosesNothingThatItReportedAsDurable) {
  lose_nothing_reported(&Journal::when_durable);
}

TEST(JournalRecovery, AKilledProcessLosesNothingThatItReportedAsWritten) {
  lose_nothing_reported(&Journal::when_written);
}

}  // namespace
}  // namespace metergate
