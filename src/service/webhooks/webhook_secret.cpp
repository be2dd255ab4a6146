#include "service/webhooks/webhook_secret.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/crypto.h"

namespace metergate {
namespace {

constexpr std::string_view kPrefix = "whsec_";
constexpr std::size_t kMadeBytes = 32;
constexpr std::size_t kBytesLeast = 24;
constexpr std::size_t kBytesMost = 64;

}  // namespace

std::string make_webhook_secret() {
  return std::string{kPrefix} + base64(random_bytes(kMadeBytes));
}

std::optional<std::string> webhook_secret_bytes(std::string_view secret) {
  if (!secret.starts_with(kPrefix)) return std::nullopt;
  auto bytes = parse_base64(secret.substr(kPrefix.size()));
  if (!bytes || bytes->size() < kBytesLeast || bytes->size() > kBytesMost) return std::nullopt;
  return bytes;
}

std::string webhook_signature(const SignedParts& parts, const std::vector<std::string>& secrets) {
  const std::string content = fmt::format("{}.{}.{}", parts.id, parts.timestamp, parts.body);
  std::string text;
  for (const std::string& secret : secrets) {
    const auto key = webhook_secret_bytes(secret);
    CHECK(key.has_value());  // checked before it was stored
    if (!text.empty()) text += ' ';
    text += "v1," + base64(hmac_sha256(*key, content));
  }
  return text;
}

}  // namespace metergate
