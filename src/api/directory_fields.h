// The parameters and answers of the routes of the directory: tenants, plans, plan changes, the
// audit trail. Constant data; any thread.
#pragma once

#include "api/billing_fields.h"
#include "service/shared/audit_log.h"
#include "service/tenants/directory.h"

namespace metergate::api {

inline constexpr std::array<std::string_view, 5> kTenantSorts = {"tenant_id", "name", "plan",
                                                                 "status", "created_at"};
inline constexpr std::array<Field, 6> kTenantsQuery = {
    kSearchField,
    kPlanFilter,
    filter_of("status", kActiveOrSuspended, "whether the tenant is served"),
    kPageField,
    kLimitField,
    sort_by(kTenantSorts, "tenant_id"),
};
inline constexpr std::array<Field, 1> kDryRunQuery = {kDryRunField};
inline constexpr std::array<Field, 11> kAuditsQuery = {
    of_kind("actor", Kind::text, "who did it"),
    of_kind("action", Kind::text, "what was done, such as plan.changed"),
    of_kind("tenant_id", Kind::text, "the tenant that it was done to"),
    of_kind("tenant", Kind::text, "the same as tenant_id"),
    range_end("from", "from this day or instant on"),
    range_end("to", "up to this day, included, or before this instant"),
    range_end("start_date", "the same as from"),
    range_end("end_date", "the same as to"),
    kPageField,
    kLimitField,
    sort_by(kAuditSorts, ""),
};

inline constexpr std::array<std::string_view, 3> kPlanSorts = {"plan", "version", "valid_from"};
inline constexpr std::array<Field, 3> kPlansQuery = {kPageField, kLimitField,
                                                     sort_by(kPlanSorts, "")};

// A tenant's own limits. All are optional; null removes a limit.
inline constexpr std::array<Field, 7> kOverrideFields = {
    Field{.name = "max_stores", .kind = Kind::integer, .is_nullable = true},
    Field{.name = "max_devices", .kind = Kind::integer, .is_nullable = true},
    Field{.name = "max_api_calls_per_month", .kind = Kind::integer, .is_nullable = true},
    Field{.name = "max_webhooks_per_month", .kind = Kind::integer, .is_nullable = true},
    Field{.name = "max_storage_gb", .kind = Kind::number, .is_nullable = true},
    Field{.name = "meters",
          .kind = Kind::map,
          .about = "limits of the provider's own meters, by slug",
          .element = Kind::number,
          .has_null_elements = true},
    Field{.name = "effects",
          .kind = Kind::map,
          .about = "by limit or slug: hard refuses calls over the limit, soft bills them",
          .element = Kind::text},
};
inline constexpr Shape kOverride = {.name = "LimitsOverride",
                                    .fields = kOverrideFields,
                                    .about = "Limits of the tenant's own; null is without a limit"};

constexpr Field override_field(std::string_view about) {
  Field field = of_kind("limits_override", Kind::object, about);
  field.shape = &kOverride;
  return field;
}
inline constexpr std::array<Field, 4> kNewTenantFields = {
    required(id_of("tenant_id", "letters, digits and . _ : - behind a letter or digit")),
    required(text_of("name", 1, kTenantNameMax)),
    with_otherwise(id_of("plan", "a plan on offer"), "free"),
    override_field("limits of its own, in place of the plan's"),
};
inline constexpr Shape kNewTenantBody = {.name = "NewTenant", .fields = kNewTenantFields};
constexpr Field nullable(Field field) {
  field.is_nullable = true;
  return field;
}
inline constexpr std::array<Field, 4> kTenantPatchFields = {
    text_of("name", 1, kTenantNameMax),
    choice_of("status", kActiveOrSuspended, "a suspended tenant's calls are refused"),
    nullable(override_field("limits of its own; null takes them away")),
    text_of("reason", kReasonLeast, kReasonMost, "why; needed where limits change"),
};
inline constexpr Shape kTenantPatchBody = {.name = "TenantPatch", .fields = kTenantPatchFields};

inline constexpr std::array<Field, 6> kTenantFields = {
    given("tenant_id", Kind::text),  given("name", Kind::text),
    given("plan", Kind::text),       given("status", kActiveOrSuspended),
    given("created_at", Kind::time), given("limits_override", Kind::object, kOverride),
};
inline constexpr Shape kTenantShape = {.name = "Tenant", .fields = kTenantFields};
inline constexpr std::array<Field, 2> kTenantListFields = {
    given("tenants", Kind::list, kTenantShape), kPaginationField};
inline constexpr Shape kTenantList = {.name = "TenantList", .fields = kTenantListFields};

inline constexpr std::array<Field, 2> kLimitsChangeFields = {given("old", Kind::object, kLimits),
                                                             given("new", Kind::object, kLimits)};
inline constexpr Shape kLimitsChange = {.name = "LimitsChange", .fields = kLimitsChangeFields};
inline constexpr std::array<Field, 2> kOveragesChangeFields = {
    or_null(given_map("old", Kind::number)), or_null(given_map("new", Kind::number))};
inline constexpr Shape kOveragesChange = {.name = "OveragesChange",
                                          .fields = kOveragesChangeFields};
inline constexpr std::array<Field, 2> kCostChangeFields = {or_null(given("old", Kind::number)),
                                                           or_null(given("new", Kind::number))};
inline constexpr Shape kCostChange = {.name = "CostChange", .fields = kCostChangeFields};
inline constexpr std::array<Field, 2> kHealthChangeFields = {or_null(given("old", kHealthWords)),
                                                             or_null(given("new", kHealthWords))};
inline constexpr Shape kHealthChange = {.name = "HealthChange", .fields = kHealthChangeFields};
inline constexpr std::array<Field, 2> kOverrideChangeFields = {
    given("old", Kind::object, kOverride), given("new", Kind::object, kOverride)};
inline constexpr Shape kOverrideChange = {.name = "LimitsOverrideChange",
                                          .fields = kOverrideChangeFields};
// The effect of a change on the current period.
inline constexpr std::array<Field, 6> kPreviewFields = {
    given("limits", Kind::object, kLimitsChange),
    given("overages", Kind::object, kOveragesChange),
    given("overage_cost", Kind::object, kCostChange),
    given("health_status", Kind::object, kHealthChange),
    given("currency", Kind::text),
    given("limits_override", Kind::object, kOverrideChange),
};
inline constexpr std::array<Field, 2> kTenantPreviewMore = {given("tenant_id", Kind::text),
                                                            given("dry_run", Kind::flag)};
inline constexpr auto kTenantPreviewFields = joined_fields(kPreviewFields, kTenantPreviewMore);
inline constexpr Shape kTenantPreview = {.name = "TenantPreview", .fields = kTenantPreviewFields};
inline constexpr std::array<Field, 5> kPlanPreviewMore = {
    given("tenant_id", Kind::text), given("old_plan", Kind::text), given("new_plan", Kind::text),
    given_list("warnings", Kind::text), given("dry_run", Kind::flag)};
inline constexpr auto kPlanPreviewFields = joined_fields(kPreviewFields, kPlanPreviewMore);
inline constexpr Shape kPlanPreview = {.name = "PlanPreview", .fields = kPlanPreviewFields};

inline constexpr std::array<std::string_view, 1> kDropWords = {"drop"};
inline constexpr std::array<Field, 3> kPlanChangeFields = {
    required(id_of("plan", "the new plan, one on offer")),
    required(kReasonField),
    choice_of("limits_override", kDropWords, "drop: the tenant's own limits go with the old plan"),
};
inline constexpr Shape kPlanChangeBody = {.name = "PlanChange", .fields = kPlanChangeFields};
inline constexpr std::array<Field, 7> kPlanChangedFields = {
    given("tenant_id", Kind::text),
    given("old_plan", Kind::text),
    given("new_plan", Kind::text),
    given("new_limits", Kind::object, kLimits),
    given("limits_override", Kind::object, kOverride),
    given_list("warnings", Kind::text),
    given("updated_at", Kind::time),
};
inline constexpr Shape kPlanChanged = {.name = "PlanChanged", .fields = kPlanChangedFields};
inline constexpr std::array<Field, 1> kIdempotencyHeaders = {
    Field{.name = "Idempotency-Key",
          .about = "the same key and body within 24 hours is the same change, answered alike",
          .example = "change-2026-03-acme"}};

inline constexpr std::array<Field, 2> kRequestRateFields = {given("per_second", Kind::integer),
                                                            given("burst", Kind::integer)};
inline constexpr Shape kRequestRate = {.name = "RequestRate", .fields = kRequestRateFields};
inline constexpr std::array<Field, 2> kOwnTermFields = {or_null(given("limit", Kind::number)),
                                                        given("rate", Kind::number)};
inline constexpr Shape kOwnTermShape = {.name = "OwnMeterTerm", .fields = kOwnTermFields};
inline constexpr std::array<Field, 9> kPlanFields = {
    given("plan", Kind::text),
    given("version", Kind::integer),
    given("limits", Kind::object, kLimits),
    given_map("effects", Kind::text, "what a limit does where it is passed: hard, else soft"),
    given_map("rates", Kind::number, "of one unit above the limit, by meter"),
    given("valid_from", Kind::time),
    at_times(given("request_rate", Kind::object, kRequestRate)),
    at_times(given("meters", Kind::map, kOwnTermShape, "the provider's own meters, by slug")),
    given("currency", Kind::text),
};
inline constexpr Shape kPlanShape = {.name = "Plan", .fields = kPlanFields};
inline constexpr std::array<Field, 2> kPlanListFields = {given("plans", Kind::list, kPlanShape),
                                                         kPaginationField};
inline constexpr Shape kPlanList = {.name = "PlanList", .fields = kPlanListFields};

inline constexpr std::array<Field, 14> kAuditFields = {
    given("audit_id", Kind::text),
    given("actor", Kind::text),
    given("action", Kind::text),
    given("tenant_id", Kind::text, "empty where no tenant is concerned"),
    given("ip", Kind::text),
    given("user_agent", Kind::text),
    given("request_id", Kind::text),
    given("reason", Kind::text),
    given("before", Kind::any),
    given("after", Kind::any),
    given("timestamp", Kind::time),
    given("sequence", Kind::integer),
    given("previous_hash", Kind::text),
    given("hash", Kind::text, "of this record and the one before"),
};
inline constexpr Shape kAuditShape = {.name = "AuditRecord", .fields = kAuditFields};
inline constexpr std::array<Field, 2> kAuditListFields = {given("audits", Kind::list, kAuditShape),
                                                          kPaginationField};
inline constexpr Shape kAuditList = {.name = "AuditList", .fields = kAuditListFields};

}  // namespace metergate::api
