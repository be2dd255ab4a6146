// ChangeBook: the names that changed after a mark, so that a reader of derived figures recomputes
// only those. Marks rise with each change and are valid within one process only; a reader begins
// with mark 0 and is told "all". Holds each name once. Not safe from several threads.
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace metergate {

using ChangeMark = std::uint64_t;

struct ChangedNames {
  ChangeMark through = 0;  // the answer covers everything up to this mark
  bool is_all = false;     // anything may have changed; names are left out
  std::vector<std::string> names;
};

class ChangeBook {
 public:
  ChangeMark mark() const { return mark_; }
  // The changes noted after this share one mark, higher than all before.
  void begin() { ++mark_; }
  void note(std::string_view name) {
    if (!by_age_.empty() && by_age_.back().at == mark_ && by_age_.back().name == name) return;
    if (const auto found = places_.find(name); found != places_.end()) {
      found->second->at = mark_;
      by_age_.splice(by_age_.end(), by_age_, found->second);
      return;
    }
    by_age_.push_back({std::string(name), mark_});
    places_.emplace(by_age_.back().name, std::prev(by_age_.end()));
  }
  void note_all() {
    all_at_ = mark_;
    places_.clear();
    by_age_.clear();
  }

  ChangedNames after(ChangeMark mark) const {
    ChangedNames changed{mark_, mark < all_at_, {}};
    if (changed.is_all) return changed;
    for (auto at = by_age_.rbegin(); at != by_age_.rend() && at->at > mark; ++at)
      changed.names.push_back(at->name);
    return changed;
  }

 private:
  struct Entry {
    std::string name;
    ChangeMark at;
  };
  // Begins at 1, so that a reader's 0 is before every change.
  ChangeMark mark_ = 1;
  ChangeMark all_at_ = 1;
  std::list<Entry> by_age_;                                                  // the newest last
  std::unordered_map<std::string_view, std::list<Entry>::iterator> places_;  // names of by_age_
};

}  // namespace metergate
