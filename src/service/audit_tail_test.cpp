// That a tail of the audit trail which is cut out of the view's files is found.
#include <gtest/gtest.h>

#include "service/audit_log.h"
#include "storage/codec.h"
#include "storage/keys.h"
#include "storage/open_store.h"
#include "storage/rocks_kv.h"
#include "storage/test_folder.h"

namespace metergate {
namespace {

class AuditTailTest : public testing::Test {
 protected:
  std::unique_ptr<Store> open() {
    EmbeddedOptions options;
    options.folder = folder_.path();
    options.zone = TimeZone::utc();
    options.segment_bytes = 1 << 20;
    auto store = open_embedded_store(options, clock_, log_);
    EXPECT_TRUE(store.has_value()) << (store ? "" : store.error().message);
    return std::move(store).value();
  }

  void make_records(int count) {
    const auto store = open();
    for (int i = 0; i < count; ++i) {
      Batch batch;
      batch.at = Timestamp{Milliseconds{i}};
      AuditRecord record;
      record.audit_id = "a" + std::to_string(1000 + i);
      record.action = "tenant.updated";
      record.timestamp = batch.at;
      batch.audits.push_back(std::move(record));
      ASSERT_TRUE(store->apply(std::move(batch)));
    }
    head_ = store->audit_head();
  }

  // What somebody with the files and RocksDB's tools can do. `and_the_end`: to what the view knows
  // of the end, too.
  void cut(int count, bool and_the_end) {
    const auto base = open_rocks_kv(folder_ / "view").value();
    std::vector<std::string> keys;
    const std::string prefix = keys::document_prefix(Collection::provider_audits);
    const auto cursor = base->walk({prefix, keys::after_prefix(prefix)}, true);
    for (; cursor->is_valid() && std::ssize(keys) < count; cursor->next())
      keys.emplace_back(cursor->key());
    std::vector<std::string> entries;
    const std::string index = keys::index_prefix(Collection::provider_audits, 0);
    const auto walk = base->walk({index, keys::after_prefix(index)}, true);
    for (; walk->is_valid() && std::ssize(entries) < count; walk->next())
      entries.emplace_back(walk->key());
    ASSERT_TRUE(base->write([&](KeyWriter& to) {
      for (const auto& key : keys) to.remove(key);
      for (const auto& entry : entries) to.remove(entry);
    }));
    if (and_the_end) forge_end(*base, count);
    ASSERT_TRUE(base->flush());
  }

  // The state names the next record's place as a number and 64 digits, one behind the other.
  void forge_end(KeyValues& base, int count) {
    const std::string name = keys::meta("state");
    std::string state = base.get(name).value().value();
    const std::size_t at = state.find(head_.hash);
    ASSERT_NE(at, std::string::npos);
    const std::int64_t next = head_.sequence + 1 - count;
    state.replace(at, head_.hash.size(),
                  next == 1 ? std::string(64, '0') : hash_before(base, next));
    // zig-zag, one byte below 64; and the length of the hash stands between.
    state[at - 2] = static_cast<char>(2 * next);
    ASSERT_TRUE(base.write([&](KeyWriter& to) { to.put(name, state); }));
  }
  static std::string hash_before(const KeyValues& base, std::int64_t next) {
    const std::string key = keys::document(
        Collection::provider_audits, keys::tail_of({"", "a" + std::to_string(1000 + next - 2)}));
    Decoder from(base.get(key).value().value());
    return from.json().value().string_at("hash").value();
  }

  TestFolder folder_;
  SystemClock clock_;
  Log log_{clock_, LogLevel::error};
  AuditHead head_;
};

TEST_F(AuditTailTest, IsFoundHoweverLongItWas) {
  for (const int count : {1, 2, 5, 20, 30}) {
    std::filesystem::remove_all(folder_.path());
    std::filesystem::create_directories(folder_.path());
    make_records(30);
    {
      const auto store = open();
      const AuditVerdict whole = AuditLog(*store).verify().value();
      ASSERT_TRUE(whole.lost.empty());
      ASSERT_EQ(whole.checked, 30);
    }
    cut(count, false);
    const auto store = open();
    const AuditVerdict verdict = AuditLog(*store).verify().value();
    EXPECT_EQ(verdict.checked, 30 - count);
    ASSERT_FALSE(verdict.lost.empty()) << count;
    EXPECT_EQ(verdict.lost[0].expected, to_text(head_));
  }
}

TEST_F(AuditTailTest, IsFoundByTheJournalWhereTheViewsEndWasForgedToo) {
  make_records(30);
  cut(5, true);
  const auto store = open();
  EXPECT_EQ(store->audit_head().sequence, 25);
  const AuditVerdict verdict = AuditLog(*store).verify().value();
  EXPECT_EQ(verdict.checked, 25);
  ASSERT_EQ(verdict.lost.size(), 1U);
  EXPECT_EQ(verdict.lost[0].where, "the end that the journal had at the start");
}

}  // namespace
}  // namespace metergate
