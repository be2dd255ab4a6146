#include "plans_file.h"

#include <array>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace metergate {
namespace {

struct PlanKeyRow {
  Meter meter;
  std::string_view limit;
  std::string_view rate;
};

constexpr std::array<PlanKeyRow, 5> kPlanKeys = {{
    {Meter::stores_count, "stores", "store"},
    {Meter::devices_count, "devices", "device"},
    {Meter::api_calls, "api_calls", "api_call"},
    {Meter::webhook_calls, "webhook_calls", "webhook_call"},
    {Meter::storage_gb, "storage_gb", "storage_gb"},
}};

Result<Limit> read_limit(const toml::table& table, const PlanKeyRow& row) {
  const auto limits = table["limits"][row.limit];
  if (limits.value<std::string>() == "unlimited") return Limit{};
  const auto shown = limits.value_exact<std::int64_t>();
  const auto units = shown ? from_display(row.meter, {*shown, 0}) : std::optional<std::int64_t>{};
  if (!units) return fail(ErrorCode::invalid, "a plan has no limit " + std::string{row.limit});
  Limit limit{*units, LimitEffect::soft};
  if (table["effects"][row.limit].value<std::string>() == "hard") limit.effect = LimitEffect::hard;
  return limit;
}

Result<UnitPrice> read_rate(const toml::table& table, const PlanKeyRow& row) {
  const auto text = table["rates"][row.rate].value_exact<std::string>();
  const auto amount = text ? parse_decimal(*text) : std::optional<Decimal>{};
  if (!amount) return fail(ErrorCode::invalid, "a plan has no rate " + std::string{row.rate});
  return UnitPrice{TRY(to_money(*amount)), row_of(row.meter).units_per_display};
}

Result<Plan> read_plan(const toml::table& table) {
  Plan plan;
  if (const auto name = table["name"].value_exact<std::string>()) plan.name = *name;
  for (const PlanKeyRow& row : kPlanKeys) {
    plan.limits[row.meter] = TRY(read_limit(table, row));
    plan.rates[row.meter] = TRY(read_rate(table, row));
  }
  return plan;
}

}  // namespace

Result<std::vector<Plan>> read_plans_file(const std::string& path) {
  const toml::parse_result file = toml::parse_file(path);
  if (!file) return fail(ErrorCode::invalid, path + ": " + std::string{file.error().description()});
  const toml::array* tables = file.table()["plan"].as_array();
  if (tables == nullptr) return fail(ErrorCode::invalid, path + " has no [[plan]]");
  std::vector<Plan> plans;
  for (const toml::node& node : *tables) {
    const toml::table* table = node.as_table();
    if (table == nullptr)
      return fail(ErrorCode::invalid, path + " has a [[plan]] that is no table");
    plans.push_back(TRY(read_plan(*table)));
  }
  return plans;
}

}  // namespace metergate
