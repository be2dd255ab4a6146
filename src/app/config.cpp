#include "app/config.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <utility>

#include "app/dotenv.h"
#include "base/nearest.h"
#include "domain/usage_warning.h"
#include "http/words/origin.h"

namespace metergate {
namespace {

constexpr std::size_t kTextFileBytesMax = 1 << 20;
constexpr std::size_t kSecretBytesMin = 32;
constexpr int kRetentionMonthsMax = 1200;
constexpr int kGraceHoursMax = 8760;
constexpr std::int64_t kThreadsMax = 256;
constexpr std::int64_t kStorageFigureMax = 1'000'000'000;

std::optional<std::int64_t> whole_number(const std::string& text, std::int64_t least,
                                         std::int64_t most) {
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, code] = std::from_chars(text.data(), end, value);
  if (code != std::errc{} || rest != end || value < least || value > most) return std::nullopt;
  return value;
}

bool read_flag(const std::string& text, bool& value) {
  const bool is_true = text == "true" || text == "1" || text == "yes" || text == "on";
  const bool is_false = text == "false" || text == "0" || text == "no" || text == "off";
  value = is_true;
  return is_true || is_false;
}

bool read_flag(const std::string& text, Changing<bool>& value) {
  bool read = value;
  if (!read_flag(text, read)) return false;
  value = read;
  return true;
}

bool read_months(const std::string& text, Changing<int>& months) {
  const auto value = whole_number(text, 1, kRetentionMonthsMax);
  if (value) months = static_cast<int>(*value);
  return value.has_value();
}

bool read_bytes(const std::string& text, std::int64_t unit, std::int64_t& bytes) {
  const auto value = whole_number(text, 0, kStorageFigureMax);
  if (value) bytes = *value * unit;
  return value.has_value();
}

bool read_port(const std::string& text, Config& config) {
  const auto value = whole_number(text, 0, 65535);
  if (value) config.port = static_cast<std::uint16_t>(*value);
  return value.has_value();
}

// Names such as localhost are refused: they need a look-up and may have several addresses.
bool read_address(const std::string& text, Config& config) {
  config.address = text;
  const std::string bare = text.substr(0, text.find('%'));  // an IPv6 one may have an interface
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return ::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, bare.c_str(), bytes.data()) == 1;
}

constexpr std::int64_t kMetricsTenantsMax = 1000;

bool read_threads(const std::string& text, Config& config) {
  const auto value = whole_number(text, 0, kThreadsMax);
  if (value) config.threads = static_cast<unsigned>(*value);
  return value.has_value();
}

bool read_secret(const std::string& text, Config& config) {
  config.jwt_secret = text;
  return text.size() >= kSecretBytesMin;
}

bool read_zone(const std::string& text, Config& config) {
  auto zone = TimeZone::find(text);
  if (zone) config.rules.zone = *std::move(zone);
  return zone.has_value();
}

bool read_currency(const std::string& text, Config& config) {
  auto currency = Currency::find(text);
  if (currency) config.rules.currency = *std::move(currency);
  return currency.has_value();
}

bool read_grace(const std::string& text, Config& config) {
  const auto value = whole_number(text, 0, kGraceHoursMax);
  if (value) config.rules.grace = std::chrono::hours{*value};
  return value.has_value();
}

// "75,90": ascending whole numbers, each once; "none": no warnings before a limit is passed.
bool read_thresholds(const std::string& text, Config& config) {
  std::vector<int> thresholds;
  std::string_view rest = text;
  for (bool is_last = text == "none"; !is_last;) {
    const std::size_t comma = rest.find(',');
    is_last = comma == std::string_view::npos;
    std::string part{rest.substr(0, comma)};
    part.erase(0, part.find_first_not_of(' '));
    part.erase(part.find_last_not_of(' ') + 1);
    const auto value = whole_number(part, 1, kThresholdMax);
    if (!value || (!thresholds.empty() && *value <= thresholds.back())) return false;
    thresholds.push_back(static_cast<int>(*value));
    if (!is_last) rest.remove_prefix(comma + 1);
  }
  if (thresholds.size() > kThresholdsMax) return false;
  config.rules.alert_thresholds = std::move(thresholds);
  return true;
}

