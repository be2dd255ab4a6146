#include "service/access/sessions.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>

#include "service/access/api_keys.h"
#include "service/access/token_cache.h"
#include "service/access/users.h"
#include "service/shared/text_rules.h"

namespace metergate {
namespace {

constexpr std::chrono::hours kLoginLifetime{12};
constexpr std::chrono::hours kLifetimeMax{24};
constexpr std::size_t kSecretBytesMin = 32;
constexpr std::string_view kSessionVersion = "session_version";  // claim of tokens from login()

std::unexpected<Error> unauthorized(std::string message) {
  return fail(ErrorCode::unauthorized, std::move(message));
}

// True if "aud" names us: a string, or a list that contains it (RFC 7519, 4.1.3).
bool names_audience(const Claims& claims, const std::string& audience) {
  const std::optional<Json> value = claims.find("aud");
  if (!value) return false;
  if (!value->is_array()) return *value == Json{audience};
  return std::ranges::find(value->as_array(), Json{audience}) != value->as_array().end();
}

// The one word of the claim `scope` that is ours, among words separated by spaces (RFC 8693, 4.2);
// empty if there is none, or more than one.
std::string_view scope_word(std::string_view scope) {
  std::string_view found;
  while (!scope.empty()) {
    const std::size_t end = std::min(scope.find(' '), scope.size());
    const std::string_view word = scope.substr(0, end);
    scope.remove_prefix(std::min(end + 1, scope.size()));
    if (word != "provider" && word != "tenant") continue;
    if (!found.empty()) return {};
    found = word;
  }
  return found;
}

// The texts of a claim that is a list; nothing if the claim is of another kind.
std::optional<std::vector<std::string>> texts_at(const Claims& claims, std::string_view name) {
  std::vector<std::string> texts;
  const std::optional<Json> value = claims.find(name);
  if (!value) return texts;
  if (!value->is_array()) return std::nullopt;
  for (const Json& text : value->as_array()) {
    if (!text.is_string()) return std::nullopt;
    texts.push_back(text.as_string());
  }
  return texts;
}

class TokenSessions final : public Sessions {
 public:
  TokenSessions(SessionOptions options, Jwks jwks, Store& store, const Clock& clock)
      : options_(std::move(options)),
        secret_key_(VerifyingKey::hmac(options_.jwt_secret)),
        jwks_(std::make_shared<const Jwks>(std::move(jwks))),
        users_(store, clock),
        keys_(store, clock),
        clock_(clock) {}

  Result<Caller> authenticate(std::string_view token) override {
    if (token.starts_with(kKeyPrefix)) return keys_.authenticate(token);
    const std::uint64_t key_set = key_set_.load();  // read before the keys themselves
    if (const auto known = verified_.find(token); known && known->key_set == key_set) {
      const Timestamp now = clock_.now();
      if (!known->span.contains(now)) TRY(check_times(known->claims, now));
      TRY(check_session(known->caller, known->claims));
      return known->caller;
    }
    Claims claims = TRY(verified_claims(token));
    Caller caller = TRY(caller_of(claims));
    TRY(check_session(caller, claims));
    const TokenSpan span = span_of(claims);
    verified_.keep(
        token,
        std::make_shared<const VerifiedToken>(VerifiedToken{
            .claims = std::move(claims), .caller = caller, .span = span, .key_set = key_set}));
    return caller;
  }

  void replace_keys(Jwks keys) override {
    auto replaced = std::make_shared<const Jwks>(std::move(keys));
    const std::scoped_lock lock(jwks_mutex_);
    jwks_.swap(replaced);
    ++key_set_;
  }

  Result<Claims> verified_claims(std::string_view token) override {
    Jwt jwt = TRY(parse_jwt(token));
    TRY(check_signature(jwt));
    TRY(check_times(jwt.claims, clock_.now()));
    TRY(check_origin(jwt.claims));
    return std::move(jwt.claims);
  }

  std::string seal(std::string_view purpose, std::string_view bytes) const override {
    const std::string text = std::to_string(purpose.size()).append(":").append(purpose);
    return hmac_sha256(options_.jwt_secret, text + std::string(bytes));
  }

  Result<std::string> issue(const TokenRequest& request) const override {
    if (request.lifetime <= std::chrono::seconds{0} || request.lifetime > kLifetimeMax) {
      return fail(ErrorCode::invalid, "a token lives from 1 second to 24 hours");
    }
    Json claims = base_claims(request.subject, request.lifetime);
    if (request.scope == Scope::tenant) {
      claims.set("scope", "tenant");
      claims.set("tenant_id", TRY(TenantId::parse(request.tenant)).text());
      return sign_jwt(claims, options_.jwt_secret);
    }
    claims.set("scope", "provider");
    TRY(add_rights(request, claims));
    return sign_jwt(claims, options_.jwt_secret);
  }

  Result<std::string> login(const std::string& email, const std::string& password,
                            const Actor& actor) override {
    const KnownUser user = TRY(users_.check_password(email, password, actor));
    TokenRequest request;
    request.subject = user.email;
    request.roles = user.roles;
    Json claims = base_claims(user.email, kLoginLifetime);
    claims.set("scope", "provider");
    TRY(add_rights(request, claims));
    claims.set(kSessionVersion, user.session_version);
    return sign_jwt(claims, options_.jwt_secret);
  }

