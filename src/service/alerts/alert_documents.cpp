// Converts alerts to documents and back.
#include <algorithm>
#include <array>

#include "service/alerts/alert_shapes.h"
#include "service/alerts/alerting.h"
#include "service/billing/line_json.h"

namespace metergate {

namespace {

Json text_or_null(const std::string& text) { return text.empty() ? Json{} : Json{text}; }

std::int64_t whole_units(Quantity quantity) {
  return saturate(quantity.billionths / Quantity::kPerWhole);
}

// The meter's figures at the opening of the warning.
Json expected_json(const LineItem& line, Quantity expected) {
  return units_json(line.meter, whole_units(expected));
}
Json expected_json(const OwnLineItem&, Quantity expected) { return quantity_json(expected); }

Json warning_metadata(const Alert& alert) {
  Json metadata =
      Json::object({{"plan", alert.plan}, {"period", alert.period.text()}, {"meter", alert.meter}});
  const bool is_near = alert.kind == AlertKind::near_limit;
  if (is_near) metadata.set("threshold_percent", alert.threshold);
  Json meters = Json::object();
  each_line(alert, [&](const auto& line) {
    meters.set(meter_of(line),
               Json::object({{"usage", amount_json(line, line.usage)},
                             {"limit", included_json(line)},
                             {"utilization_percent", utilization_of(line).percent()}}));
    if (alert.expected) metadata.set("expected", expected_json(line, *alert.expected));
  });
  if (alert.passes_on) metadata.set("passes_on", to_text(*alert.passes_on));
  metadata.set("meters", std::move(meters));
  return metadata;
}

Json metadata_json(const Alert& alert, const Currency& currency) {
  if (!alert.meter.empty()) return warning_metadata(alert);
  Json meters = Json::object();
  each_line(alert, [&](const auto& line) {
    meters.set(meter_of(line), Json::object({
                                   {"usage", amount_json(line, line.usage)},
                                   {"limit", included_json(line)},
                                   {"overage", amount_json(line, line.overage)},
                                   {"cost", exact_cost_json(line.cost, currency)},
                                   {"currency", currency.code()},
                               }));
  });
  Json metadata = Json::object({
      {"plan", alert.plan},
      {"period", alert.period.text()},
      {"meters", std::move(meters)},
  });
  if (!alert.billing_error.empty()) metadata.set("billing_error", alert.billing_error);
  return metadata;
}

Json exact_json(const Alert& alert) {
  Json lines = Json::array();
  for (const LineItem& line : alert.lines) {
    lines.push_back(Json::object({
        {"meter", row_of(line.meter).name},
        {"usage", line.usage},
        {"included", line.included},
        {"overage", line.overage},
        {"price", line.rate.price.micros},
        {"per_units", line.rate.per_units},
        {"cost", line.cost ? Json(line.cost->micros) : Json()},
    }));
  }
  Json::Array resolved;
  for (const MeterRow& row : kMeters) resolved.emplace_back(alert.overage_resolved[row.meter]);
  Json own = Json::array();
  for (const OwnLineItem& line : alert.own_lines) own.push_back(exact_own_line_json(line));
  Json own_resolved = Json::object();
  for (const auto& [meter, overage] : alert.own_overage_resolved)
    own_resolved.set(meter, billionths_text(overage));
  Json exact = Json::object({{"lines", std::move(lines)},
                             {"overage_resolved", std::move(resolved)},
                             {"own_lines", std::move(own)},
                             {"own_overage_resolved", std::move(own_resolved)}});
  if (alert.expected) exact.set("expected", billionths_text(*alert.expected));
  return exact;
}

// Reads members; remembers whether one was missing or of the wrong kind.
class DocumentReader {
 public:
  explicit DocumentReader(const Json& document) : document_(document) {}

