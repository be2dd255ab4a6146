#include "service/tenants/own_lines.h"

#include <algorithm>

namespace metergate {
namespace {

std::unexpected<Error> corrupt_own_line(std::string_view what) {
  return fail(ErrorCode::corrupt,
              "what is stored of a meter of the provider's own has no valid " + std::string(what));
}

std::optional<Quantity> quantity_at(const Json& json, std::string_view name) {
  const std::optional<std::string> text = json.string_at(name);
  return text ? quantity_of_billionths(*text) : std::nullopt;
}

}  // namespace

Result<std::vector<Quantity>> own_usage(const Store& store, const TenantId& tenant,
                                        const std::vector<OwnTerm>& terms, Period period) {
  std::vector<Quantity> usage;
  for (const OwnTerm& term : terms) {
    const std::optional<Json> document = TRY(store.get(Collection::meters, {"", term.meter}));
    const auto month = TRY(store.meter_total(tenant, term.meter, period));
    if (!document || !month) {
      usage.emplace_back();
      continue;
    }
    const MeterRecord record = TRY(meter_from(*document));
    usage.push_back(month->value(record.meter.aggregation).value_or(Quantity{}));
  }
  return usage;
}

Json quantity_json(Quantity quantity) {
  const Decimal shown = quantity.shown();
  return shown.scale == 0 ? Json(shown.unscaled) : Json(shown);
}

Json exact_own_line_json(const OwnLineItem& line) {
  Json included;
  if (line.included) included = billionths_text(*line.included);
  return Json::object({{"meter", line.meter},
                       {"usage", billionths_text(line.usage)},
                       {"included", std::move(included)},
                       {"overage", billionths_text(line.overage)},
                       {"rate", line.rate.micros},
                       {"cost", line.cost ? Json(line.cost->micros) : Json()}});
}

Result<OwnLineItem> own_line_from(const Json& exact) {
  const auto meter = exact.string_at("meter");
  const auto usage = quantity_at(exact, "usage");
  const auto overage = quantity_at(exact, "overage");
  const auto rate = exact.integer_at("rate");
  const Json* shown_cost = exact.find("cost");
  const auto cost = exact.integer_at("cost");
  const bool has_no_cost = shown_cost != nullptr && shown_cost->is_null();
  if (!meter || !usage || !overage || !rate || *rate < 0 || (!has_no_cost && cost.value_or(-1) < 0))
    return corrupt_own_line("line");
  OwnLineItem line{*meter, *usage, std::nullopt, *overage, Money{*rate}, std::nullopt};
  if (cost) line.cost = Money{*cost};
  const Json* included = exact.find("included");
  if (included != nullptr && !included->is_null()) {
    line.included = quantity_at(exact, "included");
    if (!line.included) return corrupt_own_line("limit");
  }
  return line;
}

Json own_terms_json(const std::vector<OwnTerm>& terms) {
  Json json = Json::object();
  for (const OwnTerm& term : terms) {
    Json limit;
    if (term.limit) limit = quantity_json(*term.limit);
    json.set(term.meter, Json::object({{"limit", std::move(limit)},
                                       {"rate", trimmed(Decimal{term.rate.micros, 6})}}));
  }
  return json;
}

Result<std::vector<OwnTerm>> own_terms_from(const Json& terms) {
  std::vector<OwnTerm> read;
  if (!terms.is_object()) return corrupt_own_line("terms");
  for (const auto& [meter, json] : terms.as_object()) {
    const Json* rate = json.find("rate");
    const Json* limit = json.find("limit");
    if (rate == nullptr || limit == nullptr || !rate->is_number()) return corrupt_own_line("terms");
    OwnTerm term{meter, std::nullopt, {}};
    term.rate = TRY(to_money(*rate->number()));
    if (!limit->is_null()) {
      if (!limit->is_number()) return corrupt_own_line("limit");
      term.limit = Quantity::of(*limit->number());
      if (!term.limit) return corrupt_own_line("limit");
    }
    read.push_back(std::move(term));
  }
  std::ranges::sort(read, {}, &OwnTerm::meter);
  return read;
}

}  // namespace metergate
