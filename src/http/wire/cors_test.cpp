#include "http/wire/cors.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace metergate::http {
namespace {

Request request_from(std::string origin, std::vector<Header> others = {}) {
  Request request;
  request.method = "GET";
  request.headers = std::move(others);
  if (!origin.empty()) request.headers.emplace_back("origin", std::move(origin));
  return request;
}

std::string field(const Response& response, std::string_view name) {
  const auto found = std::ranges::find(response.headers, name, &Header::first);
  return found == response.headers.end() ? "" : found->second;
}

TEST(Cors, NamesTheOriginThatMayRead) {
  const CorsRules rules =
      CorsRules::parse("https://app.example.com, http://localhost:5173,tauri://localhost").value();
  for (const char* origin :
       {"https://app.example.com", "http://localhost:5173", "tauri://localhost"}) {
    Response response;
    rules.add_fields(request_from(origin), response);
    EXPECT_EQ(field(response, "Access-Control-Allow-Origin"), origin);
    EXPECT_EQ(field(response, "Access-Control-Allow-Credentials"), "true");
    EXPECT_EQ(field(response, "Vary"), "Origin");
    EXPECT_NE(field(response, "Access-Control-Expose-Headers").find("Retry-After"),
              std::string::npos);
  }
}

TEST(Cors, NamesNoOtherAndStillVaries) {
  const CorsRules rules = CorsRules::parse("https://app.example.com").value();
  for (const char* origin : {"", "null", "https://app.example.com.evil.example",
                             "http://app.example.com", "https://evil.example/app.example.com",
                             "https://app.example.com:8443", "HTTPS://APP.EXAMPLE.COM"}) {
    Response response;
    rules.add_fields(request_from(origin), response);
    EXPECT_EQ(response.headers, (std::vector<Header>{{"Vary", "Origin"}})) << origin;
  }
}

TEST(Cors, NeverAllowsAnybodyWithCredentials) {
  const CorsRules rules = CorsRules::parse("*").value();
  Response response;
  rules.add_fields(request_from("https://anybody.example"), response);
  EXPECT_EQ(field(response, "Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(field(response, "Access-Control-Allow-Credentials"), "");
}

TEST(Cors, SaysNothingWhereNothingIsConfigured) {
  Response response;
  CorsRules{}.add_fields(request_from("https://app.example.com"), response);
  EXPECT_TRUE(response.headers.empty());
}

TEST(Cors, AnswersAPreflight) {
  const CorsRules rules = CorsRules::parse("https://app.example.com").value();
  Request asked = request_from("https://app.example.com",
                               {{"access-control-request-method", "PUT"},
                                {"access-control-request-headers", "authorization, x-own"}});
  asked.method = "OPTIONS";
  ASSERT_TRUE(is_preflight(asked));
  const Response response = rules.preflight(asked, "GET, PUT").value();
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(field(response, "Access-Control-Allow-Methods"), "GET, PUT");
  EXPECT_EQ(field(response, "Access-Control-Allow-Headers"), "authorization, x-own");
  asked.headers.back().second = "https://evil.example";
  EXPECT_EQ(rules.preflight(asked, "GET").error().code, ErrorCode::permission);
  EXPECT_EQ(rules.preflight(asked, "GET").error().required, "CORS_ORIGINS");
}

TEST(Cors, KnowsAPreflightByItsFields) {
  Request request = request_from("https://a.example");
  request.method = "OPTIONS";
  EXPECT_FALSE(is_preflight(request)) << "it asks for no method";
  request = request_from("https://a.example", {{"access-control-request-method", "GET"}});
  EXPECT_FALSE(is_preflight(request)) << "it is a GET";
  request = request_from("", {{"access-control-request-method", "GET"}});
  request.method = "OPTIONS";
  EXPECT_FALSE(is_preflight(request)) << "it comes from no page";
}

TEST(Cors, OriginsAreWrittenAsBrowsersWriteThem) {
  for (const char* text :
       {"app.example.com", "https://app.example.com/", "https://App.example.com", "https://",
        "https://*.example.com", "*,https://a.example", "https://a.example:443",
        "https://u@a.example", "https://a.example,,https://b.example", "null"})
    EXPECT_FALSE(CorsRules::parse(text)) << text;
}

}  // namespace
}  // namespace metergate::http
