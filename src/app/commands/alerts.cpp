// metergate alerts: what somebody should look at, and what is done about it.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>

#include "app/commands/clerk.h"
#include "app/commands/command.h"
#include "app/commands/table_options.h"
#include "app/exit_status.h"
#include "base/nearest.h"
#include "service/alerts/alerting.h"
#include "service/shared/listed_values.h"

namespace metergate {
namespace {

// Each of the values between commas must be one of them.
Result<> check_listed(std::string_view option, const std::string& text,
                      const std::vector<std::string>& allowed) {
  for (const std::string& one : listed_values(text)) {
    if (std::ranges::find(allowed, one) != allowed.end()) continue;
    return fail(ErrorCode::invalid,
                fmt::format("{} is '{:.40}'; it must be one or more of {}{}", option, one,
                            fmt::join(allowed, ", "), did_you_mean(one, allowed)));
  }
  return {};
}

Colour colour_of(std::string_view status) {
  if (status == "open") return Colour::red;
  return status == "acknowledged" ? Colour::yellow : Colour::green;
}

std::string day_of(const Json& alert, std::string_view name, const TimeZone& zone) {
  const auto at = alert.timestamp_at(name);
  return at ? to_text(zone.day_of(*at)) : "-";
}

// The subject of the alert: a meter and a threshold, or the meters over their limits.
std::string subject_of(const Json& alert) {
  std::string text = alert.string_at("meter").value_or("");
  if (const auto threshold = alert.integer_at("threshold"); threshold && *threshold > 0)
    text += fmt::format(" {} %", *threshold);
  const Json* metadata = alert.find("metadata");
  const Json* meters =
      metadata != nullptr && metadata->is_object() ? metadata->find("meters") : nullptr;
  if (!text.empty() || meters == nullptr || !meters->is_object()) return text;
  for (const auto& [meter, figures] : meters->as_object())
    text += (text.empty() ? "" : ", ") + meter;
  return text;
}

class AlertsCommand final : public StoreCommand {
 public:
  void declare(CLI::App& options) override {
    table_.declare(options);
    options.add_option("--status", query_.status,
                       "open, acknowledged, resolved, several with commas, or any; left out: those "
                       "that nobody has resolved");
    options.add_option("--type", query_.type, "billing.over_limit, several with commas …");
    options.add_option("--severity", query_.severity, "low, medium, high, critical");
    options.add_option("--tenant", query_.tenant_id, "of these tenants only");
    options.add_option("--period", query_.period, "of these months, YYYY-MM, only");
    options.add_option("--sort", query_.sort, "a field, or one with - before it");
    options.add_option("--limit", query_.limit, "at most so many")->check(CLI::Range(1, 10'000));
    acknowledges_ = options.add_subcommand("ack", "somebody has seen it");
    acknowledges_->add_option("ID", id_, "the alert's")->required();
    acknowledges_->add_option("--reason", reason_, "3 to 500 characters, kept with it");
    resolves_ = options.add_subcommand("resolve", "nothing is left to do");
    resolves_->add_option("ID", id_, "the alert's")->required();
    resolves_->add_option("--reason", reason_, "3 to 500 characters")->required();
    options.require_subcommand(0, 1);
  }
  bool prints_tables() const override { return true; }

  Result<int> run(StoreContext& context) override {
    Alerting& alerting = context.services.alerting;
    if (acknowledges_->parsed())
      return show_one(TRY(alerting.acknowledge(id_, reason_, context.actor)), context);
    if (resolves_->parsed())
      return show_one(TRY(alerting.resolve(id_, reason_, context.actor)), context);
    return list(context);
  }

 private:
  Result<int> list(StoreContext& context) {
    TRY(check_query());
    const AlertPage page = TRY(context.services.alerting.list(query_));
    std::ostream& out = context.streams.out;
    if (table_.wants_json) {
      Json alerts = Json::array();
      for (const Json& alert : page.alerts) alerts.push_back(alert);
      print(Json::object({{"alerts", std::move(alerts)}, {"total", page.total}}), context);
      return kExitDone;
    }
    const TimeZone& zone = context.services.rules.zone;
    FittedTable table({{"ALERT", ColumnKind::word},
                       {"TYPE", ColumnKind::text},
                       {"STATUS", ColumnKind::word},
                       {"TENANT", ColumnKind::text},
                       {"ABOUT", ColumnKind::text},
                       {"SINCE", ColumnKind::word}});
    for (const Json& alert : page.alerts) {
      const std::string status = alert.string_at("status").value_or("");
      table.add({{alert.string_at("alert_id").value_or("")},
                 {alert.string_at("type").value_or("")},
                 {status, colour_of(status)},
                 {harmless(alert.string_at("tenant_name").value_or(""))},
                 {subject_of(alert)},
                 {day_of(alert, "first_seen", zone)}});
    }
    if (table.is_empty()) {
      out << (is_for_open_ones_ ? "Nothing is open.\n" : "There are none.\n");
      return kExitDone;
    }
    table.print(table_.terminal, out);
    const auto shown = static_cast<std::int64_t>(page.alerts.size());
    if (shown < page.total)
      out << fmt::format("\n{} of {}; --limit shows more\n",
                         with_grouped_digits(std::to_string(shown)),
                         with_grouped_digits(std::to_string(page.total)));
    return kExitDone;
  }

  Result<> check_query() {
    std::vector<std::string> types;
    for (const AlertKindRow& row : kAlertKinds) types.emplace_back(row.type);
    TRY(check_listed("--type", query_.type, types));
    TRY(check_listed("--severity", query_.severity, {"low", "medium", "high", "critical"}));
    is_for_open_ones_ = query_.status.empty();
    if (is_for_open_ones_) query_.status = "open,acknowledged";
    if (query_.status == "any") query_.status.clear();
    TRY(check_listed("--status", query_.status, {"open", "acknowledged", "resolved", "any"}));
    for (const std::string& period : listed_values(query_.period)) TRY(Period::parse(period));
    return {};
  }

  Result<int> show_one(const Json& alert, StoreContext& context) const {
    if (table_.wants_json) {
      print(alert, context);
    } else {
      const std::string status = alert.string_at("status").value_or("");
      context.streams.out << fmt::format("{} is ", alert.string_at("alert_id").value_or(""))
                          << painted(status, colour_of(status), table_.terminal.has_colours)
                          << '\n';
    }
    return kExitDone;
  }

  static void print(const Json& json, StoreContext& context) {
    std::string text;
    append_text(json, context.services.rules.zone, text);
    context.streams.out << text << '\n';
  }

  CLI::App* acknowledges_ = nullptr;
  CLI::App* resolves_ = nullptr;
  std::string id_;
  std::string reason_;
  AlertQuery query_;
  bool is_for_open_ones_ = false;
  TableOptions table_;
};

}  // namespace

std::unique_ptr<StoreCommand> make_alerts() { return std::make_unique<AlertsCommand>(); }

}  // namespace metergate
