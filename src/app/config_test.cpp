#include "app/config.h"

#include <gtest/gtest.h>

#include <set>

namespace metergate {
namespace {

std::string error_of(Values environment) {
  const auto loaded = load_config({.flags = {}, .environment = std::move(environment), .file = {}});
  return loaded ? "(none)" : loaded.error().message;
}

bool is_refused(const std::string& name, const std::string& value) {
  const std::string message = error_of({{name, value}});
  return message.find(name) != std::string::npos && message.find("must be") != std::string::npos;
}

std::string origin_of(const LoadedConfig& loaded, std::string_view name) {
  for (const SettingOrigin& origin : loaded.origins) {
    if (origin.row->name == name) return origin.value + " from " + origin.origin;
  }
  return "(none)";
}

TEST(Config, DefaultsAreThoseOfTheRules) {
  const auto loaded = load_config({});
  ASSERT_TRUE(loaded) << loaded.error().message;
  const Config& config = loaded->config;
  EXPECT_EQ(config.port, 48080);
  EXPECT_EQ(config.address, "127.0.0.1");  // closed to other machines by default
  EXPECT_EQ(config.threads, 0U);           // one for each core
  EXPECT_EQ(config.data_dir, "./data");
  EXPECT_TRUE(config.jwt_secret.empty());
  EXPECT_TRUE(config.rules.tracking_enabled);
  EXPECT_TRUE(config.rules.overage_alerts);
  EXPECT_TRUE(config.rules.report_generation);
  EXPECT_EQ(config.rules.usage_retention_months, 12);
  EXPECT_EQ(config.rules.api_calls_retention_months, 3);
  EXPECT_EQ(config.rules.grace, std::chrono::hours{72});
  EXPECT_EQ(config.rules.zone.name(), "UTC");
  EXPECT_EQ(config.rules.currency.code(), "USD");
  EXPECT_EQ(config.rules.storage.base_bytes, 100LL << 20);
  EXPECT_EQ(config.rules.storage.bytes_per_sale, 1024);
  EXPECT_EQ(config.rules.storage.bytes_per_ticket, 512);
  EXPECT_EQ(config.rules.storage.bytes_per_audit, 256);
}

TEST(Config, FlagComesBeforeEnvironmentBeforeFileBeforeDefault) {
  ConfigSources sources;
  EXPECT_EQ(origin_of(*load_config(sources), "API_PORT"), "48080 from default");
  sources.file = {{"API_PORT", "1"}};
  EXPECT_EQ(origin_of(*load_config(sources), "API_PORT"), "1 from .env");
  sources.environment = {{"API_PORT", "2"}};
  EXPECT_EQ(origin_of(*load_config(sources), "API_PORT"), "2 from environment");
  sources.flags = {{"API_PORT", "3"}};
  EXPECT_EQ(origin_of(*load_config(sources), "API_PORT"), "3 from --port");
  EXPECT_EQ(load_config(sources)->config.port, 3);
}

TEST(Config, EmptyValueIsTheSameAsNone) {
  EXPECT_EQ(load_config({.flags = {}, .environment = {{"API_PORT", ""}}, .file = {}})->config.port,
            48080);
}

TEST(Config, RefusalNamesVariableValueOriginAndWhatIsAllowed) {
  EXPECT_EQ(error_of({{"USAGE_RETENTION_MONTHS", "twelve"}}),
            "USAGE_RETENTION_MONTHS=twelve (from environment) must be a whole number of months "
            "from 1 to 1200");
}

TEST(Config, WebhooksGoToPublicAddressesOnlyUnlessToldOtherwise) {
  const auto address = [](std::string_view text) { return *http::parse_ip(text); };
  const Config closed = load_config({})->config;
  EXPECT_FALSE(closed.webhook_rules.http_allowed);
  EXPECT_FALSE(closed.webhook_rules.allow.has(address("127.0.0.1")));
  const auto opened = load_config({.flags = {},
                                   .environment = {{"WEBHOOK_ALLOW", "10.0.0.0/8, hooks.internal"},
                                                   {"WEBHOOK_ALLOW_HTTP", "true"}},
                                   .file = {}});
  EXPECT_TRUE(opened->config.webhook_rules.http_allowed);
  EXPECT_TRUE(opened->config.webhook_rules.allow.has(address("10.9.8.7")));
  EXPECT_TRUE(opened->config.webhook_rules.allow.has_host("hooks.internal"));
  EXPECT_TRUE(is_refused("WEBHOOK_ALLOW", "10.0.0.0/33"));
  EXPECT_TRUE(is_refused("WEBHOOK_ALLOW_HTTP", "perhaps"));
}

TEST(Config, WhereItListensIsAnAddressAndNoName) {
  for (const char* address : {"0.0.0.0", "::", "::1", "192.0.2.7"}) {
    const auto loaded =
        load_config({.flags = {}, .environment = {{"LISTEN_ADDRESS", address}}, .file = {}});
    ASSERT_TRUE(loaded) << address;
    EXPECT_EQ(loaded->config.address, address);
  }
  for (const char* address : {"localhost", "*", "127.0.0.1:80", "[::1]", "127.1", "256.0.0.1"}) {
    EXPECT_TRUE(is_refused("LISTEN_ADDRESS", address)) << address;
  }
}

TEST(Config, ProxiesAndPagesAreTrustedOnlyByName) {
  const Config closed = load_config({})->config;
  EXPECT_TRUE(closed.callers.proxies.is_empty());
  EXPECT_EQ(closed.callers.recorded, http::RecordedAddress::full);
  EXPECT_TRUE(closed.new_tenants_plan.empty());
  const auto opened = load_config({.flags = {},
                                   .environment = {{"TRUSTED_PROXIES", "10.0.0.0/8, ::1"},
                                                   {"RECORD_CALLER_IP", "network"},
                                                   {"GATEWAY_NEW_TENANTS", "plan:free"}},
                                   .file = {}});
  EXPECT_TRUE(opened->config.callers.proxies.has(*http::parse_ip("10.1.2.3")));
  EXPECT_EQ(opened->config.callers.recorded, http::RecordedAddress::network);
  EXPECT_EQ(opened->config.new_tenants_plan, "free");
  EXPECT_TRUE(is_refused("TRUSTED_PROXIES", "proxy.internal"));
  EXPECT_TRUE(is_refused("TRUSTED_PROXIES", "10.0.0.0/8 ::1"));
  EXPECT_TRUE(is_refused("RECORD_CALLER_IP", "Full"));
  EXPECT_TRUE(is_refused("GATEWAY_NEW_TENANTS", "plan:"));
  EXPECT_TRUE(is_refused("CORS_ORIGINS", "https://app.example.com/"));
}

TEST(Config, NumbersMustBeWholeAndWithinTheirBounds) {
  for (const char* value :
       {"0", "-1", "1201", "12 ", "1e1", "12.0", "0x10", "99999999999999999999"}) {
    EXPECT_TRUE(is_refused("USAGE_RETENTION_MONTHS", value)) << value;
  }
  EXPECT_TRUE(is_refused("API_PORT", "65536"));
  EXPECT_TRUE(is_refused("API_THREADS", "-1"));
  EXPECT_TRUE(is_refused("API_THREADS", "257"));
  EXPECT_EQ(error_of({{"API_THREADS", "256"}}), "(none)");
  EXPECT_TRUE(is_refused("STORAGE_BASE_MB", "-1"));
  EXPECT_TRUE(is_refused("BILLING_GRACE_HOURS", "8761"));
  EXPECT_EQ(error_of({{"USAGE_RETENTION_MONTHS", "1200"}, {"BILLING_GRACE_HOURS", "0"}}), "(none)");
}

TEST(Config, WordsMustBeKnown) {
  EXPECT_TRUE(is_refused("USAGE_TRACKING_ENABLED", "maybe"));
  EXPECT_TRUE(is_refused("LOG_LEVEL", "loud"));
  EXPECT_TRUE(is_refused("BILLING_TIMEZONE", "Mars/Base"));
  EXPECT_TRUE(is_refused("BILLING_CURRENCY", "XYZ"));
}

TEST(Config, FlagsAreReadInTheirUsualSpellings) {
  for (const char* value : {"false", "0", "no", "off"}) {
    const auto loaded =
        load_config({.flags = {}, .environment = {{"OVERAGE_ALERT_ENABLED", value}}, .file = {}});
    ASSERT_TRUE(loaded) << value;
    EXPECT_FALSE(loaded->config.rules.overage_alerts) << value;
  }
}

TEST(Config, ShortSecretIsRefusedWithoutShowingIt) {
  const std::string message = error_of({{"JWT_SECRET", "hunter2"}});
  EXPECT_NE(message.find("JWT_SECRET (a value of 7 bytes)"), std::string::npos) << message;
  EXPECT_EQ(message.find("hunter2"), std::string::npos) << message;
  EXPECT_EQ(error_of({{"JWT_SECRET", std::string(32, 'x')}}), "(none)");
}

TEST(Config, SecretsAreNeverAmongTheOrigins) {
  const std::string secret(40, 's');
  const auto loaded =
      load_config({.flags = {}, .environment = {{"JWT_SECRET", secret}}, .file = {}});
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->config.jwt_secret, secret);
  EXPECT_EQ(origin_of(*loaded, "JWT_SECRET"), "(set) from environment");
}

TEST(Config, TheDatabaseIsNamedByAUriWhosePasswordIsNeverShown) {
  EXPECT_FALSE(is_refused("MONGO_URI", "mongodb://user:pw@host/metergate"));
  EXPECT_FALSE(is_refused("MONGO_URI", "mongodb+srv://user:pw@cluster.example.com/"));
  EXPECT_TRUE(is_refused("MONGO_URI", "http://user:pw@host"));
  EXPECT_TRUE(is_refused("MONGO_URI", "user:pw@host:27017"));
  EXPECT_EQ(error_of({{"MONGO_URI", "http://user:pw@host"}}).find("pw"), std::string::npos);
}

TEST(Config, UpstreamIsAnOriginAndNothingMore) {
  EXPECT_FALSE(is_refused("UPSTREAM_URL", "http://localhost:3000"));
  EXPECT_FALSE(is_refused("UPSTREAM_URL", "http://[::1]:3000/"));
  EXPECT_FALSE(is_refused("UPSTREAM_URL", "https://api.example.com"));
  for (const char* bad : {"localhost:3000", "ftp://localhost", "https://", "http://", "http://a:0",
                          "http://a:99999", "http://user@a", "http://a/path", "http://a b"})
    EXPECT_TRUE(is_refused("UPSTREAM_URL", bad)) << bad;
}

TEST(Config, MetricsAreOpenToNetworksOrToNobody) {
  for (const char* good : {"none", "10.0.0.0/8", "127.0.0.1, ::1"})
    EXPECT_FALSE(is_refused("METRICS_ALLOW", good)) << good;
  for (const char* bad : {"localhost", "10.0.0.0/33", "all"})
    EXPECT_TRUE(is_refused("METRICS_ALLOW", bad)) << bad;
  EXPECT_FALSE(is_refused("METRICS_TENANTS", "1000"));
  EXPECT_TRUE(is_refused("METRICS_TENANTS", "1001"));
}

TEST(Config, ControlCharactersDoNotBreakTheOneLine) {
  EXPECT_EQ(error_of({{"LOG_LEVEL", "a\nb"}}).find('\n'), std::string::npos);
}

TEST(Config, NamesAreUniqueAndEveryRowSaysWhatItIsFor) {
  std::set<std::string_view> names;
  for (const SettingRow& row : all_settings()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_FALSE(row.meaning.empty()) << row.name;
    EXPECT_FALSE(row.allowed.empty()) << row.name;
  }
}

TEST(Config, ANameOfTheFileThatIsNoneOfOursStopsTheStart) {
  EXPECT_TRUE(check_names({{"API_PORT", "1"}, {"JWT_SECRET", ""}}, ".env"));
  const auto refused = check_names({{"API_PORTT", "1"}}, "my.env");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("my.env: API_PORTT is no setting"), std::string::npos);
  EXPECT_NE(refused.error().message.find("did you mean 'API_PORT'?"), std::string::npos);
  EXPECT_FALSE(check_names({{"SOMETHING_ELSE_ENTIRELY", "1"}}, ".env"));
}

