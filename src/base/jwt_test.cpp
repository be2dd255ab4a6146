#include "base/jwt.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "base/jws_examples_test.h"

namespace metergate {
namespace {

using namespace examples;

const std::string kSecret = "0123456789abcdef0123456789abcdef";
const std::string kHeader = R"({"alg":"HS256","typ":"JWT"})";
constexpr std::int64_t kNow = 1'772'706'600;
constexpr std::int64_t kDay = 24 * 60 * 60;

Timestamp at_second(std::int64_t second) { return Timestamp{std::chrono::seconds{second}}; }

// A token with this header and payload and a right HS256 signature.
std::string signed_token(std::string_view header, std::string_view payload) {
  const std::string input = base64url(header) + "." + base64url(payload);
  return input + "." + base64url(hmac_sha256(kSecret, input));
}

std::string claims_text(std::string_view more = "") {
  return R"({"sub":"u","exp":)" + std::to_string(kNow + 60) + std::string{more} + "}";
}

// All checks that the sessions make of a token; each must accept it.
bool accepted(std::string_view token, const VerifyingKey& key) {
  const auto jwt = parse_jwt(token);
  return jwt && is_signed_by(*jwt, key) && check_times(jwt->claims, at_second(kNow));
}

bool accepted(std::string_view token) { return accepted(token, VerifyingKey::hmac(kSecret)); }

std::string why_refused(std::string_view token) {
  const auto jwt = parse_jwt(token);
  if (jwt) return "";
  EXPECT_EQ(jwt.error().code, ErrorCode::unauthorized);
  return jwt.error().message;
}

TEST(Jwt, AcceptsWhatItSigned) {
  const Json claims = Json::object({{"sub", "u"}, {"exp", kNow + 60}, {"scope", "tenant"}});
  const std::string token = sign_jwt(claims, kSecret);
  EXPECT_TRUE(accepted(token));
  EXPECT_EQ(parse_jwt(token)->claims.to_json(), claims);
  EXPECT_EQ(parse_jwt(token)->algorithm, SignatureAlgorithm::hs256);
  EXPECT_EQ(parse_jwt(token)->kid, std::nullopt);
}

TEST(Jwt, AcceptsTheExamplesOfTheStandard) {
  const auto hs256 = parse_jwt(kHmacInput + "." + kHmacSignature);
  ASSERT_TRUE(hs256);
  EXPECT_TRUE(is_signed_by(*hs256, VerifyingKey::hmac(*parse_base64url(kHmacKey))));
  EXPECT_EQ(hs256->claims.integer_at("exp"), 1'300'819'380);
  const auto rs256 = parse_jwt(kRsaInput + "." + kRsaSignature);
  ASSERT_TRUE(rs256);
  EXPECT_TRUE(is_signed_by(*rs256, *VerifyingKey::rsa(kRsaN, kRsaE)));
  const auto es256 = parse_jwt(kEcInput + "." + kEcSignature);
  ASSERT_TRUE(es256);
  EXPECT_TRUE(is_signed_by(*es256, *VerifyingKey::ec_p256(kEcX, kEcY)));
}

TEST(Jwt, AcceptsHeadersThatChangeNothing) {
  for (const std::string_view header :
       {R"({"alg":"HS256"})", R"({"typ":"jwt","alg":"HS256"})", R"({"alg":"HS256","typ":"at+jwt"})",
        R"({"alg":"HS256","typ":"application/at+jwt"})", R"({"alg":"HS256","kid":"key-1"})",
        R"({"alg":"HS256","x5t":"abc","other":[1]})", " {\"alg\" : \"HS256\"}\r\n"}) {
    EXPECT_TRUE(accepted(signed_token(header, claims_text()))) << header;
  }
  const std::string cognito = R"({"alg":"HS256","kid":"a+b/c_d-e.f:g="})";
  EXPECT_EQ(parse_jwt(signed_token(cognito, claims_text()))->kid, "a+b/c_d-e.f:g=");
}

TEST(JwtAttack, NoneInEverySpelling) {
  for (const std::string_view alg : {"none", "None", "NONE", "nOnE", "none ", ""}) {
    const std::string header = R"({"alg":")" + std::string{alg} + R"("})";
    EXPECT_FALSE(accepted(signed_token(header, claims_text()))) << alg;
    const std::string input = base64url(header) + "." + base64url(claims_text());
    EXPECT_FALSE(accepted(input + ".")) << alg;
    EXPECT_FALSE(accepted(input)) << alg;
  }
}

TEST(JwtAttack, AlgorithmsThatAreNotExactlyOurs) {
  for (const std::string_view alg :
       {R"("hs256")",   R"("Hs256")",       R"("HS256 ")",  R"(" HS256")", R"("HS256\u0000")",
        R"("HS384")",   R"("HS512")",       R"("RS384")",   R"("PS256")",  R"("ES384")",
        R"("ES256K")",  R"("eddsa")",       R"("Ed25519")", R"("dir")",    R"("RSA-OAEP")",
        R"(["HS256"])", R"({"a":"HS256"})", "null",         "256",         "true"}) {
    const std::string header = R"({"alg":)" + std::string{alg} + "}";
    EXPECT_EQ(why_refused(signed_token(header, claims_text())),
              "the token's alg is not HS256, RS256, ES256 or EdDSA")
        << alg;
  }
  EXPECT_FALSE(accepted(signed_token("{}", claims_text())));
  EXPECT_FALSE(accepted(signed_token(R"({"ALG":"HS256"})", claims_text())));
}

TEST(JwtAttack, HeadersThatChooseTheKeyOrTheMeaning) {
  for (const std::string_view member :
       {R"("jku":"https://evil.example/keys")", R"("jwk":{"kty":"oct","k":"AAAA"})",
        R"("x5u":"https://evil.example/cert")", R"("x5c":["AAAA"])", R"("crit":["exp"])",
        R"("crit":[])", R"("b64":false)", R"("b64":true)", R"("zip":"DEF")", R"("enc":"A128GCM")",
        R"("cty":"JWT")", R"("jku":null)"}) {
    const std::string header = R"({"alg":"HS256",)" + std::string{member} + "}";
    EXPECT_TRUE(why_refused(signed_token(header, claims_text()))
                    .starts_with("the token's header must not have '"))
        << member;
  }
}

TEST(JwtAttack, OtherKindsOfToken) {
  for (const std::string_view typ :
       {R"("JWE")", R"("logout+jwt")", R"("dpop+jwt")", R"("secevent+jwt")", R"("id+jwt")", R"("")",
        R"("JWT ")", "null", "1", R"(["JWT"])", R"("application/")", R"("text/jwt")"}) {
    const std::string header = R"({"alg":"HS256","typ":)" + std::string{typ} + "}";
    EXPECT_EQ(why_refused(signed_token(header, claims_text())),
              "the token's typ is not JWT or at+jwt")
        << typ;
  }
}

TEST(JwtAttack, AKidThatIsNoText) {
  for (const std::string kid : {"1", "null", R"({"$ne":""})", R"(["k"])", "true"}) {
    const std::string header = R"({"alg":"HS256","kid":)" + kid + "}";
    EXPECT_EQ(why_refused(signed_token(header, claims_text())), "the token's kid is no text")
        << kid;
  }
}

TEST(Jwt, AKidIsAnyText) {
  for (const std::string kid : {R"("")", R"("a b")", R"("' OR 1=1 --")", R"("key\u0000")",
                                R"("a\\b")", R"("|id")", R"("caf\u00e9")"}) {
    const std::string header = R"({"alg":"HS256","kid":)" + kid + "}";
    EXPECT_TRUE(accepted(signed_token(header, claims_text()))) << kid;
  }
}

TEST(JwtAttack, AKidIsANameAndNeverAPath) {
  const Jwks jwks =
      *Jwks::parse(R"({"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k","x":")" + kEdX + "\"}]}");
  Jwt token;
  token.algorithm = SignatureAlgorithm::eddsa;
  for (const char* kid : {"../../dev/null", "/dev/null", "./k", "K", "k=", "", "kk"}) {
    token.kid = kid;
    EXPECT_TRUE(jwks.keys_for(token)->empty()) << kid;
  }
  token.kid = "k";
  EXPECT_EQ(jwks.keys_for(token)->size(), 1U);
}

TEST(JwtAttack, DuplicateMembers) {
  EXPECT_FALSE(accepted(signed_token(R"({"alg":"none","alg":"HS256"})", claims_text())));
  EXPECT_FALSE(accepted(signed_token(R"({"alg":"HS256","al\u0067":"none"})", claims_text())));
  EXPECT_FALSE(accepted(signed_token(kHeader, claims_text(R"(,"sub":"admin")"))));
  EXPECT_FALSE(accepted(signed_token(kHeader, claims_text(R"(,"exp":99999999999)"))));
}

TEST(JwtAttack, PartsThatAreTooManyOrTooFew) {
  const std::string token = signed_token(kHeader, claims_text());
  const std::size_t first = token.find('.');
  const std::size_t last = token.rfind('.');
  for (const std::string& text :
       {std::string{}, std::string{"."}, std::string{".."}, std::string{"..."}, token + ".",
        "." + token, token + ".x", token.substr(0, last), token.substr(0, first),
        token.substr(first), token.substr(0, last) + "." + token.substr(last),
        token.substr(0, first + 1) + token.substr(last), token + "." + token,
        "x." + token + ".x"}) {
    EXPECT_FALSE(accepted(text)) << text;
  }
  EXPECT_EQ(why_refused(token.substr(0, last + 1)),
            "the token's signature is missing or not base64url");
}

TEST(JwtAttack, OtherSpellingsOfTheSameBytes) {
  const std::string token = signed_token(kHeader, claims_text());
  ASSERT_TRUE(accepted(token));
  EXPECT_FALSE(accepted(token + "="));
  EXPECT_FALSE(accepted(token + " "));
  EXPECT_FALSE(accepted(" " + token));
  EXPECT_FALSE(accepted(token + "\n"));
  EXPECT_FALSE(accepted(token + std::string(1, '\0')));
  // The last character of a 32-byte signature has two spare bits.
  std::string spare = token;
  ASSERT_EQ(std::string_view{"AEIMQUYcgkosw048"}.contains(spare.back()), true);
  ++spare.back();
  EXPECT_FALSE(accepted(spare));
  std::string dotted = token;
  dotted.replace(dotted.find('.'), 1, "%2E");
  EXPECT_FALSE(accepted(dotted));
}

TEST(JwtAttack, StandardBase64InsteadOfBase64Url) {
  // A payload whose base64url contains '-' or '_'.
  const std::string input =
      base64url(kHeader) + "." + base64url(claims_text(R"(,"x":"~~~???>>>")"));
  ASSERT_NE(input.find_first_of("-_"), std::string::npos);
  std::string other = input;
  std::ranges::replace(other, '-', '+');
  std::ranges::replace(other, '_', '/');
  EXPECT_FALSE(accepted(other + "." + base64url(hmac_sha256(kSecret, other))));
}

TEST(JwtAttack, LargerThan8KiB) {
  const std::string small =
      signed_token(kHeader, claims_text(R"(,"x":")" + std::string(5900, 'a') + "\""));
  const std::string large =
      signed_token(kHeader, claims_text(R"(,"x":")" + std::string(6200, 'a') + "\""));
  ASSERT_LE(small.size(), 8192U);
  ASSERT_GT(large.size(), 8192U);
  EXPECT_TRUE(accepted(small));
  EXPECT_EQ(why_refused(large), "the token is longer than 8 KiB");
  EXPECT_EQ(why_refused(std::string(1'000'000, 'a')), "the token is longer than 8 KiB");
}

