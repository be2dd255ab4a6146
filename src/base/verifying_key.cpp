// The public-key half of base/crypto: makes OpenSSL keys that verify signatures from JSON Web Keys.
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <sodium.h>

#include "base/check.h"
#include "base/crypto.h"
#include "base/hmac_key.h"
#include "base/unsigned_bytes.h"

namespace metergate {
namespace {

constexpr int kRsaBitsMin = 2048;
constexpr int kRsaBitsMax = 8192;        // a larger key takes milliseconds for one verification
constexpr int kRsaExponentBitsMax = 64;  // likewise
constexpr std::size_t kCoordinateSize = 32;
constexpr std::size_t kKeyTextMax = 2048;

template <auto free_function>
struct Free {
  template <class T>
  void operator()(T* object) const {
    free_function(object);
  }
};
template <class T, auto free_function>
using Owned = std::unique_ptr<T, Free<free_function>>;

std::unexpected<Error> refuse_key(std::string message) {
  ERR_clear_error();
  return fail(ErrorCode::invalid, std::move(message));
}

Result<std::string> decode(std::string_view member, std::string_view text) {
  if (text.empty() || text.size() > kKeyTextMax)
    return refuse_key("the key's " + std::string{member} + " is missing or too long");
  auto bytes = parse_base64url(text);
  if (!bytes) return refuse_key("the key's " + std::string{member} + " is not base64url");
  return *std::move(bytes);
}

// A public key of the named type, or null. Leaves nothing in OpenSSL's error queue.
std::shared_ptr<void> public_key(const char* type, OSSL_PARAM_BLD* builder) {
  const Owned<OSSL_PARAM, OSSL_PARAM_free> parameters{OSSL_PARAM_BLD_to_param(builder)};
  const Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context{
      EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr)};
  EVP_PKEY* key = nullptr;
  const bool made =
      parameters && context && EVP_PKEY_fromdata_init(context.get()) == 1 &&
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) == 1;
  ERR_clear_error();
  if (!made) return nullptr;
  return {key, [](void* owned) { EVP_PKEY_free(static_cast<EVP_PKEY*>(owned)); }};
}

// Converts r‖s, the form of a JSON Web Signature, to the DER form that OpenSSL takes; empty if it
// is not 64 bytes.
std::string to_der(std::string_view signature) {
  if (signature.size() != 2 * kCoordinateSize) return {};
  const Owned<ECDSA_SIG, ECDSA_SIG_free> pair{ECDSA_SIG_new()};
  BIGNUM* r = BN_bin2bn(unsigned_bytes(signature), kCoordinateSize, nullptr);
  BIGNUM* s = BN_bin2bn(unsigned_bytes(signature) + kCoordinateSize, kCoordinateSize, nullptr);
  CHECK(pair && r != nullptr && s != nullptr && ECDSA_SIG_set0(pair.get(), r, s) == 1);
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &der);
  CHECK(size > 0);
  std::string bytes{reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)};
  OPENSSL_free(der);
  return bytes;
}

bool verify_hmac(const HmacKey& key, std::string_view message, std::string_view signature) {
  const HmacKey::Mac mac = key.mac(message);
  return equal_constant_time({reinterpret_cast<const char*>(mac.data()), mac.size()}, signature);
}

bool verify_digest(EVP_PKEY* key, const EVP_MD* digest, std::string_view message,
                   std::string_view signature) {
  const Owned<EVP_MD_CTX, EVP_MD_CTX_free> context{EVP_MD_CTX_new()};
  CHECK(context != nullptr);
  const bool good = !signature.empty() &&
                    EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key) == 1 &&
                    EVP_DigestVerify(context.get(), unsigned_bytes(signature), signature.size(),
                                     unsigned_bytes(message), message.size()) == 1;
  ERR_clear_error();
  return good;
}

}  // namespace

VerifyingKey VerifyingKey::hmac(std::string_view secret) {
  return {SignatureAlgorithm::hs256, std::make_shared<HmacKey>(secret)};
}

