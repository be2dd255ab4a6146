#include "scenario_world.h"

#include <algorithm>

namespace metergate {
namespace {

Result<> need(const Words& words, std::size_t count, const char* form) {
  if (words.size() == count) return {};
  return fail(ErrorCode::invalid, std::string{"use: "} + form);
}

Result<Meter> meter_named(const std::string& name) {
  const auto meter = find_meter(name);
  if (!meter) return fail(ErrorCode::invalid, "'" + name + "' is no meter");
  return *meter;
}

Result<std::int64_t> units_of(Meter meter, const std::string& amount) {
  const auto shown = parse_decimal(amount);
  const auto units = shown ? from_display(meter, *shown) : std::optional<std::int64_t>{};
  if (!units) return fail(ErrorCode::invalid, "'" + amount + "' is no amount");
  return *units;
}

Result<Limit> limit_of(Meter meter, const std::string& amount) {
  if (amount == "unlimited") return Limit{};
  return Limit{TRY(units_of(meter, amount)), LimitEffect::soft};
}

std::string shown(Meter meter, std::int64_t units) { return to_text(to_display(meter, units)); }

std::string line_text(const LineItem& line, const Utilization& utilization,
                      const Currency& currency) {
  const std::string limit = line.included ? shown(line.meter, *line.included) : "unlimited";
  const std::optional<Decimal> percent = utilization.percent();
  return std::string{row_of(line.meter).name} + " " + shown(line.meter, line.usage) + " of " +
         limit + " " + (percent ? to_text(*percent) + "%" : "beyond measure") + " over " +
         shown(line.meter, line.overage) + " costs " +
         (line.cost ? to_text(to_exact_decimal(*line.cost, currency)) : "too much");
}

std::string_view step_text(AlertStep step) {
  switch (step) {
    case AlertStep::nothing:
      return "nothing";
    case AlertStep::open:
      return "open";
    case AlertStep::update:
      return "update";
    case AlertStep::reopen:
      return "reopen";
    case AlertStep::resolve:
      return "resolve";
  }
  return "";
}

void add_fact(Facts& facts, const std::string& name, const std::string& text) {
  facts[name] = name + " " + text;
}

Facts facts_of(const Statement& statement, const Currency& currency) {
  Facts facts;
  for (const LineItem& line : statement.rated.lines) {
    facts[std::string{row_of(line.meter).name}] =
        line_text(line, statement.rated.utilization[line.meter], currency);
  }
  add_fact(facts, "plan",
           statement.terms.plan + " version " + std::to_string(statement.terms.plan_version));
  add_fact(facts, "total",
           statement.rated.cost ? to_text(to_decimal(*statement.rated.cost, currency)) : "none");
  add_fact(facts, "health", std::string{to_text(statement.rated.health)});
  add_fact(facts, "overages", statement.rated.has_overages ? "yes" : "no");
  add_fact(facts, "highest", std::string{row_of(statement.rated.highest).name});
  facts["late"] = "late";
  for (const LateLine& line : statement.late) {
    facts["late"] += " " + line.meter + " " + to_text(line.quantity.shown()) + " costs " +
                     to_text(to_exact_decimal(line.cost, currency));
  }
  if (statement.late.empty()) add_fact(facts, "late", "none");
  return facts;
}

Facts facts_of(AlertStep step, const Alert* alert) {
  Facts facts;
  add_fact(facts, "step", std::string{step_text(step)});
  add_fact(facts, "status", alert == nullptr ? "none" : std::string{to_text(alert->status)});
  add_fact(facts, "count", std::to_string(alert == nullptr ? 0 : alert->count));
  if (alert == nullptr) return facts;
  facts["over"] = "over";
  for (const LineItem& line : alert->lines) {
    facts["over"] +=
        " " + std::string{row_of(line.meter).name} + " " + shown(line.meter, line.overage);
  }
  add_fact(facts, "reason", alert->resolution_reason);
  return facts;
}

// The state of a period's warnings: "near api_calls 75 open", "forecast api_calls open".
void add_warnings(Facts& facts, const std::vector<Alert>& warnings) {
  std::string near;
  std::string forecast;
  for (const Alert& warning : warnings) {
    const std::string status = " " + std::string{to_text(warning.status)};
    if (warning.kind == AlertKind::near_limit) {
      near += " " + warning.meter + " " + std::to_string(warning.threshold) + status;
    } else {
      forecast += " " + warning.meter + status;
      if (warning.passes_on) forecast += " " + to_text(*warning.passes_on);
    }
  }
  facts["near"] = "near" + (near.empty() ? " none" : near);
  facts["forecast"] = "forecast" + (forecast.empty() ? " none" : forecast);
  for (const Alert& warning : warnings) {
    if (!warning.resolution_reason.empty()) add_fact(facts, "because", warning.resolution_reason);
  }
}

}  // namespace

Result<> ScenarioWorld::set_currency(const Words& words) {
  TRY(need(words, 2, "currency CODE"));
  currency_ = TRY(Currency::find(words[1]));
  return {};
}

Result<> ScenarioWorld::set_zone(const Words& words) {
  TRY(need(words, 2, "zone NAME"));
  zone_ = TRY(TimeZone::find(words[1]));
  return {};
}

Result<> ScenarioWorld::define_plan(const Words& words) {
  TRY(need(words, words.size() > 2 ? 4 : 2, "plan NAME [from TIME]"));
  Plan plan;
  plan.name = words[1];
  plan.version = 0;
  for (const MeterRow& row : kMeters) plan.rates[row.meter].per_units = row.units_per_display;
  // A plan with a known name is its next version, changed only in the named values.
  for (const Plan& known : plans_)
    if (known.name == plan.name) plan = known;
  ++plan.version;
  if (words.size() == 4) plan.valid_from = TRY(time(words[3]));
  plans_.push_back(plan);
  return {};
}

Result<> ScenarioWorld::define_plan_limit(const Words& words) {
  TRY(need(words, 3, "limit METER AMOUNT|unlimited"));
  const Meter meter = TRY(meter_named(words[1]));
  plans_.back().limits[meter] = TRY(limit_of(meter, words[2]));
  return {};
}

Result<> ScenarioWorld::define_plan_rate(const Words& words) {
  TRY(need(words, 3, "rate METER AMOUNT"));
  const Meter meter = TRY(meter_named(words[1]));
  const auto amount = parse_decimal(words[2]);
  if (!amount) return fail(ErrorCode::invalid, "'" + words[2] + "' is no amount");
  plans_.back().rates[meter].price = TRY(to_money(*amount));
  return {};
}

Result<> ScenarioWorld::add_tenant(const Words& words) {
  TRY(need(words, words.size() > 4 ? 6 : 4, "tenant NAME on PLAN [from TIME]"));
  Tenant added;
  added.name = words[1];
  added.subscription.tenant = TRY(TenantId::parse(words[1]));
  const Timestamp from = words.size() == 6 ? TRY(time(words[5])) : Timestamp{};
  added.subscription.history.push_back({words[3], from});
  tenants_.push_back(std::move(added));
  return {};
}

Result<> ScenarioWorld::set_own_limit(const Words& words) {
  TRY(need(words, words.size() > 3 ? 5 : 3, "own_limit METER AMOUNT|unlimited|none [from TIME]"));
  const Meter meter = TRY(meter_named(words[1]));
  Subscription& subscription = tenants_.back().subscription;
  LimitsOverride own = subscription.own_limits();
  own[meter].reset();
  if (words[2] != "none") own[meter] = TRY(limit_of(meter, words[2]));
  if (words.size() == 5) {
    subscription.hold_to(std::move(own), TRY(time(words[4])));
  } else {
    subscription.limits_history = {OwnLimitsSpan{std::move(own), subscription.started_at}};
  }
  return {};
}

Result<> ScenarioWorld::move_tenant(const Words& words) {
  TRY(need(words, 6, "move NAME to PLAN on TIME"));
  Tenant* const moved = TRY(tenant(words[1]));
  moved->subscription.history.push_back({words[3], TRY(time(words[5]))});
  return {};
}

Result<> ScenarioWorld::set_usage(const Words& words) {
  TRY(need(words, 5, "usage NAME PERIOD METER AMOUNT"));
  Tenant* const used = TRY(tenant(words[1]));
  const Period period = TRY(Period::parse(words[2]));
  const Meter meter = TRY(meter_named(words[3]));
  used->usage[period][meter] = TRY(units_of(meter, words[4]));
  return {};
}

Result<> ScenarioWorld::correct(const Words& words) {
  TRY(need(words, 7, "correct NAME PERIOD METER AMOUNT in PERIOD"));
  Tenant* const of = TRY(tenant(words[1]));
  const Period period = TRY(Period::parse(words[2]));
  const Period billed_in = TRY(Period::parse(words[6]));
  TRY(meter_named(words[3]));
  const auto quantity = Quantity::parse(words[4]);
  if (!quantity) return fail(ErrorCode::invalid, "'" + words[4] + "' is no amount");
  const Statement closed = TRY(statement(*of, period, period.window(zone_).end));
  Quantity& before = of->corrected[{period, words[3]}];
  const Money cost = TRY(late_cost(closed.rated, words[3], before, *quantity));
  before += *quantity;
  of->late[billed_in].push_back({words[3], period, *quantity, cost, "", "", 1, ""});
  return {};
}

Result<> ScenarioWorld::settle_alert(const Words& words) {
  TRY(need(words, 3, "acknowledge|resolve NAME PERIOD"));
  Tenant* const of = TRY(tenant(words[1]));
  const Period period = TRY(Period::parse(words[2]));
  const auto alert = of->alerts.find(period);
  if (alert == of->alerts.end()) return fail(ErrorCode::invalid, "there is no alert to settle");
  if (words[0] == "acknowledge") {
    alert->second.status = AlertStatus::acknowledged;
    return {};
  }
  alert->second.status = AlertStatus::resolved;
  for (const LineItem& line : alert->second.lines)
    alert->second.overage_resolved[line.meter] = line.overage;
  return {};
}

Result<> ScenarioWorld::set_thresholds(const Words& words) {
  thresholds_.clear();
  for (std::size_t i = 1; i < words.size(); ++i) thresholds_.push_back(std::stoi(words[i]));
  return {};
}

Result<> ScenarioWorld::set_forecast(const Words& words) {
  TRY(need(words, 5, "forecast NAME METER passes DAY|never"));
  Tenant* const of = TRY(tenant(words[1]));
  std::erase_if(of->forecasts, [&](const MeterForecast& one) { return one.meter == words[2]; });
  MeterForecast forecast{words[2], Quantity{}, std::nullopt};
  if (words[4] != "never") forecast.passes_on = TRY(parse_day(words[4]));
  of->forecasts.push_back(std::move(forecast));
  return {};
}

Result<Facts> ScenarioWorld::show_statement(const Words& words) {
  TRY(need(words, words.size() > 3 ? 5 : 3, "statement NAME PERIOD [at TIME]"));
  const Tenant* const of = TRY(tenant(words[1]));
  const Period period = TRY(Period::parse(words[2]));
  const Timestamp now = words.size() == 5 ? TRY(time(words[4])) : period.window(zone_).end;
  return facts_of(TRY(statement(*of, period, now)), currency_);
}

Result<Facts> ScenarioWorld::show_report(const Words& words) {
  TRY(need(words, 2, "report PERIOD"));
  const Period period = TRY(Period::parse(words[1]));
  StatementSummary summary;
  for (const Tenant& each : tenants_) {
    const Statement made = TRY(statement(each, period, period.window(zone_).end));
    summary.add(made);
  }
  Facts facts;
  add_fact(facts, "tenants", std::to_string(summary.tenants));
  add_fact(facts, "over",
           std::to_string(summary.tenants_with_overages) + " " +
               to_text(summary.overage_rate_percent()) + "%");
  const std::optional<Decimal> total = to_decimal(summary.total_overage_cost, currency_);
  add_fact(facts, "total", total ? to_text(*total) : "too much");
  add_fact(facts, "errors", std::to_string(summary.tenants_with_errors));
  for (const Health health :
       {Health::healthy, Health::caution, Health::warning, Health::critical}) {
    add_fact(facts, std::string{to_text(health)},
             std::to_string(summary.by_health[static_cast<std::size_t>(health)]));
  }
  for (const auto& [plan, tenants] : summary.by_plan)
    add_fact(facts, plan, std::to_string(tenants));
  return facts;
}

Result<Facts> ScenarioWorld::watch(const Words& words) {
  TRY(need(words, 5, "watch NAME PERIOD at TIME"));
  Tenant* const of = TRY(tenant(words[1]));
  const Period period = TRY(Period::parse(words[2]));
  const Timestamp now = TRY(time(words[4]));
  const Statement now_true = TRY(statement(*of, period, now));
  const auto found = of->alerts.find(period);
  const auto known = found == of->alerts.end() ? std::nullopt : std::optional{found->second};
  const AlertStep step = next_step(known, now_true);
  if (step != AlertStep::nothing)
    of->alerts[period] = after_step(step, known, now_true, now, {AlertKind::over_limit, "alert"});
  take_warnings(*of, now_true, now);
  const auto after = of->alerts.find(period);
  Facts facts = facts_of(step, after == of->alerts.end() ? nullptr : &after->second);
  add_warnings(facts, of->warnings[period]);
  return facts;
}

void ScenarioWorld::take_warnings(Tenant& of, const Statement& now_true, Timestamp now) const {
  std::vector<Alert>& warnings = of.warnings[now_true.period];
  const auto over = of.alerts.find(now_true.period);
  const WarningInput input{.now_true = now_true,
                           .known = warnings,
                           .over_limit = over == of.alerts.end() ? nullptr : &over->second,
                           .thresholds = thresholds_,
                           .forecasts = &of.forecasts,
                           .has_ended = now >= now_true.period.window(zone_).end};
  for (WarningChange& change : warning_changes(input, now)) {
    const auto at = std::ranges::find(warnings, change.alert.alert_id, &Alert::alert_id);
    if (at == warnings.end()) {
      warnings.push_back(std::move(change.alert));
    } else {
      *at = std::move(change.alert);
    }
  }
}

Result<ScenarioWorld::Tenant*> ScenarioWorld::tenant(const std::string& name) {
  const auto found = std::ranges::find(tenants_, name, &Tenant::name);
  if (found == tenants_.end()) return fail(ErrorCode::invalid, "there is no tenant " + name);
  return &*found;
}

Result<Timestamp> ScenarioWorld::time(const std::string& text) const {
  const auto day = parse_day(text);
  if (day) return zone_.start_of(*day);
  return parse_timestamp(text);
}

Result<Statement> ScenarioWorld::statement(const Tenant& of, Period period, Timestamp now) const {
  const Catalogue catalogue = TRY(Catalogue::create(plans_));
  Statement made;
  made.tenant = of.subscription.tenant;
  made.tenant_name = of.name;
  made.period = period;
  made.terms = TRY(terms_for(of.subscription, catalogue, period.window(zone_), now));
  if (const auto used = of.usage.find(period); used != of.usage.end()) made.usage = used->second;
  made.currency = currency_;
  made.rated = rate(made.usage, made.terms.limits, made.terms.rates, currency_);
  if (const auto late = of.late.find(period); late != of.late.end())
    bill_late(made, late->second, currency_);
  return made;
}

}  // namespace metergate
