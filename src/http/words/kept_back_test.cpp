#include "http/words/kept_back.h"

#include <gtest/gtest.h>

#include <string>

#include "http/testing/forwarding_fixture_test.h"

namespace metergate::http {
namespace {

TEST(KeptBack, IsWhatAProxyWouldSay) {
  for (const std::string_view name :
       {"x-real-ip", "true-client-ip", "cf-connecting-ip", "x-original-url", "x-rewrite-url",
        "x-http-method-override", "x-http-method", "x-method-override", "x-forwarded-path",
        "x-forwarded-prefix", "x-forwarded-anything", "x-tenant-id", "x_tenant_id",
        "x-forwarded-user", "remote-user", "remote_user", "x-auth-request-email", "proxy",
        "x-consumer-custom-id"})
    EXPECT_TRUE(is_kept_back(name)) << name;
}

TEST(KeptBack, MayBeginWithOtherLetters) {
  for (const std::string_view name :
       {"base-url", "do-connecting-ip", "fly-client-ip", "cf-access-x"})
    EXPECT_TRUE(is_kept_back(name)) << name;
  for (const std::string_view name : {"-", "_x", "~", "0", "\xC3\xA9", "X-Real-IP"})
    EXPECT_FALSE(is_kept_back(name)) << name;
}

TEST(KeptBack, IsNothingElse) {
  for (const std::string& name :
       {std::string{"accept"}, std::string{"authorization"}, std::string{"cookie"},
        std::string{"x-api-key"}, std::string{"x-forwarde"}, std::string{"x-original"},
        std::string{"remote"}, std::string{}, "x-real-ip" + std::string(60, 'x')})
    EXPECT_FALSE(is_kept_back(name)) << name;
}

using KeptBackForwarding = ForwardingTest;

TEST_F(KeptBackForwarding, DoesNotReachTheUpstreamUnlessItIsNamed) {
  upstream_options_.passed_fields = {"x-http-method-override"};
  std::string seen;
  start_answering([&](const std::string& request) {
    seen = request;
    return simple_answer("ok");
  });
  ask(get("/up/a",
          "X-Original-URL: /b\r\nX-HTTP-Method-Override: PUT\r\nX_Tenant_Id: t2\r\n"
          "Forwarded: for=9.9.9.9\r\nVia: 1.0 evil\r\nX-Real-IP: 9.9.9.9\r\nX-Own: 1\r\n"));
  EXPECT_EQ(seen,
            fmt::format("GET /up/a HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n"
                        "x-http-method-override: PUT\r\nx-own: 1\r\nX-Forwarded-For: 127.0.0.1\r\n"
                        "X-Forwarded-Proto: http\r\nX-Forwarded-Host: a\r\n"
                        "Forwarded: for=127.0.0.1;host=\"a\";proto=http\r\n",
                        upstream_->port()) +
                seen.substr(seen.find("X-Request-Id")));
  EXPECT_EQ(seen.find("evil"), std::string::npos);
}

TEST_F(KeptBackForwarding, HearsOfTheCallerBehindATrustedProxy) {
  options_.callers = CallerRules{.proxies = NetworkList::parse("127.0.0.0/8").value()};
  std::string seen;
  start_answering([&](const std::string& request) {
    seen = request;
    return simple_answer("ok");
  });
  ask(get("/up/a", "X-Forwarded-For: 9.9.9.9, 203.0.113.7\r\nX-Forwarded-Proto: https\r\n"));
  EXPECT_NE(seen.find("X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\n"),
            std::string::npos);
  EXPECT_EQ(seen.find("9.9.9.9"), std::string::npos);
}

}  // namespace
}  // namespace metergate::http
