#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "domain/usage_event.h"

namespace metergate {
namespace {

std::string templated(std::string_view path) { return endpoint_template("GET", path).substr(4); }

TEST(EndpointTemplate, BeginsWithTheMethod) {
  EXPECT_EQ(endpoint_template("DELETE", "/api/tenants/acme/stores/7"),
            "DELETE /api/tenants/{tenant_id}/stores/{id}");
}

TEST(EndpointTemplate, TheSegmentAfterTenantsIsTheTenant) {
  EXPECT_EQ(templated("/api/tenants/acme"), "/api/tenants/{tenant_id}");
  EXPECT_EQ(templated("/api/tenants/42/orders"), "/api/tenants/{tenant_id}/orders");
  EXPECT_EQ(templated("/v2/api/tenants/acme/orders"), "/v2/api/tenants/acme/orders");
  EXPECT_EQ(templated("/api/tenants/a/api/tenants/b"), "/api/tenants/{tenant_id}/api/tenants/b");
}

TEST(EndpointTemplate, IdsOfEveryKindAreReplaced) {
  for (const char* id :
       {"0", "42", "9007199254740993", "123e4567-e89b-12d3-a456-426614174000",
        "123E4567-E89B-12D3-A456-426614174000", "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "01arz3ndektsv4rrffq69g5fav", "deadbeefdeadbeef", "507f1f77bcf86cd799439011",
        "dQw4w9WgXcQ_dQw4w9WgXc", "V1StGXR8_Z5jdHi6B-myT", "cjld2cjxh0000qzrmn831i7rn",
        "aGVsbG8gd29ybGQgaGVsbG8=", "QWxhZGRpblNlc2FtZUFCQ0RF"})
    EXPECT_EQ(templated("/orders/" + std::string{id} + "/lines"), "/orders/{id}/lines") << id;
}

// Otherwise each file and branch would be an endpoint of its own.
TEST(EndpointTemplate, WhatIsEncodedOrHasSpacesIsAnId) {
  for (const char* text :
       {"group%2Fproj", "gid:%2F%2Fgitlab%2FProject%2F1", "100%25", "a%20b", "my file.pdf", "%FF"})
    EXPECT_EQ(templated("/projects/" + std::string{text} + "/x"), "/projects/{id}/x") << text;
}

TEST(EndpointTemplate, WordsStay) {
  for (const char* word :
       {"orders", "v1", "order-lines", "a", "deadbeef", "abc123", "listTenantSubscriptionsByDate",
        "monthly-subscription-report", "monthly-report-of-2026-by-store", "{store_id}",
        "export.csv", "me", "UPPERCASEWORDSAREWORDS", "123e4567-e89b-12d3-a456-42661417400",
        "snake_case_words_are_words"})
    EXPECT_EQ(templated("/x/" + std::string{word}), "/x/" + std::string{word}) << word;
}

TEST(EndpointTemplate, QueryAndFragmentAreLeftOut) {
  EXPECT_EQ(templated("/orders/7?expand=8/9"), "/orders/{id}");
  EXPECT_EQ(templated("/orders/7#top"), "/orders/{id}");
}

TEST(EndpointTemplate, ASlashAtTheEndMakesNoOtherEndpoint) {
  EXPECT_EQ(templated("/orders/"), "/orders");
  EXPECT_EQ(templated("/"), "/");
  EXPECT_EQ(templated(""), "/");
  EXPECT_EQ(templated("?a=b"), "/");
  EXPECT_EQ(templated("orders"), "/orders");
  EXPECT_EQ(templated("//"), "/");
}

TEST(EndpointTemplate, LongPathsAreCut) {
  std::string path;
  for (int i = 0; i < 200; ++i) path += "/segment";
  const std::string cut = endpoint_template("GET", path);
  EXPECT_LE(cut.size(), 512U);
  EXPECT_TRUE(cut.ends_with("/segment/{rest}"));
  EXPECT_EQ(templated("/a/" + std::string(600, 'x')), "/a/{rest}");
}

RC_GTEST_PROP(EndpointTemplate, IsItsOwnTemplate, (std::vector<std::uint32_t> ids)) {
  std::string path = "/api/tenants/acme";
  for (const std::uint32_t id : ids) path += "/things/" + std::to_string(id);
  const std::string once = templated(path);
  RC_ASSERT(once.size() <= 512U);
  RC_ASSERT(templated(once) == once);
}

}  // namespace
}  // namespace metergate
