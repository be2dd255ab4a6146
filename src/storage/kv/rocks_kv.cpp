#include "storage/kv/rocks_kv.h"

#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

#include <mutex>
#include <utility>
#include <vector>

namespace metergate {
namespace {

constexpr std::size_t kBlockCacheBytes = 48U << 20U;
// The filter of a file with a million rows is larger than a megabyte and is read again at each
// look-up if it does not fit into its cache shard; hence few shards.
constexpr int kBlockCacheShardBits = 1;
constexpr std::size_t kWriteBufferBytes = 16U << 20U;
constexpr int kBloomBitsPerKey = 10;

Error error_of(const rocksdb::Status& status, std::string_view doing) {
  if (status.IsCorruption()) {
    return {ErrorCode::corrupt,
            fmt::format("the view is damaged ({}: {}); restore the folder from a backup", doing,
                        status.ToString()),
            {}};
  }
  return {ErrorCode::storage,
          fmt::format("the view could not be used ({}: {})", doing, status.ToString()),
          {}};
}

Result<> result_of(const rocksdb::Status& status, std::string_view doing) {
  if (status.ok()) return {};
  return fail(error_of(status, doing));
}

rocksdb::Slice slice_of(std::string_view text) { return {text.data(), text.size()}; }

class Writer final : public KeyWriter {
 public:
  void put(std::string_view key, std::string_view value) override {
    keep(batch_.Put(slice_of(key), slice_of(value)));
  }
  void remove(std::string_view key) override { keep(batch_.Delete(slice_of(key))); }
  void remove_range(const KeyRange& range) override {
    keep(batch_.DeleteRange(slice_of(range.start), slice_of(range.end)));
    removed_.push_back(range);
  }
  rocksdb::WriteBatch& batch() { return batch_; }
  const rocksdb::Status& status() const { return status_; }
  const std::vector<KeyRange>& removed() const { return removed_; }

 private:
  void keep(rocksdb::Status status) {
    if (status_.ok()) status_ = std::move(status);
  }
  rocksdb::WriteBatch batch_;
  rocksdb::Status status_;
  std::vector<KeyRange> removed_;
};

class Cursor final : public KeyCursor {
 public:
  Cursor(rocksdb::DB& database, KeyRange range, bool falling)
      : range_(std::move(range)), falling_(falling) {
    upper_ = slice_of(range_.end);
    lower_ = slice_of(range_.start);
    rocksdb::ReadOptions options;
    options.iterate_lower_bound = &lower_;
    if (!range_.end.empty()) options.iterate_upper_bound = &upper_;
    iterator_.reset(database.NewIterator(options));
    if (falling_) {
      iterator_->SeekToLast();
    } else {
      iterator_->SeekToFirst();
    }
  }
  bool is_valid() const override { return iterator_->Valid(); }
  std::string_view key() const override {
    return {iterator_->key().data(), iterator_->key().size()};
  }
  std::string_view value() const override {
    return {iterator_->value().data(), iterator_->value().size()};
  }
  void next() override {
    if (falling_) {
      iterator_->Prev();
    } else {
      iterator_->Next();
    }
  }
  Result<> status() const override { return result_of(iterator_->status(), "reading"); }

 private:
  KeyRange range_;
  bool falling_;
  rocksdb::Slice lower_;
  rocksdb::Slice upper_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

class RocksKeyValues final : public KeyValues {
 public:
  explicit RocksKeyValues(std::unique_ptr<rocksdb::DB> database) : database_(std::move(database)) {}

  Result<std::optional<std::string>> get(std::string_view key) const override {
    std::string value;
    const rocksdb::Status status = database_->Get(rocksdb::ReadOptions{}, slice_of(key), &value);
    if (status.IsNotFound()) return std::nullopt;
    if (!status.ok()) return fail(error_of(status, "reading"));
    return value;
  }

  Result<std::vector<std::optional<std::string>>> get_all(
      std::span<const std::string> keys) const override {
    const std::vector<rocksdb::Slice> slices(keys.begin(), keys.end());
    std::vector<rocksdb::PinnableSlice> found(keys.size());
    std::vector<rocksdb::Status> statuses(keys.size());
    database_->MultiGet(rocksdb::ReadOptions{}, database_->DefaultColumnFamily(), keys.size(),
                        slices.data(), found.data(), statuses.data(), true);
    std::vector<std::optional<std::string>> values(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (statuses[i].IsNotFound()) continue;
      if (!statuses[i].ok()) return fail(error_of(statuses[i], "reading"));
      values[i].emplace(found[i].data(), found[i].size());
    }
    return values;
  }

  std::unique_ptr<KeyCursor> walk(const KeyRange& range, bool falling) const override {
    return std::make_unique<Cursor>(*database_, range, falling);
  }