TEST(JwtAttack, PartsThatAreNotJsonObjects) {
  for (const std::string_view text : {"", "[]", "null", "\"x\"", "1", "{", "{}{}", "{\"a\":1,}",
                                      "\xef\xbb\xbf{}", "{\"a\":\"\xff\"}", "{'alg':'HS256'}"}) {
    EXPECT_FALSE(accepted(signed_token(text, claims_text()))) << text;
    EXPECT_FALSE(accepted(signed_token(kHeader, text))) << text;
  }
  const std::string deep = R"({"a":)" + std::string(100, '[') + std::string(100, ']') + "}";
  EXPECT_FALSE(accepted(signed_token(kHeader, deep)));
}

TEST(JwtAttack, PublicKeyAsAnHmacSecret) {
  const VerifyingKey key = *VerifyingKey::rsa(kRsaN, kRsaE);
  const std::string input = base64url(kHeader) + "." + base64url(claims_text());
  for (const std::string& secret :
       {kRsaN, *parse_base64url(kRsaN), R"({"kty":"RSA","n":")" + kRsaN + R"(","e":"AQAB"})"}) {
    EXPECT_FALSE(accepted(input + "." + base64url(hmac_sha256(secret, input)), key));
  }
}

TEST(JwtAttack, AHeaderThatNamesAnotherAlgorithmThanTheKeys) {
  const VerifyingKey keys[] = {VerifyingKey::hmac(kSecret), *VerifyingKey::rsa(kRsaN, kRsaE),
                               *VerifyingKey::ec_p256(kEcX, kEcY), *VerifyingKey::ed25519(kEdX)};
  for (const std::string_view alg : {"HS256", "RS256", "ES256", "EdDSA"}) {
    const std::string header = R"({"alg":")" + std::string{alg} + R"("})";
    const std::string token = signed_token(header, claims_text());
    for (const VerifyingKey& key : keys) {
      const bool is_right = alg == "HS256" && key.algorithm() == SignatureAlgorithm::hs256;
      EXPECT_EQ(accepted(token, key), is_right) << alg;
    }
  }
}

