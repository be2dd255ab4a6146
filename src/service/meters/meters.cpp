#include "service/meters/meters.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/id.h"
#include "base/text.h"
#include "service/shared/faults.h"
#include "service/shared/text_rules.h"

namespace metergate {
namespace {

constexpr std::size_t kNameMax = 256;
constexpr std::size_t kDescriptionMax = 1024;
constexpr std::size_t kMetadataMax = 50;
constexpr std::size_t kMetadataNameMax = 64;
constexpr std::size_t kMetadataTextMax = 1024;
constexpr std::string_view kMetadata = "metadata";

struct BuiltIn {
  Meter meter;
  std::string_view event_type;
  std::string_view value_path;
  Folding aggregation;
  std::string_view description;
};

constexpr std::array<BuiltIn, 5> kBuiltIns = {{
    {Meter::stores_count, "store.count", "$.count", Folding::latest,
     "Active stores; of several tenants their sum"},
    {Meter::devices_count, "device.count", "$.count", Folding::latest,
     "Active devices; of several tenants their sum"},
    {Meter::api_calls, "api.call", "", Folding::count, "API calls that are billable"},
    {Meter::webhook_calls, "webhook.call", "", Folding::count, "Webhook delivery attempts"},
    {Meter::storage_gb, "storage.usage", "$.bytes", Folding::latest,
     "Storage in gigabytes of 1024 x 1024 x 1024 bytes; of several tenants their sum"},
}};

KnownMeter face_of(const BuiltIn& row) {
  KnownMeter known;
  known.built_in = row.meter;
  const std::string slug{row_of(row.meter).name};
  known.record.id = slug;
  known.record.name = slug;
  known.record.description = row.description;
  known.record.meter.slug = slug;
  known.record.meter.event_type = row.event_type;
  known.record.meter.value_path = row.value_path;
  known.record.meter.aggregation = row.aggregation;
  return known;
}

std::unexpected<Error> not_found(std::string_view name) {
  return fail(ErrorCode::not_found, fmt::format("there is no meter '{}'", name));
}

void check_metadata(const Json& metadata, Faults& faults) {
  if (metadata.is_null()) return;
  const auto is_text = [](const Json::Member& member) {
    return member.second.is_string() &&
           character_count(member.second.as_string()) <= kMetadataTextMax &&
           is_name(member.first, kMetadataNameMax);
  };
  if (metadata.is_object() && metadata.as_object().size() <= kMetadataMax &&
      std::ranges::all_of(metadata.as_object(), is_text))
    return;
  faults.add(std::string{kMetadata},
             fmt::format("must be an object of at most {} texts of at most {} characters, with "
                         "names of 1 to {}",
                         kMetadataMax, kMetadataTextMax, kMetadataNameMax));
}

// An empty object says no more than none.
Json document_of(const MeterRecord& record, const Json& metadata) {
  Json document = to_document(record);
  if (metadata.is_object() && !metadata.as_object().empty())
    document.set(std::string{kMetadata}, metadata);
  return document;
}

Result<> check(const NewMeter& wanted) {
  Faults faults;
  check_metadata(wanted.metadata, faults);
  for (Fault& fault : faults_of(wanted.meter)) faults.add(fault.field, fault.message);
  if (!wanted.name.empty() && !is_name(wanted.name, kNameMax))
    faults.add("name", name_rule(kNameMax));
  if (character_count(wanted.description) > kDescriptionMax)
    faults.add("description", fmt::format("has {} characters; at most {} are allowed",
                                          character_count(wanted.description), kDescriptionMax));
  return faults.result();
}

DocumentKey document_of_meter(const std::string& slug) { return {"", slug}; }

}  // namespace

Result<std::vector<KnownMeter>> Meters::all() const {
  std::vector<KnownMeter> all;
  for (const BuiltIn& row : kBuiltIns) all.push_back(face_of(row));
  Query query;
  query.collection = Collection::meters;
  query.sort = {{"slug", false}};
  for (const Json& document : TRY(store_.find(query))) {
    KnownMeter known;
    known.record = TRY(meter_from(document));
    if (const Json* metadata = document.find(kMetadata)) known.metadata = *metadata;
    all.push_back(std::move(known));
  }
  return all;
}

Result<KnownMeter> Meters::get(std::string_view slug_or_id) const {
  const std::vector<KnownMeter> known = TRY(all());
  const auto is_it = [&](const KnownMeter& meter) {
    return meter.record.meter.slug == slug_or_id || meter.record.id == slug_or_id;
  };
  const auto found = std::ranges::find_if(known, is_it);
  if (found == known.end()) return not_found(slug_or_id);
  return *found;
}

Result<MeterRecord> Meters::draft(const NewMeter& wanted, Timestamp now) const {
  TRY(check(wanted));
  const std::string& slug = wanted.meter.slug;
  const std::vector<KnownMeter> known = TRY(all());
  const auto has_slug = [&](const KnownMeter& meter) { return meter.record.meter.slug == slug; };
  if (std::ranges::any_of(known, has_slug))
    return fail(ErrorCode::duplicate, fmt::format("there is a meter '{}' already", slug));
  if (known.size() >= kBuiltIns.size() + kOwnMetersMax)
    return fail(ErrorCode::invalid,
                fmt::format("there are {} meters of your own already; that is the most there can "
                            "be: delete one first",
                            kOwnMetersMax));
  MeterRecord record;
  record.id = make_ulid(now);
  record.meter = wanted.meter;
  record.name = wanted.name.empty() ? slug : wanted.name;
  record.description = wanted.description;
  record.created_at = now;
  record.updated_at = now;
  record.counts_from = wanted.counts_from;
  return record;
}

Result<MeterPreview> Meters::preview(const NewMeter& wanted) const {
  MeterPreview preview{TRY(draft(wanted, clock_.now())), {}};
  if (wanted.counts_from)
    preview.months = TRY(store_.count_back(wanted.meter, *wanted.counts_from));
  return preview;
}

Result<MeterRecord> Meters::add(const NewMeter& wanted, const Actor& actor) {
  const std::scoped_lock lock(changing_);
  Batch batch;
  batch.at = clock_.now();
  const MeterRecord record = TRY(draft(wanted, batch.at));
  AuditRecord audit = audit_of(actor, "meter.created", batch.at);
  audit.after = document_of(record, wanted.metadata);
  batch.audits.push_back(std::move(audit));
  batch.documents.push_back({Collection::meters, document_of_meter(record.meter.slug),
                             document_of(record, wanted.metadata), Expect::absent, 0});
  TRY(store_.apply(std::move(batch)));
  return record;
}

Result<MeterRecord> Meters::change(std::string_view slug_or_id, const MeterPatch& patch,
                                   const Actor& actor) {
  const std::scoped_lock lock(changing_);
  const KnownMeter known = TRY(get(slug_or_id));
  if (known.built_in)
    return fail(ErrorCode::invalid,
                fmt::format("'{}' is a built-in meter and cannot be changed", slug_or_id));
  const std::string& slug = known.record.meter.slug;
  MeterRecord record = known.record;
  record.name = patch.name.value_or(record.name);
  record.description = patch.description.value_or(record.description);
  const Json metadata = patch.metadata.value_or(known.metadata);
  TRY(check({record.meter, record.name, record.description, std::nullopt, metadata}));
  if (patch.group_by && *patch.group_by != record.meter.group_by) {
    const std::string message = fmt::format(
        "what '{}' groups by is fixed, since what it has counted is kept by its groups: define "
        "another meter, or leave groupBy out",
        slug);
    return fail(Error{ErrorCode::invalid, message, {Fault{std::nullopt, "groupBy", message}}});
  }
  const bool is_same = record.name == known.record.name &&
                       record.description == known.record.description && metadata == known.metadata;
  if (is_same) return record;
  Batch batch;
  batch.at = clock_.now();
  record.updated_at = batch.at;
  AuditRecord audit = audit_of(actor, "meter.updated", batch.at);
  audit.before = document_of(known.record, known.metadata);
  audit.after = document_of(record, metadata);
  batch.audits.push_back(std::move(audit));
  batch.documents.push_back({Collection::meters, document_of_meter(slug),
                             document_of(record, metadata), Expect::anything, 0});
  TRY(store_.apply(std::move(batch)));
  return record;
}

Result<> Meters::remove(std::string_view slug_or_id, const Actor& actor) {
  const std::scoped_lock lock(changing_);
  const KnownMeter meter = TRY(get(slug_or_id));
  if (meter.built_in)
    return fail(ErrorCode::invalid,
                fmt::format("'{}' is a built-in meter and cannot be deleted", slug_or_id));
  for (const Plan& plan : catalog_.offered()) {
    if (std::ranges::find(plan.own, meter.record.meter.slug, &OwnTerm::meter) == plan.own.end())
      continue;
    return fail(ErrorCode::conflict,
                fmt::format("the plan '{}' has a limit and a rate of '{}': take it out of the plan "
                            "catalogue first",
                            plan.name, meter.record.meter.slug));
  }
  Batch batch;
  batch.at = clock_.now();
  AuditRecord audit = audit_of(actor, "meter.deleted", batch.at);
  audit.before = to_document(meter.record);
  batch.audits.push_back(std::move(audit));
  batch.documents.push_back({Collection::meters, document_of_meter(meter.record.meter.slug),
                             std::nullopt, Expect::anything, 0});
  TRY(store_.apply(std::move(batch)));
  return {};
}

Json meter_json(const KnownMeter& meter) {
  const MeterRecord& record = meter.record;
  Json json = Json::object({{"id", record.id},
                            {"slug", record.meter.slug},
                            {"name", record.name},
                            {"aggregation", row_of(record.meter.aggregation).name},
                            {"eventType", record.meter.event_type}});
  if (!record.description.empty()) json.set("description", record.description);
  if (!meter.metadata.is_null()) json.set(std::string{kMetadata}, meter.metadata);
  if (!record.meter.value_path.empty()) json.set("valueProperty", record.meter.value_path);
  Json groups = Json::object();
  for (const Dimension& dimension : record.meter.group_by)
    groups.set(dimension.name, dimension.path);
  json.set("groupBy", std::move(groups));
  json.set("builtIn", meter.built_in.has_value());
  if (!meter.built_in) json.set("tenant_may_send", record.meter.tenant_may_send);
  if (record.counts_from) json.set("countsFrom", *record.counts_from);
  json.set("createdAt", record.created_at);
  json.set("updatedAt", record.updated_at);
  return json;
}

Json preview_json(const MeterPreview& preview) {
  constexpr std::size_t kRowsMax = 1000;
  const Folding folding = preview.record.meter.aggregation;
  const auto shown = [folding](const MeterCell& cell) {
    const std::optional<Quantity> value = cell.value(folding);
    return value ? Json(value->shown()) : Json();
  };
  MeterCell all;
  Json rows = Json::array();
  for (const MeterMonth& month : preview.months) {
    all.merge(folding, month.cell);
    if (rows.as_array().size() >= kRowsMax) continue;
    rows.push_back(Json::object({{"subject", month.tenant.text()},
                                 {"period", month.period.text()},
                                 {"events", month.cell.count},
                                 {"unusableEvents", month.cell.unusable},
                                 {"value", shown(month.cell)}}));
  }
  Json json = Json::object({{"dryRun", true},
                            {"from", preview.record.counts_from},
                            {"events", all.count},
                            {"unusableEvents", all.unusable},
                            {"value", shown(all)}});
  json.set("hasMore", preview.months.size() > kRowsMax);
  json.set("data", std::move(rows));
  return json;
}

}  // namespace metergate
