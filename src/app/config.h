// Config: every setting of the server, read once at start. One table (all_settings) holds names,
// defaults, bounds and meanings; reading, --print-config and the documents walk the same rows.
//
// Flags come before the environment, that before the .env file, that before the default. An empty
// value is the same as none. Only config.cpp reads the process environment. A value once read; any
// thread.
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
#include "http/caller.h"
#include "http/cors.h"
#include "http/destination.h"
#include "service/rules.h"

namespace metergate {

struct Config {
  std::string address;
  std::uint16_t port = 0;  // 0: any free one
  unsigned threads = 0;    // that serve requests; 0: one for each core
  std::string jwt_secret;  // empty: none was given
  std::string jwks_file;   // empty: none
  std::string jwt_issuer;
  std::string jwt_audience;
  std::string plans_file;      // empty: the catalogue that ships with the program
  std::string upstream_url;    // empty: none
  std::string upstreams_file;  // empty: none
  bool is_gateway_strict = false;
  std::string new_tenants_plan;  // empty: a tenant that is not known is refused
  http::CallerRules callers;
  http::CorsRules cors;
  std::filesystem::path data_dir;
  LogLevel log_level = LogLevel::info;
  bool has_core_dumps = false;
  BillingRules rules;
  http::DestinationRules webhook_rules;
  std::string webhook_ca_file;  // empty: none
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
};

std::span<const SettingRow> all_settings();

using Values = std::map<std::string, std::string>;  // by the name of the variable

struct ConfigSources {
  Values flags;
  Values environment;
  Values file;
  std::string file_name = ".env";
  std::vector<std::string> warnings{};  // a line each, about names that are nearly ours
};

// One setting as it was found, for --print-config.
struct SettingOrigin {
  const SettingRow* row;
  std::string value;  // "(set)" for a secret
  std::string origin;
};

struct LoadedConfig {
  Config config;
  std::vector<SettingOrigin> origins;
};

// ErrorCode::invalid: one line that names the variable, its value (not of a secret) and what is
// allowed.
Result<LoadedConfig> load_config(const ConfigSources& sources);

// ErrorCode::invalid where a name of the file is none of ours, with the one that was probably
// meant.
Result<> check_names(const Values& file, const std::string& file_name);
// A line for each name of the environment that is at most two letters from one of ours: the
// environment belongs to others too, so such a name stops nothing.
std::vector<std::string> misspelt_names(std::span<const std::string> environment);

// The sources of this process: `env_file`, or .env in the working directory where there is one.
Result<ConfigSources> process_sources(Values flags, const std::optional<std::string>& env_file);

// The whole text of a small file of the operator's (at most 1 MiB).
Result<std::string> read_text_file(const std::filesystem::path& path);

}  // namespace metergate
