// OpenRate: how many requests without a token one address may make of an upstream in a time, open
// paths and preflights together. The addresses that one caller can easily choose from count as one.
//
// Bounded: the addresses of the last kAddressesMax to two times as many; what has been quiet for
// longer begins anew. Any thread.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "base/time.h"
#include "domain/token_bucket.h"

namespace metergate::gateway {

class OpenRate {
 public:
  static constexpr std::size_t kAddressesMax = 10'000;

  struct Asker {
    std::string_view upstream;
    std::string_view address;
  };

  // ErrorCode::rate_limit, with the wait, where it is one too many. `now` is of the steady clock.
  Result<> take(const Asker& asker, const RequestRate& rate, Microseconds now);
  std::size_t size() const;

 private:
  TokenBucket& bucket_of(std::string key);

  mutable std::mutex mutex_;
  using Buckets = std::unordered_map<std::string, TokenBucket>;
  Buckets newer_;  // whose bucket was used since it was begun
  Buckets older_;
};

}  // namespace metergate::gateway
