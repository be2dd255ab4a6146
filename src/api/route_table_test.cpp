#include "api/route_table.h"

#include <gtest/gtest.h>

namespace metergate::api {
namespace {

Result<Answer> nothing(Call&) { return Answer{}; }

Route route(std::string_view method, std::string_view path) {
  const Access access = path.starts_with("/api/tenants/{tenant_id}/")
                            ? tenant_or_provider_with(Permission::tenants_read)
                            : provider_with(Permission::tenants_read);
  return {method, path, access, nothing, {}, false, "Does nothing"};
}

RouteTable table_of(std::vector<Route> routes) {
  return RouteTable::create(std::move(routes)).value();
}

TEST(AllRoutes, MakeATable) {
  const auto table = RouteTable::create(all_routes());
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_GT(table->routes().size(), 30U);
}

TEST(AllRoutes, HaveAPermissionUnlessTheyAreForEverybody) {
  for (const Route& row : all_routes()) {
    EXPECT_EQ(row.access.permission.has_value(), row.access.audience != Audience::everybody)
        << row.path;
  }
}

TEST(AllRoutes, AreForEverybodyOnlyWhereThatIsMeant) {
  std::vector<std::string_view> open;
  for (const Route& row : all_routes()) {
    if (row.access.audience == Audience::everybody) open.push_back(row.path);
  }
  const std::vector<std::string_view> meant = {"/health", "/healthz", "/readyz",
                                               "/provider/auth/login"};
  EXPECT_EQ(open, meant);
}

TEST(AllRoutes, HaveASummary) {
  for (const Route& row : all_routes()) EXPECT_FALSE(row.summary.empty()) << row.path;
}

TEST(AllRoutes, ThatChangeSomethingNeedARightToChange) {
  for (const Route& row : all_routes()) {
    if (row.method == "GET" || row.access.audience == Audience::everybody) continue;
    if (row.path.ends_with("/query")) continue;  // a query, sent in a body
    const Permission permission = row.access.permission.value();
    const bool changes =
        permission != Permission::billing_read && permission != Permission::reports_read &&
        permission != Permission::alerts_read && permission != Permission::tenants_read &&
        permission != Permission::audits_read;
    EXPECT_TRUE(changes) << row.method << " " << row.path;
  }
}

TEST(RouteTable, FindsARowWithItsPathValues) {
  const RouteTable table = table_of({route("GET", "/api/tenants/{tenant_id}/stores/{store_id}")});
  const auto match = table.find("GET", "/api/tenants/t:1/stores/s 2");
  ASSERT_TRUE(match);
  const std::vector<std::pair<std::string_view, std::string>> values = {{"tenant_id", "t:1"},
                                                                        {"store_id", "s 2"}};
  EXPECT_EQ(match->path_values, values);
}

TEST(RouteTable, FindsNothingForAnotherMethodOrPath) {
  const RouteTable table = table_of({route("GET", "/a/{id}"), route("POST", "/b")});
  for (const char* path : {"/", "/a", "/a/", "/a/1/", "/a/1/2", "/A/1", "//a/1", "/b/"}) {
    EXPECT_FALSE(table.find("GET", path)) << path;
    EXPECT_EQ(table.methods_of(path), "") << path;
  }
  EXPECT_FALSE(table.find("GET", "/b"));
  EXPECT_FALSE(table.find("get", "/a/1"));
  EXPECT_FALSE(table.find("GET", std::string(10'000, '/')));
}

TEST(RouteTable, AnswersHeadByTheRowOfGet) {
  const RouteTable table = table_of({route("GET", "/a"), route("POST", "/b")});
  EXPECT_EQ(table.find("HEAD", "/a")->route->method, "GET");
  EXPECT_FALSE(table.find("HEAD", "/b"));
}

TEST(RouteTable, PrefersWhatIsSpelledOut) {
  const RouteTable table =
      table_of({route("GET", "/a/{id}"), route("GET", "/a/b"), route("POST", "/a/{id}")});
  EXPECT_EQ(table.find("GET", "/a/b")->route->path, "/a/b");
  EXPECT_EQ(table.find("GET", "/a/c")->route->path, "/a/{id}");
  EXPECT_EQ(table.methods_of("/a/b"), "GET, HEAD, POST");
}

class WrongRow : public testing::TestWithParam<const char*> {};

TEST_P(WrongRow, DoesNotStart) { EXPECT_FALSE(RouteTable::create({route("GET", GetParam())})); }

INSTANTIATE_TEST_SUITE_P(Each, WrongRow,
                         testing::Values("", "a", "/a/", "//", "/a//b", "/{}", "/{a", "/a}", "/a b",
                                         "/A", "/a?b", "/é"));

TEST(RouteTable, RefusesRowsAlike) {
  EXPECT_FALSE(RouteTable::create({route("GET", "/a/{id}"), route("GET", "/a/{other}")}));
  EXPECT_TRUE(RouteTable::create({route("GET", "/a/{id}"), route("POST", "/a/{id}")}));
}

TEST(RouteTable, RefusesAccessThatDoesNotFit) {
  Route open_tenant = route("GET", "/api/tenants/{tenant_id}/a");
  open_tenant.access = open_to_everybody();
  EXPECT_FALSE(RouteTable::create({open_tenant}));
  Route tenant_elsewhere = route("GET", "/a");
  tenant_elsewhere.access = tenant_or_provider_with(Permission::tenants_read);
  EXPECT_FALSE(RouteTable::create({tenant_elsewhere}));
  Route no_permission = route("GET", "/a");
  no_permission.access = {Audience::provider, std::nullopt};
  EXPECT_FALSE(RouteTable::create({no_permission}));
  Route no_handler = route("GET", "/a");
  no_handler.handler = nullptr;
  EXPECT_FALSE(RouteTable::create({no_handler}));
}

}  // namespace
}  // namespace metergate::api
