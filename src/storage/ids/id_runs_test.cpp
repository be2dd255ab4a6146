#include "storage/ids/id_runs.h"

#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "storage/kv/memory_kv.h"
#include "storage/shapes/keys.h"

namespace metergate {
namespace {

constexpr std::int32_t kMay = 24317;
constexpr std::int32_t kJune = 24318;

class IdRunsTest : public testing::Test {
 protected:
  EventId next_id() { return {{random_(), random_()}, random_()}; }

  std::vector<EventId> next_ids(std::size_t count) {
    std::vector<EventId> ids(count);
    for (EventId& id : ids) id = next_id();
    return ids;
  }

  void write(IdRuns& runs, const std::vector<EventId>& ids, std::int32_t period = kMay) {
    EventIds of_layer;
    for (const EventId& id : ids) of_layer.add(id, period);
    IdRuns::Runs written;
    ASSERT_TRUE(base_->write([&](KeyWriter& to) { written = runs.write(of_layer, to); }));
    runs.publish(written);
  }

  static void expect_found(const IdRuns& runs, const std::vector<EventId>& ids) {
    const auto found = runs.find(ids).value();
    for (std::size_t i = 0; i < ids.size(); ++i) ASSERT_EQ(found[i], ids[i].fingerprint) << i;
  }

  static void expect_missing(const IdRuns& runs, const std::vector<EventId>& ids) {
    const auto found = runs.find(ids).value();
    for (const auto& fingerprint : found) ASSERT_FALSE(fingerprint);
  }

  std::size_t count_keys(char tag) const {
    std::size_t count = 0;
    const std::string prefix(1, tag);
    const auto cursor = base_->walk({prefix, keys::after_prefix(prefix)}, false);
    for (; cursor->is_valid(); cursor->next()) ++count;
    return count;
  }

  std::string first_key(const std::string& from) const {
    return std::string(base_->walk({from, ""}, false)->key());
  }