TEST(JwtAttack, AChangedHeaderPayloadOrSignature) {
  const std::string token = signed_token(kHeader, claims_text());
  for (std::size_t at = 0; at < token.size(); ++at) {
    std::string forged = token;
    forged[at] = forged[at] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(accepted(forged)) << at;
  }
}

TEST(JwtAttack, AnotherSecretAnEmptyOneAndAPartOfIt) {
  const std::string token = signed_token(kHeader, claims_text());
  EXPECT_FALSE(accepted(token, VerifyingKey::hmac("")));
  EXPECT_FALSE(accepted(token, VerifyingKey::hmac(kSecret + "x")));
  EXPECT_FALSE(accepted(token, VerifyingKey::hmac(kSecret.substr(1))));
}

TEST(JwtAttack, ATokenForEncryption) {
  EXPECT_FALSE(accepted("eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.a2V5.aXY.Y2lwaGVy.dGFn"));
}

TEST(Jwt, WhatWeSignHasTheHeaderThatItSays) {
  const std::string token = sign_jwt(Json::object({{"exp", kNow + 60}}), kSecret);
  EXPECT_TRUE(token.starts_with(base64url(kHeader) + "."));
  EXPECT_EQ(parse_jwt(token)->algorithm, SignatureAlgorithm::hs256);
  EXPECT_FALSE(parse_jwt(token)->kid);
  EXPECT_TRUE(accepted(token));
}

