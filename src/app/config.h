// Config: every setting of the server, read at start and on SIGHUP. One table (all_settings) holds
// names, defaults, bounds and meanings; reading, --print-config and the documents use the same
// rows.
//
// A flag overrides the environment, which overrides the .env file, which overrides the default. An
// empty value counts as unset. Only config.cpp reads the process environment. Immutable once read;
// safe from any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "http/outbound/destination.h"
#include "http/wire/caller.h"
#include "http/wire/cors.h"
#include "service/shared/rules.h"

namespace metergate {

struct Config {
  std::string address;
  std::uint16_t port = 0;  // 0: any free one
  unsigned threads = 0;    // serve requests; 0: one for each core
  std::string jwt_secret;  // empty: none was given
  std::string jwks_file;   // empty: none
  std::string jwt_issuer;
  std::string jwt_audience;
  std::string plans_file;      // empty: the catalogue that ships with the program
  std::string upstream_url;    // empty: none
  std::string upstreams_file;  // empty: none
  bool is_gateway_strict = false;
  std::string new_tenants_plan;  // empty: unknown tenants are refused
  http::CallerRules callers;
  http::CorsRules cors;
  std::filesystem::path data_dir;
  std::string mongo_uri;  // empty: the embedded engine
  LogLevel log_level = LogLevel::info;
  bool has_core_dumps = false;
  BillingRules rules;
  http::DestinationRules webhook_rules;
  std::string webhook_ca_file;   // empty: none
  std::string secrets_key_file;  // empty: secrets are kept in the clear
  http::NetworkList metrics_allow;
  std::int64_t metrics_tenants = 0;
};

struct SettingRow {
  std::string_view name;           // of the environment variable
  std::string_view flag;           // empty: has none
  std::string_view default_value;  // empty: none
  std::string_view allowed;        // for a person, after "must be"
  std::string_view meaning;
  bool is_secret;
  bool (*read)(const std::string& value, Config& config);  // false: not allowed
  bool is_live = false;  // a running server takes another value on SIGHUP; else it needs a restart
};

std::span<const SettingRow> all_settings();

using Values = std::map<std::string, std::string>;  // by the name of the variable

struct ConfigSources {
  Values flags;
  Values environment;
  Values file;
  std::string file_name = ".env";
  std::vector<std::string> warnings{};  // one line each, about names that are nearly ours
};

// A setting and its origin, for --print-config.
struct SettingOrigin {
  const SettingRow* row;
  std::string value;  // "(set)" for a secret
  std::string origin;
};

struct LoadedConfig {
  Config config;
  std::vector<SettingOrigin> origins;
};

// ErrorCode::invalid: one line with the variable, its value (unless it is secret) and the allowed
// values.
Result<LoadedConfig> load_config(const ConfigSources& sources);

// ErrorCode::invalid, with the nearest name, if the file has a name that is not a setting.
Result<> check_names(const Values& file, const std::string& file_name);
// A line for each name of the environment that differs from a setting by at most two letters. Other
// programs use the environment too, so such a name does not stop the start.
std::vector<std::string> misspelt_names(std::span<const std::string> environment);

// The sources of this process: `env_file`, or .env in the working directory if it exists.
Result<ConfigSources> process_sources(Values flags, const std::optional<std::string>& env_file);

// The value in the process environment of a name that is not a setting; empty if it is not set.
std::string environment_value(const char* name);

// The text of a small configuration file (at most 1 MiB).
Result<std::string> read_text_file(const std::filesystem::path& path);

}  // namespace metergate
