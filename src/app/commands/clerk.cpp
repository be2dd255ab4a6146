// metergate usage and metergate statement: how a tenant stands, and what it owes.
#include "app/commands/clerk.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <ostream>

#include "app/commands/command.h"
#include "app/commands/table_options.h"
#include "app/exit_status.h"
#include "base/nearest.h"
#include "service/billing/billing.h"
#include "service/tenants/directory.h"

namespace metergate {
namespace {

std::string text_at(const Json& json, std::string_view name) {
  return harmless(json.string_at(name).value_or(""));
}

// Prints the tenant, plan and month, and the tenant's standing.
void print_heading(const Json& shown, const Terminal& terminal, std::ostream& out) {
  const std::string health = text_at(shown, "health_status");
  out << painted(text_at(shown, "tenant_id"), Colour::bold, terminal.has_colours) << "  "
      << text_at(shown, "tenant_name") << '\n'
      << fmt::format("{}, plan {}, {}{}", text_at(shown, "period"), text_at(shown, "plan"),
                     text_at(shown, "status"), health.empty() ? "" : ", ")
      << painted(health, colour_of_health(health), terminal.has_colours) << "\n\n";
}

struct Asked {
  Statement statement;
  Json json;  // as GET /provider/billing/tenants/{tenant_id} has it
};

Result<Asked> ask(const Services& services, const std::string& tenant_text,
                  const std::string& period_text) {
  const TenantId tenant = TRY(find_tenant(services, tenant_text));
  const Period period = TRY(find_period(services, period_text));
  Asked asked{TRY(services.billing.statement(tenant, period)), {}};
  asked.json = tenant_billing_json(asked.statement);
  asked.json.set("period", period.text());
  asked.json.set("closed", asked.statement.is_closed);
  return asked;
}

// Prints the JSON whole, or the heading of the tables; true if the tables are still to come.
bool begins_tables(const Json& json, const TableOptions& table, const StoreContext& context) {
  if (!table.wants_json) {
    print_heading(json, table.terminal, context.streams.out);
    return true;
  }
  std::string text;
  append_text(json, context.services.rules.zone, text);
  context.streams.out << text << '\n';
  return false;
}

void declare_tenant(CLI::App& options, std::string& tenant, std::string& period) {
  options.add_option("TENANT", tenant, "the tenant's id")->required();
  options.add_option("PERIOD", period, "a month, YYYY-MM; left out: the one that runs");
}

class UsageCommand final : public StoreCommand {
 public:
  void declare(CLI::App& options) override {
    declare_tenant(options, tenant_, period_);
    table_.declare(options);
  }
  bool prints_tables() const override { return true; }

  Result<int> run(StoreContext& context) override {
    const Services& services = context.services;
    Asked asked = TRY(ask(services, tenant_, period_));
    const auto forecast = TRY(services.billing.forecast(asked.statement));
    const auto own = TRY(services.billing.own_forecast(asked.statement));
    asked.json.set("forecast", forecast_json(forecast, own));
    if (begins_tables(asked.json, table_, context)) print_meters(asked, context.streams.out);
    return kExitDone;
  }

 private:
  void print_meters(const Asked& asked, std::ostream& out) const {
    FittedTable table({{"METER", ColumnKind::text},
                       {"USED", ColumnKind::number},
                       {"LIMIT", ColumnKind::number},
                       {"PERCENT", ColumnKind::number},
                       {"EXPECTED", ColumnKind::number},
                       {"PASSES LIMIT ON", ColumnKind::word}});
    const Json* usage = asked.json.find("usage");
    const Json* percents = asked.json.find("utilization");
    const Json* forecasts = asked.json.find("forecast");
    const Json lines = line_items_json(asked.statement);
    for (const auto& [meter, used] : usage->as_object()) {
      const Json* forecast = forecasts->find(meter);
      const bool has_forecast = forecast != nullptr && forecast->is_object();
      const Json* limit = limit_of(lines, meter);
      const Json* percent = percents->find(meter + "_percent");
      const bool is_over = limit != nullptr && !limit->is_null() && compare(used, *limit) > 0;
      const auto passes = has_forecast ? forecast->string_at("passes_limit_on") : std::nullopt;
      table.add({{meter},
                 {figure_text(&used), is_over ? Colour::red : Colour::none},
                 {limit != nullptr && limit->is_null() ? "unlimited" : figure_text(limit)},
                 {figure_text(percent), is_over ? Colour::red : Colour::none},
                 {figure_text(has_forecast ? forecast->find("expected") : nullptr)},
                 {passes.value_or("-"), passes ? Colour::yellow : Colour::none}});
    }
    table.print(table_.terminal, out);
  }

  static const Json* limit_of(const Json& lines, const std::string& meter) {
    for (const Json& line : lines.as_array()) {
      if (line.string_at("meter") == meter) return line.find("included");
    }
    return nullptr;
  }

