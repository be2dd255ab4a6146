// Tokens and key sets: no token verifies with a key that did not sign it.
#include <string>

#include "base/crypto.h"
#include "base/jwt.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace metergate;
  const std::string_view text = fuzz::text_of(bytes, size);
  static const VerifyingKey key = VerifyingKey::hmac(std::string(32, 'k'));
  if (const Result<Jwt> token = parse_jwt(text)) {
    fuzz::claim(!is_signed_by(*token, key));
    static_cast<void>(check_times(token->claims, Timestamp{Milliseconds{1'772'706'600'000}}));
    static_cast<void>(span_of(token->claims));
  }
  static_cast<void>(Jwks::parse(text));
  return 0;
}
