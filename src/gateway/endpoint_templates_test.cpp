#include "gateway/endpoint_templates.h"

#include <gtest/gtest.h>

namespace metergate::gateway {
namespace {

EndpointTemplates templates_of(std::string_view paths, std::string_view servers = "[]") {
  const std::string document = "{\"openapi\":\"3.1.0\",\"servers\":" + std::string{servers} +
                               ",\"paths\":{" + std::string{paths} + "}}";
  auto parsed = EndpointTemplates::parse(document);
  EXPECT_TRUE(parsed) << parsed.error().message;
  return parsed ? *std::move(parsed) : EndpointTemplates{};
}

std::string found(const EndpointTemplates& templates, std::string_view method,
                  std::string_view path) {
  const auto match = templates.find(method, path);
  return match ? std::string{match->path} : "none";
}

TEST(EndpointTemplates, FindsTheDeclaredPath) {
  const auto templates =
      templates_of(R"("/t/{tenant_id}/orders":{"get":{},"post":{}},"/t/{tenant_id}/me":{"get":{}},
                      "/t/{tenant_id}/{thing}":{"get":{}})");
  EXPECT_EQ(templates.size(), 3U);
  EXPECT_EQ(found(templates, "GET", "/t/1/orders"), "/t/{tenant_id}/orders");
  EXPECT_EQ(found(templates, "POST", "/t/1/orders"), "/t/{tenant_id}/orders");
  EXPECT_EQ(found(templates, "GET", "/t/1/me"), "/t/{tenant_id}/me") << "words before values";
  EXPECT_EQ(found(templates, "GET", "/t/1/other"), "/t/{tenant_id}/{thing}");
}

TEST(EndpointTemplates, FindsNothingElse) {
  const auto templates = templates_of(R"("/a/{id}":{"get":{}},"/a/{id}.json":{"put":{}})");
  EXPECT_EQ(found(templates, "DELETE", "/a/1"), "none");
  EXPECT_EQ(found(templates, "GET", "/a/1/b"), "none");
  EXPECT_EQ(found(templates, "GET", "/b/1"), "none");
  EXPECT_EQ(found(templates, "GET", "/a/"), "none");
  EXPECT_EQ(found(templates, "PUT", "/a/1.json"), "/a/{id}.json");
  EXPECT_EQ(found(templates, "PUT", "/a/.json"), "none");
  EXPECT_EQ(found(EndpointTemplates{}, "GET", "/"), "none");
}

TEST(EndpointTemplates, GivesTheValuesOfItsSegments) {
  const auto templates = templates_of(R"("/t/{tenant_id}/stores/{store_id}":{"get":{}})");
  const auto match = templates.find("GET", "/t/t1/stores/s9");
  ASSERT_TRUE(match);
  ASSERT_EQ(match->values.size(), 2U);
  EXPECT_EQ(match->values[1].first, "store_id");
  EXPECT_EQ(match->values[1].second, "s9");
}

TEST(EndpointTemplates, StandBehindTheFirstServersPath) {
  const char* path = R"("/x":{"get":{}})";
  EXPECT_EQ(found(templates_of(path, R"([{"url":"https://api.example.com/v2/"}])"), "GET", "/v2/x"),
            "/v2/x");
  EXPECT_EQ(found(templates_of(path, R"([{"url":"/v3"}])"), "GET", "/v3/x"), "/v3/x");
  EXPECT_EQ(found(templates_of(path, R"([{"url":"https://api.example.com"}])"), "GET", "/x"), "/x");
}

TEST(EndpointTemplates, RefusesWhatIsNoDocument) {
  for (const char* text :
       {"", "openapi: 3.1.0\npaths:\n", "{}", "{\"paths\":[]}", "{\"paths\":{\"x\":{\"get\":{}}}}"})
    EXPECT_FALSE(EndpointTemplates::parse(text)) << text;
}

}  // namespace
}  // namespace metergate::gateway
