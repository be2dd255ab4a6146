#include "base/sha256_stream.h"

#include <openssl/evp.h>

#include "base/check.h"
#include "base/crypto.h"
#include "base/unsigned_bytes.h"

namespace metergate {

Sha256Stream::Sha256Stream() : context_(EVP_MD_CTX_new()) {
  CHECK(context_ != nullptr);
  begin();
}

Sha256Stream::~Sha256Stream() { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context_)); }

void Sha256Stream::begin() {
  CHECK(EVP_DigestInit_ex(static_cast<EVP_MD_CTX*>(context_), EVP_sha256(), nullptr) == 1);
}

void Sha256Stream::add(std::string_view bytes) {
  CHECK(EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(context_), bytes.data(), bytes.size()) == 1);
}

std::string Sha256Stream::finish() {
  std::string digest(kSha256Size, '\0');
  CHECK(EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(context_), unsigned_bytes(digest), nullptr) ==
        1);
  begin();
  return digest;
}

}  // namespace metergate
