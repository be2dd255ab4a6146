#include "app/commands/collection_fields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <string>

#include "base/nearest.h"

namespace metergate {
namespace {

struct FieldsRow {
  Collection collection;
  std::string_view fields;  // separated by spaces
};

// The number of documents searched for a field that the table does not know.
constexpr std::size_t kDocumentsLookedAt = 100'000;

constexpr FieldsRow kFields[] = {
    {Collection::tenants, "tenant_id name status created_at updated_at revision"},
    {Collection::subscriptions,
     "tenant_id plan plan_version status start renew_on limits_override history created_at"
     " updated_at revision"},
    {Collection::plans,
     "plan version limits effects rates base_fee own_meters valid_from created_at"
     " updated_at revision"},
    {Collection::stores, "tenant_id store_id name status created_at updated_at revision"},
    {Collection::devices,
     "tenant_id device_id store_id name type status created_at updated_at revision"},
    {Collection::sales,
     "tenant_id sale_id store_id device_id amount currency timestamp created_at updated_at"
     " revision"},
    {Collection::tickets,
     "tenant_id ticket_id sale_id store_id device_id timestamp created_at updated_at"
     " revision"},
    {Collection::usage_reports,
     "report period generated_at closed currency part parts summary part_starts tenants"
     " revision"},
    {Collection::provider_alerts,
     "alert_id type severity status tenant_id tenant_name period first_seen last_seen"
     " count acknowledged_at acknowledged_by acknowledge_reason resolved_at resolved_by"
     " resolution_reason metadata meter threshold created_at updated_at exact revision"},
    {Collection::provider_audits,
     "audit_id actor action tenant_id ip user_agent request_id reason before after"
     " timestamp sequence previous_hash hash revision"},
    {Collection::provider_users,
     "email name password_hash roles is_active totp_secret session_version created_at"
     " updated_at revision"},
    {Collection::api_keys,
     "key_id name key_hash permissions expires_at created_by created_at revision"},
    {Collection::webhooks,
     "webhook_id tenant_id url events secret previous_secret previous_secret_until"
     " is_active disabled_reason given_up_at kind types severities tenants digest from to username"
     " created_at updated_at revision"},
    {Collection::api_calls,
     "_id tenant_id source method endpoint path status request_bytes response_bytes"
     " processing_time_ms ip store_id device_id caller traceparent billable timestamp"},
    {Collection::webhook_calls,
     "_id tenant_id source webhook_id success status response_time_ms attempt timestamp"},
    {Collection::response_metrics,
     "tenant_id endpoint hour count unbilled status_1xx status_2xx status_3xx status_4xx"
     " status_5xx sum_ms request_bytes response_bytes histogram"},
    {Collection::usage_counters,
     "_id tenant_id period api_calls webhook_calls webhook_failures storage_bytes"
     " storage_gb stores_count devices_count peaks data_transfer_bytes updated_at"},
    {Collection::webhook_deliveries,
     "delivery_id tenant_id webhook_id number type status attempts tries waiting"
     " created_at claimed_at completed_at next_attempt_at last_attempt_at last_status"
     " last_answer last_problem held_because payload revision"},
    {Collection::meters,
     "meter_id slug name description aggregation event_type value_property group_by unit metadata"
     " created_at updated_at revision"},
    {Collection::corrections,
     "correction_id tenant_id source event_id event action replacement reason period meter"
     " quantity cost currency billed_in late_lines created_by created_at revision"},
    {Collection::late_lines,
     "number tenant_id period billed_in correction_id corrections meter event lines"
     " quantity cost currency reason totals created_at revision"},
};

std::string_view first_part(std::string_view field) { return field.substr(0, field.find('.')); }

void collect_fields(const Filter& filter, std::set<std::string_view>& fields) {
  if (!filter.field.empty()) fields.insert(first_part(filter.field));
  for (const Filter& child : filter.children) collect_fields(child, fields);
}

// Removes from `fields` those that some document has, and adds the fields of the documents to
// `seen`.
Result<> strike_out_seen(const Store& store, Collection collection,
                         std::set<std::string_view>& fields, std::set<std::string>& seen) {
  Query all;
  all.collection = collection;
  std::size_t count = 0;
  return store.for_each(all, [&](const Json& document) {
    for (const Json::Member& member : document.as_object()) {
      fields.erase(member.first);
      seen.insert(member.first);
    }
    return !fields.empty() && ++count < kDocumentsLookedAt;
  });
}

}  // namespace

std::vector<std::string_view> known_fields(Collection collection) {
  std::vector<std::string_view> known;
  for (const FieldsRow& row : kFields) {
    if (row.collection != collection) continue;
    std::string_view rest = row.fields;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(' '), rest.size());
      known.push_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return known;
}

Result<> check_fields(const Store& store, const Query& query) {
  std::set<std::string_view> fields;
  collect_fields(query.filter, fields);
  for (const SortField& field : query.sort) fields.insert(first_part(field.field));
  std::vector<std::string_view> known = known_fields(query.collection);
  for (const std::string_view name : known) fields.erase(name);
  if (fields.empty()) return {};
  std::set<std::string> seen;
  TRY(strike_out_seen(store, query.collection, fields, seen));
  if (fields.empty() || (known.empty() && seen.empty())) return {};
  for (const std::string& name : seen) {
    if (std::ranges::find(known, name) == known.end()) known.push_back(name);
  }
  const std::string_view unknown = *fields.begin();
  return fail(ErrorCode::invalid,
              fmt::format("no document of {} can have a field {:.80}{}; there are {}",
                          row_of(query.collection).name, unknown, did_you_mean(unknown, known),
                          fmt::join(known, ", ")));
}

}  // namespace metergate
