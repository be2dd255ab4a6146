#include "storage/kv/memory_kv.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <shared_mutex>

namespace metergate {
namespace {

using Entries = std::map<std::string, std::string, std::less<>>;

Entries::iterator find_end(Entries& entries, const KeyRange& range) {
  return range.end.empty() ? entries.end() : entries.lower_bound(range.end);
}

class MapWriter final : public KeyWriter {
 public:
  explicit MapWriter(Entries& entries) : entries_(entries) {}
  void put(std::string_view key, std::string_view value) override {
    entries_.insert_or_assign(std::string(key), std::string(value));
  }
  void remove(std::string_view key) override {
    if (const auto at = entries_.find(key); at != entries_.end()) entries_.erase(at);
  }
  void remove_range(const KeyRange& range) override {
    entries_.erase(entries_.lower_bound(range.start), find_end(entries_, range));
  }

 private:
  Entries& entries_;
};

class CopyCursor final : public KeyCursor {
 public:
  explicit CopyCursor(std::vector<std::pair<std::string, std::string>> entries)
      : entries_(std::move(entries)) {}
  bool is_valid() const override { return at_ < entries_.size(); }
  std::string_view key() const override { return entries_[at_].first; }
  std::string_view value() const override { return entries_[at_].second; }
  void next() override { ++at_; }
  Result<> status() const override { return {}; }

 private:
  std::vector<std::pair<std::string, std::string>> entries_;
  std::size_t at_ = 0;
};

class MemoryKv final : public KeyValues {
 public:
  Result<std::optional<std::string>> get(std::string_view key) const override {
    const std::shared_lock lock(mutex_);
    const auto at = entries_.find(key);
    return at == entries_.end() ? std::nullopt : std::optional(at->second);
  }

  Result<std::vector<std::optional<std::string>>> get_all(
      std::span<const std::string> keys) const override {
    std::vector<std::optional<std::string>> values;
    for (const std::string& key : keys) values.push_back(TRY(get(key)));
    return values;
  }

  std::unique_ptr<KeyCursor> walk(const KeyRange& range, bool falling) const override {
    const std::shared_lock lock(mutex_);
    const auto end = range.end.empty() ? entries_.end() : entries_.lower_bound(range.end);
    std::vector<std::pair<std::string, std::string>> copy(entries_.lower_bound(range.start), end);
    if (falling) std::ranges::reverse(copy);
    return std::make_unique<CopyCursor>(std::move(copy));
  }

  Result<> write(const std::function<void(KeyWriter&)>& fill) override {
    const std::unique_lock lock(mutex_);
    MapWriter writer(entries_);
    fill(writer);
    return {};
  }

  Result<> flush() override { return {}; }
  Result<> compact(const KeyRange&) override { return {}; }
  Result<> copy_to(const std::filesystem::path&) override {
    return fail(ErrorCode::conflict, "what is kept in memory has no folder to copy");
  }

 private:
  mutable std::shared_mutex mutex_;
  Entries entries_;
};

}  // namespace

std::unique_ptr<KeyValues> make_memory_kv() { return std::make_unique<MemoryKv>(); }

}  // namespace metergate
