// The collections: their names, the parts of their documents' keys, and their indexes. One table
// for the store, `metergate find`, `metergate indexes` and the documentation.
//
// Stored collections hold documents that the services write. Derived ones are folded from usage
// events and can only be read; the store builds their documents on request.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace metergate {

// The numbers are stored: add new collections at the end.
enum class Collection : std::uint8_t {
  tenants,
  subscriptions,
  plans,
  stores,
  devices,
  sales,
  tickets,
  usage_reports,
  provider_alerts,
  provider_audits,
  provider_users,
  api_keys,
  webhooks,
  idempotency_keys,
  settings,
  // derived
  api_calls,
  webhook_calls,
  response_metrics,
  usage_counters,
  // stored
  webhook_deliveries,
  meters,
  corrections,
  late_lines,
  // derived
  events
};

struct IndexRow {
  std::string_view name;  // "tenant_id+status"
  std::span<const std::string_view> fields;
  bool unique;
  std::string_view unless{};  // a document with this field is exempt from uniqueness
};

struct CollectionRow {
  Collection collection;
  std::string_view name;
  bool derived;
  std::span<const IndexRow> indexes;
};

std::span<const CollectionRow> all_collections();
const CollectionRow& row_of(Collection collection);
std::optional<Collection> find_collection(std::string_view name);

}  // namespace metergate
