#include "domain/token_bucket.h"

#include <algorithm>

namespace metergate {
namespace {

constexpr std::int64_t kToken = 1'000'000;

}  // namespace

bool TokenBucket::take(const RequestRate& rate, Microseconds now) {
  const std::int64_t full = rate.burst * kToken;
  if (is_new_) millionths_ = full;
  is_new_ = false;
  // N tokens a second are N millionths a microsecond. Times longer than it takes to fill the bucket
  // are cut to that, which bounds the product.
  const std::int64_t longest = full / rate.per_second + 1;
  const std::int64_t elapsed = std::clamp<std::int64_t>((now - filled_at_).count(), 0, longest);
  millionths_ = std::min(full, millionths_ + elapsed * rate.per_second);
  filled_at_ = std::max(filled_at_, now);
  per_second_ = rate.per_second;
  if (millionths_ < kToken) return false;
  millionths_ -= kToken;
  return true;
}

Microseconds TokenBucket::wait() const {
  if (millionths_ >= kToken || per_second_ == 0) return Microseconds{0};
  return Microseconds{(kToken - millionths_ + per_second_ - 1) / per_second_};
}

}  // namespace metergate
