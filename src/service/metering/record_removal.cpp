// Deletes records, and a store together with its devices; see records.h.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "service/metering/record_documents.h"
#include "service/metering/records.h"

namespace metergate {

Records::Change Records::deletion_of(RecordKind kind, Json before, Timestamp now) const {
  const RecordRow& row = row_of(kind);
  Json after = before;
  after.set("status", kDeleted);
  after.set("updated_at", now);
  const std::string id = before.string_at(row.id_name).value_or("");
  const std::int64_t revision = before.integer_at("revision").value_or(0);
  return {row, id, std::move(before), std::move(after), "deleted", revision};
}

Result<Json> Records::remove(const TenantAccess& access, const Reference& which, const Actor& actor,
                             Devices devices) {
  if (which.kind == RecordKind::store) {
    const std::lock_guard lock(housing_of(access));
    return remove_store(access, TRY(find(access, which)), actor, devices);
  }
  Json before = TRY(find(access, which));
  return write(access, deletion_of(which.kind, std::move(before), clock_.now()), actor);
}

// The devices that are deleted with their store.
Result<std::vector<Json>> Records::devices_of(const TenantAccess& access,
                                              const std::string& store_id, Devices devices) const {
  const auto query_of = [&](Filter status) {
    Query query;
    query.collection = Collection::devices;
    query.filter = Filter::all({Filter::equal("tenant_id", access.tenant().text()),
                                Filter::equal("store_id", store_id), std::move(status)});
    return query;
  };
  if (devices == Devices::keep) {
    const std::int64_t active = TRY(store_.count(query_of(Filter::equal("status", "active"))));
    if (active == 0) return std::vector<Json>{};
    return fail(ErrorCode::conflict,
                fmt::format("store '{}' has {} active device{}: delete or suspend {} first, or "
                            "delete {} with the store (?devices=delete)",
                            store_id, active, active == 1 ? "" : "s", active == 1 ? "it" : "them",
                            active == 1 ? "it" : "them"));
  }
  Query query =
      query_of(Filter::compare("status", FilterOperator::not_equal, std::string(kDeleted)));
  query.limit = kDevicesRemovedMax + 1;
  std::vector<Json> found = TRY(store_.find(query));
  if (std::cmp_greater(found.size(), kDevicesRemovedMax))
    return fail(ErrorCode::conflict,
                fmt::format("store '{}' has more than {} devices, which is the most that are "
                            "deleted with a store: delete some of them first",
                            store_id, kDevicesRemovedMax));
  return found;
}

// One batch, so that no reader sees a device without its store, or half of the devices.
Result<Json> Records::remove_store(const TenantAccess& access, Json store, const Actor& actor,
                                   Devices devices) {
  const std::string id = store.string_at("store_id").value_or("");
  Pending pending;
  pending.batch.at = clock_.now();
  for (Json& device : TRY(devices_of(access, id, devices)))
    stage(access, deletion_of(RecordKind::device, std::move(device), pending.batch.at), actor,
          pending);
  Json answer = stage(access, deletion_of(RecordKind::store, std::move(store), pending.batch.at),
                      actor, pending);
  const Result<Commit> commit = store_.apply(std::move(pending.batch));
  if (commit) {
    deliveries_.committed(pending.announced);
    return answer;
  }
  if (commit.error().code != ErrorCode::conflict) return fail(commit.error());
  return fail(ErrorCode::conflict,
              fmt::format("store '{}' or one of its devices was changed at the same time by "
                          "somebody else: look again, then repeat the change",
                          id));
}

// An active device without a store would be billed, but not visible under any store.
Result<> Records::check_has_store(const TenantAccess& access, const Json& device) const {
  const std::string store_id = device.string_at("store_id").value_or("");
  if (is_active_record(device) || TRY(has_store(access, store_id))) return {};
  return fail(ErrorCode::conflict,
              fmt::format("device '{}' cannot be active: its store '{}' is deleted; add the store "
                          "again, or delete the device",
                          device.string_at("device_id").value_or(""), store_id));
}

}  // namespace metergate