  std::mt19937_64 random_{7};  // NOLINT(cert-msc51-cpp): the same ids in every run
  std::unique_ptr<KeyValues> base_ = make_memory_kv();
};

TEST_F(IdRunsTest, FindsWhatWasWrittenAndNothingElse) {
  const auto runs = IdRuns::open(*base_).value();
  const auto ids = next_ids(3 * kIdsInPage + 1);
  expect_missing(*runs, ids);
  write(*runs, ids);
  expect_found(*runs, ids);
  expect_missing(*runs, next_ids(1000));
  EXPECT_TRUE(runs->find({}).value().empty());
}

TEST_F(IdRunsTest, NoIdsMakeNoRun) {
  const auto runs = IdRuns::open(*base_).value();
  write(*runs, {});
  EXPECT_EQ(runs->size(), 0U);
}

TEST_F(IdRunsTest, RunsAreThereAgainAfterAReopening) {
  const auto ids = next_ids(1000);
  {
    const auto runs = IdRuns::open(*base_).value();
    write(*runs, ids);
  }
  const auto runs = IdRuns::open(*base_).value();
  expect_found(*runs, ids);
  // Numbers continue, so that no run overwrites another.
  const auto more = next_ids(1000);
  write(*runs, more);
  expect_found(*runs, ids);
  expect_found(*runs, more);
}

TEST_F(IdRunsTest, MergingLeavesFewRunsAndLosesNothing) {
  const auto runs = IdRuns::open(*base_).value();
  std::vector<EventId> all;
  for (int i = 0; i < 40; ++i) {
    const auto ids = next_ids(1 + random_() % 3000);
    write(*runs, ids);
    all.insert(all.end(), ids.begin(), ids.end());
    ASSERT_TRUE(runs->merge_some());
    ASSERT_LE(runs->size(), 9U) << i;
  }
  expect_found(*runs, all);
  expect_missing(*runs, next_ids(10'000));
  // No page of a merged run is left.
  EXPECT_LE(count_keys(keys::kIdRunPage), all.size() / kIdsInPage + runs->size());
  EXPECT_EQ(count_keys(keys::kIdRunHead), runs->size());
  expect_found(*IdRuns::open(*base_).value(), all);
}

// A base that calls a check after each write, like another thread reading.
class WatchedBase final : public KeyValues {
 public:
  WatchedBase(KeyValues& base, std::function<void()> look) : base_(base), look_(std::move(look)) {}
  Result<std::optional<std::string>> get(std::string_view key) const override {
    return base_.get(key);
  }
  Result<std::vector<std::optional<std::string>>> get_all(
      std::span<const std::string> keys) const override {
    return base_.get_all(keys);
  }
  std::unique_ptr<KeyCursor> walk(const KeyRange& range, bool falling) const override {
    return base_.walk(range, falling);
  }
  Result<> write(const std::function<void(KeyWriter&)>& fill) override {
    const Result<> written = base_.write(fill);
    look_();
    return written;
  }
  Result<> flush() override { return base_.flush(); }
  Result<> compact(const KeyRange& range) override { return base_.compact(range); }
  Result<> copy_to(const std::filesystem::path& folder) override { return base_.copy_to(folder); }

 private:
  KeyValues& base_;
  std::function<void()> look_;
};

TEST_F(IdRunsTest, AllAreFoundAtEveryMomentOfAMerge) {
  const auto ids = next_ids(2000);
  std::unique_ptr<IdRuns> runs;
  int looks = 0;
  WatchedBase watched(*base_, [&] {
    if (runs == nullptr || runs->size() == 0) return;
    expect_found(*runs, ids);
    ++looks;
  });
  runs = IdRuns::open(watched).value();
  for (int i = 0; i < 4; ++i) write(*runs, ids);
  ASSERT_TRUE(runs->merge_some());
  EXPECT_EQ(runs->size(), 1U);
  EXPECT_GE(looks, 2);
  EXPECT_EQ(count_keys(keys::kIdRunHead), 1U);
}

TEST_F(IdRunsTest, AnIdThatStandsInTwoRunsIsFoundAfterTheyWereMerged) {
  const auto runs = IdRuns::open(*base_).value();
  const auto ids = next_ids(500);
  for (int i = 0; i < 4; ++i) write(*runs, ids);
  ASSERT_TRUE(runs->merge_some());
  EXPECT_EQ(runs->size(), 1U);
  expect_found(*runs, ids);
}

TEST_F(IdRunsTest, PeriodsAreMergedApartAndClosedTogether) {
  const auto runs = IdRuns::open(*base_).value();
  const auto may = next_ids(900);
  const auto june = next_ids(900);
  for (int i = 0; i < 3; ++i) {
    write(*runs, may, kMay);
    write(*runs, june, kJune);
  }
  ASSERT_TRUE(runs->merge_some());
  EXPECT_EQ(runs->size(), 6U);
  runs->close_through(kMay);
  ASSERT_TRUE(base_->write([](KeyWriter& to) { IdRuns::remove_through(kMay, to); }));
  expect_missing(*runs, may);
  expect_found(*runs, june);
  EXPECT_EQ(count_keys(keys::kIdRunHead), 3U);
  // Ids of a closed period that a checkpoint still wrote are not shown.
  write(*runs, may, kMay);
  expect_missing(*runs, may);
}

TEST_F(IdRunsTest, PagesOfAMergeThatWasCutOffGoAtTheNextStart) {
  const auto ids = next_ids(100);
  {
    const auto runs = IdRuns::open(*base_).value();
    write(*runs, ids);
    ASSERT_TRUE(base_->write([](KeyWriter& to) {
      for (std::uint32_t page = 0; page < 5; ++page) to.put(keys::run_page({kMay, 9}, page), "");
    }));
  }
  const auto runs = IdRuns::open(*base_).value();
  EXPECT_EQ(count_keys(keys::kIdRunPage), 1U);
  expect_found(*runs, ids);
}

TEST_F(IdRunsTest, AMergeTakesAllThatIsDeadAroundItsRuns) {
  const auto runs = IdRuns::open(*base_).value();
  std::vector<EventId> all;
  for (const std::int32_t period : {kMay, kMay, kJune, kMay, kMay}) {
    const auto ids = next_ids(1000);
    write(*runs, ids, period);
    all.insert(all.end(), ids.begin(), ids.end());
  }
  const keys::RunName june =
      keys::run_of(first_key(keys::ids_of_period(keys::kIdRunPage, kJune))).value();
  const std::string dead = keys::run_page({kMay, june.number}, 0);
  ASSERT_TRUE(base_->write([&](KeyWriter& to) { to.put(dead, "of a merge that was given up"); }));
  ASSERT_TRUE(runs->merge_some());
  EXPECT_EQ(runs->size(), 2U);
  EXPECT_FALSE(base_->get(dead).value());
  expect_found(*runs, all);
}

TEST_F(IdRunsTest, IdsOfOlderBuildsAreTakenOver) {
  const auto ids = next_ids(2000);
  ASSERT_TRUE(base_->write([&](KeyWriter& to) {
    for (const EventId& id : ids) {
      std::string key(1, keys::kEventId);
      keys::append_u32(key, kMay);
      keys::append_u64(key, static_cast<std::int64_t>(id.hash.high ^ 1ULL << 63U));
      keys::append_u64(key, static_cast<std::int64_t>(id.hash.low ^ 1ULL << 63U));
      std::string value;
      keys::append_u64(value, static_cast<std::int64_t>(id.fingerprint));
      to.put(key, value);
    }
  }));
  const auto runs = IdRuns::open(*base_).value();
  expect_missing(*runs, ids);
  ASSERT_TRUE(runs->take_over_single_ids());
  expect_found(*runs, ids);
  expect_found(*IdRuns::open(*base_).value(), ids);
}

TEST_F(IdRunsTest, DamagedHeadsAreRefused) {
  for (const std::string_view head :
       {"", "1234567", "\x01\0\0\0\0\0\0\0", "\xff\xff\xff\xff\xff\xff\xff\xff"}) {
    ASSERT_TRUE(base_->write([&](KeyWriter& to) { to.put(keys::run_head({kMay, 1}), head); }));
    const auto opened = IdRuns::open(*base_);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::corrupt);
  }
}

TEST_F(IdRunsTest, AMissingPageIsDamage) {
  const auto runs = IdRuns::open(*base_).value();
  const auto ids = next_ids(10);
  write(*runs, ids);
  ASSERT_TRUE(base_->write([](KeyWriter& to) { to.remove_range(keys::run_pages({kMay, 1})); }));
  const auto found = runs->find(ids);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::corrupt);
}

TEST(IdFilterTest, RulesOutNearlyAllThatItDoesNotHaveAndNoneThatItHas) {
  std::mt19937_64 random{11};  // NOLINT(cert-msc51-cpp): the same in every run
  constexpr std::size_t kIds = 20'000;
  IdFilter filter(kIds);
  std::vector<Hash128> ids(kIds);
  for (Hash128& id : ids) {
    id = {random(), random()};
    filter.add(id);
  }
  std::string bytes;
  filter.append_to(bytes);
  EXPECT_LE(bytes.size(), kIds * 2);
  const IdFilter read = IdFilter::parse(bytes).value();
  for (const Hash128& id : ids) ASSERT_TRUE(read.may_have(id));
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < 100'000; ++i) wrong += read.may_have({random(), random()});
  EXPECT_LE(wrong, 1000U);
  EXPECT_FALSE(IdFilter::parse(std::string_view(bytes).substr(1)));
  EXPECT_FALSE(IdFilter::parse(""));
}

}  // namespace
}  // namespace metergate
