#include "gateway/gateway_admission.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/crypto.h"
#include "http/characters.h"
#include "service/directory.h"
#include "service/sessions.h"

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

// Neither is a request for the API behind: one asks for a tunnel, the other for its own echo, with
// the token in it.
Result<> check_method(std::string_view method) {
  if (method != "CONNECT" && method != "TRACE") return {};
  return fail(ErrorCode::method, std::string{method} + " is not passed on to an upstream");
}

// What some servers read as another path than we do: a dot segment with a parameter behind it, a
// backslash for a slash, an escape that is decoded twice.
Result<> check_path(std::string_view path) {
  for (std::size_t at = path.find("/."); at != std::string_view::npos;
       at = path.find("/.", at + 1)) {
    const std::string_view rest = path.substr(at + 1);
    if (rest.starts_with(".;") || rest.starts_with("..;"))
      return fail(ErrorCode::invalid, "the path has a dot segment with a parameter");
  }
  if (path.find('\\') != std::string_view::npos)
    return fail(ErrorCode::invalid, "the path has a backslash");
  for (std::size_t at = path.find('%'); at != std::string_view::npos; at = path.find('%', at + 1)) {
    constexpr std::array<std::string_view, 6> kTwice = {"2e", "2E", "2f", "2F", "5c", "5C"};
    if (std::ranges::find(kTwice, path.substr(at + 1, 2)) != kTwice.end())
      return fail(ErrorCode::invalid, "the path has a dot or slash that is encoded twice");
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
  const Json claims = TRY(sessions.verified_claims(token));
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

Result<TenantId> tenant_by_host(const http::Request& request, const TenantRule& rule) {
  const std::string host = http::to_lower(host_name(request.header("host").value_or("")));
  const auto found = rule.hosts.find(host);
  if (found == rule.hosts.end())
    return fail(ErrorCode::not_found, "there is nothing at the host " + host);
  return found->second;
}

}  // namespace

Result<> admit(const http::Request& request, const UpstreamMatch& match, const Services& services,
               TenantAdmission& admission) {
  TRY(check_method(request.method));
  TRY(check_path(request.path));
  const TenantRule& rule = match.row->spec.tenant;
  const Permission needed = needed_for(request.method);
  std::optional<Caller> caller;
  std::string tenant{match.tenant};
  switch (rule.from) {
    case TenantFrom::path:
      caller = TRY(authenticate(values_of(request, "authorization"), services.sessions));
      break;
    case TenantFrom::claim:
      caller = TRY(caller_by_claim(request, rule, services.sessions));
      tenant = caller->tenant()->text();
      break;
    case TenantFrom::api_key:
      caller = TRY(caller_by_key(request, rule));
      tenant = caller->tenant()->text();
      break;
    case TenantFrom::host:
      tenant = TRY(tenant_by_host(request, rule)).text();
      caller = TRY(authenticate(values_of(request, "authorization"), services.sessions));
      break;
  }
  return admit_to_tenant(*caller, {.tenant = tenant, .needed = needed}, services.directory,
                         admission);
}

}  // namespace metergate::gateway
