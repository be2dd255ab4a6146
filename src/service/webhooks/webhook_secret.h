// Secrets of webhooks and the signatures made with them, as in Standard Webhooks. Pure, except for
// make_webhook_secret; safe from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace metergate {

// "whsec_" and 32 random bytes in base64.
std::string make_webhook_secret();
// The 24 to 64 bytes of "whsec_…"; nothing if the text is not a secret.
std::optional<std::string> webhook_secret_bytes(std::string_view secret);

struct SignedParts {
  std::string_view id;         // the same at every attempt
  std::string_view timestamp;  // of the attempt, seconds since 1970
  std::string_view body;
};

// "v1,<base64>", one for each secret, joined by spaces.
std::string webhook_signature(const SignedParts& parts, const std::vector<std::string>& secrets);

}  // namespace metergate
