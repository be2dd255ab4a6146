#include "app/log_events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace metergate {
namespace {

using testing::HasSubstr;

const TimeZone kEventsUtc = TimeZone::utc();

std::string line_of(std::string_view path) {
  return R"(192.0.2.7 - ada [05/Mar/2026:10:30:00 +0000] "GET )" + std::string{path} +
         R"( HTTP/1.1" 200 512)";
}

LogTenants tenants_of(LogTenantOptions options) { return *LogTenants::create(options); }

TEST(LogEvents, ALineIsACallOfTheTenantInItsPath) {
  const LogTenants tenants = tenants_of({.paths = {"/api/tenants/{tenant}/"}});
  LogEvents events({LogFormat::nginx, tenants, "web1", kEventsUtc});
  const auto event = events.event(line_of("/api/tenants/acme/orders/7/items?secret=1"));
  ASSERT_TRUE(event);
  EXPECT_EQ(event->string_at("subject"), "acme");
  EXPECT_EQ(event->string_at("source"), "web1");
  EXPECT_EQ(event->string_at("time"), "2026-03-05T10:30:00.000Z");
  const Json& data = *event->find("data");
  EXPECT_EQ(data.string_at("endpoint"), "GET /api/tenants/{tenant_id}/orders/{id}/items");
  EXPECT_EQ(data.string_at("path"), "/api/tenants/acme/orders/7/items");
  EXPECT_EQ(to_text(*event).find("secret"), std::string::npos);
}

TEST(LogEvents, TheSameFileHasTheSameIdsAndEqualLinesHaveTheirOwn) {
  const LogTenants tenants = tenants_of({.tenant = "acme"});
  const std::string lines[] = {line_of("/a"), line_of("/a"), line_of("/b"), line_of("/a")};
  std::vector<std::string> first;
  std::set<std::string> all;
  for (int round = 0; round < 2; ++round) {
    LogEvents events({LogFormat::nginx, tenants, "s", kEventsUtc});
    for (std::size_t at = 0; at < std::size(lines); ++at) {
      // The end of the line is not part of it.
      const std::string id = *events.event(lines[at] + (round == 1 ? "\r" : ""))->string_at("id");
      if (round == 0) first.push_back(id);
      EXPECT_EQ(id, first[at]);
      all.insert(id);
    }
  }
  EXPECT_EQ(all.size(), 4U);
}

TEST(LogEvents, ALineThatIsLeftOutDoesNotShiftTheOthers) {
  const LogTenants none = tenants_of({.field = "x-tenant"});
  const LogTenants one = tenants_of({.tenant = "acme"});
  LogEvents without({LogFormat::nginx, none, "s", kEventsUtc});
  LogEvents with({LogFormat::nginx, one, "s", kEventsUtc});
  EXPECT_EQ(without.event(line_of("/a")).error().code, ErrorCode::not_found);
  EXPECT_EQ(without.event("nonsense").error().code, ErrorCode::invalid);
  ASSERT_TRUE(with.event(line_of("/a")));
  EXPECT_THAT(*with.event(line_of("/a"))->string_at("id"), testing::EndsWith("-1"));
}

TEST(LogTenants, APathFitsAsAWhole) {
  const LogTenants tenants = tenants_of({.paths = {"/v1/{tenant}/", "/{tenant}/api/"}});
  const auto find = [&](std::string target) {
    LogCall call;
    call.target = std::move(target);
    const auto found = tenants.find(call);
    return found ? found->tenant : "-";
  };
  EXPECT_EQ(find("/v1/acme/orders"), "acme");
  EXPECT_EQ(find("/v1/acme"), "acme");
  EXPECT_EQ(find("/zoo/api/x?y=/v1/acme/"), "zoo");
  EXPECT_EQ(find("/v1/"), "-");
  EXPECT_EQ(find("/zoo/static/x"), "-");
  EXPECT_EQ(find("/"), "-");
}

TEST(LogTenants, AFieldIsTakenInPartAndByAMap) {
  const LogTenants tenants = tenants_of(
      {.field = "host:{tenant}.example.com", .map = "acme,tenant_1\n\"zoo\",tenant_2\n"});
  LogCall call;
  call.fields = {{"host", "acme.example.com"}};
  EXPECT_EQ(tenants.find(call)->tenant, "tenant_1");
  call.fields = {{"host", "other.example.com"}};
  EXPECT_THAT(tenants.find(call).error().message, HasSubstr("'other' is not in --tenant-map"));
  call.fields = {{"host", ".example.com"}};
  EXPECT_EQ(tenants.find(call).error().code, ErrorCode::not_found);
  call.fields.clear();
  EXPECT_THAT(tenants.find(call).error().message, HasSubstr("host names no tenant"));
}

TEST(LogTenants, AFaultyRuleNamesItsOption) {
  const auto refusal = [](LogTenantOptions options) {
    return LogTenants::create(options).error().message;
  };
  EXPECT_THAT(refusal({.paths = {"/api/"}}), HasSubstr("--tenant-path must have {tenant} once"));
  EXPECT_THAT(refusal({.paths = {"/{tenant}/{tenant}"}}), HasSubstr("once"));
  EXPECT_THAT(refusal({.field = "host:example"}), HasSubstr("--tenant-field"));
  EXPECT_THAT(refusal({.map = "a,b,c\n"}), HasSubstr("--tenant-map must be two cells"));
}

}  // namespace
}  // namespace metergate
