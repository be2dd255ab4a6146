// The world of a scenario: plans, tenants, usage and alerts, which the lines of a scenario file
// change and check. Holds no rule of its own: every figure comes from src/domain. One thread.
//
// Each verb takes the words of its line, beginning with its name, and returns facts. A claim below
// the line may check a fact, which its first word names.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "domain/alert.h"
#include "domain/plan.h"
#include "domain/statement.h"
#include "domain/usage_warning.h"

namespace metergate {

using Words = std::vector<std::string>;
using Facts = std::map<std::string, std::string>;

class ScenarioWorld {
 public:
  explicit ScenarioWorld(std::vector<Plan> plans) : plans_(std::move(plans)) {}

  Result<> set_currency(const Words& words);         // currency JPY
  Result<> set_zone(const Words& words);             // zone Asia/Bangkok
  Result<> define_plan(const Words& words);          // plan NAME [from TIME]
  Result<> define_plan_limit(const Words& words);    //   limit METER AMOUNT|unlimited
  Result<> define_plan_rate(const Words& words);     //   rate METER AMOUNT
  Result<> add_tenant(const Words& words);           // tenant NAME on PLAN [from TIME]
  Result<> set_own_limit(const Words& words);        //   own_limit METER AMOUNT|unlimited
  Result<> move_tenant(const Words& words);          // move NAME to PLAN on TIME
  Result<> set_usage(const Words& words);            // usage NAME PERIOD METER AMOUNT
  Result<> correct(const Words& words);              // correct NAME PERIOD METER AMOUNT in PERIOD
  Result<> settle_alert(const Words& words);         // acknowledge|resolve NAME PERIOD
  Result<> set_thresholds(const Words& words);       // thresholds PERCENT …
  Result<> set_forecast(const Words& words);         // forecast NAME METER passes DAY|never
  Result<Facts> show_statement(const Words& words);  // statement NAME PERIOD [at TIME]
  Result<Facts> show_report(const Words& words);     // report PERIOD
  Result<Facts> watch(const Words& words);           // watch NAME PERIOD at TIME

 private:
  struct Tenant {
    std::string name;
    Subscription subscription;
    std::map<Period, Usage> usage;
    std::map<Period, std::vector<LateLine>> late;                  // by the period that bills them
    std::map<std::pair<Period, std::string>, Quantity> corrected;  // by period and meter
    std::map<Period, Alert> alerts;
    std::map<Period, std::vector<Alert>> warnings;  // in the order in which they opened
    std::vector<MeterForecast> forecasts;
  };

  Result<Tenant*> tenant(const std::string& name);
  Result<Timestamp> time(const std::string& text) const;
  Result<Statement> statement(const Tenant& of, Period period, Timestamp now) const;

  void take_warnings(Tenant& of, const Statement& now_true, Timestamp now) const;

  std::vector<Plan> plans_;
  std::vector<int> thresholds_ = {75, 90};
  std::vector<Tenant> tenants_;  // in the order of the file
  Currency currency_ = Currency::usd();
  TimeZone zone_ = TimeZone::utc();
};

}  // namespace metergate
