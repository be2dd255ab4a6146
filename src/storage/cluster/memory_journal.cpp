#include "storage/cluster/memory_journal.h"

#include <algorithm>
#include <utility>

namespace metergate {

class MemoryLink final : public SharedJournal {
 public:
  MemoryLink(MemoryDatabase& database, const LinkFaults& faults)
      : database_(database), faults_(faults), random_(faults.seed) {}

  Result<JournalHead> open(const JournalHead& ours) override {
    const std::scoped_lock lock(database_.mutex_);
    TRY(reach());
    if (!database_.head_) database_.head_ = ours;
    return *database_.head_;
  }

  Result<std::vector<JournalEntry>> read_after(EntrySlot slot) override {
    const std::scoped_lock lock(database_.mutex_);
    TRY(reach());
    std::vector<JournalEntry> read;
    auto at = database_.entries_.upper_bound(slot);
    for (; at != database_.entries_.end() && read.size() < kReadMax; ++at) {
      if (at->first != slot + 1 + read.size()) break;
      read.push_back(at->second);
    }
    const bool is_newest = at == database_.entries_.end();
    if (is_newest && !read.empty() && happens(faults_.behind)) read.pop_back();
    return read;
  }

  Result<std::optional<JournalEntry>> read(EntrySlot slot) override {
    const std::scoped_lock lock(database_.mutex_);
    TRY(reach());
    const auto found = database_.entries_.find(slot);
    if (found == database_.entries_.end() || happens(faults_.behind))
      return std::optional<JournalEntry>();
    return std::optional(found->second);
  }

  Result<Appended> append(const JournalEntry& entry) override {
    const std::scoped_lock lock(database_.mutex_);
    database_.count_request();
    if (database_.is_away_ || happens(faults_.refused)) return Appended::unknown;
    if (happens(faults_.late)) {
      const std::uint64_t after = 1 + random_() % static_cast<unsigned>(faults_.late_by_max);
      database_.late_.push_back({entry, database_.requests_ + after});
      return Appended::unknown;
    }
    const bool is_free = database_.entries_.emplace(entry.slot, entry).second;
    if (happens(faults_.unanswered)) return Appended::unknown;
    return is_free ? Appended::won : Appended::taken;
  }

 private:
  bool happens(int thousandths) {
    return thousandths > 0 && random_() % 1000 < static_cast<unsigned>(thousandths);
  }
  Result<> reach() {
    database_.count_request();
    if (!database_.is_away_ && !happens(faults_.refused)) return {};
    return fail(ErrorCode::overloaded, "the database does not answer (a test asked for this)");
  }

  MemoryDatabase& database_;
  const LinkFaults faults_;
  std::mt19937 random_;
};

std::unique_ptr<SharedJournal> MemoryDatabase::link(const LinkFaults& faults) {
  return std::make_unique<MemoryLink>(*this, faults);
}

void MemoryDatabase::count_request() {
  ++requests_;
  std::erase_if(late_, [this](const Late& late) {
    if (late.at > requests_ || is_away_) return false;
    entries_.emplace(late.entry.slot, late.entry);
    return true;
  });
}

void MemoryDatabase::set_away(bool is_away) {
  const std::scoped_lock lock(mutex_);
  is_away_ = is_away;
}

void MemoryDatabase::forget_after(EntrySlot slot) {
  const std::scoped_lock lock(mutex_);
  entries_.erase(entries_.upper_bound(slot), entries_.end());
}

void MemoryDatabase::put(JournalEntry entry) {
  const std::scoped_lock lock(mutex_);
  entries_.emplace(entry.slot, std::move(entry));
}

EntrySlot MemoryDatabase::last_slot() const {
  const std::scoped_lock lock(mutex_);
  return entries_.empty() ? 0 : entries_.rbegin()->first;
}

std::vector<JournalEntry> MemoryDatabase::entries() const {
  const std::scoped_lock lock(mutex_);
  std::vector<JournalEntry> all;
  for (const auto& [slot, entry] : entries_) all.push_back(entry);
  return all;
}

}  // namespace metergate