bool read_level(const std::string& text, Config& config) {
  constexpr std::pair<std::string_view, LogLevel> kLevels[] = {{"debug", LogLevel::debug},
                                                               {"info", LogLevel::info},
                                                               {"warn", LogLevel::warn},
                                                               {"error", LogLevel::error}};
  for (const auto& [name, level] : kLevels) {
    if (text != name) continue;
    config.log_level = level;
    return true;
  }
  return false;
}

bool read_allowed(const std::string& text, Config& config) {
  auto allowed = http::AllowList::parse(text);
  if (allowed) config.webhook_rules.allow = *std::move(allowed);
  return allowed.has_value();
}

bool read_proxies(const std::string& text, Config& config) {
  auto proxies = http::NetworkList::parse(text);
  if (proxies) config.callers.proxies = *std::move(proxies);
  return proxies.has_value();
}

bool read_metrics_allow(const std::string& text, Config& config) {
  if (text == "none") return true;
  auto networks = http::NetworkList::parse(text);
  if (networks) config.metrics_allow = *std::move(networks);
  return networks.has_value();
}

bool read_metrics_tenants(const std::string& text, Config& config) {
  const auto value = whole_number(text, 0, kMetricsTenantsMax);
  if (value) config.metrics_tenants = *value;
  return value.has_value();
}

bool read_cors(const std::string& text, Config& config) {
  auto cors = http::CorsRules::parse(text);
  if (cors) config.cors = *std::move(cors);
  return cors.has_value();
}

bool read_new_tenants(const std::string& text, Config& config) {
  constexpr std::string_view kWord = "plan:";
  if (!text.starts_with(kWord) || text.size() == kWord.size()) return false;
  config.new_tenants_plan = text.substr(kWord.size());
  return true;
}

bool read_recorded(const std::string& text, Config& config) {
  using http::RecordedAddress;
  constexpr std::pair<std::string_view, RecordedAddress> kChoices[] = {
      {"full", RecordedAddress::full},
      {"network", RecordedAddress::network},
      {"none", RecordedAddress::none}};
  for (const auto& [name, recorded] : kChoices) {
    if (text != name) continue;
    config.callers.recorded = recorded;
    return true;
  }
  return false;
}

bool keep(std::string& field, const std::string& text) {
  field = text;
  return true;
}

bool read_upstream(const std::string& text, Config& config) {
  config.upstream_url = text;
  return http::parse_origin(text).has_value();
}

// The driver checks the rest, when it opens the database.
bool read_mongo_uri(const std::string& text, Config& config) {
  config.mongo_uri = text;
  return text.starts_with("mongodb://") || text.starts_with("mongodb+srv://");
}

constexpr std::string_view kFlagAllowed = "true or false";
constexpr std::string_view kMonthsAllowed = "a whole number of months from 1 to 1200";
constexpr std::string_view kFigureAllowed = "a whole number from 0 to 1000000000";

