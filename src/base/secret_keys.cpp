#include "base/secret_keys.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>

#include "base/check.h"
#include "base/crypto.h"
#include "base/unsigned_bytes.h"

namespace metergate {
namespace {

constexpr std::string_view kSealedPrefix = "sealed1.";
constexpr std::size_t kKeyNameDigits = 8;
constexpr std::size_t kSealKeyBytes = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;
constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;

std::string_view trimmed_line(std::string_view line) {
  line = line.substr(0, line.find('#'));
  const std::size_t first = line.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

}  // namespace

Result<SecretKeys> SecretKeys::parse(std::string_view text) {
  SecretKeys keys;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed_line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    auto bytes = parse_base64(line);
    if (!bytes || bytes->size() != kSealKeyBytes)
      return fail(ErrorCode::invalid,
                  fmt::format("line {} is not the base64 of {} bytes; openssl rand -base64 {} "
                              "prints a key",
                              number, kSealKeyBytes, kSealKeyBytes));
    std::string name = to_hex(sha256(*bytes)).substr(0, kKeyNameDigits);
    if (std::ranges::find(keys.keys_, name, &Key::name) != keys.keys_.end())
      return fail(ErrorCode::invalid, fmt::format("line {} has a key that is there already; take "
                                                  "the line out",
                                                  number));
    keys.keys_.push_back({std::move(name), *std::move(bytes)});
  }
  if (keys.is_empty())
    return fail(ErrorCode::invalid,
                fmt::format("it has no key; openssl rand -base64 {} prints one", kSealKeyBytes));
  return keys;
}

std::vector<std::string> SecretKeys::names() const {
  std::vector<std::string> names;
  for (const Key& key : keys_) names.push_back(key.name);
  return names;
}

std::string SecretKeys::seal(std::string_view secret, std::string_view place) const {
  if (is_empty() || sealing_key_of(secret)) return std::string{secret};
  const Key& key = keys_.front();
  std::string sealed = random_bytes(kNonceBytes);
  sealed.resize(kNonceBytes + secret.size() + kTagBytes);
  unsigned long long size = 0;
  CHECK(crypto_aead_xchacha20poly1305_ietf_encrypt(
            unsigned_bytes(sealed) + kNonceBytes, &size, unsigned_bytes(secret), secret.size(),
            unsigned_bytes(place), place.size(), nullptr, unsigned_bytes(sealed),
            unsigned_bytes(key.bytes)) == 0);
  return fmt::format("{}{}.{}", kSealedPrefix, key.name, base64url(sealed));
}

Result<> SecretKeys::check_has(std::string_view name) const {
  if (std::ranges::find(keys_, name, &Key::name) != keys_.end()) return {};
  return fail(ErrorCode::invalid,
              fmt::format("it is encrypted with the key {}, which is not among the keys ({})", name,
                          keys_.empty() ? "none" : fmt::format("{}", fmt::join(names(), ", "))));
}

Result<std::string> SecretKeys::open(std::string_view kept, std::string_view place) const {
  const auto name = sealing_key_of(kept);
  if (!name) return std::string{kept};
  TRY(check_has(*name));
  const auto key = std::ranges::find(keys_, *name, &Key::name);
  kept.remove_prefix(kSealedPrefix.size() + name->size());
  if (kept.starts_with('.')) kept.remove_prefix(1);
  const auto sealed = parse_base64url(kept);
  const auto broken = [] {
    return fail(ErrorCode::corrupt, "it was changed since it was encrypted");
  };
  if (!sealed || sealed->size() < kNonceBytes + kTagBytes) return broken();
  std::string secret(sealed->size() - kNonceBytes - kTagBytes, '\0');
  unsigned long long size = 0;
  const int opened = crypto_aead_xchacha20poly1305_ietf_decrypt(
      unsigned_bytes(secret), &size, nullptr, unsigned_bytes(*sealed) + kNonceBytes,
      sealed->size() - kNonceBytes, unsigned_bytes(place), place.size(), unsigned_bytes(*sealed),
      unsigned_bytes(key->bytes));
  if (opened != 0) return broken();
  return secret;
}

std::optional<std::string> sealing_key_of(std::string_view kept) {
  if (!kept.starts_with(kSealedPrefix)) return std::nullopt;
  kept.remove_prefix(kSealedPrefix.size());
  return std::string{kept.substr(0, kept.find('.'))};
}

}  // namespace metergate
