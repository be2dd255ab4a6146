#include "gateway/gateway_admission.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/characters.h"
#include "base/crypto.h"
#include "http/words/characters.h"
#include "http/words/path_readings.h"
#include "service/access/sessions.h"
#include "service/tenants/directory.h"

namespace metergate::gateway {
namespace {

std::vector<std::string_view> values_of(const http::Request& request, std::string_view name) {
  std::vector<std::string_view> values;
  for (const http::Header& field : request.headers) {
    if (field.first == name) values.emplace_back(field.second);
  }
  return values;
}

Permission needed_for(std::string_view method) {
  constexpr std::array<std::string_view, 3> kReading = {"GET", "HEAD", "OPTIONS"};
  return std::ranges::find(kReading, method) != kReading.end() ? Permission::tenants_read
                                                               : Permission::tenants_update;
}

// Neither is a request to the API: CONNECT asks for a tunnel, and TRACE for an echo of the request
// with its token.
Result<> check_method(std::string_view method) {
  if (method != "CONNECT" && method != "TRACE") return {};
  return fail(ErrorCode::method, std::string{method} + " is not passed on to an upstream");
}

// Every reading of the path that a server may use must lead to the same upstream and tenant and,
// for an open path, to an open path.
Result<> check_path(const Routed& routed) {
  const http::Request& request = routed.request;
  const auto readings = TRY(http::readings_of(request.path));
  for (const std::string& reading : readings) {
    const auto match = reading.starts_with('/')
                           ? routed.table.find_in_any_case(request.host, reading)
                           : std::nullopt;
    const bool is_same = match && match->row == routed.match.row &&
                         match->tenant == routed.match.tenant &&
                         (routed.open == nullptr || routed.open->takes(request.method, reading));
    if (!is_same)
      return fail(ErrorCode::invalid,
                  "the path can be read as one of another tenant or route: it has an encoded or a "
                  "doubled slash, a parameter or other letters before the tenant's id ends");
  }
  return {};
}

Result<Caller> caller_by_claim(const http::Request& request, const TenantRule& rule,
                               Sessions& sessions) {
  const std::vector<std::string_view> values = values_of(request, "authorization");
  if (rule.claim == "tenant_id") {
    Caller caller = TRY(authenticate(values, sessions));
    if (!caller.tenant())
      return fail(ErrorCode::unauthorized,
                  "this route takes a tenant's token; the token sent has the scope provider");
    return caller;
  }
  const std::string_view token = TRY(bearer_token(values));
  const Claims claims = TRY(sessions.verified_claims(token));
  auto tenant = TenantId::parse(claims.string_at(rule.claim).value_or(""));
  if (!tenant)
    return fail(ErrorCode::unauthorized,
                "the token has no claim " + rule.claim + " that names a tenant");
  return Caller::of_tenant(claims.string_at("sub").value_or(""), *std::move(tenant));
}

Result<Caller> caller_by_key(const http::Request& request, const TenantRule& rule) {
  const std::vector<std::string_view> values = values_of(request, rule.header);
  if (values.size() != 1)
    return fail(ErrorCode::unauthorized,
                "this route needs one API key, in the header " + rule.header);
  const auto found = rule.keys.find(to_hex(sha256(values.front())));
  if (found == rule.keys.end())
    return fail(ErrorCode::unauthorized,
                "the API key in the header " + rule.header + " is not valid");
  return Caller::of_tenant("key:" + found->first.substr(0, 8), found->second);
}

// A trusted proxy has authenticated its caller.
Result<Caller> caller_by_header(const http::Request& request, const TenantRule& rule) {
  if (!request.is_from_proxy)
    return fail(ErrorCode::unauthorized,
                "this route takes the tenant from the header " + rule.header +
                    " of a proxy that TRUSTED_PROXIES names; this request came from none");
  const std::vector<std::string_view> values = values_of(request, rule.header);
  auto tenant = TenantId::parse(values.size() == 1 ? values.front() : std::string_view{});
  if (!tenant)
    return fail(ErrorCode::unauthorized,
                "the proxy must name one tenant in the header " + rule.header);
  return Caller::of_tenant("proxy", *std::move(tenant));
}

Result<TenantId> tenant_by_host(const http::Request& request, const TenantRule& rule) {
  const std::string host = to_lower(host_name(request.host));
  const auto found = rule.hosts.find(host);
  if (found == rule.hosts.end())
    return fail(ErrorCode::not_found, "there is nothing at the host " + host);
  return found->second;
}

Actor actor_of(const http::Request& request, const Caller& caller) {
  return {.name = caller.actor(),
          .ip = request.remote_ip,
          .user_agent = {},
          .request_id = request.request_id,
          .recorded_ip = request.recorded_ip};
}

struct Asker {
  Caller caller;
  std::string tenant;
};

Result<Asker> asker_of(const Routed& routed, const Services& services) {
  const http::Request& request = routed.request;
  const TenantRule& rule = routed.match.row->spec.tenant;
  const auto by_token = [&] {
    return authenticate(values_of(request, "authorization"), services.sessions);
  };
  const auto of_itself = [](Result<Caller> caller) -> Result<Asker> {
    if (!caller) return fail(caller.error());
    std::string tenant = caller->tenant()->text();
    return Asker{*std::move(caller), std::move(tenant)};
  };
  if (routed.open != nullptr) return of_itself(Caller::of_tenant({}, *routed.open->tenant));
  switch (rule.from) {
    case TenantFrom::path:
      break;
    case TenantFrom::claim:
      return of_itself(caller_by_claim(request, rule, services.sessions));
    case TenantFrom::api_key:
      return of_itself(caller_by_key(request, rule));
    case TenantFrom::header:
      return of_itself(caller_by_header(request, rule));
    case TenantFrom::host: {
      const TenantId tenant = TRY(tenant_by_host(request, rule));
      Caller caller = TRY(by_token());
      return Asker{std::move(caller), tenant.text()};
    }
  }
  Caller caller = TRY(by_token());
  return Asker{std::move(caller), std::string{routed.match.tenant}};
}

}  // namespace

Result<> check_meaning(const Routed& routed) {
  TRY(check_method(routed.request.method));
  return check_path(routed);
}

Result<> admit(const Routed& routed, const Services& services, NewTenants* new_tenants,
               GatewayAdmission& admission) {
  TRY(check_meaning(routed));
  const Asker asker = TRY(asker_of(routed, services));
  admission.caller = asker.caller.actor();
  const TenantAsked asked{.tenant = asker.tenant, .needed = needed_for(routed.request.method)};
  const auto try_it = [&] {
    return admit_to_tenant(asker.caller, asked, services.directory, admission.tenant);
  };
  const Result<> admitted = try_it();
  const bool is_unknown = !admitted && admitted.error().code == ErrorCode::tenant_not_found;
  const bool may_make = new_tenants != nullptr && new_tenants->is_on();
  if (!is_unknown || !may_make || !asker.caller.tenant() || routed.open != nullptr) return admitted;
  TRY(new_tenants->make(*asker.caller.tenant(), actor_of(routed.request, asker.caller)));
  return try_it();
}

}  // namespace metergate::gateway
