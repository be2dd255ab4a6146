// The provider's directory: tenants, plans and the audit trail.
#include <algorithm>
#include <string>
#include <vector>

#include "api/directory_fields.h"
#include "api/routes.h"
#include "api/time_range.h"
#include "base/id.h"
#include "service/shared/audit_log.h"
#include "service/tenants/catalog.h"
#include "service/tenants/directory.h"
#include "service/tenants/limits_override.h"
#include "service/terms/terms_changes.h"

namespace metergate::api {
namespace {

Json tenant_summary(const TenantRecord& record) {
  return Json::object({{"tenant_id", record.tenant.id.text()},
                       {"name", record.tenant.name},
                       {"plan", record.subscription.plan()},
                       {"status", record.tenant.status},
                       {"created_at", record.tenant.created_at},
                       {"limits_override", to_json(record.subscription.own_limits())}});
}

Result<Answer> show(Call& call, const TenantId& id, int status = 200) {
  return answer_of(tenant_summary(*TRY(call.services.directory.get(id))), status);
}

// The tenant in the path. A text that cannot be a tenant id names no tenant.
Result<TenantId> tenant_in_path(const Call& call) {
  const std::string& text = call.path_value("tenant_id");
  const Result<TenantId> id = TenantId::parse(text);
  if (!id) return fail(ErrorCode::tenant_not_found, "there is no tenant '" + text + "'");
  return *id;
}

Result<Answer> list_tenants(Call& call) {
  QueryReader reader(call);
  const PageRequest page = read_page(reader);
  TenantQuery query;
  query.search = reader.text("q").value_or("");
  query.plan = reader.text("plan").value_or("");
  query.status = reader.choices("status").value_or("");
  query.sort = reader.sort();
  query.page = page.page;
  query.limit = page.limit;
  TRY(reader.finish());
  const TenantPage found = call.services.directory.list(query);
  Json tenants = Json::array();
  for (const auto& record : found.tenants) tenants.push_back(tenant_summary(*record));
  return answer_of(page_json("tenants", std::move(tenants), page, found.total));
}

Result<Answer> add_tenant(Call& call) {
  BodyReader body = TRY(BodyReader::open(call));
  const std::string id_text = body.text("tenant_id");
  NewTenant wanted;
  wanted.name = body.text("name");
  wanted.plan = body.maybe_text("plan").value_or(wanted.plan);
  const Json* own = body.maybe_any("limits_override");
  const Result<TenantId> id = TenantId::parse(id_text);
  if (!id && !id_text.empty()) body.fault("tenant_id", id.error().message);
  TRY(body.finish());
  wanted.id = *id;
  if (own != nullptr) wanted.own_limits = TRY(parse_override(*own));
  TRY(call.services.directory.add(wanted, call.actor));
  return show(call, wanted.id, kCreated);
}

Result<Answer> get_tenant(Call& call) { return show(call, TRY(tenant_in_path(call))); }

Result<TenantPatch> read_patch(const Call& call) {
  BodyReader body = TRY(BodyReader::open(call));
  TenantPatch patch;
  patch.name = body.maybe_text("name");
  patch.status = body.maybe_text("status");
  const Json* own = body.maybe_any("limits_override");
  const bool is_removed = body.is_null("limits_override");
  const std::optional<std::string> reason = body.maybe_text("reason");
  if ((own != nullptr || is_removed) && body.maybe_any("reason") == nullptr) {
    body.fault("reason",
               "is missing: own limits change what the tenant pays, so say why, in 3 to 500 "
               "characters");
  }
  TRY(body.finish());
  if (own != nullptr) patch.own_limits = TRY(parse_override(*own));
  if (is_removed) patch.own_limits = LimitsOverride{};
  patch.reason = reason.value_or("");
  return patch;
}

Result<Answer> change_tenant(Call& call) {
  const TenantId id = TRY(tenant_in_path(call));
  TRY(call.services.directory.get(id));
  QueryReader reader(call);
  const bool is_dry_run = reader.flag("dry_run").value_or(false);
  TRY(reader.finish());
  const TenantPatch patch = TRY(read_patch(call));
  if (is_dry_run) {
    return answer_of(TRY(call.services.terms.preview(id, patch)));
  }
  TRY(call.services.terms.change_tenant(id, patch, call.actor));
  return show(call, id);
}

Result<Answer> list_plans(Call& call) {
  QueryReader reader(call);
  const PageRequest page = read_page(reader);
  const std::string sort = reader.sort();
  TRY(reader.finish());
  std::vector<Json> plans;
  for (const Plan& plan : call.services.catalog.offered()) {
    Json shown = to_document(plan);
    shown.remove("created_at");
    shown.remove("updated_at");
    shown.set("currency", call.services.rules.currency.code());  // of the plan's rates
    plans.push_back(std::move(shown));
  }
  // Without a sort, as the catalogue has them.
  return answer_of(list_json("plans", std::move(plans), page, sort));
}

Result<Answer> list_audits(Call& call) {
  QueryReader reader(call);
  const PageRequest page = read_page(reader);
  const TimeZone& zone = call.services.rules.zone;
  const TimeRange instants = read_range(reader, {"from", "to"}, zone);
  const TimeRange days = read_range(reader, {"start_date", "end_date"}, zone);
  AuditFilter filter;
  filter.actor = reader.text("actor").value_or("");
  filter.action = reader.text("action").value_or("");
  // Documents say tenant_id, the specification of this list says tenant: both are accepted.
  filter.tenant_id = reader.text("tenant_id").value_or(reader.text("tenant").value_or(""));
  filter.from = std::max(instants.from, days.from);
  filter.to =
      instants.to && days.to ? std::min(instants.to, days.to) : std::max(instants.to, days.to);
  filter.sort = reader.sort();
  TRY(reader.finish());
  AuditPage found = TRY(call.services.audit_log.list(filter, page.page, page.limit));
  return answer_of(page_json("audits", std::move(found.records), page, found.total));
}

std::vector<Route> routes_of_tenants() {
  constexpr Access reads = provider_with(Permission::tenants_read);
  constexpr Access writes = provider_with(Permission::tenants_update);
  return {
      {.method = "GET",
       .path = "/provider/tenants",
       .access = reads,
       .handler = list_tenants,
       .query = kTenantsQuery,
       .summary = "List tenants",
       .name = "list_tenants",
       .answers = {{&kTenantList}}},
      {.method = "POST",
       .path = "/provider/tenants",
       .access = writes,
       .handler = add_tenant,
       .query = {},
       .summary = "Add a tenant",
       .name = "add_tenant",
       .body = {.shape = &kNewTenantBody,
                .example = R"({"tenant_id":"tenant_456","name":"Adventure Park","plan":"basic"})"},
       .answers = {{&kTenantShape, kCreated}},
       .errors = {ErrorCode::duplicate}},
      {.method = "GET",
       .path = "/provider/tenants/{tenant_id}",
       .access = reads,
       .handler = get_tenant,
       .query = {},
       .summary = "Show a tenant",
       .name = "show_tenant",
       .answers = {{&kTenantShape}},
       .errors = {ErrorCode::tenant_not_found}},
      {.method = "PATCH",
       .path = "/provider/tenants/{tenant_id}",
       .access = writes,
       .handler = change_tenant,
       .query = kDryRunQuery,
       .summary = "Rename, suspend or resume a tenant, or give it limits of its own",
       .name = "change_tenant",
       .body = {.shape = &kTenantPatchBody,
                .example = R"({"limits_override":{"max_stores":8},"reason":"Agreed in May"})"},
       .answers = {{&kTenantShape}, {&kTenantPreview}},
       .errors = {ErrorCode::tenant_not_found, ErrorCode::conflict}},
  };
}

}  // namespace

std::vector<Route> directory_routes() {
  std::vector<Route> routes = routes_of_tenants();
  routes.push_back({.method = "GET",
                    .path = "/provider/plans",
                    .access = provider_with(Permission::tenants_read),
                    .handler = list_plans,
                    .query = kPlansQuery,
                    .summary = "List the plans on offer",
                    .name = "list_plans",
                    .answers = {{&kPlanList}}});
  routes.push_back({.method = "GET",
                    .path = "/provider/audits",
                    .access = provider_with(Permission::audits_read),
                    .handler = list_audits,
                    .query = kAuditsQuery,
                    .summary = "List audit records, the newest first unless sorted",
                    .name = "list_audits",
                    .answers = {{&kAuditList}}});
  return routes;
}

}  // namespace metergate::api
