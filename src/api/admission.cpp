#include "api/admission.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "api/reader_faults.h"
#include "api/sequence_wait.h"
#include "base/nearest.h"
#include "domain/own_paths.h"
#include "service/access/sessions.h"
#include "service/tenants/directory.h"

namespace metergate::api {
namespace {

Result<> admit_provider(const Caller& caller, Permission needed) {
  if (caller.scope() != Scope::provider)
    return fail(ErrorCode::unauthorized,
                "this route takes a provider's token; the token sent has the scope tenant");
  if (!caller.may(needed)) return refuse_for_want_of(needed);
  return {};
}

Result<> admit_sender(const Caller& caller, Permission needed, Services& services) {
  if (caller.tenant()) return check_tenant(*caller.tenant(), false, needed, services.directory);
  if (!caller.may(needed)) return refuse_for_want_of(needed);
  return {};
}

}  // namespace

Result<Caller> authenticate(const http::Request& request, Services& services) {
  if (request.known_caller != nullptr)
    return *static_cast<const Caller*>(request.known_caller.get());
  std::vector<std::string_view> values;
  for (const http::Header& field : request.headers) {
    if (field.first == "authorization") values.emplace_back(field.second);
  }
  return metergate::authenticate(values, services.sessions);
}

Result<> admit(const http::Request& request, const RouteMatch& match, Services& services,
               Admission& admission) {
  const Access& wanted = match.route->access;
  if (wanted.audience == Audience::everybody) return {};
  admission.caller = TRY(authenticate(request, services));
  switch (wanted.audience) {
    case Audience::everybody:
      return {};
    case Audience::provider:
      return admit_provider(*admission.caller, *wanted.permission);
    case Audience::sender:
      return admit_sender(*admission.caller, *wanted.permission, services);
    case Audience::tenant:
      return admit_to_tenant(
          *admission.caller,
          {.tenant = match.path_values.front().second, .needed = *match.route->access.permission},
          services.directory, admission);
  }
  return fail(ErrorCode::internal, "a route has an audience that nobody knows");
}

Result<> recognise(const http::Request& request, Services& services, Admission& admission) {
  std::string_view rest = request.path;
  if (!rest.starts_with(kTenantPaths)) return {};
  rest.remove_prefix(kTenantPaths.size());
  const std::size_t end = rest.find('/');
  if (end == std::string_view::npos) return {};
  const Result<TenantId> tenant = TenantId::parse(rest.substr(0, end));
  if (!tenant) return {};
  std::shared_ptr<const TenantRecord> record = services.directory.find(*tenant);
  if (record == nullptr) return {};
  Result<Caller> caller = authenticate(request, services);
  if (!caller) return {};
  const Result<TenantAccess> access = caller->access(*tenant, Permission::tenants_read);
  admission.caller = *std::move(caller);
  if (!access) return {};
  admission.metered = *access;
  admission.record = std::move(record);
  const Result<> active =
      check_tenant(*tenant, access->is_provider(), Permission::tenants_read, services.directory);
  admission.is_suspended = !active;
  return active;
}

namespace {

// "filterGroupBy[model]" matches the name "filterGroupBy[]".
bool is_name_of(std::string_view wanted, std::string_view name) {
  if (!wanted.ends_with("[]")) return wanted == name;
  wanted.remove_suffix(1);
  return name.size() > wanted.size() + 1 && name.starts_with(wanted) && name.ends_with(']');
}

std::vector<std::string_view> names_of(const Route& route) {
  std::vector<std::string_view> names;
  for (const Field& field : route.query) names.push_back(field.name);
  return names;
}

}  // namespace

Result<> check_query(const http::Request& request, const Route& route) {
  std::vector<Fault> faults;
  std::vector<std::string_view> seen;
  for (const auto& [name, value] : request.query) {
    const bool is_for_any_read = name == kAfterSequence && request.method == "GET";
    const auto field = std::ranges::find_if(
        route.query, [&name](const Field& wanted) { return is_name_of(wanted.name, name); });
    const bool is_known = is_for_any_read || field != route.query.end();
    if (is_known && !is_for_any_read && field->is_repeated) continue;
    if (std::ranges::find(seen, name) != seen.end()) {
      faults.push_back({std::nullopt, name, "stands in the query more than once"});
    } else if (!is_known) {
      const std::vector<std::string_view> names = names_of(route);
      faults.push_back(
          {std::nullopt, name,
           names.empty()
               ? std::string{"is unknown; this route takes no query parameters of its own"}
               : "is unknown; allowed: " + joined(names) + did_you_mean(name, names)});
    }
    seen.push_back(name);
  }
  return result_of(faults);
}

}  // namespace metergate::api
