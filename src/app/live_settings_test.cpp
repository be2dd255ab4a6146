#include "app/live_settings.h"

#include <gtest/gtest.h>

namespace metergate {
namespace {

class LiveSettingsTest : public testing::Test {
 protected:
  static LoadedConfig config_of(const Values& file) {
    return load_config({.flags = {}, .environment = {}, .file = file}).value();
  }
  Result<> reload_with(const Values& file) {
    file_ = file;
    return settings_.reload();
  }

  Values file_{{"JWT_SECRET", std::string(32, 'a')}};
  ManualClock clock_{Timestamp{Milliseconds{1}}};
  Log log_{clock_, LogLevel::error};
  int applied_ = 0;
  Config last_;
  LiveSettings settings_{
      {.in_force = config_of(file_),
       .read = [this] { return load_config({.flags = {}, .environment = {}, .file = file_}); },
       .apply =
           [this](const Config& config) {
             ++applied_;
             last_ = config;
           },
       .log = log_}};
};

TEST_F(LiveSettingsTest, ADifferenceNamesBothValuesAndNoSecret) {
  const LoadedConfig before = config_of({{"JWT_SECRET", std::string(32, 'a')}});
  const LoadedConfig after = config_of({{"JWT_SECRET", std::string(32, 'b')},
                                        {"LOG_LEVEL", "debug"},
                                        {"CORS_ORIGINS", "https://app.example.com"},
                                        {"API_PORT", "9000"}});
  const SettingsDifference found = difference(before, after);
  EXPECT_EQ(found.live,
            (std::vector<std::string>{"LOG_LEVEL: info is now debug",
                                      "CORS_ORIGINS: (none) is now https://app.example.com"}));
  EXPECT_EQ(found.fixed, (std::vector<std::string>{"API_PORT: 48080 is now 9000",
                                                   "JWT_SECRET: it has another value"}));
  EXPECT_TRUE(difference(before, before).live.empty());
}

TEST_F(LiveSettingsTest, WhatMayChangeIsAppliedOnceAndTheRestNever) {
  Values file = file_;
  file["OVERAGE_ALERT_ENABLED"] = "false";
  file["BILLING_GRACE_HOURS"] = "1";
  ASSERT_TRUE(reload_with(file));
  EXPECT_EQ(applied_, 1);
  EXPECT_FALSE(last_.rules.overage_alerts);
  ASSERT_TRUE(reload_with(file));
  EXPECT_EQ(applied_, 1) << "nothing has changed since";
  file.erase("OVERAGE_ALERT_ENABLED");
  ASSERT_TRUE(reload_with(file));
  EXPECT_EQ(applied_, 2) << "back to the default";
  EXPECT_TRUE(last_.rules.overage_alerts);
}

TEST_F(LiveSettingsTest, WhatIsNotSoundChangesNothing) {
  Values file = file_;
  file["OVERAGE_ALERT_ENABLED"] = "false";
  file["USAGE_RETENTION_MONTHS"] = "twelve";
  const Result<> refused = reload_with(file);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("USAGE_RETENTION_MONTHS=twelve"), std::string::npos);
  file.erase("USAGE_RETENTION_MONTHS");
  file["JWKS_FILE"] = "/nowhere/keys.json";
  EXPECT_FALSE(reload_with(file)) << "a file that is named and not there";
  EXPECT_EQ(applied_, 0);
}

// A table of what may change: each row that says so is applied by App::take_changing or by a door.
TEST_F(LiveSettingsTest, RulesTakeOverWhatMayChangeAlone) {
  BillingRules rules;
  BillingRules other;
  other.tracking_enabled = false;
  other.limits_enforced = false;
  other.overage_alerts = false;
  other.alert_thresholds = std::vector<int>{50};
  other.report_generation = false;
  other.usage_retention_months = 24;
  other.api_calls_retention_months = 6;
  other.grace = std::chrono::hours{1};
  rules.take_changing(other);
  EXPECT_FALSE(rules.tracking_enabled.get() || rules.limits_enforced.get() ||
               rules.overage_alerts.get() || rules.report_generation.get());
  EXPECT_EQ(rules.alert_thresholds.get(), std::vector<int>{50});
  EXPECT_EQ(rules.usage_retention_months.get(), 24);
  EXPECT_EQ(rules.api_calls_retention_months.get(), 6);
  EXPECT_EQ(rules.grace, std::chrono::hours{72}) << "it decides which periods are closed";
}

}  // namespace
}  // namespace metergate