RC_GTEST_PROP(Jwt, NeverCrashesOnAnyText, ()) {
  const auto text =
      *rc::gen::container<std::string>(rc::gen::elementOf(std::string{"eyJhbG.-_=A9{}\""}));
  RC_ASSERT(!accepted(text));
}

Claims claims_of(const Json& object) { return Claims::parse(to_text(object)).value(); }
bool in_time(const Json& claims) {
  return check_times(claims_of(claims), at_second(kNow)).has_value();
}

TEST(JwtTimes, NeedsAnExpThatLiesAfterNow) {
  EXPECT_TRUE(in_time(Json::object({{"exp", kNow + 1}})));
  EXPECT_FALSE(in_time(Json::object({{"exp", kNow}})));
  EXPECT_FALSE(in_time(Json::object({{"exp", kNow - 1}})));
  EXPECT_FALSE(in_time(Json::object({{"exp", 0}})));
  EXPECT_FALSE(in_time(Json::object()));
  EXPECT_FALSE(in_time(Json::object({{"Exp", kNow + 1}})));
}

TEST(JwtTimes, MayHaveAFraction) {
  const auto claims = [](std::string_view exp) {
    return *parse_json("{\"exp\":" + std::string{exp} + "}");
  };
  const std::string second = std::to_string(kNow);
  EXPECT_TRUE(in_time(claims(second + ".5")));
  EXPECT_TRUE(in_time(claims(second + ".123456789012")));
  EXPECT_FALSE(in_time(claims(second + ".0")));
  EXPECT_FALSE(in_time(claims(second + ".0001")));
  EXPECT_TRUE(check_times(claims_of(claims(second + ".5")), at_second(kNow) + Milliseconds{499}));
  EXPECT_FALSE(check_times(claims_of(claims(second + ".5")), at_second(kNow) + Milliseconds{500}));
  EXPECT_TRUE(
      span_of(claims_of(claims(second + ".5"))).contains(at_second(kNow) + Milliseconds{499}));
  EXPECT_FALSE(
      span_of(claims_of(claims(second + ".5"))).contains(at_second(kNow) + Milliseconds{500}));
  Json with_nbf = claims(second + ".9");
  with_nbf.set("nbf", Decimal{(kNow + 30) * 10 + 1, 1});
  EXPECT_FALSE(in_time(with_nbf));
  with_nbf.set("nbf", Decimal{(kNow + 30) * 10, 1});
  EXPECT_TRUE(in_time(with_nbf));
}

