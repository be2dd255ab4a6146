#include "gateway/open_rate.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "service/access/login_guard.h"

namespace metergate::gateway {

TokenBucket& OpenRate::bucket_of(std::string key) {
  if (const auto found = newer_.find(key); found != newer_.end()) return found->second;
  // A full generation becomes the older one, so that no request pays for looking at all of them.
  if (newer_.size() >= kAddressesMax) older_ = std::exchange(newer_, {});
  const auto before = older_.find(key);
  const TokenBucket bucket = before == older_.end() ? TokenBucket{} : before->second;
  return newer_.emplace(std::move(key), bucket).first->second;
}

Result<> OpenRate::take(const Asker& asker, const RequestRate& rate, Microseconds now) {
  const std::lock_guard lock{mutex_};
  TokenBucket& bucket =
      bucket_of(LoginGuard::address_group(asker.address).append("\n").append(asker.upstream));
  if (bucket.take(rate, now)) return {};
  const auto wait = std::chrono::ceil<std::chrono::seconds>(bucket.wait());
  Error error{ErrorCode::rate_limit,
              fmt::format("too many requests without a token came from this address: {} a second "
                          "are taken, and {} at once; try again in {} s",
                          rate.per_second, rate.burst, wait.count())};
  error.retry_after = wait;
  return fail(std::move(error));
}

std::size_t OpenRate::size() const {
  const std::lock_guard lock{mutex_};
  return newer_.size() + older_.size();
}

}  // namespace metergate::gateway
