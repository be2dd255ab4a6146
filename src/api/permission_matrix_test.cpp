// Every route × every permission × own, foreign and absent tenant: callers are treated as the route
// table says. A new row is tested without a line here.
#include <gtest/gtest.h>

#include "api/dispatch.h"
#include "api/routes.h"
#include "api/testing/api_world_test.h"

namespace metergate::api {
namespace {

constexpr std::string_view kOwn = "tenant_1";
constexpr std::string_view kForeign = "tenant_2";
constexpr std::string_view kAbsent = "tenant_nobody";

std::string path_of(const Route& route, std::string_view tenant) {
  std::string path;
  for (std::string_view rest = route.path; !rest.empty();) {
    const std::size_t open = rest.find('{');
    path += rest.substr(0, open);
    if (open == std::string_view::npos) break;
    const std::size_t close = rest.find('}', open);
    path += rest.substr(open + 1, close - open - 1) == "tenant_id" ? tenant : "x";
    rest.remove_prefix(close + 1);
  }
  return path;
}

class PermissionMatrix : public testing::Test {
 protected:
  void SetUp() override {
    for (const std::string_view id : {kOwn, kForeign}) {
      if (!world_.directory->find(*TenantId::parse(id))) {
        ASSERT_TRUE(world_.directory->add({*TenantId::parse(id), "A tenant", "free", {}}, {}));
      }
    }
  }

  http::Response send(const Route& route, std::string_view tenant, const std::string& token) {
    const std::string line = std::string{route.method} + " " + path_of(route, tenant);
    std::optional<http::Response> answer = ask(*dispatcher_, request_for(line, token));
    EXPECT_TRUE(answer) << line;
    return std::move(answer).value_or(http::Response{});
  }

  static bool is_let_in(const http::Response& response) {
    return response.status != 401 && response.status != 403;
  }

  static std::string name_of(const Route& route, std::string_view tenant) {
    return std::string{route.method} + " " + path_of(route, tenant);
  }

  ApiWorld world_;
  std::unique_ptr<Dispatcher> dispatcher_ =
      Dispatcher::create(all_routes(), world_.services).value();
};

TEST_F(PermissionMatrix, WithoutATokenOnlyWhatIsOpenAnswers) {
  for (const Route& route : all_routes()) {
    const http::Response response = send(route, kOwn, {});
    const bool is_open = route.access.audience == Audience::everybody;
    // Login without a body is refused for the body, not for a token.
    EXPECT_EQ(response.status == 401, !is_open) << name_of(route, kOwn) << " " << response.status;
  }
}

TEST_F(PermissionMatrix, AForgedOrExpiredTokenIsNoToken) {
  const std::string forged = world_.tenant_token(std::string{kOwn}) + "A";
  const std::string expired = world_.provider_token({"*"});
  for (const Route& route : all_routes()) {
    if (route.access.audience == Audience::everybody) continue;
    EXPECT_EQ(send(route, kOwn, forged).status, 401) << name_of(route, kOwn);
  }
  world_.clock.advance(std::chrono::hours{25});
  for (const Route& route : all_routes()) {
    if (route.access.audience == Audience::everybody) continue;
    EXPECT_EQ(send(route, kOwn, expired).status, 401) << name_of(route, kOwn);
  }
}

TEST_F(PermissionMatrix, ATenantReachesItsOwnRoutesOfItselfOnly) {
  const std::string token = world_.tenant_token(std::string{kOwn});
  for (const Route& route : all_routes()) {
    if (route.access.audience == Audience::provider) {
      EXPECT_EQ(send(route, kOwn, token).status, 401) << name_of(route, kOwn);
    }
    if (route.access.audience != Audience::tenant) continue;
    EXPECT_TRUE(is_let_in(send(route, kOwn, token))) << name_of(route, kOwn);
    const http::Response foreign = send(route, kForeign, token);
    const http::Response absent = send(route, kAbsent, token);
    EXPECT_EQ(foreign.status, 403) << name_of(route, kForeign);
    EXPECT_EQ(foreign.status, absent.status) << name_of(route, kAbsent);
    EXPECT_EQ(foreign.body, absent.body)
        << "what is not one's own must look like what is not there";
  }
}

TEST_F(PermissionMatrix, AProviderNeedsExactlyThePermissionOfTheRow) {
  for (const PermissionRow& held : kPermissions) {
    const std::string token = world_.provider_token({std::string{held.name}});
    for (const Route& route : all_routes()) {
      if (route.access.audience == Audience::everybody) continue;
      const bool is_right = route.access.permission == held.permission;
      for (const std::string_view tenant : {kOwn, kForeign, kAbsent}) {
        const http::Response response = send(route, tenant, token);
        EXPECT_EQ(is_let_in(response), is_right)
            << name_of(route, tenant) << " with " << held.name << ": " << response.status;
        if (is_right && tenant == kAbsent && path_of(route, tenant) != path_of(route, kOwn)) {
          EXPECT_TRUE(response.status == 404 || response.status == 400 || response.status == 415)
              << name_of(route, tenant) << ": " << response.status;
        }
      }
    }
  }
}

TEST_F(PermissionMatrix, EveryRoleIsTheSumOfItsPermissions) {
  for (const std::string_view role : {"Provider-Admin", "NOC", "Billing-Ops", "Read-Only"}) {
    TokenRequest request;
    request.subject = "ann";
    request.roles = {std::string{role}};
    const std::string token = *world_.sessions->issue(request);
    for (const Route& route : all_routes()) {
      if (route.access.audience == Audience::everybody) continue;
      EXPECT_EQ(is_let_in(send(route, kOwn, token)),
                permissions_of_role(role)->has(*route.access.permission))
          << name_of(route, kOwn) << " as " << role;
    }
  }
}

}  // namespace
}  // namespace metergate::api
