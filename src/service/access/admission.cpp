#include "service/access/admission.h"

#include <algorithm>

#include "base/characters.h"

namespace metergate {
namespace {

constexpr std::size_t kTokenBytesMax = 8 * 1024;

// A suspended tenant has no rights of its own, so the refusal names the permission that a provider
// needs.
Result<> check_active(const TenantRecord& record, bool is_provider, Permission needed) {
  if (is_provider || record.tenant.status == "active") return {};
  Error error{ErrorCode::permission,
              "this tenant is suspended; its provider can make it active again"};
  error.required = name_of(needed);
  return fail(std::move(error));
}

}  // namespace

Result<std::string_view> bearer_token(std::span<const std::string_view> authorizations) {
  constexpr std::string_view kScheme = "bearer ";
  if (authorizations.size() > 1)
    return fail(ErrorCode::unauthorized, "there is more than one Authorization header");
  if (authorizations.empty())
    return fail(ErrorCode::unauthorized,
                "this route needs a token: send 'Authorization: Bearer TOKEN'");
  const std::string_view value = authorizations.front();
  const bool is_bearer = value.size() > kScheme.size() &&
                         equals_ignoring_case(value.substr(0, kScheme.size()), kScheme);
  const std::string_view token = is_bearer ? value.substr(kScheme.size()) : std::string_view{};
  if (!is_bearer || token.size() > kTokenBytesMax || token.find(' ') != std::string_view::npos)
    return fail(ErrorCode::unauthorized,
                "the Authorization header is not 'Bearer TOKEN' with one token");
  return token;
}

Result<Caller> authenticate(std::span<const std::string_view> authorizations, Sessions& sessions) {
  const std::string_view token = TRY(bearer_token(authorizations));
  return sessions.authenticate(token);
}

Result<> check_tenant(const TenantId& tenant, bool is_provider, Permission needed,
                      const Directory& directory) {
  const auto record = TRY(directory.get(tenant));
  return check_active(*record, is_provider, needed);
}

Result<> admit_to_tenant(const Caller& caller, const TenantAsked& asked, const Directory& directory,
                         TenantAdmission& admission) {
  // Checked first: later answers would tell a stranger which tenants exist.
  if (!caller.tenant() && !caller.may(asked.needed)) return refuse_for_want_of(asked.needed);
  const Result<TenantId> tenant = TenantId::parse(asked.tenant);
  if (!tenant) {
    if (caller.tenant()) return refuse_for_want_of(asked.needed);
    return fail(Error{ErrorCode::invalid,
                      "tenant_id in the path: " + tenant.error().message,
                      {{std::nullopt, "tenant_id", tenant.error().message}}});
  }
  admission.access = TRY(caller.access(*tenant, asked.needed));
  admission.record = TRY(directory.get(*tenant));
  admission.metered = admission.access;
  const Result<> active =
      check_active(*admission.record, admission.access->is_provider(), asked.needed);
  admission.is_suspended = !active;
  return active;
}

}  // namespace metergate
