#include "storage/shapes/meter_shapes.h"

namespace metergate {
namespace {

std::unexpected<Error> corrupt(const Json& document) {
  return fail(ErrorCode::corrupt, "the stored meter '" +
                                      document.string_at("slug").value_or("without a slug") +
                                      "' cannot be read");
}

}  // namespace

Json to_document(const MeterRecord& record) {
  Json groups = Json::object();
  for (const Dimension& dimension : record.meter.group_by)
    groups.set(dimension.name, dimension.path);
  const auto text_or_null = [](const std::string& text) {
    return text.empty() ? Json() : Json(text);
  };
  Json document = Json::object({{"meter_id", record.id},
                                {"slug", record.meter.slug},
                                {"name", record.name},
                                {"description", text_or_null(record.description)},
                                {"event_type", record.meter.event_type},
                                {"value_property", text_or_null(record.meter.value_path)},
                                {"aggregation", row_of(record.meter.aggregation).name},
                                {"group_by", std::move(groups)},
                                {"created_at", record.created_at},
                                {"updated_at", record.updated_at}});
  if (record.meter.tenant_may_send) document.set("tenant_may_send", true);
  if (record.counts_from) document.set(kMeterFrom, *record.counts_from);
  return document;
}

Result<MeterRecord> meter_from(const Json& document) {
  const auto slug = document.string_at("slug");
  const auto type = document.string_at("event_type");
  const auto aggregation = find_folding(document.string_at("aggregation").value_or(""));
  const Json* groups = document.find("group_by");
  const auto created = document.timestamp_at("created_at");
  const auto updated = document.timestamp_at("updated_at");
  const bool is_whole = slug && type && aggregation && groups != nullptr && groups->is_object();
  if (!is_whole || !created || !updated) return corrupt(document);
  MeterRecord record;
  record.id = document.string_at("meter_id").value_or("");
  record.name = document.string_at("name").value_or(*slug);
  record.description = document.string_at("description").value_or("");
  record.created_at = *created;
  record.updated_at = *updated;
  record.meter.slug = *slug;
  record.meter.event_type = *type;
  record.meter.aggregation = *aggregation;
  record.meter.value_path = document.string_at("value_property").value_or("");
  record.meter.tenant_may_send = document.bool_at("tenant_may_send").value_or(false);
  record.counts_from = document.timestamp_at(kMeterFrom);
  for (const auto& [name, path] : groups->as_object()) {
    if (!path.is_string()) return corrupt(document);
    record.meter.group_by.push_back({name, path.as_string()});
  }
  if (!faults_of(record.meter).empty()) return corrupt(document);
  return record;
}

}  // namespace metergate
