#include "service/access/token_cache.h"

#include <mutex>
#include <utility>

namespace metergate {

std::shared_ptr<const VerifiedToken> TokenCache::find(std::string_view token) const {
  const std::shared_lock lock{mutex_};
  const auto found = entries_.find(token);
  return found == entries_.end() ? nullptr : found->second;
}

void TokenCache::keep(std::string_view token, std::shared_ptr<const VerifiedToken> verified) {
  const std::unique_lock lock{mutex_};
  if (entries_.size() >= kEntriesMax) entries_.clear();
  entries_.insert_or_assign(std::string{token}, std::move(verified));
}

std::size_t TokenCache::size() const {
  const std::shared_lock lock{mutex_};
  return entries_.size();
}

}  // namespace metergate
