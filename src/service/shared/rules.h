// BillingRules: the configured rules that more than one service needs (rules: "Environment"). Read
// once at start by app/config; a value, shared as const.
#pragma once

#include <chrono>
#include <filesystem>
#include <vector>

#include "base/time.h"
#include "domain/counter.h"
#include "domain/money.h"

namespace metergate {

struct BillingRules {
  TimeZone zone = TimeZone::utc();
  Currency currency = Currency::usd();
  std::chrono::hours grace{72};
  StorageFormula storage;
  bool tracking_enabled = true;
  bool limits_enforced = true;  // false: what would be refused is let through
  bool overage_alerts = true;
  std::vector<int> alert_thresholds = {75, 90};  // percent of a limit, ascending
  bool report_generation = true;
  int usage_retention_months = 12;
  int api_calls_retention_months = 3;
  std::filesystem::path archive_folder;  // of retired usage counters
};

}  // namespace metergate
