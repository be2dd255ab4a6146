// Reads the catalogue file, in TOML, into plans. Amounts are in quotes ("0.001"), since a TOML
// float is a binary fraction and could not hold them exactly.
#define TOML_EXCEPTIONS 0
#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>

#include "base/toml_text.h"
#include "domain/own_meter.h"
#include "service/tenants/catalog.h"
#include "service/tenants/limit_shapes.h"

namespace metergate {
namespace {

constexpr std::string_view kUnlimited = "unlimited";
constexpr std::size_t kPlansMax = 100;

struct Place {  // the position in the file, for messages
  std::string plan;
  std::string key;
};

std::unexpected<Error> wrong(const Place& place, std::string_view what) {
  const std::string where =
      place.plan.empty() ? place.key : fmt::format("plan '{}', {}", place.plan, place.key);
  return fail(ErrorCode::invalid, fmt::format("plan catalogue: {}: {}", where, what));
}

// An integer or an amount in quotes, as a JSON number.
Result<Json> number_of(const toml::node& node, const Place& place) {
  if (const auto* integer = node.as_integer()) return Json(integer->get());
  if (const auto* text = node.as_string()) {
    if (const auto amount = parse_decimal(text->get())) return Json(*amount);
    return wrong(place, fmt::format("'{}' is no number", text->get()));
  }
  if (node.is_floating_point()) {
    return wrong(place, "write an amount with decimals in quotes, like \"0.001\"");
  }
  return wrong(place, "must be a whole number, or an amount in quotes");
}

Result<const toml::table*> table_at(const toml::table& parent, const Place& place) {
  const toml::node* node = parent.get(place.key);
  if (node == nullptr) return nullptr;
  if (!node->is_table()) return wrong(place, "must be a table");
  return node->as_table();
}

template <class IsKnown>
Result<> refuse_unknown(const toml::table& table, const Place& place, IsKnown is_known) {
  for (const auto& [key, value] : table) {
    if (!is_known(key.str())) {
      const std::string prefix = place.key.empty() ? "" : place.key + ".";
      return wrong(Place{place.plan, prefix + std::string(key.str())}, "there is no such key");
    }
  }
  return {};
}

bool is_limit_name(std::string_view key) {
  return std::ranges::any_of(kMeters, [&](const MeterRow& row) { return row.limit_name == key; });
}

Result<Limit> read_limit(const toml::node& node, Meter meter, const Place& place) {
  if (const auto* text = node.as_string(); text != nullptr && text->get() == kUnlimited) {
    return Limit{};
  }
  const Json number = TRY(number_of(node, place));
  Result<Limit> limit = limit_from(meter, number);
  if (!limit) return wrong(place, limit.error().message + ", or \"unlimited\"");
  return limit;
}

Result<Limits> read_limits(const toml::table& plan, const std::string& name) {
  const toml::table* table = TRY(table_at(plan, Place{name, "limits"}));
  if (table == nullptr) return wrong(Place{name, "limits"}, "is missing");
  TRY(refuse_unknown(*table, Place{name, "limits"}, is_limit_name));
  Limits limits;
  for (const MeterRow& row : kMeters) {
    const Place place{name, fmt::format("limits.{}", row.limit_name)};
    const toml::node* node = table->get(row.limit_name);
    if (node == nullptr) return wrong(place, "is missing; a number or \"unlimited\"");
    limits[row.meter] = TRY(read_limit(*node, row.meter, place));
  }
  return limits;
}

// Effects of built-in meters, and of own meters that the plan names in [plan.meters].
Result<> read_effects(const toml::table& table, Plan& plan) {
  const toml::table* effects = TRY(table_at(table, Place{plan.name, "effects"}));
  if (effects == nullptr) return {};
  for (const auto& [key, node] : *effects) {
    const Place place{plan.name, fmt::format("effects.{}", key.str())};
    const std::optional<Meter> meter = find_meter(key.str());
    const auto own = std::ranges::find(plan.own, key.str(), &OwnTerm::meter);
    if (!meter && own == plan.own.end())
      return wrong(place, "there is no such meter, built in or in the plan's [plan.meters]");
    const std::optional<LimitEffect> effect = find_effect(node.value_or(std::string()));
    if (!effect) return wrong(place, "must be \"soft\" or \"hard\"");
    (meter ? plan.limits[*meter].effect : own->effect) = *effect;
  }
  return {};
}

Result<UnitPrice> read_rate(const toml::node& node, Meter meter, const Place& place) {
  const Json number = TRY(number_of(node, place));
  const Result<Money> price = to_money(*number.number());
  if (!price || price->micros < 0) {
    return wrong(place, "must be an amount from 0 with at most six decimals");
  }
  return UnitPrice{*price, row_of(meter).units_per_display};
}

// The plan's own rates, otherwise those of the whole file; every meter needs one.
Result<RateCard> read_rates(const toml::table& file, const toml::table& plan,
                            const std::string& name) {
  const toml::table* common = TRY(table_at(file, Place{"", "rates"}));
  const toml::table* own = TRY(table_at(plan, Place{name, "rates"}));
  const auto is_meter = [](std::string_view key) { return find_meter(key).has_value(); };
  if (common != nullptr) TRY(refuse_unknown(*common, Place{"", "rates"}, is_meter));
  if (own != nullptr) TRY(refuse_unknown(*own, Place{name, "rates"}, is_meter));
  RateCard rates;
  for (const MeterRow& row : kMeters) {
    const Place place{name, fmt::format("rates.{}", row.name)};
    const toml::node* node = own != nullptr ? own->get(row.name) : nullptr;
    if (node == nullptr && common != nullptr) node = common->get(row.name);
    if (node == nullptr) return wrong(place, "is missing, here and in the file's own [rates]");
    rates[row.meter] = TRY(read_rate(*node, row.meter, place));
  }
  return rates;
}

// Without it, requests are not limited.
Result<> read_request_rate(const toml::table& file, Plan& plan) {
  const toml::table* table = TRY(table_at(file, Place{plan.name, "request_rate"}));
  if (table == nullptr) return {};
  TRY(refuse_unknown(*table, Place{plan.name, "request_rate"},
                     [](std::string_view key) { return key == "per_second" || key == "burst"; }));
  const std::int64_t per_second = (*table)["per_second"].value_or(std::int64_t{0});
  const std::int64_t burst = (*table)["burst"].value_or(per_second);
  for (const auto& [key, value] : {std::pair{"per_second", per_second}, {"burst", burst}}) {
    if (value >= 1 && value <= kRequestRateMax) continue;
    return wrong(Place{plan.name, fmt::format("request_rate.{}", key)},
                 fmt::format("must be a whole number from 1 to {}", kRequestRateMax));
  }
  plan.request_rate = RequestRate{per_second, burst};
  return {};
}

Result<OwnTerm> read_own_meter(const toml::table& table, const std::string& slug,
                               const std::string& plan) {
  const std::string key = "meters." + slug;
  if (!is_own_slug(slug))
    return wrong(Place{plan, key}, "must be the slug of a meter of your own: a-z, 0-9 and '_'");
  TRY(refuse_unknown(table, Place{plan, key},
                     [](std::string_view name) { return name == "limit" || name == "rate"; }));
  const toml::node* limit = table.get("limit");
  const toml::node* rate = table.get("rate");
  if (limit == nullptr || rate == nullptr)
    return wrong(Place{plan, key}, "needs limit, a number or \"unlimited\", and rate");
  const Place rate_place{plan, key + ".rate"};
  OwnTerm term{slug, std::nullopt, {}};
  term.rate = TRY(read_rate(*rate, Meter::api_calls, rate_place)).price;
  if (limit->value_or(std::string()) == kUnlimited) return term;
  const Json number = TRY(number_of(*limit, Place{plan, key + ".limit"}));
  term.limit = Quantity::of(*number.number());
  if (!term.limit || *term.limit < Quantity{})
    return wrong(Place{plan, key + ".limit"},
                 "must be from 0 to 1000000000000 with at most nine decimals, or \"unlimited\"");
  return term;
}

// [plan.meters.tokens]: the plan's terms for the provider's own meters, by slug.
Result<std::vector<OwnTerm>> read_own_meters(const toml::table& plan, const std::string& name) {
  std::vector<OwnTerm> terms;
  const toml::table* meters = TRY(table_at(plan, Place{name, "meters"}));
  if (meters == nullptr) return terms;
  for (const auto& [slug, node] : *meters) {
    const std::string text(slug.str());
    if (!node.is_table()) return wrong(Place{name, "meters." + text}, "must be a table");
    terms.push_back(TRY(read_own_meter(*node.as_table(), text, name)));
  }
  if (terms.size() > kOwnMetersMax)
    return wrong(Place{name, "meters"}, fmt::format("at most {} are possible", kOwnMetersMax));
  std::ranges::sort(terms, {}, &OwnTerm::meter);
  return terms;
}

Result<Plan> read_plan(const toml::table& file, const toml::node& node) {
  const toml::table* table = node.as_table();
  if (table == nullptr) return wrong(Place{"", "plan"}, "must be an array of tables: [[plan]]");
  Plan plan;
  plan.name = (*table)["name"].value_or(std::string());
  if (!is_id_syntax(plan.name)) {
    return wrong(
        Place{"", "plan.name"},
        fmt::format("'{}' must be 1 to 64 letters, digits, '.', '_', ':' or '-'", plan.name));
  }
  TRY(refuse_unknown(*table, Place{plan.name, ""}, [](std::string_view key) {
    return key == "name" || key == "limits" || key == "effects" || key == "rates" ||
           key == "request_rate" || key == "meters";
  }));
  plan.limits = TRY(read_limits(*table, plan.name));
  plan.rates = TRY(read_rates(file, *table, plan.name));
  TRY(read_request_rate(*table, plan));
  plan.own = TRY(read_own_meters(*table, plan.name));
  TRY(read_effects(*table, plan));
  return plan;
}

}  // namespace

Result<std::vector<Plan>> parse_catalogue(std::string_view toml) {
  if (const auto checked = check_toml_letters(toml); !checked)
    return fail(ErrorCode::invalid, "plan catalogue: " + checked.error().message);
  const toml::parse_result parsed = toml::parse(toml);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    return fail(ErrorCode::invalid, fmt::format("plan catalogue: line {}: {}",
                                                error.source().begin.line, error.description()));
  }
  const toml::table& file = parsed.table();
  TRY(refuse_unknown(file, Place{},
                     [](std::string_view key) { return key == "plan" || key == "rates"; }));
  const toml::array* tables = file["plan"].as_array();
  if (tables == nullptr || tables->empty() || tables->size() > kPlansMax) {
    return fail(ErrorCode::invalid,
                fmt::format("plan catalogue: must hold 1 to {} [[plan]] tables", kPlansMax));
  }
  std::vector<Plan> plans;
  for (const toml::node& node : *tables) {
    Plan plan = TRY(read_plan(file, node));
    const auto is_same = [&](const Plan& other) { return other.name == plan.name; };
    if (std::ranges::any_of(plans, is_same)) {
      return wrong(Place{plan.name, "name"}, "stands in the file twice");
    }
    plans.push_back(std::move(plan));
  }
  return plans;
}

}  // namespace metergate
