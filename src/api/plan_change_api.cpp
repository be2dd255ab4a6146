#include "api/plan_change_api.h"

#include "api/billing_query.h"
#include "api/directory_fields.h"
#include "service/terms/terms_changes.h"

namespace metergate::api {
namespace {

Result<PlanChange> read_change(const Call& call, const TenantId& tenant) {
  BodyReader body = TRY(BodyReader::open(call));
  PlanChange change;
  change.tenant = tenant;
  change.plan = body.text("plan");
  change.reason = body.text("reason");
  change.drops_limits = body.maybe_text("limits_override").has_value();
  TRY(body.finish());
  return change;
}

std::optional<KeyedRequest> keyed(const Call& call) {
  std::optional<std::string> key = call.request.header("idempotency-key");
  if (!key) return std::nullopt;
  return KeyedRequest{call.caller->actor(), "POST " + call.request.path, *std::move(key),
                      call.request.body};
}

Result<Answer> change_plan(Call& call) {
  const TenantId tenant = TRY(tenant_of_path(call));
  TRY(call.services.directory.get(tenant));
  QueryReader reader{call};
  const bool is_dry_run = reader.flag("dry_run").value_or(false);
  TRY(reader.finish());
  TermsChanges& terms = call.services.terms;
  if (is_dry_run) {
    const PlanChange change = TRY(read_change(call, tenant));
    return answer_of(TRY(terms.preview(change)));
  }
  if (const std::optional<KeyedRequest> key = keyed(call)) {
    KeyedAnswer once = TRY(terms.change_plan_once(
        *key, [&] { return read_change(call, tenant); }, call.actor));
    return answer_of(std::move(once.data), once.status);
  }
  const PlanChange change = TRY(read_change(call, tenant));
  return answer_of(TRY(terms.change_plan(change, call.actor)));
}

}  // namespace

Route plan_change_route() {
  return {.method = "POST",
          .path = "/provider/billing/tenants/{tenant_id}/plan",
          .access = provider_with(Permission::billing_update),
          .handler = change_plan,
          .query = kDryRunQuery,
          .summary = "Change a tenant's plan, or show what a change would do",
          .name = "change_plan",
          .body = {.shape = &kPlanChangeBody,
                   .example = R"({"plan":"premium","reason":"Agreed on the phone"})"},
          .answers = {{&kPlanChanged}, {&kPlanPreview}},
          .errors = {ErrorCode::tenant_not_found, ErrorCode::conflict},
          .headers = kIdempotencyHeaders};
}

}  // namespace metergate::api