constexpr SettingRow kSettings[] = {
    {"API_PORT", "--port", "48080", "a port from 0 to 65535 (0: any free one)", "the HTTP port",
     false, read_port},
    {"LISTEN_ADDRESS", "--address", "127.0.0.1", "an IP address such as 127.0.0.1, 0.0.0.0 or ::",
     "the address to listen on; 127.0.0.1: this machine only; 0.0.0.0 or ::: every address of it",
     false, read_address},
    {"API_THREADS", "--threads", "0", "a whole number from 0 to 256 (0: one for each core)",
     "threads that serve requests; fewer where the machine or its CPU time is shared", false,
     read_threads},
    {"JWT_SECRET", "", "", "at least 32 bytes (openssl rand -base64 48 prints some)",
     "the key that signs and verifies HS256 tokens", true, read_secret},
    {"JWKS_FILE", "", "", "a path", "public keys (JWKS) of an identity provider whose tokens count",
     false, [](const std::string& text, Config& config) { return keep(config.jwks_file, text); }},
    {"JWT_ISSUER", "", "", "any text", "where given, the iss that every token must have", false,
     [](const std::string& text, Config& config) { return keep(config.jwt_issuer, text); }},
    {"JWT_AUDIENCE", "", "", "any text", "where given, the aud that every token must have", false,
     [](const std::string& text, Config& config) { return keep(config.jwt_audience, text); }},
    {"PLANS_FILE", "", "", "a path",
     "the catalogue of plans (TOML); none: the one that ships with the program", false,
     [](const std::string& text, Config& config) { return keep(config.plans_file, text); }},
    {"DATA_DIR", "--data-dir", "./data", "a path", "the folder that everything is kept in", false,
     [](const std::string& text, Config& config) {
       config.data_dir = text;
       return true;
     }},
    {"USAGE_TRACKING_ENABLED", "", "true", kFlagAllowed, "false: requests pass unmetered", false,
     [](const std::string& text, Config& config) {
       return read_flag(text, config.rules.tracking_enabled);
     },
     true},
    {"LIMITS_MODE", "--mode", "enforce", "observe or enforce",
     "observe: requests over a hard limit or a request rate are let through", false,
     [](const std::string& text, Config& config) {
       config.rules.limits_enforced = text == "enforce";
       return text == "enforce" || text == "observe";
     },
     true},
    {"USAGE_RETENTION_MONTHS", "", "12", kMonthsAllowed,
     "how long usage counters are kept before they go to the archive folder", false,
     [](const std::string& text, Config& config) {
       return read_months(text, config.rules.usage_retention_months);
     },
     true},
    {"API_CALLS_RETENTION_MONTHS", "", "3", kMonthsAllowed,
     "how long api_calls, webhook_calls and response_metrics are kept", false,
     [](const std::string& text, Config& config) {
       return read_months(text, config.rules.api_calls_retention_months);
     },
     true},
    {"OVERAGE_ALERT_ENABLED", "", "true", kFlagAllowed, "false: no alerts are opened", false,
     [](const std::string& text, Config& config) {
       return read_flag(text, config.rules.overage_alerts);
     },
     true},
    {"ALERT_THRESHOLDS", "", "75,90",
     "none, or at most 10 whole numbers from 1 to 100, ascending, with commas: 75,90",
     "percentages of a limit that usage is warned of when it first reaches them", false,
     read_thresholds, true},
    {"BILLING_REPORT_GENERATION", "", "true", kFlagAllowed,
     "false: reports already made can be read, new ones are refused", false,
     [](const std::string& text, Config& config) {
       return read_flag(text, config.rules.report_generation);
     },
     true},
    {"STORAGE_BASE_MB", "", "100", kFigureAllowed,
     "the storage that every tenant has from the start, in MB", false,
     [](const std::string& text, Config& config) {
       return read_bytes(text, 1 << 20, config.rules.storage.base_bytes);
     }},
    {"STORAGE_PER_SALE_KB", "", "1", kFigureAllowed, "storage of one sale", false,
     [](const std::string& text, Config& config) {
       return read_bytes(text, 1 << 10, config.rules.storage.bytes_per_sale);
     }},
    {"STORAGE_PER_TICKET_BYTES", "", "512", kFigureAllowed, "storage of one ticket", false,
     [](const std::string& text, Config& config) {
       return read_bytes(text, 1, config.rules.storage.bytes_per_ticket);
     }},
    {"STORAGE_PER_AUDIT_BYTES", "", "256", kFigureAllowed, "storage of one audit record", false,
     [](const std::string& text, Config& config) {
       return read_bytes(text, 1, config.rules.storage.bytes_per_audit);
     }},
    {"BILLING_TIMEZONE", "", "UTC", "an IANA time zone such as Asia/Kathmandu",
     "where months, days and weeks begin; fixed once the folder is made", false, read_zone},
    {"BILLING_CURRENCY", "", "USD", "an ISO 4217 code such as EUR",
     "the currency of all amounts; fixed once a statement is frozen", false, read_currency},
    {"BILLING_GRACE_HOURS", "", "72", "a whole number of hours from 0 to 8760",
     "how long a period takes late events after its end", false, read_grace},
    {"LOG_LEVEL", "", "info", "one of debug, info, warn, error", "the lowest level that is logged",
     false, read_level, true},
    {"CORE_DUMPS", "", "false", kFlagAllowed,
     "true: the kernel may write the memory, keys and all, to disk when the process dies; for "
     "debugging",
     false,
     [](const std::string& text, Config& config) {
       return read_flag(text, config.has_core_dumps);
     }},
    {"SECRETS_KEY_FILE", "", "", "a path",
     "keys that webhook secrets are encrypted with in the data folder; none: they lie there in the "
     "clear",
     false,
     [](const std::string& text, Config& config) { return keep(config.secrets_key_file, text); }},
    {"MONGO_URI", "", "", "a URI such as mongodb://127.0.0.1:27017/metergate",
     "the database whose journal this node shares with others; left out: the embedded engine, one "
     "process over DATA_DIR",
     true, read_mongo_uri},
    {"UPSTREAM_URL", "--upstream", "", "an origin such as http://127.0.0.1:3000",
     "the origin that the gateway passes requests on to", false, read_upstream},
    {"UPSTREAMS_FILE", "", "", "a path", "several upstreams of the gateway (TOML, docs/gateway.md)",
     false,
     [](const std::string& text, Config& config) { return keep(config.upstreams_file, text); }},
    {"GATEWAY_DURABILITY", "", "fast", "fast or strict",
     "the fault that a proxied call's record survives once its answer has ended: a kill (fast) or "
     "a "
     "power cut (strict)",
     false,
     [](const std::string& text, Config& config) {
       config.is_gateway_strict = text == "strict";
       return text == "strict" || text == "fast";
     },
     true},
    {"TRUSTED_PROXIES", "", "", "addresses and networks, such as 10.0.0.0/8,2001:db8::5",
     "proxies in front that are believed about the caller's address, scheme and host", false,
     read_proxies, true},
    {"RECORD_CALLER_IP", "", "full", "full, network or none",
     "how much of a caller's address is kept in records and logs (network: IPv4 /24, IPv6 /48)",
     false, read_recorded, true},
    {"CORS_ORIGINS", "", "", "origins such as https://app.example.com, or * alone",
     "web pages of these origins may call Metergate's own routes from a browser", false, read_cors,
     true},
    {"GATEWAY_NEW_TENANTS", "", "", "plan: and the name of a plan, such as plan:free",
     "a valid token of an unknown tenant creates that tenant, on this plan", false,
     read_new_tenants, true},
    {"WEBHOOK_ALLOW", "", "",
     "networks, addresses and host names, such as 10.0.0.0/8,hooks.internal",
     "receivers of webhooks that are allowed besides public addresses", false, read_allowed, true},
    {"WEBHOOK_ALLOW_HTTP", "", "false", kFlagAllowed, "true: webhooks may go out without TLS",
     false,
     [](const std::string& text, Config& config) {
       return read_flag(text, config.webhook_rules.http_allowed);
     },
     true},
    {"WEBHOOK_CA_FILE", "", "", "a path",
     "certificates (PEM) that receivers may be signed by, besides the system's", false,
     [](const std::string& text, Config& config) { return keep(config.webhook_ca_file, text); }},
    {"METRICS_ALLOW", "", "127.0.0.0/8,::1",
     "none, or addresses and networks, such as 127.0.0.0/8,10.1.0.0/16",
     "addresses from which /metrics needs no token; others need a provider's with billing.read",
     false, read_metrics_allow},
    {"METRICS_TENANTS", "", "0", "a whole number from 0 to 1000",
     "the number of tenants, fullest first, whose usage, limits and cost /metrics shows by name",
     false, read_metrics_tenants},
};

