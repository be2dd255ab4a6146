// metergate plan set: another plan for a tenant, or what that would do.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <ostream>

#include "app/commands/clerk.h"
#include "app/commands/command.h"
#include "app/commands/table_options.h"
#include "app/exit_status.h"
#include "service/terms/terms_changes.h"

namespace metergate {
namespace {

std::string limit_text(const Json* limit) {
  return limit != nullptr && limit->is_null() ? "unlimited" : figure_text(limit);
}

class PlanCommand final : public StoreCommand {
 public:
  void declare(CLI::App& options) override {
    options.require_subcommand(1);
    table_.declare(options);
    CLI::App* sets = options.add_subcommand("set", "another plan, from now on");
    sets->add_option("TENANT", tenant_, "the tenant's id")->required();
    sets->add_option("PLAN", plan_, "one of the catalogue's")->required();
    sets->add_option("--reason", reason_, "3 to 500 characters, for the audit trail")->required();
    sets->add_flag("--drop-limits", drops_limits_, "the tenant's own limits end with the old plan");
    sets->add_flag("--dry-run", is_dry_run_, "shows what it would do, and does nothing");
  }
  bool prints_tables() const override { return true; }

  Result<int> run(StoreContext& context) override {
    Services& services = context.services;
    PlanChange change{.tenant = TRY(find_tenant(services, tenant_)),
                      .plan = plan_,
                      .reason = reason_,
                      .drops_limits = drops_limits_};
    if (is_dry_run_) {
      const Json effect = TRY(services.terms.preview(change));
      if (table_.wants_json) {
        print_json(effect, context);
      } else {
        print_effect(effect, context.streams.out);
      }
      return kExitDone;
    }
    const Json shown = TRY(services.terms.change_plan(change, context.actor));
    if (table_.wants_json) {
      print_json(shown, context);
    } else {
      print_changed(shown, context.streams.out);
    }
    return kExitDone;
  }

 private:
  static void print_json(const Json& json, StoreContext& context) {
    std::string text;
    append_text(json, context.services.rules.zone, text);
    context.streams.out << text << '\n';
  }

  void print_changed(const Json& shown, std::ostream& out) const {
    out << fmt::format("{} was on {} and is on {}\n\n", shown.string_at("tenant_id").value_or(""),
                       shown.string_at("old_plan").value_or(""),
                       shown.string_at("new_plan").value_or(""));
    FittedTable table({{"LIMIT", ColumnKind::text}, {"NOW", ColumnKind::number}});
    for (const auto& [name, limit] : shown.find("new_limits")->as_object())
      table.add({{name}, {limit_text(&limit)}});
    table.print(table_.terminal, out);
    print_warnings(shown, out);
  }

  void print_effect(const Json& effect, std::ostream& out) const {
    out << fmt::format(
        "{} is on {}; on {} it would be:\n\n", effect.string_at("tenant_id").value_or(""),
        effect.string_at("old_plan").value_or(""), effect.string_at("new_plan").value_or(""));
    FittedTable table(
        {{"", ColumnKind::text}, {"NOW", ColumnKind::number}, {"THEN", ColumnKind::number}});
    const Json* limits = effect.find("limits");
    if (limits != nullptr && limits->find("old") != nullptr && limits->find("new") != nullptr) {
      for (const auto& [name, limit] : limits->find("new")->as_object())
        table.add({{name}, {limit_text(limits->find("old")->find(name))}, {limit_text(&limit)}});
    }
    const auto add = [&](const char* name, std::string_view field) {
      const Json* both = effect.find(field);
      if (both == nullptr || !both->is_object()) return;
      const auto text = [&](const Json* value) {
        return value != nullptr && value->is_string() ? value->as_string() : figure_text(value);
      };
      table.add({{name}, {text(both->find("old"))}, {text(both->find("new"))}});
    };
    add("health", "health_status");
    add(("cost in " + effect.string_at("currency").value_or("")).c_str(), "overage_cost");
    table.print(table_.terminal, out);
    print_warnings(effect, out);
    out << "\nNothing is changed.\n";
  }

  void print_warnings(const Json& shown, std::ostream& out) const {
    const Json* warnings = shown.find("warnings");
    if (warnings == nullptr || !warnings->is_array()) return;
    for (const Json& warning : warnings->as_array())
      out << painted(harmless(warning.as_string()), Colour::yellow, table_.terminal.has_colours)
          << '\n';
  }

  std::string tenant_;
  std::string plan_;
  std::string reason_;
  bool drops_limits_ = false;
  bool is_dry_run_ = false;
  TableOptions table_;
};

}  // namespace

std::unique_ptr<StoreCommand> make_plan() { return std::make_unique<PlanCommand>(); }

}  // namespace metergate
