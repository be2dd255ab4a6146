// TokenBucket: limits a tenant's requests a second, with a burst on top. Counts in millionths of a
// token, so a steady clock in microseconds needs no fraction. Values; one thread.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace metergate {

// A plan's rate: `per_second` on average (1 to 1,000,000), and at most `burst` at once.
struct RequestRate {
  std::int64_t per_second = 0;
  std::int64_t burst = 0;
  friend bool operator==(const RequestRate&, const RequestRate&) = default;
};

inline constexpr std::int64_t kRequestRateMax = 1'000'000;

class TokenBucket {
 public:
  // Takes a token; false if there is none. The bucket is full at the first call; a changed rate
  // applies from now on.
  bool take(const RequestRate& rate, Microseconds now);
  // The time until the next token, at the rate of the last take().
  Microseconds wait() const;

 private:
  std::int64_t millionths_ = 0;
  std::int64_t per_second_ = 0;
  Microseconds filled_at_{0};
  bool is_new_ = true;
};

}  // namespace metergate
