// The parameters and answers of the routes of alerts. Constant data; any thread.
#pragma once

#include "api/usual_fields.h"
#include "domain/alert.h"
#include "service/alerts/alerting.h"
#include "service/analytics/overview.h"

namespace metergate::api {

inline constexpr auto kAlertTypeWords = names_in(kAlertKinds, &AlertKindRow::type);

inline constexpr std::array<Field, 8> kAlertsQuery = {
    filter_of("type", kAlertTypeWords, "what the alert is about"),
    filter_of("status", kAlertStatuses, "what people have done with it"),
    filter_of("severity", kSeveritiesShown, "how much it matters"),
    of_kind("tenant_id", Kind::text, "the tenant's id, or several"),
    filter_of("period", "the month that it is about, such as 2026-03, or several"),
    kPageField,
    kLimitField,
    sort_by(kAlertSorts, "-last_seen"),
};
inline constexpr std::array<Field, 1> kAcknowledgeFields = {kReasonField};
inline constexpr Shape kAcknowledgeBody = {.name = "Acknowledging", .fields = kAcknowledgeFields};
inline constexpr std::array<Field, 1> kResolveFields = {required(kReasonField)};
inline constexpr Shape kResolveBody = {.name = "Resolving", .fields = kResolveFields};

inline constexpr Shape kAlertMetadata = {.name = "AlertMetadata",
                                         .fields = {},
                                         .about = "The figures that the alert was made of",
                                         .is_open = true};
inline constexpr std::array<Field, 21> kAlertFields = {
    given("alert_id", Kind::text),
    given("type", kAlertTypeWords),
    given("severity", kSeveritiesShown),
    given("status", kAlertStatuses),
    given("tenant_id", Kind::text),
    or_null(given("tenant_name", Kind::text)),
    given("period", Kind::month),
    given("first_seen", Kind::time),
    given("last_seen", Kind::time),
    given("count", Kind::integer, "how often the condition came to hold"),
    or_null(given("acknowledged_at", Kind::time)),
    or_null(given("acknowledged_by", Kind::text)),
    or_null(given("resolved_at", Kind::time)),
    or_null(given("resolved_by", Kind::text)),
    or_null(given("resolution_reason", Kind::text)),
    or_null(given("metadata", Kind::object, kAlertMetadata)),
    given("created_at", Kind::time),
    given("updated_at", Kind::time),
    at_times(given("meter", Kind::text, "of a warning about one meter")),
    at_times(given("threshold", Kind::integer, "percent of the limit that was passed")),
    at_times(given("acknowledge_reason", Kind::text)),
};
inline constexpr Shape kAlertShape = {.name = "Alert", .fields = kAlertFields};
inline constexpr std::array<Field, 2> kAlertListFields = {given("alerts", Kind::list, kAlertShape),
                                                          kPaginationField};
inline constexpr Shape kAlertList = {.name = "AlertList", .fields = kAlertListFields};

}  // namespace metergate::api