TEST(JwtTimes, TakesNumbersOnly) {
  for (const std::string_view exp :
       {R"("1772706660")", "null", "true", "[1772706660]", "{}", "-1", "-0.5", "253402300800",
        "9223372036854775807", "-9223372036854775808"}) {
    for (const std::string name : {"exp", "nbf", "iat"}) {
      Json claims = Json::object({{"exp", kNow + 60}});
      claims.set(name, *parse_json(exp));
      EXPECT_FALSE(in_time(claims)) << name << " " << exp;
    }
  }
  EXPECT_FALSE(accepted(signed_token(kHeader, R"({"sub":"u","exp":1e400})")));
  EXPECT_FALSE(accepted(signed_token(kHeader, R"({"sub":"u","exp":99999999999999999999})")));
  EXPECT_FALSE(accepted(signed_token(kHeader, R"({"sub":"u","exp":NaN})")));
}

TEST(JwtTimes, AllowsThirtySecondsOfSkewForNbfAndIat) {
  for (const std::string name : {"nbf", "iat"}) {
    EXPECT_TRUE(in_time(Json::object({{"exp", kNow + 60}, {name, kNow - 60}})));
    EXPECT_TRUE(in_time(Json::object({{"exp", kNow + 60}, {name, kNow + 30}})));
    EXPECT_FALSE(in_time(Json::object({{"exp", kNow + 60}, {name, kNow + 31}})));
  }
}

TEST(JwtTimes, RefusesATokenThatClaimsToLiveLongerThan24Hours) {
  EXPECT_TRUE(in_time(Json::object({{"exp", kNow + kDay}, {"iat", kNow}})));
  EXPECT_FALSE(in_time(Json::object({{"exp", kNow + kDay + 1}, {"iat", kNow}})));
  EXPECT_FALSE(in_time(Json::object({{"exp", kNow + 1}, {"iat", kNow - kDay}})));
  EXPECT_TRUE(in_time(Json::object({{"exp", kNow + 1}, {"iat", kNow + 1 - kDay}})));
  EXPECT_TRUE(in_time(Json::object({{"exp", kNow + kDay + 30}})));
  EXPECT_FALSE(in_time(Json::object({{"exp", kNow + kDay + 31}})));
}

TEST(JwtTimes, RefusesATokenThatExpiresBeforeItIsIssued) {
  EXPECT_FALSE(in_time(Json::object({{"exp", kNow + 5}, {"iat", kNow + 10}})));
}

RC_GTEST_PROP(JwtTimes, TheSpanOfATokenIsWhenItsTimesAreGood, ()) {
  Json claims = Json::object();
  for (const char* name : {"exp", "nbf", "iat"}) {
    const auto second = kNow + *rc::gen::inRange<std::int64_t>(-2 * kDay, 2 * kDay);
    const int kind = *rc::gen::inRange(0, 8);
    if (kind > 1) claims.set(name, kind == 2 ? Json{"soon"} : Json{second});
  }
  const TokenSpan span = span_of(claims_of(claims));
  const auto near =
      std::clamp(*rc::gen::element(kNow, span.first, span.end), kNow - 4 * kDay, kNow + 4 * kDay);
  for (std::int64_t at = near - 2; at <= near + 2; ++at) {
    RC_ASSERT(span.contains(at_second(at)) ==
              check_times(claims_of(claims), at_second(at)).has_value());
  }
}

TEST(JwtTimes, SaysWhatIsWrong) {
  const auto expired = check_times(claims_of(Json::object({{"exp", kNow}})), at_second(kNow));
  ASSERT_FALSE(expired);
  EXPECT_EQ(expired.error().code, ErrorCode::unauthorized);
  EXPECT_EQ(expired.error().message, "the token has expired");
}

}  // namespace
}  // namespace metergate