  std::string tenant_;
  std::string period_;
  TableOptions table_;
};

class StatementCommand final : public StoreCommand {
 public:
  void declare(CLI::App& options) override {
    declare_tenant(options, tenant_, period_);
    table_.declare(options);
  }
  bool prints_tables() const override { return true; }

  Result<int> run(StoreContext& context) override {
    Asked asked = TRY(ask(context.services, tenant_, period_));
    asked.json.set("line_items", line_items_json(asked.statement));
    if (!begins_tables(asked.json, table_, context)) return kExitDone;
    std::ostream& out = context.streams.out;
    print_lines(asked.json, out);
    print_late(asked.json, out);
    print_total(asked, out);
    return kExitDone;
  }

 private:
  void print_lines(const Json& json, std::ostream& out) const {
    FittedTable table({{"METER", ColumnKind::text},
                       {"USED", ColumnKind::number},
                       {"INCLUDED", ColumnKind::number},
                       {"OVERAGE", ColumnKind::number},
                       {"RATE", ColumnKind::number},
                       {"COST", ColumnKind::number}});
    for (const Json& line : json.find("line_items")->as_array()) {
      const Json* included = line.find("included");
      const Json* overage = line.find("overage");
      const bool is_over = overage != nullptr && compare(*overage, Json{std::int64_t{0}}) > 0;
      table.add({{text_at(line, "meter")},
                 {figure_text(line.find("usage"))},
                 {included->is_null() ? "unlimited" : figure_text(included)},
                 {figure_text(overage), is_over ? Colour::red : Colour::none},
                 {figure_text(line.find("rate"))},
                 {figure_text(line.find("cost"))}});
    }
    if (table.is_empty()) {
      out << "What was used in this month is no longer known.\n";
    } else {
      table.print(table_.terminal, out);
    }
  }

  // Prints the corrections of months that were closed already.
  void print_late(const Json& json, std::ostream& out) const {
    const Json* late = json.find("late_items");
    if (late == nullptr || !late->is_array() || late->as_array().empty()) return;
    FittedTable table({{"LATE, OF", ColumnKind::word},
                       {"METER", ColumnKind::text},
                       {"QUANTITY", ColumnKind::number},
                       {"COST", ColumnKind::number},
                       {"REASON", ColumnKind::text}});
    for (const Json& line : late->as_array())
      table.add({{text_at(line, "period")},
                 {text_at(line, "meter")},
                 {figure_text(line.find("quantity"))},
                 {figure_text(line.find("cost"))},
                 {text_at(line, "reason")}});
    out << '\n';
    table.print(table_.terminal, out);
  }

  void print_total(const Asked& asked, std::ostream& out) const {
    const std::string problem = text_at(asked.json, "billing_error");
    const std::string total = fmt::format("{} {}", figure_text(asked.json.find("overage_cost")),
                                          text_at(asked.json, "currency"));
    out << "\nTotal  " << painted(total, Colour::bold, table_.terminal.has_colours)
        << (asked.statement.is_closed ? "" : "  (so far: the month takes events yet)") << '\n';
    if (!problem.empty())
      out << painted("It cannot be billed: " + problem, Colour::red, table_.terminal.has_colours)
          << '\n';
  }

  std::string tenant_;
  std::string period_;
  TableOptions table_;
};

}  // namespace

Result<TenantId> find_tenant(const Services& services, const std::string& text) {
  Result<TenantId> tenant = TenantId::parse(text);
  if (tenant && services.directory.find(*tenant) != nullptr) return tenant;
  std::vector<std::string> known;
  for (const auto& record : services.directory.all_tenants())
    known.push_back(record->tenant.id.text());
  return fail(ErrorCode::tenant_not_found,
              fmt::format("there is no tenant '{:.80}'{}; metergate tenants list shows them all",
                          harmless(text), did_you_mean(text, known)));
}

Result<Period> find_period(const Services& services, const std::string& text) {
  if (text.empty()) return services.billing.current_period();
  const Result<Period> period = Period::parse(text);
  if (!period)
    return fail(ErrorCode::invalid,
                fmt::format("'{:.40}' is no month: write YYYY-MM, like 2026-03", harmless(text)));
  TRY(services.billing.check_not_future(*period));
  return *period;
}

Colour colour_of_health(std::string_view health) {
  if (health == "healthy") return Colour::green;
  if (health == "critical") return Colour::red;
  return health.empty() ? Colour::none : Colour::yellow;
}

std::unique_ptr<StoreCommand> make_usage() { return std::make_unique<UsageCommand>(); }
std::unique_ptr<StoreCommand> make_statement() { return std::make_unique<StatementCommand>(); }

}  // namespace metergate