TEST(Config, AnEnvironmentsNameThatIsNearlyOursIsWarnedOf) {
  const std::vector<std::string> names = {"PATH", "HOME", "API_PORT", "DATADIR", "JWT_SECRETS"};
  const auto warnings = misspelt_names(names);
  ASSERT_EQ(warnings.size(), 2U);
  EXPECT_NE(warnings[0].find("DATA_DIR"), std::string::npos) << warnings[0];
  EXPECT_NE(warnings[1].find("JWT_SECRET?"), std::string::npos) << warnings[1];
}

TEST(Config, NamedFileThatIsMissingIsRefusedByName) {
  const auto sources = process_sources({}, "no/such/file.env");
  ASSERT_FALSE(sources);
  EXPECT_NE(sources.error().message.find("no/such/file.env"), std::string::npos);
}

TEST(Config, AlertThresholdsAreAscendingPercentagesOrNone) {
  const auto read = [](const std::string& value) -> std::optional<std::vector<int>> {
    const auto loaded =
        load_config({.flags = {}, .environment = {{"ALERT_THRESHOLDS", value}}, .file = {}});
    if (!loaded) return std::nullopt;
    return loaded->config.rules.alert_thresholds;
  };
  EXPECT_EQ(read(""), (std::vector{75, 90}));
  EXPECT_EQ(read("50"), (std::vector{50}));
  EXPECT_EQ(read("1, 50 ,100"), (std::vector{1, 50, 100}));
  EXPECT_EQ(read("none"), std::vector<int>{});
  EXPECT_EQ(read("1,2,3,4,5,6,7,8,9,10")->size(), 10U);
  for (const char* bad : {"0", "101", "90,75", "75,75", "75,", ",75", "75;90", "7.5", "75%", "-5",
                          "+75", "None", "1,2,3,4,5,6,7,8,9,10,11", "99999999999999999999"}) {
    EXPECT_FALSE(read(bad)) << bad;
  }
}

}  // namespace
}  // namespace metergate
