#include "service/billing/late_lines.h"

#include <algorithm>

#include "service/tenants/own_lines.h"

namespace metergate {
namespace {

std::unexpected<Error> corrupt_late_line(std::string_view what) {
  return fail(ErrorCode::corrupt, "a stored late line has no valid " + std::string(what));
}

std::optional<Quantity> quantity_from(const Json& value) {
  return value.is_string() ? quantity_of_billionths(value.as_string()) : std::nullopt;
}

Json totals_json(const Quantities& totals) {
  Json json = Json::object();
  for (const auto& [meter, quantity] : totals) json.set(meter, billionths_text(quantity));
  return json;
}

Result<Quantities> totals_from(const Json* json) {
  if (json == nullptr || !json->is_object()) return corrupt_late_line("totals");
  Quantities totals;
  for (const auto& [meter, value] : json->as_object()) {
    const std::optional<Quantity> quantity = quantity_from(value);
    if (!quantity) return corrupt_late_line("total");
    totals.emplace(meter, *quantity);
  }
  return totals;
}

Result<> read_lines(const Json* json, LateEntry& entry) {
  if (json == nullptr || !json->is_array()) return corrupt_late_line("lines");
  for (const Json& one : json->as_array()) {
    const auto meter = one.string_at("meter");
    const Json* quantity = one.find("quantity");
    const auto units = quantity == nullptr ? std::nullopt : quantity_from(*quantity);
    const auto cost = one.integer_at("cost");
    if (!meter || !units || !cost) return corrupt_late_line("line");
    entry.lines.push_back(
        {*meter, entry.period, *units, Money{*cost}, entry.correction_id, entry.reason, 1, ""});
  }
  return {};
}

Result<Period> period_of(const Json& json, std::string_view name) {
  const Result<Period> period = Period::parse(json.string_at(name).value_or(""));
  if (!period) return corrupt_late_line(name);
  return period;
}

// The lines of the documents that match the filter, in the order of their corrections.
Result<LateLinesByTenant> find_lines(const Store& store, Filter filter, const Currency& currency) {
  Query query;
  query.collection = Collection::late_lines;
  query.filter = std::move(filter);
  std::vector<LateEntry> entries;
  for (const Json& document : TRY(store.find(query)))
    entries.push_back(TRY(late_entry_from(document)));
  std::ranges::sort(entries, {},
                    [](const LateEntry& entry) { return std::pair(entry.period, entry.number); });
  LateLinesByTenant found;
  for (LateEntry& entry : entries) {
    std::vector<LateLine>& lines = found[entry.tenant.text()];
    for (LateLine& line : entry.lines) {
      if (entry.currency != currency.code()) line.currency = entry.currency;
      lines.push_back(std::move(line));
    }
  }
  return found;
}

}  // namespace

std::string late_event_id(const KeptEvent& kept) {
  return std::to_string(kept.sequence) + "-" + std::to_string(kept.index);
}

Json late_document(const LateEntry& entry) {
  Json lines = Json::array();
  for (const LateLine& line : entry.lines)
    lines.push_back(Json::object({{"meter", line.meter},
                                  {"quantity", billionths_text(line.quantity)},
                                  {"cost", line.cost.micros}}));
  return Json::object({{"tenant_id", entry.tenant.text()},
                       {"event", entry.event},
                       {"period", entry.period.text()},
                       {"number", entry.number},
                       {"billed_in", entry.billed_in.text()},
                       {"currency", entry.currency},
                       {"correction_id", entry.correction_id},
                       {"reason", entry.reason},
                       {"lines", std::move(lines)},
                       {"totals", totals_json(entry.totals)}});
}

Result<LateEntry> late_entry_from(const Json& document) {
  LateEntry entry;
  const auto tenant = document.string_at("tenant_id");
  const auto event = document.string_at("event");
  const auto number = document.integer_at("number");
  const auto currency = document.string_at("currency");
  const auto correction = document.string_at("correction_id");
  const auto reason = document.string_at("reason");
  if (!tenant || !event || !number || *number < 1 || !currency || !correction || !reason)
    return corrupt_late_line("head");
  entry.tenant = TRY(TenantId::parse(*tenant));
  entry.event = *event;
  entry.number = *number;
  entry.currency = *currency;
  entry.correction_id = *correction;
  entry.reason = *reason;
  entry.period = TRY(period_of(document, "period"));
  entry.billed_in = TRY(period_of(document, "billed_in"));
  entry.totals = TRY(totals_from(document.find("totals")));
  TRY(read_lines(document.find("lines"), entry));
  return entry;
}

Result<std::optional<LateEntry>> last_late_entry(const Store& store, const TenantId& tenant,
                                                 Period corrected) {
  Query query;
  query.collection = Collection::late_lines;
  query.filter = Filter::all(
      {Filter::equal("tenant_id", tenant.text()), Filter::equal("period", corrected.text())});
  query.sort = {{"number", true}};
  query.limit = 1;
  const std::vector<Json> found = TRY(store.find(query));
  if (found.empty()) return std::optional<LateEntry>();
  return std::optional(TRY(late_entry_from(found.front())));
}

Result<std::vector<LateLine>> late_lines_of(const Store& store, const TenantId& tenant,
                                            Period billed_in, const Currency& currency) {
  if (!store.may_have_late_lines(tenant)) return std::vector<LateLine>();
  Filter filter = Filter::all(
      {Filter::equal("billed_in", billed_in.text()), Filter::equal("tenant_id", tenant.text())});
  LateLinesByTenant found = TRY(find_lines(store, std::move(filter), currency));
  if (found.empty()) return std::vector<LateLine>();
  return std::move(found.begin()->second);
}

Result<LateLinesByTenant> late_lines_of_all_tenants(const Store& store, Period billed_in,
                                                    const Currency& currency) {
  return find_lines(store, Filter::equal("billed_in", billed_in.text()), currency);
}

Json late_items_json(const std::vector<LateLine>& lines, const Currency& currency) {
  Json items = Json::array();
  for (const LateLine& line : lines) {
    Json item =
        Json::object({{"meter", line.meter},
                      {"period", line.period.text()},
                      {"quantity", quantity_json(line.quantity)},
                      {"cost", to_exact_decimal(line.cost, currency)},
                      {"currency", line.currency.empty() ? currency.code() : line.currency}});
    if (line.corrections == 1) {
      item.set("correction_id", line.correction_id);
      item.set("reason", line.reason);
    } else {
      item.set("corrections", line.corrections);
    }
    items.push_back(std::move(item));
  }
  return items;
}

Json exact_late_json(const std::vector<LateLine>& lines) {
  Json exact = Json::array();
  for (const LateLine& line : lines) {
    Json::Array pair;
    pair.emplace_back(billionths_text(line.quantity));
    pair.emplace_back(line.cost.micros);
    exact.push_back(Json(std::move(pair)));
  }
  return exact;
}

Result<std::vector<LateLine>> late_lines_from(const Json& items, const Json& exact,
                                              const Currency& currency) {
  const bool are_lists = items.is_array() && exact.is_array();
  if (!are_lists || items.as_array().size() != exact.as_array().size())
    return corrupt_late_line("list");
  std::vector<LateLine> lines;
  for (std::size_t at = 0; at < items.as_array().size(); ++at) {
    const Json& item = items.as_array()[at];
    const Json& pair = exact.as_array()[at];
    const auto meter = item.string_at("meter");
    if (!meter || !pair.is_array() || pair.as_array().size() != 2) return corrupt_late_line("item");
    const std::optional<Quantity> quantity = quantity_from(pair.as_array()[0]);
    const Json& cost = pair.as_array()[1];
    if (!quantity || cost.kind() != Json::Kind::integer) return corrupt_late_line("amount");
    LateLine line;
    line.meter = *meter;
    line.period = TRY(period_of(item, "period"));
    line.quantity = *quantity;
    line.cost = Money{cost.as_integer()};
    line.correction_id = item.string_at("correction_id").value_or("");
    line.reason = item.string_at("reason").value_or("");
    line.corrections = item.integer_at("corrections").value_or(1);
    // Reports of older builds name a line's currency only if it is another one.
    line.currency = item.string_at("currency").value_or("");
    if (line.currency == currency.code()) line.currency.clear();
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace metergate
