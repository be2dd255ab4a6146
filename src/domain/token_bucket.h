// TokenBucket: how many requests a second a tenant may make, with a burst on top. Counts in
// millionths of a token, so a steady clock in microseconds needs no fraction. Values; one thread.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace metergate {

// What a plan allows: `per_second` on average (1 to 1,000,000), and at most `burst` at once.
struct RequestRate {
  std::int64_t per_second = 0;
  std::int64_t burst = 0;
  friend bool operator==(const RequestRate&, const RequestRate&) = default;
};

inline constexpr std::int64_t kRequestRateMax = 1'000'000;

class TokenBucket {
 public:
  // Takes a token where there is one. The first call finds the bucket full; a rate that has changed
  // since counts from now on.
  bool take(const RequestRate& rate, Microseconds now);
  // How long until there is a token again, at the rate of the last take().
  Microseconds wait() const;

 private:
  std::int64_t millionths_ = 0;
  std::int64_t per_second_ = 0;
  Microseconds filled_at_{0};
  bool is_new_ = true;
};

}  // namespace metergate
