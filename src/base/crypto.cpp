#include "base/crypto.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>
#include <sys/random.h>

#include <array>
#include <bit>
#include <cerrno>
#include <climits>
#include <cstring>

#include "base/check.h"
#include "base/unsigned_bytes.h"

namespace metergate {
namespace {

constexpr unsigned long long kPasswordPasses = 2;
constexpr std::size_t kPasswordMemory = 19 * 1024 * 1024;

// libsodium chooses its fastest code and opens its random source once in a process.
void start_sodium() {
  static const bool started = sodium_init() >= 0;
  CHECK(started);
}

std::uint64_t little_endian_64(const unsigned char* bytes) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes, sizeof value);
  if constexpr (std::endian::native == std::endian::big) value = std::byteswap(value);
  return value;
}

// The 6 bits of each character of base64url; more than 6 for any other.
constexpr std::array<std::uint8_t, 256> kUrlValues = [] {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::array<std::uint8_t, 256> values{};
  values.fill(0xFF);
  for (std::size_t i = 0; i < kDigits.size(); ++i)
    values[static_cast<unsigned char>(kDigits[i])] = static_cast<std::uint8_t>(i);
  return values;
}();

std::string encode_base64(std::string_view bytes, int variant) {
  std::string text(sodium_base64_encoded_len(bytes.size(), variant), '\0');
  sodium_bin2base64(text.data(), text.size(), unsigned_bytes(bytes), bytes.size(), variant);
  text.pop_back();  // the NUL that C strings end with
  return text;
}

// Refuses foreign characters, padding of another variant and non-zero spare bits, so that each
// value has exactly one text.
std::optional<std::string> decode_base64(std::string_view text, int variant) {
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  std::size_t size = 0;
  if (sodium_base642bin(unsigned_bytes(bytes), bytes.size(), text.data(), text.size(), nullptr,
                        &size, nullptr, variant) != 0) {
    return std::nullopt;
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  std::size_t filled = 0;
  while (filled < count) {
    const ssize_t got = ::getrandom(bytes.data() + filled, count - filled, 0);
    CHECK(got > 0 || errno == EINTR);  // the server must not go on without random bytes
    if (got > 0) filled += static_cast<std::size_t>(got);
  }
  return bytes;
}

std::string sha256(std::string_view bytes) {
  // Looked up once and kept: a look-up costs more than hashing a short text.
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  CHECK(algorithm != nullptr);
  std::string digest(kSha256Size, '\0');
  CHECK(EVP_Digest(unsigned_bytes(bytes), bytes.size(), unsigned_bytes(digest), nullptr, algorithm,
                   nullptr) == 1);
  return digest;
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text.push_back(kDigits[byte >> 4U]);
    text.push_back(kDigits[byte & 15U]);
  }
  return text;
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
  CHECK(key.size() <= INT_MAX);
  std::string mac(kSha256Size, '\0');
  CHECK(HMAC(EVP_sha256(), unsigned_bytes(key), static_cast<int>(key.size()), unsigned_bytes(bytes),
             bytes.size(), unsigned_bytes(mac), nullptr) != nullptr);
  return mac;
}

bool equal_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string base64url(std::string_view bytes) {
  return encode_base64(bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

// A table, as every new token comes through here: four characters at a time, and as strict as
// decode_base64().
std::optional<std::string> parse_base64url(std::string_view text) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string bytes;
  bool is_good = true;
  bytes.resize_and_overwrite(text.size() * 3 / 4, [&](char* out, std::size_t) {
    const char* const begin = out;
    std::uint32_t bits = 0;
    std::uint32_t bad = 0;  // higher bits than a character's six
    const auto add = [&](char c) {
      const std::uint32_t value = kUrlValues[static_cast<unsigned char>(c)];
      bad |= value;
      bits = bits << 6U | value;
    };
    std::size_t at = 0;
    for (; at + 4 <= text.size(); at += 4) {
      for (std::size_t i = 0; i < 4; ++i) add(text[at + i]);
      *out++ = static_cast<char>(bits >> 16U);
      *out++ = static_cast<char>(bits >> 8U);
      *out++ = static_cast<char>(bits);
    }
    const std::size_t left = text.size() - at;
    for (; at < text.size(); ++at) add(text[at]);
    if (left == 2) *out++ = static_cast<char>(bits >> 4U);
    if (left == 3) {
      *out++ = static_cast<char>(bits >> 10U);
      *out++ = static_cast<char>(bits >> 2U);
    }
    const std::uint32_t over = left == 2 ? bits & 0xFU : left == 3 ? bits & 3U : 0;
    is_good = bad < 64 && over == 0;
    return static_cast<std::size_t>(out - begin);
  });
  if (!is_good) return std::nullopt;
  return bytes;
}

std::string base64(std::string_view bytes) {
  return encode_base64(bytes, sodium_base64_VARIANT_ORIGINAL);
}

std::optional<std::string> parse_base64(std::string_view text) {
  return decode_base64(text, sodium_base64_VARIANT_ORIGINAL);
}

Hash128 keyed_hash(const HashKey& key, std::string_view bytes) {
  static_assert(sizeof key.bytes == crypto_shorthash_siphashx24_KEYBYTES);
  unsigned char hash[crypto_shorthash_siphashx24_BYTES];
  crypto_shorthash_siphashx24(hash, unsigned_bytes(bytes), bytes.size(), key.bytes);
  return {little_endian_64(hash), little_endian_64(hash + 8)};
}

Result<std::string> hash_password(std::string_view password) {
  start_sodium();
  char text[crypto_pwhash_STRBYTES];
  // The length is passed beside the bytes: no password is cut at 72 bytes or at a NUL.
  if (crypto_pwhash_str_alg(text, reinterpret_cast<const char*>(unsigned_bytes(password)),
                            password.size(), kPasswordPasses, kPasswordMemory,
                            crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return fail(ErrorCode::overloaded, "there is not enough memory to hash a password");
  }
  return std::string{text};
}

bool verify_password(std::string_view hash, std::string_view password) {
  start_sodium();
  if (hash.empty() || hash.size() >= crypto_pwhash_STRBYTES || hash.contains('\0')) return false;
  return crypto_pwhash_str_verify(std::string{hash}.c_str(),
                                  reinterpret_cast<const char*>(unsigned_bytes(password)),
                                  password.size()) == 0;
}

}  // namespace metergate