struct Found {
  std::string value;
  std::string origin;
};

std::optional<std::string> value_in(const Values& values, std::string_view name) {
  const auto found = values.find(std::string{name});
  if (found == values.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

Found find_value(const SettingRow& row, const ConfigSources& sources) {
  if (auto value = value_in(sources.flags, row.name)) {
    return {*std::move(value), std::string{row.flag}};
  }
  if (auto value = value_in(sources.environment, row.name)) {
    return {*std::move(value), "environment"};
  }
  if (auto value = value_in(sources.file, row.name)) return {*std::move(value), sources.file_name};
  return {std::string{row.default_value}, "default"};
}

// Control characters would break the line, and a long value would hide its fault.
std::string shown(const SettingRow& row, const std::string& value) {
  constexpr std::size_t kShownMax = 80;
  if (row.is_secret) return fmt::format("{} (a value of {} bytes)", row.name, value.size());
  std::string text;
  for (const char c : value.substr(0, kShownMax)) {
    text.push_back(static_cast<unsigned char>(c) < 0x20 ? '?' : c);
  }
  if (value.size() > kShownMax) text += "…";
  return fmt::format("{}={}", row.name, text);
}

constexpr std::size_t kMisspeltLettersMax = 2;

std::vector<std::string_view> setting_names() {
  std::vector<std::string_view> names;
  for (const SettingRow& row : kSettings) names.push_back(row.name);
  return names;
}

std::vector<std::string> environment_names() {
  std::vector<std::string> names;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text{*entry};
    names.emplace_back(text.substr(0, text.find('=')));
  }
  return names;
}

}  // namespace

