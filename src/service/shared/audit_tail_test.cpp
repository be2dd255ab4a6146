// Detects an audit trail whose tail was cut out of the view's files.
#include <gtest/gtest.h>

#include "service/shared/audit_log.h"
#include "storage/engine/open_store.h"
#include "storage/kv/rocks_kv.h"
#include "storage/shapes/keys.h"
#include "storage/testing/test_folder.h"

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

  // Does what someone with the files and RocksDB's tools could do.
  void cut(int count) {
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
    ASSERT_TRUE(base->flush());
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
    cut(count);
    const auto store = open();
    const AuditVerdict verdict = AuditLog(*store).verify().value();
    EXPECT_EQ(verdict.checked, 30 - count);
    ASSERT_FALSE(verdict.lost.empty()) << count;
    EXPECT_EQ(verdict.lost[0].expected, to_text(head_));
  }
}

}  // namespace
}  // namespace metergate
