// Sessions: finds the Caller for a bearer token. JWTs (HS256 with the configured secret; RS256,
// ES256, EdDSA with keys of a JWKS file), API keys, and password logins of the provider's users.
// Safe from any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/jwt.h"
#include "base/result.h"
#include "base/time.h"
#include "domain/identity.h"
#include "service/shared/actor.h"
#include "storage/shapes/store.h"

namespace metergate {

struct SessionOptions {
  std::string jwt_secret;  // at least 32 bytes
  std::string jwks_text;   // of a JWKS file; empty: none
  std::string issuer;      // required in tokens unless empty
  std::string audience;    // likewise
};

struct TokenRequest {
  std::string subject;
  Scope scope = Scope::provider;
  std::string tenant;              // for tenant tokens
  std::vector<std::string> roles;  // for provider tokens
  std::vector<std::string> permissions;
  std::chrono::seconds lifetime{3600};  // at most 24 h
};

struct NewUser {
  std::string email;
  std::string name;
  std::string password;  // 12 to 1024 characters
  std::vector<std::string> roles;
};

struct UserPatch {
  std::optional<std::string> name;
  std::optional<std::string> password;
  std::optional<std::vector<std::string>> roles;
  std::optional<bool> is_active;
};

struct NewKey {
  std::string name;
  std::vector<std::string> permissions;
  std::optional<Timestamp> expires_at;
};

struct MadeKey {
  std::string key_id;
  std::string key;  // "mg_live_…": shown once, kept as a hash
  Json document;    // as listed, without the hash
};

class Sessions {
 public:
  static Result<std::unique_ptr<Sessions>> create(const SessionOptions& options, Store& store,
                                                  const Clock& clock);
  virtual ~Sessions() = default;

  // Accepts a JWT or an API key. ErrorCode::unauthorized, with a reason that helps an honest caller
  // and reveals nothing else.
  virtual Result<Caller> authenticate(std::string_view token) = 0;
  // Replaces the identity provider's keys; tokens of removed keys are invalid at once.
  virtual void replace_keys(Jwks keys) = 0;
  // The claims of a JWT with a valid signature, times and issuer, whatever its scope: for tenants
  // that an identity provider names in a claim of its own. Errors as authenticate().
  virtual Result<Claims> verified_claims(std::string_view token) = 0;
  // A signed HS256 token. ErrorCode::invalid: unknown role or permission, no tenant, lifetime out
  // of bounds.
  virtual Result<std::string> issue(const TokenRequest& request) const = 0;

  // A seal over bytes that a caller will send back, such as a cursor; only this server can make it.
  virtual std::string seal(std::string_view purpose, std::string_view bytes) const = 0;

  // A token for 12 hours. The same ErrorCode::unauthorized for a wrong password and an unknown or
  // disabled user; rate_limit after too many failures from the actor's address (login_guard.h).
  // Slow: hashes a password.
  virtual Result<std::string> login(const std::string& email, const std::string& password,
                                    const Actor& actor) = 0;

  // Users and keys. ErrorCode::permission if they have, or would get, rights that the actor lacks;
  // conflict if no active administrator would be left.
  virtual Result<Json> add_user(const NewUser& user, const Actor& actor) = 0;
  virtual Result<Json> change_user(const std::string& email, const UserPatch& patch,
                                   const Actor& actor) = 0;
  virtual Result<std::vector<Json>> users() const = 0;  // without hashes

  virtual Result<MadeKey> add_key(const NewKey& key, const Actor& actor) = 0;
  virtual Result<> revoke_key(const std::string& key_id, const Actor& actor) = 0;
  virtual Result<std::vector<Json>> keys() const = 0;  // without hashes
};

}  // namespace metergate