  Result<> write(const std::function<void(KeyWriter&)>& fill) override {
    Writer writer;
    fill(writer);
    TRY(result_of(writer.status(), "collecting a checkpoint"));
    rocksdb::WriteOptions options;
    options.disableWAL = true;
    TRY(result_of(twice([&] { return database_->Write(options, &writer.batch()); }),
                  "writing a checkpoint"));
    const std::lock_guard lock{mutex_};
    removed_.insert(removed_.end(), writer.removed().begin(), writer.removed().end());
    return {};
  }

  Result<> flush() override {
    rocksdb::FlushOptions options;
    options.wait = true;
    options.allow_write_stall = true;
    const std::lock_guard flushing{flush_mutex_};
    std::size_t due = 0;
    {
      const std::lock_guard lock{mutex_};
      due = removed_.size();
    }
    TRY(result_of(twice([&] { return database_->Flush(options); }), "flushing a checkpoint"));
    return drop_files(due);
  }

  Result<> compact(const KeyRange& range) override {
    rocksdb::CompactRangeOptions options;
    // Includes the lowest level, which is otherwise skipped if nothing is above it.
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
    options.exclusive_manual_compaction = false;
    const rocksdb::Slice start = slice_of(range.start);
    const rocksdb::Slice end = slice_of(range.end);
    return result_of(database_->CompactRange(options, &start, range.end.empty() ? nullptr : &end),
                     "removing what was let go of");
  }

  Result<> copy_to(const std::filesystem::path& folder) override {
    TRY(flush());  // there is no log that a copy could take the newest writes from
    rocksdb::Checkpoint* made = nullptr;
    TRY(result_of(rocksdb::Checkpoint::Create(database_.get(), &made), "copying"));
    const std::unique_ptr<rocksdb::Checkpoint> copying(made);
    return result_of(copying->CreateCheckpoint(folder.string()), "copying to " + folder.string());
  }

 private:
  // Drops whole files of the oldest removed ranges, which compaction would otherwise keep for long.
  // Only after the removal itself is on disk: a start must not miss rows without seeing their
  // removal.
  Result<> drop_files(std::size_t count) {
    std::vector<KeyRange> removed;
    {
      const std::lock_guard lock{mutex_};
      const auto end = removed_.begin() + static_cast<std::ptrdiff_t>(count);
      removed.assign(removed_.begin(), end);
      removed_.erase(removed_.begin(), end);
    }
    std::vector<rocksdb::Slice> bounds;
    bounds.reserve(2 * removed.size());
    for (const KeyRange& range : removed) {
      bounds.push_back(slice_of(range.start));
      bounds.push_back(slice_of(range.end));
    }
    std::vector<rocksdb::RangePtr> ranges;
    for (std::size_t i = 0; i < bounds.size(); i += 2)
      ranges.emplace_back(&bounds[i], &bounds[i + 1]);
    if (ranges.empty()) return {};
    return result_of(rocksdb::DeleteFilesInRanges(database_.get(), database_->DefaultColumnFamily(),
                                                  ranges.data(), ranges.size(), false),
                     "giving room back");
  }

  // After a background error, such as a full disk, RocksDB refuses writes until it is told to
  // resume. If the cause is gone, the second try succeeds.
  template <class Write>
  rocksdb::Status twice(const Write& write) {
    rocksdb::Status status = write();
    if (status.ok() || status.IsCorruption()) return status;
    if (const rocksdb::Status resumed = database_->Resume(); !resumed.ok()) return resumed;
    return write();
  }

  std::unique_ptr<rocksdb::DB> database_;
  std::mutex flush_mutex_;  // one flush at a time; locked before mutex_
  std::mutex mutex_;
  std::vector<KeyRange> removed_;  // not yet dropped; each merge of ids adds a few
};

rocksdb::Options options_for_view() {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.paranoid_checks = true;
  options.write_buffer_size = kWriteBufferBytes;
  options.max_write_buffer_number = 2;
  // Most rows that are looked up are new, so a filter saves searching the skip list in vain.
  options.memtable_prefix_bloom_size_ratio = 0.1;  // share of the write buffer
  options.memtable_whole_key_filtering = true;
  options.max_background_jobs = 2;
  options.max_open_files = 256;
  options.recycle_log_file_num = 0;
  options.keep_log_file_num = 2;
  options.max_log_file_size = 1U << 20U;
  options.compression = rocksdb::kLZ4Compression;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(kBlockCacheBytes, kBlockCacheShardBits);
  table.cache_index_and_filter_blocks = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kBloomBitsPerKey));
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

}  // namespace

Result<std::unique_ptr<KeyValues>> open_rocks_kv(const std::filesystem::path& folder) {
  rocksdb::DB* database = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(options_for_view(), folder.string(), &database);
  if (!status.ok()) return fail(error_of(status, "opening " + folder.string()));
  return std::make_unique<RocksKeyValues>(std::unique_ptr<rocksdb::DB>(database));
}

}  // namespace metergate