  Result<Json> add_user(const NewUser& user, const Actor& actor) override {
    return users_.add(user, actor);
  }
  Result<Json> change_user(const std::string& email, const UserPatch& patch,
                           const Actor& actor) override {
    return users_.change(email, patch, actor);
  }
  Result<std::vector<Json>> users() const override { return users_.list(); }
  Result<MadeKey> add_key(const NewKey& key, const Actor& actor) override {
    return keys_.add(key, actor);
  }
  Result<> revoke_key(const std::string& key_id, const Actor& actor) override {
    return keys_.revoke(key_id, actor);
  }
  Result<std::vector<Json>> keys() const override { return keys_.list(); }

 private:
  // HS256 tokens are verified with our secret, whatever their kid; tokens of an identity provider
  // with its keys.
  Result<> check_signature(const Jwt& jwt) const {
    bool is_valid = false;
    if (jwt.algorithm == SignatureAlgorithm::hs256) {
      is_valid = is_signed_by(jwt, secret_key_);
    } else {
      const std::shared_ptr<const Jwks> keys = current_keys();
      const std::vector<const VerifyingKey*> candidates = TRY(keys->keys_for(jwt));
      is_valid = std::ranges::any_of(
          candidates, [&jwt](const VerifyingKey* key) { return is_signed_by(jwt, *key); });
    }
    if (!is_valid) return unauthorized("the token's signature is not valid");
    return {};
  }

  std::shared_ptr<const Jwks> current_keys() const {
    const std::scoped_lock lock(jwks_mutex_);
    return jwks_;
  }

  Result<> check_origin(const Claims& claims) const {
    if (!options_.issuer.empty() && claims.string_at("iss") != options_.issuer) {
      return unauthorized("the token is from another issuer (iss)");
    }
    if (!options_.audience.empty() && !names_audience(claims, options_.audience)) {
      return unauthorized("the token is for another audience (aud)");
    }
    return {};
  }

  Result<Caller> caller_of(const Claims& claims) const {
    const auto subject = claims.string_at("sub");
    if (!subject || subject->empty() || subject->size() > 256)
      return unauthorized("the token has no subject (sub)");
    const std::string scopes = claims.string_at("scope").value_or("");
    const std::string_view scope = scope_word(scopes);
    if (scope == "tenant") {
      const auto tenant = claims.string_at("tenant_id");
      auto id = TenantId::parse(tenant.value_or(""));
      if (!id) return unauthorized("a tenant's token needs the claim tenant_id");
      return Caller::of_tenant(*subject, *std::move(id));
    }
    if (scope != "provider")
      return unauthorized("the claim scope must hold exactly one of the words provider and tenant");
    if (claims.has("tenant_id")) return unauthorized("a provider's token has no claim tenant_id");
    const auto roles = texts_at(claims, "roles");
    const auto names = texts_at(claims, "permissions");
    if (!roles || !names)
      return unauthorized("the claims roles and permissions must be lists of texts");
    Permissions permissions;  // unknown names grant nothing
    for (const std::string& role : *roles)
      permissions.add(permissions_of_role(role).value_or(Permissions{}));
    for (const std::string& name : *names) permissions.add(name);
    return Caller::provider(*subject, permissions);
  }

  // A provider's token from login() is valid for one session version, and any token of a known user
  // ends when the user is disabled. So this is checked for each request.
  Result<> check_session(const Caller& caller, const Claims& claims) const {
    if (caller.tenant()) return {};
    const std::optional<Json> version = claims.find(kSessionVersion);
    const std::optional<KnownUser> user = TRY(users_.find(caller.actor()));
    if (!version && !user) return {};
    const bool is_current = !version || (user && *version == Json{user->session_version});
    if (!user || !user->is_active || !is_current)
      return unauthorized("the session has ended; log in again");
    return {};
  }

  Json base_claims(const std::string& subject, std::chrono::seconds lifetime) const {
    const auto now =
        std::chrono::floor<std::chrono::seconds>(clock_.now()).time_since_epoch().count();
    Json claims = Json::object({{"sub", subject}, {"iat", now}, {"exp", now + lifetime.count()}});
    if (!options_.issuer.empty()) claims.set("iss", options_.issuer);
    if (!options_.audience.empty()) claims.set("aud", options_.audience);
    return claims;
  }

  static Result<> add_rights(const TokenRequest& request, Json& claims) {
    Json roles = Json::array();
    for (const std::string& role : request.roles) {
      if (!permissions_of_role(role)) {
        return fail(ErrorCode::invalid, no_such_role(role));
      }
      roles.push_back(role);
    }
    Json names = Json::array();
    for (const std::string& name : request.permissions) {
      if (Permissions known; !known.add(name)) {
        return fail(ErrorCode::invalid, no_such_permission(name));
      }
      names.push_back(name);
    }
    claims.set("roles", std::move(roles));
    if (!names.as_array().empty()) claims.set("permissions", std::move(names));
    return {};
  }

  SessionOptions options_;
  VerifyingKey secret_key_;
  mutable std::mutex jwks_mutex_;
  std::shared_ptr<const Jwks> jwks_;
  std::atomic<std::uint64_t> key_set_{0};  // rises with each replace_keys()
  Users users_;
  ApiKeys keys_;
  TokenCache verified_;
  const Clock& clock_;
};

}  // namespace

Result<std::unique_ptr<Sessions>> Sessions::create(const SessionOptions& options, Store& store,
                                                   const Clock& clock) {
  if (options.jwt_secret.size() < kSecretBytesMin) {
    return fail(ErrorCode::invalid, fmt::format("JWT_SECRET has {} bytes; at least {} are needed",
                                                options.jwt_secret.size(), kSecretBytesMin));
  }
  Jwks jwks;
  if (!options.jwks_text.empty()) jwks = TRY(Jwks::parse(options.jwks_text));
  return std::make_unique<TokenSessions>(options, std::move(jwks), store, clock);
}

}  // namespace metergate
