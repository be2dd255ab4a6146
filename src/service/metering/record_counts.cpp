#include "service/metering/record_counts.h"

#include <algorithm>

namespace metergate {

namespace {

struct Counted {
  std::int64_t records = 0;
  std::int64_t active = 0;
  Timestamp changed_at{};  // of the latest change to any of them
};

Result<Counted> count_records(const Store& store, const TenantId& tenant, Collection collection) {
  Query query;
  query.collection = collection;
  query.filter = Filter::equal("tenant_id", tenant.text());
  Counted counted;
  TRY(store.for_each(query, [&](const Json& record) {
    ++counted.records;
    if (record.string_at("status") == "active") ++counted.active;
    const Timestamp changed = record.timestamp_at("updated_at").value_or(Timestamp{});
    counted.changed_at = std::max(counted.changed_at, changed);
    return true;
  }));
  return counted;
}

// A level set after the last change of a record was stated by the tenant's application, and takes
// precedence.
bool is_stated(const Counted& counted, const Gauge& gauge) {
  return counted.records == 0 || gauge.at > counted.changed_at;
}

Result<std::vector<CountDifference>> compare_once(const Store& store, const TenantId& tenant,
                                                  Period current) {
  const std::optional<Counter> counter = TRY(store.counter(tenant, current));
  const Gauges gauges = counter ? counter->gauges : Gauges{};
  std::vector<CountDifference> differences;
  const Counted stores = TRY(count_records(store, tenant, Collection::stores));
  if (!is_stated(stores, gauges.stores) && stores.active != gauges.stores.last) {
    differences.push_back({Meter::stores_count, stores.active, gauges.stores.last});
  }
  const Counted devices = TRY(count_records(store, tenant, Collection::devices));
  if (!is_stated(devices, gauges.devices) && devices.active != gauges.devices.last) {
    differences.push_back({Meter::devices_count, devices.active, gauges.devices.last});
  }
  return differences;
}

constexpr int kCountTriesMax = 3;

}  // namespace

Result<std::vector<CountDifference>> compare_counts(const Store& store, const TenantId& tenant,
                                                    Period current) {
  // Records and levels are read one after the other. If something was written meanwhile, a
  // difference proves nothing, and on a busy server the next round checks again.
  for (int attempt = 0; attempt < kCountTriesMax; ++attempt) {
    const Sequence before = store.head();
    std::vector<CountDifference> differences = TRY(compare_once(store, tenant, current));
    if (differences.empty() || store.head() == before) return differences;
  }
  return std::vector<CountDifference>{};
}

}  // namespace metergate
