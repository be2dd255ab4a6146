#include "base/hmac_key.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <bit>
#include <span>
#include <string>

#include "base/check.h"
#include "base/unsigned_bytes.h"

namespace metergate {
namespace {

constexpr std::size_t kBlockBytes = 64;
constexpr unsigned char kInnerPad = 0x36;
constexpr unsigned char kOuterPad = 0x5C;

using Block = std::array<unsigned char, kBlockBytes>;

// OpenSSL would have us go through EVP, which allocates a context for each message; these work on
// the state itself, and use the processor's own instructions as well.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
SHA256_CTX begin() {
  SHA256_CTX state{};
  CHECK(SHA256_Init(&state) == 1);
  return state;
}
void add(SHA256_CTX& state, std::span<const unsigned char> bytes) {
  CHECK(SHA256_Update(&state, bytes.data(), bytes.size()) == 1);
}
HmacKey::Mac end(SHA256_CTX& state) {
  HmacKey::Mac digest;
  CHECK(SHA256_Final(digest.data(), &state) == 1);
  return digest;
}
#pragma GCC diagnostic pop

SHA256_CTX after_pad(Block key, unsigned char pad) {
  for (unsigned char& byte : key) byte ^= pad;
  SHA256_CTX state = begin();
  add(state, key);
  OPENSSL_cleanse(key.data(), key.size());
  return state;
}

}  // namespace

HmacKey::HmacKey(std::string_view secret) {
  Block key{};
  std::string hashed;
  if (secret.size() > key.size()) {
    hashed = sha256(secret);
    secret = hashed;
  }
  std::ranges::copy(secret, key.begin());
  inner_ = std::bit_cast<State>(after_pad(key, kInnerPad));
  outer_ = std::bit_cast<State>(after_pad(key, kOuterPad));
  OPENSSL_cleanse(key.data(), key.size());
  OPENSSL_cleanse(hashed.data(), hashed.size());
}

HmacKey::~HmacKey() {
  OPENSSL_cleanse(&inner_, sizeof inner_);
  OPENSSL_cleanse(&outer_, sizeof outer_);
}

HmacKey::Mac HmacKey::mac(std::string_view message) const {
  auto state = std::bit_cast<SHA256_CTX>(inner_);
  add(state, {unsigned_bytes(message), message.size()});
  const Mac digest = end(state);
  state = std::bit_cast<SHA256_CTX>(outer_);
  add(state, digest);
  return end(state);
}

}  // namespace metergate
