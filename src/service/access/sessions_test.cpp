#include "service/access/sessions.h"

#include <gtest/gtest.h>

#include "base/crypto.h"
#include "base/jws_examples_test.h"
#include "base/jwt.h"
#include "storage/engine/memory_store.h"

namespace metergate {
namespace {

constexpr std::string_view kSecret = "a-secret-of-at-least-thirty-two-bytes";

class SessionsTest : public ::testing::Test {
 protected:
  std::unique_ptr<Sessions> make(SessionOptions options) {
    auto made = Sessions::create(options, *store_, clock_);
    EXPECT_TRUE(made.has_value());
    return made.has_value() ? *std::move(made) : nullptr;
  }

  std::int64_t now() const { return clock_.now().time_since_epoch().count() / 1000; }

  Json provider_claims() const {
    return Json::object(
        {{"sub", "ann"}, {"scope", "provider"}, {"iat", now()}, {"exp", now() + 600}});
  }

  ErrorCode refusal(const Json& claims, std::string_view secret = kSecret) {
    const auto caller = sessions_->authenticate(sign_jwt(claims, secret));
    return caller ? ErrorCode::internal : caller.error().code;
  }

  const Actor root_{.name = "root", .ip = "192.0.2.1", .rights = Permissions::all()};
  ManualClock clock_{*parse_timestamp("2026-03-05T10:30:00Z")};
  std::unique_ptr<ControlledStore> store_ = make_memory_store(TimeZone::utc());
  std::unique_ptr<Sessions> sessions_ = make({std::string{kSecret}, "", "", ""});
};

TEST_F(SessionsTest, SecretBelow32BytesIsRefused) {
  EXPECT_FALSE(Sessions::create({"short", "", "", ""}, *store_, clock_).has_value());
}

TEST_F(SessionsTest, IssuedProviderTokenCarriesTheRightsOfItsRole) {
  TokenRequest request;
  request.subject = "ann";
  request.roles = {"NOC"};
  const auto caller = sessions_->authenticate(*sessions_->issue(request));
  ASSERT_TRUE(caller.has_value());
  EXPECT_EQ(caller->actor(), "ann");
  EXPECT_EQ(caller->scope(), Scope::provider);
  EXPECT_TRUE(caller->may(Permission::alerts_update));
  EXPECT_FALSE(caller->may(Permission::billing_update));
}

TEST_F(SessionsTest, IssuedTenantTokenReachesItsTenantOnly) {
  TokenRequest request;
  request.subject = "till";
  request.scope = Scope::tenant;
  request.tenant = "tenant_1";
  const auto caller = sessions_->authenticate(*sessions_->issue(request));
  ASSERT_TRUE(caller.has_value());
  EXPECT_TRUE(caller->access(*TenantId::parse("tenant_1"), Permission::tenants_read).has_value());
  EXPECT_FALSE(caller->access(*TenantId::parse("tenant_2"), Permission::tenants_read).has_value());
}

TEST_F(SessionsTest, ATenantsTokenThatWasSeenBeforeStillExpires) {
  const std::string token = sessions_
                                ->issue({.subject = "till",
                                         .scope = Scope::tenant,
                                         .tenant = "tenant_1",
                                         .roles = {},
                                         .permissions = {},
                                         .lifetime = std::chrono::seconds{60}})
                                .value();
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(sessions_->authenticate(token));
  std::string other = token;
  other.back() = other.back() == 'A' ? 'E' : 'A';
  EXPECT_FALSE(sessions_->authenticate(other)) << "the signature is looked at whole";
  EXPECT_FALSE(sessions_->authenticate(token.substr(0, token.size() - 1)));
  clock_.advance(std::chrono::seconds{60});
  EXPECT_EQ(sessions_->authenticate(token).error().code, ErrorCode::unauthorized);
}

TEST_F(SessionsTest, ClaimsAreVerifiedWhateverTheirScope) {
  Json claims = Json::object({{"sub", "x"}, {"org", "acme"}, {"iat", now()}, {"exp", now() + 60}});
  const auto verified = sessions_->verified_claims(sign_jwt(claims, kSecret));
  ASSERT_TRUE(verified);
  EXPECT_EQ(verified->string_at("org"), "acme");
  EXPECT_FALSE(sessions_->authenticate(sign_jwt(claims, kSecret))) << "it is nobody's token here";
  EXPECT_FALSE(sessions_->verified_claims(sign_jwt(claims, std::string(40, 'x'))));
  claims.set("exp", now());
  EXPECT_FALSE(sessions_->verified_claims(sign_jwt(claims, kSecret)));
}

TEST_F(SessionsTest, IssueRefusesUnknownRolesAndLongLives) {
  TokenRequest request;
  request.subject = "ann";
  request.roles = {"Boss"};
  EXPECT_FALSE(sessions_->issue(request).has_value());
  request.roles = {"NOC"};
  request.lifetime = std::chrono::hours{25};
  EXPECT_FALSE(sessions_->issue(request).has_value());
}

TEST_F(SessionsTest, ClaimsThatDoNotFitTogetherAreRefused) {
  EXPECT_EQ(refusal(provider_claims()), ErrorCode::internal) << "the claims themselves are good";
  EXPECT_EQ(refusal(provider_claims(), "another-secret-of-thirty-two-bytes-or-more"),
            ErrorCode::unauthorized);
  const std::vector<Json::Member> changes = {{"scope", "admin"},
                                             {"scope", Json{}},
                                             {"sub", ""},
                                             {"sub", 7},
                                             {"tenant_id", "t1"},
                                             {"roles", "NOC"},
                                             {"permissions", Json::object()},
                                             {"exp", now() - 31},
                                             {"exp", "soon"},
                                             {"nbf", now() + 31},
                                             {"exp", now() + 90'000}};
  for (const auto& [name, value] : changes) {
    Json claims = provider_claims();
    claims.set(name, value);
    EXPECT_EQ(refusal(claims), ErrorCode::unauthorized) << name << " = " << to_text(value);
  }
}

TEST_F(SessionsTest, TheScopeMayBeOneWordOfAList) {
  const std::vector<std::pair<std::string, bool>> scopes = {{"openid provider email", true},
                                                            {"provider offline_access", true},
                                                            {"  provider ", true},
                                                            {"provider tenant", false},
                                                            {"provider provider", false},
                                                            {"openid email", false},
                                                            {"providers", false},
                                                            {"Provider", false},
                                                            {"provider\ttenant", false},
                                                            {"", false}};
  for (const auto& [scope, is_good] : scopes) {
    Json claims = provider_claims();
    claims.set("scope", scope);
    EXPECT_EQ(refusal(claims), is_good ? ErrorCode::internal : ErrorCode::unauthorized) << scope;
  }
  Json claims = provider_claims();
  claims.set("scope", "openid tenant");
  claims.set("tenant_id", "t1");
  EXPECT_EQ(sessions_->authenticate(sign_jwt(claims, kSecret))->tenant()->text(), "t1");
}

TEST_F(SessionsTest, ATokenEndsWithTheKeyThatSignedIt) {
  using namespace examples;
  clock_.set(Timestamp{std::chrono::seconds{1'300'819'379}});
  const std::string token = kRsaInput + "." + kRsaSignature;
  const std::string key = R"({"kty":"RSA","n":")" + kRsaN + R"(","e":"AQAB"})";
  EXPECT_FALSE(sessions_->verified_claims(token));
  sessions_->replace_keys(*Jwks::parse("{\"keys\":[" + key + "]}"));
  EXPECT_TRUE(sessions_->verified_claims(token)) << "it has no kid, and there is one such key";
  sessions_->replace_keys(*Jwks::parse("{\"keys\":[" + key + "," + key + "]}"));
  EXPECT_FALSE(sessions_->verified_claims(token));
  sessions_->replace_keys(Jwks{});
  EXPECT_FALSE(sessions_->verified_claims(token));
}

TEST_F(SessionsTest, UnknownRolesAndPermissionsGrantNothing) {
  Json claims = provider_claims();
  claims.set("roles", Json{Json::Array{"Root"}});
  claims.set("permissions", Json{Json::Array{"everything"}});
  const auto caller = sessions_->authenticate(sign_jwt(claims, kSecret));
  ASSERT_TRUE(caller.has_value());
  EXPECT_TRUE(caller->permissions().is_empty());
}

TEST_F(SessionsTest, IssuerAndAudienceAreRequiredWhereConfigured) {
  sessions_ = make({std::string{kSecret}, "", "https://id.example", "metergate"});
  EXPECT_EQ(refusal(provider_claims()), ErrorCode::unauthorized);
  Json claims = provider_claims();
  claims.set("iss", "https://id.example");
  claims.set("aud", Json{Json::Array{"other", "metergate"}});
  EXPECT_EQ(refusal(claims), ErrorCode::internal);
  claims.set("iss", "https://id.example.evil");
  EXPECT_EQ(refusal(claims), ErrorCode::unauthorized);
}

TEST_F(SessionsTest, LoginTokenEndsWhenTheUserIsDisabled) {
  const NewUser user{"Ann@Example.com", "Ann", "correct horse battery", {"Billing-Ops"}};
  ASSERT_TRUE(sessions_->add_user(user, root_).has_value());
  const auto token = sessions_->login("ann@example.com", "correct horse battery", root_);
  ASSERT_TRUE(token.has_value());
  EXPECT_TRUE(sessions_->authenticate(*token).has_value());
  UserPatch patch;
  patch.is_active = false;
  ASSERT_TRUE(sessions_->change_user("ann@example.com", patch, root_).has_value());
  const auto after = sessions_->authenticate(*token);
  ASSERT_FALSE(after.has_value());
  EXPECT_EQ(after.error().code, ErrorCode::unauthorized);
}

TEST_F(SessionsTest, ApiKeyWorksWhereATokenDoes) {
  const auto made = sessions_->add_key({"meter", {"events.write"}, {}}, root_);
  ASSERT_TRUE(made.has_value());
  const auto caller = sessions_->authenticate(made->key);
  ASSERT_TRUE(caller.has_value());
  EXPECT_EQ(caller->actor(), "key:" + made->key_id);
  EXPECT_TRUE(caller->may(Permission::events_write));
}

TEST_F(SessionsTest, RubbishIsUnauthorized) {
  for (const std::string_view text :
       {"", ".", "..", "a.b.c", "mg_live_", "mg_live_01ARZ3NDEKTSV4RRFFQ69G5FAV_x"}) {
    const auto caller = sessions_->authenticate(text);
    ASSERT_FALSE(caller.has_value()) << text;
    EXPECT_EQ(caller.error().code, ErrorCode::unauthorized) << text;
  }
}

}  // namespace
}  // namespace metergate
