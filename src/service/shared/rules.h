// BillingRules: the configured rules that more than one service needs (rules: "Environment"). Read
// by app/config; shared as const. What may change while the server runs is a Changing.
#pragma once

#include <chrono>
#include <filesystem>
#include <vector>

#include "base/changing.h"
#include "base/time.h"
#include "domain/counter.h"
#include "domain/money.h"

namespace metergate {

struct BillingRules {
  TimeZone zone = TimeZone::utc();
  Currency currency = Currency::usd();
  std::chrono::hours grace{72};
  StorageFormula storage;
  Changing<bool> tracking_enabled = true;
  Changing<bool> limits_enforced = true;  // false: what would be refused is let through
  Changing<bool> overage_alerts = true;
  // Percent of a limit, ascending.
  Changing<std::vector<int>> alert_thresholds = std::vector<int>{75, 90};
  Changing<bool> report_generation = true;
  Changing<int> usage_retention_months = 12;
  Changing<int> api_calls_retention_months = 3;
  std::filesystem::path archive_folder;  // for removed usage counters

  // Takes the other's values of all that may change; the rest stays.
  void take_changing(const BillingRules& other) {
    tracking_enabled = other.tracking_enabled;
    limits_enforced = other.limits_enforced;
    overage_alerts = other.overage_alerts;
    alert_thresholds = other.alert_thresholds;
    report_generation = other.report_generation;
    usage_retention_months = other.usage_retention_months;
    api_calls_retention_months = other.api_calls_retention_months;
  }
};

}  // namespace metergate