std::span<const SettingRow> all_settings() { return kSettings; }

Result<LoadedConfig> load_config(const ConfigSources& sources) {
  LoadedConfig loaded;
  for (const SettingRow& row : kSettings) {
    Found found = find_value(row, sources);
    if (!found.value.empty() && !row.read(found.value, loaded.config)) {
      return fail(ErrorCode::invalid,
                  fmt::format("{} (from {}) must be {}", shown(row, found.value), found.origin,
                              row.allowed));
    }
    if (row.is_secret && !found.value.empty()) found.value = "(set)";
    loaded.origins.push_back({&row, std::move(found.value), std::move(found.origin)});
  }
  loaded.config.rules.archive_folder = loaded.config.data_dir / "archive-counters";
  return loaded;
}

Result<> check_names(const Values& file, const std::string& file_name) {
  for (const auto& [name, value] : file) {
    if (std::ranges::find(kSettings, name, &SettingRow::name) != std::end(kSettings)) continue;
    return fail(ErrorCode::invalid,
                fmt::format("{}: {:.80} is no setting of Metergate{}; metergate serve "
                            "--print-config shows them all",
                            file_name, name, did_you_mean(name, setting_names())));
  }
  return {};
}

std::vector<std::string> misspelt_names(std::span<const std::string> environment) {
  const std::vector<std::string_view> known = setting_names();
  std::vector<std::string> warnings;
  for (const std::string& name : environment) {
    if (std::ranges::find(known, name) != known.end()) continue;
    const auto meant = std::ranges::find_if(known, [&](std::string_view setting) {
      return edit_distance(name, setting) <= kMisspeltLettersMax;
    });
    if (meant == known.end()) continue;
    warnings.push_back(fmt::format(
        "{:.80} in the environment is no setting of Metergate and is left alone; did you mean "
        "{}?",
        name, *meant));
  }
  return warnings;
}

Result<ConfigSources> process_sources(Values flags, const std::optional<std::string>& env_file) {
  ConfigSources sources;
  sources.flags = std::move(flags);
  for (const SettingRow& row : kSettings) {
    const std::string name{row.name};
    if (const char* value = std::getenv(name.c_str())) sources.environment[name] = value;
  }
  sources.warnings = misspelt_names(environment_names());
  sources.file_name = env_file.value_or(".env");
  std::error_code ignored;
  if (!env_file && !std::filesystem::exists(sources.file_name, ignored)) return sources;
  const std::string text = TRY(read_text_file(sources.file_name));
  auto values = parse_dotenv(text);
  if (!values) {
    return fail(ErrorCode::invalid,
                fmt::format("{}: {}", sources.file_name, values.error().message));
  }
  sources.file = *std::move(values);
  TRY(check_names(sources.file, sources.file_name));
  return sources;
}

std::string environment_value(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string{} : std::string{value};
}

Result<std::string> read_text_file(const std::filesystem::path& path) {
  std::error_code code;
  const bool is_file =
      std::filesystem::exists(path, code) && !std::filesystem::is_directory(path, code);
  std::ifstream stream(path, std::ios::binary);
  if (!is_file || !stream) {
    return fail(ErrorCode::invalid,
                fmt::format("{} cannot be read: no such file, or no right to it", path.string()));
  }
  std::string text(kTextFileBytesMax + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > kTextFileBytesMax) {
    return fail(
        ErrorCode::invalid,
        fmt::format("{} is larger than 1 MiB, so it is not what is expected there", path.string()));
  }
  return text;
}

}  // namespace metergate
