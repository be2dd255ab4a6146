// TokenCache: tokens with verified signatures, so that the next request with the same token costs
// one look-up. Keeps only the content of the token itself: callers check its times again, and for a
// provider's token the user's session.
//
// At most kEntriesMax; cleared when full. Safe from any thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/jwt.h"
#include "domain/identity.h"

namespace metergate {

struct VerifiedToken {
  Claims claims;
  Caller caller;
  TokenSpan span{};           // of the claims
  std::uint64_t key_set = 0;  // the key set that verified it; another one means verifying again
};

class TokenCache {
 public:
  static constexpr std::size_t kEntriesMax = 8192;

  // Null if the token is not known.
  std::shared_ptr<const VerifiedToken> find(std::string_view token) const;
  void keep(std::string_view token, std::shared_ptr<const VerifiedToken> verified);
  std::size_t size() const;

 private:
  struct Hash {
    using is_transparent = void;
    // A token ends with its signature, whose last characters are as good as random and cannot be
    // chosen.
    std::size_t operator()(std::string_view token) const {
      return std::hash<std::string_view>{}(
          token.substr(token.size() - std::min(token.size(), kTail)));
    }
    static constexpr std::size_t kTail = 16;
  };
  mutable std::shared_mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<const VerifiedToken>, Hash, std::equal_to<>>
      entries_;
};

}  // namespace metergate
