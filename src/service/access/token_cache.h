// TokenCache: tokens whose signature has been verified, so that the next request with the same one
// costs a look-up. Only what lies in the token itself is kept: whoever asks checks its times again,
// and of a provider's token whether its user's session still lasts.
//
// At most kEntriesMax; when it is full it begins anew. Any thread.
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
  Json claims;
  Caller caller;
  TokenSpan span{};           // of the claims
  std::uint64_t key_set = 0;  // which key set it was verified with: another one asks anew
};

class TokenCache {
 public:
  static constexpr std::size_t kEntriesMax = 8192;

  // Null where the token is not known.
  std::shared_ptr<const VerifiedToken> find(std::string_view token) const;
  void keep(std::string_view token, std::shared_ptr<const VerifiedToken> verified);
  std::size_t size() const;

 private:
  struct Hash {
    using is_transparent = void;
    // A signature ends it: its last characters are as good as random, and nobody can choose them.
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