Result<VerifyingKey> VerifyingKey::rsa(std::string_view n, std::string_view e) {
  const std::string modulus_bytes = TRY(decode("n", n));
  const std::string exponent_bytes = TRY(decode("e", e));
  const Owned<BIGNUM, BN_free> modulus{
      BN_bin2bn(unsigned_bytes(modulus_bytes), static_cast<int>(modulus_bytes.size()), nullptr)};
  const Owned<BIGNUM, BN_free> exponent{
      BN_bin2bn(unsigned_bytes(exponent_bytes), static_cast<int>(exponent_bytes.size()), nullptr)};
  CHECK(modulus && exponent);
  const int bits = BN_num_bits(modulus.get());
  if (bits < kRsaBitsMin || bits > kRsaBitsMax || BN_is_odd(modulus.get()) == 0)
    return refuse_key("an RSA key has an odd modulus of 2048 to 8192 bits");
  if (BN_num_bits(exponent.get()) > kRsaExponentBitsMax || BN_is_odd(exponent.get()) == 0 ||
      BN_is_one(exponent.get()) != 0) {
    return refuse_key("an RSA key has an odd exponent of at least 3 and at most 64 bits");
  }
  const Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> builder{OSSL_PARAM_BLD_new()};
  CHECK(builder && OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) &&
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()));
  auto key = public_key("RSA", builder.get());
  if (!key) return refuse_key("n and e are no RSA key");
  return VerifyingKey{SignatureAlgorithm::rs256, std::move(key)};
}

Result<VerifyingKey> VerifyingKey::ec_p256(std::string_view x, std::string_view y) {
  const std::string x_bytes = TRY(decode("x", x));
  const std::string y_bytes = TRY(decode("y", y));
  if (x_bytes.size() != kCoordinateSize || y_bytes.size() != kCoordinateSize)
    return refuse_key("x and y of a P-256 key have 32 bytes each");
  const std::string point = "\x04" + x_bytes + y_bytes;  // SEC 1: 4 means uncompressed
  const Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> builder{OSSL_PARAM_BLD_new()};
  CHECK(builder &&
        OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) &&
        OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                         point.size()));
  auto key = public_key("EC", builder.get());
  if (!key) return refuse_key("x and y are no point of the curve P-256");
  return VerifyingKey{SignatureAlgorithm::es256, std::move(key)};
}

Result<VerifyingKey> VerifyingKey::ed25519(std::string_view x) {
  const std::string bytes = TRY(decode("x", x));
  // OpenSSL accepts any 32 bytes; with a point of small order, anyone could sign.
  if (bytes.size() != crypto_core_ed25519_BYTES ||
      crypto_core_ed25519_is_valid_point(unsigned_bytes(bytes)) != 1) {
    return refuse_key("x is no Ed25519 key of 32 bytes");
  }
  EVP_PKEY* key =
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, unsigned_bytes(bytes), bytes.size());
  if (key == nullptr) return refuse_key("x is no Ed25519 key");
  return VerifyingKey{SignatureAlgorithm::eddsa,
                      {key, [](void* owned) { EVP_PKEY_free(static_cast<EVP_PKEY*>(owned)); }}};
}

bool VerifyingKey::verify(std::string_view message, std::string_view signature) const {
  auto* const key = static_cast<EVP_PKEY*>(key_.get());
  switch (algorithm_) {
    case SignatureAlgorithm::hs256:
      return verify_hmac(*static_cast<const HmacKey*>(key_.get()), message, signature);
    case SignatureAlgorithm::rs256:
      return verify_digest(key, EVP_sha256(), message, signature);
    case SignatureAlgorithm::es256:
      return verify_digest(key, EVP_sha256(), message, to_der(signature));
    case SignatureAlgorithm::eddsa:
      return verify_digest(key, nullptr, message, signature);
  }
  return false;
}

}  // namespace metergate
