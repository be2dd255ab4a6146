#include "storage/shapes/collections.h"

#include <algorithm>

#include "base/check.h"

namespace metergate {
namespace {

using Field = std::string_view;

constexpr Field kTenant[] = {"tenant_id"};
constexpr Field kPlanVersion[] = {"plan", "version"};
constexpr Field kStore[] = {"tenant_id", "store_id"};
constexpr Field kDevice[] = {"tenant_id", "device_id"};
constexpr Field kSale[] = {"tenant_id", "sale_id"};
constexpr Field kTicket[] = {"tenant_id", "ticket_id"};
constexpr Field kTenantStatus[] = {"tenant_id", "status"};
constexpr Field kTimestamp[] = {"timestamp"};
constexpr Field kTenantTimestamp[] = {"tenant_id", "timestamp"};
constexpr Field kTenantEndpointTimestamp[] = {"tenant_id", "endpoint", "timestamp"};
constexpr Field kTenantDeviceTimestamp[] = {"tenant_id", "device_id", "timestamp"};
constexpr Field kTenantStoreTimestamp[] = {"tenant_id", "store_id", "timestamp"};
constexpr Field kTenantEndpointHour[] = {"tenant_id", "endpoint", "hour"};
constexpr Field kByHour[] = {"hour"};
constexpr Field kTenantWebhookTimestamp[] = {"tenant_id", "webhook_id", "timestamp"};
constexpr Field kTenantPeriod[] = {"tenant_id", "period"};
constexpr Field kPeriod[] = {"period"};
constexpr Field kGeneratedAt[] = {"generated_at"};
constexpr Field kAlert[] = {"alert_id"};
constexpr Field kStatusSeverityLastSeen[] = {"status", "severity", "last_seen"};
constexpr Field kTenantTypePeriod[] = {"tenant_id", "type", "period"};
constexpr Field kTypeFirstSeen[] = {"type", "first_seen"};
constexpr Field kSequence[] = {"sequence"};
constexpr Field kActorTimestamp[] = {"actor", "timestamp"};
constexpr Field kEmail[] = {"email"};
constexpr Field kKey[] = {"key_id"};
constexpr Field kKeyHash[] = {"key_hash"};
constexpr Field kWebhook[] = {"tenant_id", "webhook_id"};
constexpr Field kCorrection[] = {"tenant_id", "correction_id"};
constexpr Field kCreatedAt[] = {"created_at"};
constexpr Field kTenantCreatedAt[] = {"tenant_id", "created_at"};
constexpr Field kTenantPeriodNumber[] = {"tenant_id", "period", "number"};
constexpr Field kBilledInTenant[] = {"billed_in", "tenant_id"};
constexpr Field kSlug[] = {"slug"};
constexpr Field kExpiresAt[] = {"expires_at"};
constexpr Field kDelivery[] = {"tenant_id", "delivery_id"};
constexpr Field kWebhookStatusNumber[] = {"tenant_id", "webhook_id", "status", "number"};
constexpr Field kWebhookNumber[] = {"tenant_id", "webhook_id", "number"};
constexpr Field kStatusCompletedAt[] = {"status", "completed_at"};

constexpr IndexRow kByTenant[] = {{"tenant_id", kTenant, true}};
constexpr IndexRow kOfPlans[] = {{"plan+version", kPlanVersion, true}};
constexpr IndexRow kOfStores[] = {{"tenant_id+store_id", kStore, true},
                                  {"tenant_id+status", kTenantStatus, false}};
constexpr IndexRow kOfDevices[] = {{"tenant_id+device_id", kDevice, true},
                                   {"tenant_id+status", kTenantStatus, false}};
constexpr IndexRow kOfSales[] = {{"tenant_id+sale_id", kSale, true},
                                 {"tenant_id+timestamp", kTenantTimestamp, false}};
constexpr IndexRow kOfTickets[] = {{"tenant_id+ticket_id", kTicket, true},
                                   {"tenant_id+timestamp", kTenantTimestamp, false}};
constexpr IndexRow kOfReports[] = {{"period", kPeriod, false},
                                   {"generated_at", kGeneratedAt, false}};
// A period may have several alerts about one meter; their alert_id distinguishes them.
constexpr IndexRow kOfAlerts[] = {{"alert_id", kAlert, true},
                                  {"status+severity+last_seen", kStatusSeverityLastSeen, false},
                                  {"tenant_id+type+period", kTenantTypePeriod, true, "meter"},
                                  {"type+first_seen", kTypeFirstSeen, false}};
constexpr IndexRow kOfAudits[] = {{"sequence", kSequence, true},
                                  {"timestamp", kTimestamp, false},
                                  {"tenant_id+timestamp", kTenantTimestamp, false},
                                  {"actor+timestamp", kActorTimestamp, false}};
constexpr IndexRow kOfUsers[] = {{"email", kEmail, true}};
constexpr IndexRow kOfKeys[] = {{"key_id", kKey, true}, {"key_hash", kKeyHash, false}};
constexpr IndexRow kOfWebhooks[] = {{"tenant_id+webhook_id", kWebhook, true}};
constexpr IndexRow kOfCorrections[] = {{"tenant_id+correction_id", kCorrection, true},
                                       {"created_at", kCreatedAt, false},
                                       {"tenant_id+created_at", kTenantCreatedAt, false}};
// The first index refuses the second of two concurrent corrections of one tenant's month.
constexpr IndexRow kOfLateLines[] = {{"tenant_id+period+number", kTenantPeriodNumber, true},
                                     {"billed_in+tenant_id", kBilledInTenant, false}};
constexpr IndexRow kOfMeters[] = {{"slug", kSlug, true}};
constexpr IndexRow kOfIdempotencyKeys[] = {{"expires_at", kExpiresAt, false}};
constexpr IndexRow kOfApiCalls[] = {
    {"timestamp", kTimestamp, false},
    {"tenant_id+timestamp", kTenantTimestamp, false},
    {"tenant_id+endpoint+timestamp", kTenantEndpointTimestamp, false},
    {"tenant_id+device_id+timestamp", kTenantDeviceTimestamp, false},
    {"tenant_id+store_id+timestamp", kTenantStoreTimestamp, false}};
constexpr IndexRow kOfWebhookCalls[] = {
    {"tenant_id+timestamp", kTenantTimestamp, false},
    {"tenant_id+webhook_id+timestamp", kTenantWebhookTimestamp, false}};
constexpr IndexRow kOfEvents[] = {{"timestamp", kTimestamp, false},
                                  {"tenant_id+timestamp", kTenantTimestamp, false}};
constexpr IndexRow kOfMetrics[] = {{"tenant_id+endpoint+hour", kTenantEndpointHour, true},
                                   {"hour", kByHour, false}};
constexpr IndexRow kOfCounters[] = {{"tenant_id+period", kTenantPeriod, true},
                                    {"period", kPeriod, false}};
constexpr IndexRow kOfDeliveries[] = {
    {"tenant_id+delivery_id", kDelivery, true},
    {"tenant_id+webhook_id+status+number", kWebhookStatusNumber, false},
    {"tenant_id+webhook_id+number", kWebhookNumber, false},
    {"status+completed_at", kStatusCompletedAt, false}};

constexpr CollectionRow kCollections[] = {
    {Collection::tenants, "tenants", false, kByTenant},
    {Collection::subscriptions, "subscriptions", false, kByTenant},
    {Collection::plans, "plans", false, kOfPlans},
    {Collection::stores, "stores", false, kOfStores},
    {Collection::devices, "devices", false, kOfDevices},
    {Collection::sales, "sales", false, kOfSales},
    {Collection::tickets, "tickets", false, kOfTickets},
    {Collection::usage_reports, "usage_reports", false, kOfReports},
    {Collection::provider_alerts, "provider_alerts", false, kOfAlerts},
    {Collection::provider_audits, "provider_audits", false, kOfAudits},
    {Collection::provider_users, "provider_users", false, kOfUsers},
    {Collection::api_keys, "api_keys", false, kOfKeys},
    {Collection::webhooks, "webhooks", false, kOfWebhooks},
    {Collection::idempotency_keys, "idempotency_keys", false, kOfIdempotencyKeys},
    {Collection::settings, "settings", false, {}},
    {Collection::api_calls, "api_calls", true, kOfApiCalls},
    {Collection::webhook_calls, "webhook_calls", true, kOfWebhookCalls},
    {Collection::response_metrics, "response_metrics", true, kOfMetrics},
    {Collection::usage_counters, "usage_counters", true, kOfCounters},
    {Collection::webhook_deliveries, "webhook_deliveries", false, kOfDeliveries},
    {Collection::meters, "meters", false, kOfMeters},
    {Collection::corrections, "corrections", false, kOfCorrections},
    {Collection::late_lines, "late_lines", false, kOfLateLines},
    {Collection::events, "events", true, kOfEvents},
};

constexpr bool rows_follow_enumerators() {
  for (std::size_t i = 0; i < std::size(kCollections); ++i) {
    if (static_cast<std::size_t>(kCollections[i].collection) != i) return false;
  }
  return true;
}
static_assert(rows_follow_enumerators());

}  // namespace

std::span<const CollectionRow> all_collections() { return kCollections; }

const CollectionRow& row_of(Collection collection) {
  const auto place = static_cast<std::size_t>(collection);
  CHECK(place < std::size(kCollections));
  return kCollections[place];
}

std::optional<Collection> find_collection(std::string_view name) {
  const auto* row = std::ranges::find(kCollections, name, &CollectionRow::name);
  return row == std::end(kCollections) ? std::nullopt : std::optional{row->collection};
}

}  // namespace metergate
