// The provider's directory: tenants, plans and the audit trail.
#include <algorithm>
#include <string>
#include <vector>

#include "api/routes.h"
#include "api/terms_preview.h"
#include "api/time_range.h"
#include "base/id.h"
#include "service/shared/audit_log.h"
#include "service/tenants/catalog.h"
#include "service/tenants/directory.h"
#include "service/tenants/limits_override.h"

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
  query.status = reader.choices("status", {"active", "suspended"}).value_or("");
  query.sort =
      read_sort(reader, {"tenant_id", "name", "plan", "status", "created_at"}, "tenant_id");
  query.page = page.page;
  query.limit = page.limit;
  TRY(reader.finish());
  const TenantPage found = call.services.directory.list(query);
  Json tenants = Json::array();
  for (const auto& record : found.tenants) tenants.push_back(tenant_summary(*record));
  return answer_of(Json::object(
      {{"tenants", std::move(tenants)}, {"pagination", pagination_json(page, found.total)}}));
}

Result<Answer> add_tenant(Call& call) {
  BodyReader body = TRY(BodyReader::open(call.request));
  const std::string id_text = body.required_text("tenant_id", 1, kIdLengthMax);
  NewTenant wanted;
  wanted.name = body.required_text("name", 1, kTenantNameMax);
  wanted.plan = body.optional_text("plan", 1, kIdLengthMax).value_or(wanted.plan);
  const Json* own = body.optional_any("limits_override");
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
  BodyReader body = TRY(BodyReader::open(call.request));
  TenantPatch patch;
  patch.name = body.optional_text("name", 1, kTenantNameMax);
  patch.status = body.optional_choice("status", {"active", "suspended"});
  const Json* own = body.optional_any("limits_override");
  const bool is_removed = body.is_null("limits_override");
  const std::optional<std::string> reason = body.optional_text("reason", 3, 500);
  if ((own != nullptr || is_removed) && !reason) {
    body.fault("reason",
               "is missing or too short: own limits change what the tenant pays, so "
               "say why, in 3 to 500 characters");
  }
  TRY(body.finish());
  if (own != nullptr) patch.own_limits = TRY(parse_override(*own));
  if (is_removed) patch.own_limits = LimitsOverride{};
  patch.reason = reason.value_or("");
  return patch;
}

Result<Answer> change_tenant(Call& call) {
  const TenantId id = TRY(tenant_in_path(call));
  Directory& directory = call.services.directory;
  TRY(directory.get(id));
  QueryReader reader(call);
  const bool is_dry_run = reader.flag("dry_run").value_or(false);
  TRY(reader.finish());
  const TenantPatch patch = TRY(read_patch(call));
  if (is_dry_run) {
    const Subscription after = TRY(directory.subscription_after(id, patch));
    Json shown = TRY(terms_preview(call.services, after));
    shown.set("tenant_id", id.text());
    shown.set("dry_run", true);
    return answer_of(std::move(shown));
  }
  TRY(directory.change(id, patch, call.actor));
  if (patch.own_limits) look_at_alert(call.services, id);
  return show(call, id);
}

Result<Answer> list_plans(Call& call) {
  QueryReader reader(call);
  const PageRequest page = read_page(reader);
  const std::string sort = read_sort(reader, {"plan", "version", "valid_from"}, "");
  TRY(reader.finish());
  std::vector<Json> plans;
  for (const Plan& plan : call.services.catalog.offered()) {
    Json shown = to_document(plan);
    shown.remove("created_at");
    shown.remove("updated_at");
    shown.set("currency", call.services.rules.currency.code());  // of the plan's rates
    plans.push_back(std::move(shown));
  }
  // As the catalogue has them.
  if (!sort.empty()) sort_documents(plans, sort);
  return answer_of(list_json("plans", std::move(plans), page));
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
  filter.sort = read_sort(reader, {kAuditSorts.begin(), kAuditSorts.end()}, "");
  TRY(reader.finish());
  AuditPage found = TRY(call.services.audit_log.list(filter, page.page, page.limit));
  return answer_of(Json::object(
      {{"audits", std::move(found.records)}, {"pagination", pagination_json(page, found.total)}}));
}

}  // namespace

std::vector<Route> directory_routes() {
  constexpr Access reads = provider_with(Permission::tenants_read);
  constexpr Access writes = provider_with(Permission::tenants_update);
  return {
      {"GET",
       "/provider/tenants",
       reads,
       list_tenants,
       {"q", "plan", "status", "page", "limit", "sort"},
       false,
       "List tenants"},
      {"POST", "/provider/tenants", writes, add_tenant, {}, false, "Add a tenant"},
      {"GET", "/provider/tenants/{tenant_id}", reads, get_tenant, {}, false, "Show a tenant"},
      {"PATCH",
       "/provider/tenants/{tenant_id}",
       writes,
       change_tenant,
       {"dry_run"},
       false,
       "Rename, suspend or resume a tenant, or give it limits of its own"},
      {"GET",
       "/provider/plans",
       reads,
       list_plans,
       {"page", "limit", "sort"},
       false,
       "List the plans on offer"},
      {"GET",
       "/provider/audits",
       provider_with(Permission::audits_read),
       list_audits,
       {"actor", "action", "tenant_id", "tenant", "from", "to", "start_date", "end_date", "page",
        "limit", "sort"},
       false,
       "List audit records, the newest first unless sorted"},
  };
}

}  // namespace metergate::api
