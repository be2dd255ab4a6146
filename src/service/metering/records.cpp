#include "service/metering/records.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/id.h"
#include "service/metering/record_documents.h"
#include "service/shared/faults.h"
#include "service/shared/listed_values.h"
#include "service/shared/text_rules.h"

namespace metergate {
namespace {

constexpr std::chrono::minutes kAheadMax{5};

std::unexpected<Error> not_found(const RecordRow& row, const std::string& id) {
  return fail(ErrorCode::not_found, fmt::format("there is no {} '{}'", row.name, id));
}

void check_id(std::string_view field, const std::optional<std::string>& id, Faults& faults) {
  if (!id || is_id_syntax(*id)) return;
  faults.add(std::string(field),
             "must be 1 to 64 letters, digits, '.', '_', ':' or '-', beginning with a letter or "
             "digit");
}

void check_record_name(const std::string& name, Faults& faults) {
  if (is_name(name, kNameLengthMax)) return;
  faults.add("name", name_rule(kNameLengthMax));
}

template <std::size_t N>
void check_choice(std::string field, std::string_view value,
                  const std::array<std::string_view, N>& allowed, Faults& faults) {
  if (std::ranges::find(allowed, value) != allowed.end()) return;
  faults.add(std::move(field),
             fmt::format("must be one of {}, not '{}'", fmt::join(allowed, ", "), value));
}

Json new_document(const RecordRow& row, const TenantAccess& access,
                  const std::optional<std::string>& id, Timestamp now) {
  return Json::object({{"tenant_id", access.tenant().text()},
                       {std::string(row.id_name), id ? *id : make_ulid(now)}});
}

void close_document(Json& document, Timestamp now) {
  document.set("created_at", now);
  document.set("updated_at", now);
}

}  // namespace

std::mutex& Records::housing_of(const TenantAccess& access) {
  return housing_[std::hash<TenantId>{}(access.tenant()) % kHousingLocks];
}

Result<Json> Records::find(const TenantAccess& access, const Reference& which) const {
  TRY(directory_.get(access.tenant()));
  const RecordRow& row = row_of(which.kind);
  // A text that cannot be an id is not looked up, so that keys stay well-formed.
  if (!is_id_syntax(which.id)) return not_found(row, which.id);
  std::optional<Json> document = TRY(store_.get(row.collection, record_key(access, which.id)));
  if (!document || is_deleted(*document)) return not_found(row, which.id);
  return *std::move(document);
}

Result<bool> Records::has_store(const TenantAccess& access, const std::string& store_id) const {
  const std::optional<Json> document =
      TRY(store_.get(Collection::stores, record_key(access, store_id)));
  return document && !is_deleted(*document);
}

Result<Json> Records::get(const TenantAccess& access, RecordKind kind,
                          const std::string& id) const {
  return shown_record(TRY(find(access, Reference{kind, id})));
}

Result<Json> Records::add_store(const TenantAccess& access, const NewStore& wanted,
                                const Actor& actor) {
  TRY(directory_.get(access.tenant()));
  Faults faults;
  check_id("store_id", wanted.id, faults);
  check_record_name(wanted.name, faults);
  TRY(faults.result());
  const Timestamp now = clock_.now();
  Json document = new_document(row_of(RecordKind::store), access, wanted.id, now);
  document.set("name", wanted.name);
  document.set("status", kRecordStatuses.front());
  close_document(document, now);
  return add(access, RecordKind::store, std::move(document), actor);
}

Result<Json> Records::add_device(const TenantAccess& access, const NewDevice& wanted,
                                 const Actor& actor) {
  TRY(directory_.get(access.tenant()));
  Faults faults;
  check_id("device_id", wanted.id, faults);
  check_record_name(wanted.name, faults);
  check_choice("type", wanted.type, kDeviceTypes, faults);
  const std::lock_guard lock(housing_of(access));
  const bool is_store_there =
      is_id_syntax(wanted.store_id) && TRY(has_store(access, wanted.store_id));
  if (!is_store_there) {
    faults.add("store_id", fmt::format("there is no store '{}'", wanted.store_id));
  }
  TRY(faults.result());
  const Timestamp now = clock_.now();
  Json document = new_document(row_of(RecordKind::device), access, wanted.id, now);
  document.set("store_id", wanted.store_id);
  document.set("name", wanted.name);
  document.set("type", wanted.type);
  document.set("status", kRecordStatuses.front());
  close_document(document, now);
  return add(access, RecordKind::device, std::move(document), actor);
}

Result<Json> Records::add_sale(const TenantAccess& access, const NewTrade& wanted,
                               const Actor& actor) {
  return add_trade(access, RecordKind::sale, wanted, actor);
}

Result<Json> Records::add_ticket(const TenantAccess& access, const NewTrade& wanted,
                                 const Actor& actor) {
  return add_trade(access, RecordKind::ticket, wanted, actor);
}

Result<Json> Records::add_trade(const TenantAccess& access, RecordKind kind, const NewTrade& wanted,
                                const Actor& actor) {
  TRY(directory_.get(access.tenant()));
  const RecordRow& row = row_of(kind);
  const Timestamp now = clock_.now();
  const std::string currency = wanted.currency.value_or(rules_.currency.code());
  Faults faults;
  check_id(row.id_name, wanted.id, faults);
  if (kind == RecordKind::ticket) check_id("sale_id", wanted.sale_id, faults);
  check_id("store_id", wanted.store_id, faults);
  check_id("device_id", wanted.device_id, faults);
  if (wanted.amount < 0 || wanted.amount > kAmountMax) {
    faults.add("amount",
               fmt::format("must be 0 to {} minor units, not {}", kAmountMax, wanted.amount));
  }
  if (!Currency::find(currency)) {
    faults.add("currency", fmt::format("'{}' is no ISO 4217 code, like USD", currency));
  }
  if (wanted.occurred_at && *wanted.occurred_at > now + kAheadMax) {
    faults.add("timestamp", fmt::format("{} is more than 5 minutes ahead of the server's clock",
                                        to_text(*wanted.occurred_at)));
  }
  TRY(faults.result());

  Json document = new_document(row, access, wanted.id, now);
  const auto set_given = [&](std::string_view name, const std::optional<std::string>& value) {
    if (value) document.set(name, *value);
  };
  if (kind == RecordKind::ticket) set_given("sale_id", wanted.sale_id);
  set_given("store_id", wanted.store_id);
  set_given("device_id", wanted.device_id);
  if (kind == RecordKind::sale) {
    document.set("amount", wanted.amount);
    document.set("currency", currency);
  }
  document.set("timestamp", wanted.occurred_at.value_or(now));
  close_document(document, now);
  return add(access, kind, std::move(document), actor);
}

Result<Json> Records::add(const TenantAccess& access, RecordKind kind, Json document,
                          const Actor& actor) {
  const RecordRow& row = row_of(kind);
  const std::string id = document.string_at(row.id_name).value_or("");
  const auto stored = TRY(store_.get(row.collection, record_key(access, id)));
  const auto taken = [&] {
    return fail(ErrorCode::duplicate, fmt::format("there is a {} '{}' already", row.name, id));
  };
  if (stored && !is_deleted(*stored)) return taken();
  // A new record replaces a deleted one and takes over nothing of it.
  const std::int64_t revision = stored ? stored->integer_at("revision").value_or(0) : 0;
  Result<Json> added =
      write(access, Change{row, id, Json(), std::move(document), "created", revision}, actor);
  if (!added && added.error().code == ErrorCode::conflict) return taken();
  return added;
}

Result<Json> Records::change(const TenantAccess& access, const Reference& which,
                             const RecordPatch& patch, const Actor& actor) {
  const Json before = TRY(find(access, which));
  Faults faults;
  if (!patch.name && !patch.status) {
    faults.add("", "nothing to change: give name or status");
  }
  if (patch.name) check_record_name(*patch.name, faults);
  if (patch.status) check_choice("status", *patch.status, kRecordStatuses, faults);
  TRY(faults.result());
  std::unique_lock<std::mutex> lock;
  if (which.kind == RecordKind::device && patch.status == "active") {
    lock = std::unique_lock(housing_of(access));
    TRY(check_has_store(access, before));
  }
  Json after = before;
  if (patch.name) after.set("name", *patch.name);
  if (patch.status) after.set("status", *patch.status);
  if (after == before) return shown_record(before);  // no change: no audit record, no webhook
  after.set("updated_at", clock_.now());
  const std::int64_t revision = before.integer_at("revision").value_or(0);
  return write(access,
               Change{row_of(which.kind), which.id, before, std::move(after), "updated", revision},
               actor);
}

// Reserves room below the hard limit for the change, until it is written.
Result<Enforcement::Hold> Records::hold_room(const TenantAccess& access, const Change& change) {
  const bool becomes_active = is_active_record(change.after) && !is_active_record(change.before);
  switch (change.row.kind) {
    case RecordKind::store:
      if (!becomes_active) return Enforcement::Hold{};
      return enforcement_.hold_units(access.tenant(), Meter::stores_count, 1);
    case RecordKind::device:
      if (!becomes_active) return Enforcement::Hold{};
      return enforcement_.hold_units(access.tenant(), Meter::devices_count, 1);
    case RecordKind::sale:
      return enforcement_.hold_units(access.tenant(), Meter::storage_gb,
                                     rules_.storage.bytes_per_sale);
    case RecordKind::ticket:
      return enforcement_.hold_units(access.tenant(), Meter::storage_gb,
                                     rules_.storage.bytes_per_ticket);
  }
  return Enforcement::Hold{};
}

Json Records::stage(const TenantAccess& access, Change change, const Actor& actor,
                    Pending& pending) {
  Batch& batch = pending.batch;
  Json answer = shown_record(change.after);
  batch.documents.push_back(
      {change.row.collection, record_key(access, change.id), std::move(change.after),
       change.revision == 0 ? Expect::absent : Expect::revision, change.revision});
  const std::string what = fmt::format("{}.{}", change.row.name, change.verb);
  const Announced announced = deliveries_.announce({access.tenant().text(), what, answer}, batch);
  pending.announced.insert(pending.announced.end(), announced.begin(), announced.end());
  if (access.is_provider()) {
    AuditRecord audit = audit_of(actor, what, batch.at);
    audit.tenant_id = access.tenant().text();
    audit.before = change.before.is_null() ? Json() : shown_record(std::move(change.before));
    audit.after = answer;
    batch.audits.push_back(std::move(audit));
  }
  return answer;
}

Result<Json> Records::write(const TenantAccess& access, Change change, const Actor& actor) {
  const Enforcement::Hold room = TRY(hold_room(access, change));
  Pending pending;
  pending.batch.at = change.after.timestamp_at("updated_at").value_or(clock_.now());
  const bool is_new = change.before.is_null();
  const std::string name = fmt::format("{} '{}'", change.row.name, change.id);
  Json answer = stage(access, std::move(change), actor, pending);
  const Result<Commit> commit = store_.apply(std::move(pending.batch));
  if (commit) {
    deliveries_.committed(pending.announced);
    return answer;
  }
  if (!is_new && commit.error().code == ErrorCode::conflict) {
    return fail(ErrorCode::conflict,
                fmt::format("{} was changed at the same time by somebody else: look again, then "
                            "repeat the change",
                            name));
  }
  return fail(commit.error());
}

Result<RecordPage> Records::list(const TenantAccess& access, RecordKind kind,
                                 const RecordQuery& query) const {
  TRY(directory_.get(access.tenant()));
  const RecordRow& row = row_of(kind);
  std::vector<Filter> filters = {Filter::equal("tenant_id", access.tenant().text())};
  for (const auto& [field, value] : query.equal) filters.push_back(equal_to_listed(field, value));
  if (row.has_status) {
    filters.push_back(Filter::compare("status", FilterOperator::not_equal, std::string(kDeleted)));
  }
  if (query.from) {
    filters.push_back(Filter::compare("timestamp", FilterOperator::greater_or_equal, *query.from));
  }
  if (query.to) {
    filters.push_back(Filter::compare("timestamp", FilterOperator::less, *query.to));
  }
  Query wanted;
  wanted.collection = row.collection;
  wanted.filter = Filter::all(std::move(filters));
  RecordPage page;
  page.total = TRY(store_.count(wanted));
  const bool descending = query.sort.starts_with('-');
  const std::string field = query.sort.substr(descending ? 1 : 0);
  // One field, as the indexes have it. The store orders equal records by their keys, so that no
  // record is on two pages or on none.
  wanted.sort.push_back({field.empty() ? std::string(row.id_name) : field, descending});
  wanted.skip = (query.page - 1) * query.limit;
  wanted.limit = query.limit;
  for (Json& document : TRY(store_.find(wanted))) {
    page.records.push_back(shown_record(std::move(document)));
  }
  return page;
}

}  // namespace metergate
