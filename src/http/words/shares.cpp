#include "http/words/shares.h"

#include <algorithm>

#include "base/check.h"

namespace metergate::http {

void Shares::change(const Holder& holder, std::size_t before, std::size_t after) {
  held_ += after - before;
  const std::lock_guard lock{mutex_};
  std::size_t& bytes = by_holder_[holder.name];
  CHECK(bytes >= before);
  bytes += after - before;
  if (bytes > 0) return;
  by_holder_.erase(holder.name);
  if (has_condemned_ && condemned_ == holder.name) has_condemned_ = false;
}

std::size_t part_of(std::size_t pot, Standing standing) {
  switch (standing) {
    case Standing::stranger:
      return pot / 16;
    case Standing::tenant:
      return pot / 8;
    case Standing::provider:
      return pot / 2;
    case Standing::staff:
    case Standing::vital:
      return pot;
  }
  return 0;
}

Room Shares::room(const Holder& holder, std::size_t bytes_max) const {
  const bool has_reserve = holder.standing >= Standing::staff;
  if (held_ > (has_reserve ? bytes_max_ : std::min(bytes_max, usual_max()))) return Room::none;
  const std::lock_guard lock{mutex_};
  const auto found = by_holder_.find(holder.name);
  if (found == by_holder_.end() || found->second <= part_of(bytes_max_, holder.standing))
    return Room::enough;
  return Room::none_for_holder;
}

void Shares::condemn_worst() {
  const std::lock_guard lock{mutex_};
  if (has_condemned_ || by_holder_.empty()) return;
  condemned_ = std::ranges::max_element(by_holder_, {}, [](const auto& entry) {
                 return entry.second;
               })->first;
  has_condemned_ = true;
}

bool Shares::is_condemned(const Holder& holder) const {
  if (!has_condemned_) return false;
  const std::lock_guard lock{mutex_};
  return has_condemned_ && condemned_ == holder.name;
}

}  // namespace metergate::http