  std::string text(std::string_view name) {
    std::optional<std::string> value = document_.string_at(name);
    is_whole_ = is_whole_ && value.has_value();
    return std::move(value).value_or("");
  }
  std::string optional_text(std::string_view name) {
    return document_.string_at(name).value_or("");
  }
  std::int64_t integer(std::string_view name) {
    const std::optional<std::int64_t> value = document_.integer_at(name);
    is_whole_ = is_whole_ && value.has_value();
    return value.value_or(0);
  }
  Timestamp time(std::string_view name) {
    const std::optional<Timestamp> value = document_.timestamp_at(name);
    is_whole_ = is_whole_ && value.has_value();
    return value.value_or(Timestamp{});
  }
  std::optional<Timestamp> optional_time(std::string_view name) {
    return document_.timestamp_at(name);
  }
  bool is_whole() const { return is_whole_; }

 private:
  const Json& document_;
  bool is_whole_ = true;
};

std::unexpected<Error> corrupt_alert(const std::string& alert_id) {
  return fail(ErrorCode::corrupt,
              "the stored alert " + alert_id + " is damaged; run metergate verify");
}

Result<LineItem> line_from(const Json& document, const std::string& alert_id) {
  DocumentReader reader{document};
  const std::optional<Meter> meter = find_meter(reader.text("meter"));
  LineItem line;
  line.usage = reader.integer("usage");
  line.included = document.integer_at("included");
  line.overage = reader.integer("overage");
  line.rate = {Money{reader.integer("price")}, reader.integer("per_units")};
  if (const Json* cost = document.find("cost"); cost == nullptr || !cost->is_null())
    line.cost = Money{reader.integer("cost")};
  if (!meter || !reader.is_whole()) return corrupt_alert(alert_id);
  line.meter = *meter;
  return line;
}

// Alerts of older builds, without meters of the provider's own, have neither member.
Result<> read_own(const Json& exact, Alert& alert) {
  const Json* lines = exact.find("own_lines");
  const Json* resolved = exact.find("own_overage_resolved");
  if (lines == nullptr || resolved == nullptr) return {};
  if (!lines->is_array() || !resolved->is_object()) return corrupt_alert(alert.alert_id);
  for (const Json& line : lines->as_array()) alert.own_lines.push_back(TRY(own_line_from(line)));
  for (const auto& [meter, overage] : resolved->as_object()) {
    const auto quantity =
        overage.is_string() ? quantity_of_billionths(overage.as_string()) : std::nullopt;
    if (!quantity) return corrupt_alert(alert.alert_id);
    alert.own_overage_resolved.emplace_back(meter, *quantity);
  }
  return {};
}

Result<> read_exact(const Json& document, Alert& alert) {
  const Json* exact = document.find("exact");
  const Json* lines = exact == nullptr ? nullptr : exact->find("lines");
  const Json* resolved = exact == nullptr ? nullptr : exact->find("overage_resolved");
  if (lines == nullptr || !lines->is_array() || resolved == nullptr || !resolved->is_array() ||
      resolved->as_array().size() != kMeters.size()) {
    return corrupt_alert(alert.alert_id);
  }
  for (const Json& line : lines->as_array()) {
    alert.lines.push_back(TRY(line_from(line, alert.alert_id)));
  }
  for (std::size_t at = 0; at < kMeters.size(); ++at) {
    const Json& overage = resolved->as_array()[at];
    if (overage.kind() != Json::Kind::integer) return corrupt_alert(alert.alert_id);
    alert.overage_resolved[kMeters[at].meter] = overage.as_integer();
  }
  if (const auto expected = exact->string_at("expected"))
    alert.expected = quantity_of_billionths(*expected);
  return read_own(*exact, alert);
}

constexpr std::array<std::string_view, 18> kShown = {
    "alert_id",
    "type",
    "severity",
    "status",
    "tenant_id",
    "tenant_name",
    "period",
    "first_seen",
    "last_seen",
    "count",
    "acknowledged_at",
    "acknowledged_by",
    "resolved_at",
    "resolved_by",
    "resolution_reason",
    "metadata",
    "created_at",
    "updated_at",
};

}  // namespace

Json to_document(const Alert& alert, const Currency& currency) {
  const AlertKindRow& row = row_of(alert.kind);
  Json document = Json::object({
      {"alert_id", alert.alert_id},
      {"type", row.type},
      {"severity", row.severity},
      {"status", to_text(alert.status)},
      {"tenant_id", alert.tenant.text()},
      {"tenant_name", alert.tenant_name},
      {"period", alert.period.text()},
      {"first_seen", alert.first_seen},
      {"last_seen", alert.last_seen},
      {"count", alert.count},
      {"acknowledged_at", alert.acknowledged_at},
      {"acknowledged_by", text_or_null(alert.acknowledged_by)},
      {"acknowledge_reason", text_or_null(alert.acknowledge_reason)},
      {"resolved_at", alert.resolved_at},
      {"resolved_by", text_or_null(alert.resolved_by)},
      {"resolution_reason", text_or_null(alert.resolution_reason)},
      {"metadata", metadata_json(alert, currency)},
      {"created_at", alert.created_at},
      {"updated_at", alert.updated_at},
      {"exact", exact_json(alert)},
  });
  if (!alert.meter.empty()) document.set("meter", alert.meter);
  if (alert.threshold > 0) document.set("threshold", alert.threshold);
  return document;
}

Result<Alert> alert_from(const Json& document) {
  DocumentReader reader{document};
  Alert alert;
  alert.alert_id = reader.text("alert_id");
  alert.tenant_name = reader.text("tenant_name");
  alert.first_seen = reader.time("first_seen");
  alert.last_seen = reader.time("last_seen");
  alert.count = reader.integer("count");
  alert.acknowledged_at = reader.optional_time("acknowledged_at");
  alert.acknowledged_by = reader.optional_text("acknowledged_by");
  alert.acknowledge_reason = reader.optional_text("acknowledge_reason");
  alert.resolved_at = reader.optional_time("resolved_at");
  alert.resolved_by = reader.optional_text("resolved_by");
  alert.resolution_reason = reader.optional_text("resolution_reason");
  alert.created_at = reader.time("created_at");
  alert.updated_at = reader.time("updated_at");
  const auto* const kind = std::ranges::find(kAlertKinds, reader.text("type"), &AlertKindRow::type);
  const std::optional<AlertStatus> status = find_alert_status(reader.text("status"));
  const Result<TenantId> tenant = TenantId::parse(reader.text("tenant_id"));
  const Result<Period> period = Period::parse(reader.text("period"));
  const Json* metadata = document.find("metadata");
  const std::optional<std::string> plan =
      metadata == nullptr ? std::nullopt : metadata->string_at("plan");
  if (!reader.is_whole() || kind == kAlertKinds.end() || !status || !tenant || !period || !plan)
    return corrupt_alert(alert.alert_id);
  alert.kind = kind->kind;
  alert.billing_error = metadata->string_at("billing_error").value_or("");
  alert.meter = reader.optional_text("meter");
  alert.threshold = static_cast<int>(document.integer_at("threshold").value_or(0));
  if (const auto day = parse_day(metadata->string_at("passes_on").value_or("")); day)
    alert.passes_on = *day;
  alert.status = *status;
  alert.tenant = *tenant;
  alert.period = *period;
  alert.plan = *plan;
  TRY(read_exact(document, alert));
  return alert;
}

Json alert_json(const Json& document) {
  Json result = Json::object();
  for (const std::string_view name : kShown) {
    const Json* value = document.find(name);
    result.set(name, value == nullptr ? Json{} : *value);
  }
  for (const std::string_view name : {"meter", "threshold", "acknowledge_reason"}) {
    const Json* value = document.find(name);
    if (value != nullptr && !value->is_null()) result.set(name, *value);
  }
  return result;
}

DocumentKey alert_key(const AlertName& name) {
  std::string id = std::string{row_of(name.kind).type} + "|" + name.period.text();
  if (!name.meter.empty()) id += "|" + name.meter;
  if (name.threshold > 0) id += "|" + std::to_string(name.threshold);
  return {name.tenant.text(), std::move(id)};
}

DocumentWrite alert_write(const Alert& alert, std::optional<std::int64_t> revision,
                          const Currency& currency) {
  DocumentWrite write;
  write.collection = Collection::provider_alerts;
  write.key = alert_key({alert.kind, alert.tenant, alert.period, alert.meter, alert.threshold});
  write.document = to_document(alert, currency);
  write.expect = revision ? Expect::revision : Expect::absent;
  write.revision = revision.value_or(0);
  return write;
}

}  // namespace metergate
