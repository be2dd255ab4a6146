// The upstreams file: TOML read into specs.
#include "gateway/upstream_spec.h"
#define TOML_EXCEPTIONS 0
#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>

#include "base/characters.h"
#include "base/toml_text.h"
#include "http/words/characters.h"
#include "http/words/kept_back.h"

namespace metergate::gateway {
namespace {

constexpr std::size_t kUpstreamsMax = 32;
constexpr std::size_t kOriginsMax = 16;
constexpr std::size_t kPathSegmentsMax = 16;
constexpr std::size_t kSha256HexLength = 64;

struct Place {  // the position in the file, for messages
  std::string upstream;
  std::string key;
};

std::unexpected<Error> wrong(const Place& place, std::string_view what) {
  const std::string where = place.upstream.empty()
                                ? place.key
                                : fmt::format("upstream '{}', {}", place.upstream, place.key);
  return fail(ErrorCode::invalid, fmt::format("{}: {}", where, what));
}

// Reads a whole number of the table into a field of the options.
struct NumberRow {
  std::string_view key;
  std::int64_t least;
  std::int64_t most;
  void (*set)(http::UpstreamOptions& options, std::int64_t value);
};

constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kDayMs = 24 * kHourMs;
constexpr std::int64_t kTebibyte = std::int64_t{1} << 40;

constexpr std::array<NumberRow, 10> kNumbers = {{
    {"connections_max", 1, 10'000,
     [](auto& o, auto v) { o.connections_max = static_cast<std::size_t>(v); }},
    {"waiting_max", 0, 100'000,
     [](auto& o, auto v) { o.waiting_max = static_cast<std::size_t>(v); }},
    {"connect_timeout_ms", 1, kHourMs,
     [](auto& o, auto v) { o.connect_timeout = Milliseconds{v}; }},
    {"head_timeout_ms", 1, kHourMs, [](auto& o, auto v) { o.head_timeout = Milliseconds{v}; }},
    {"idle_timeout_ms", 1, kDayMs, [](auto& o, auto v) { o.idle_timeout = Milliseconds{v}; }},
    {"tunnel_timeout_ms", 1, kDayMs, [](auto& o, auto v) { o.tunnel_timeout = Milliseconds{v}; }},
    {"keep_timeout_ms", 1, kDayMs, [](auto& o, auto v) { o.keep_timeout = Milliseconds{v}; }},
    {"health_every_ms", 100, kDayMs, [](auto& o, auto v) { o.health_every = Milliseconds{v}; }},
    {"request_bytes_max", 0, kTebibyte, [](auto& o, auto v) { o.request_bytes_max = v; }},
    {"response_bytes_max", 0, kTebibyte, [](auto& o, auto v) { o.response_bytes_max = v; }},
}};

constexpr std::array<std::string_view, 12> kOtherKeys = {
    "name",      "urls",        "path",    "hosts",        "tenant", "openapi",
    "pass_host", "health_path", "ca_file", "pass_headers", "open",   "open_rate"};
constexpr std::array<std::string_view, 3> kOpenKeys = {"path", "methods", "tenant"};
constexpr std::size_t kOpenMax = 64;
constexpr std::array<std::string_view, 5> kTenantKeys = {"from", "claim", "header", "keys",
                                                         "hosts"};

// The system's certificates for https origins without a ca_file; null if there are none.
Result<std::shared_ptr<http::TlsContext>> tls_by_system(const std::vector<http::Origin>& origins) {
  if (!std::ranges::any_of(origins, &http::Origin::is_secure)) return nullptr;
  return http::trust_system();
}

// True for "{tenant_id}" and the like, which match any segment.
bool is_any_segment(std::string_view segment) {
  return segment.starts_with('{') && segment.ends_with('}');
}

// "/a/{tenant_id}/" → "a", "{tenant_id}"; "/a/b" → "a", "b".
std::vector<std::string> open_segments(std::string_view path) {
  std::vector<std::string> segments;
  path.remove_prefix(1);
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    segments.emplace_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return segments;
}

// Reads one [[upstream]] table; `place` names it in messages.
class SpecReader {
 public:
  SpecReader(const toml::table& table, std::string name, const ReadNamedFile& read_file)
      : table_(table), name_(std::move(name)), read_file_(read_file) {}

  Result<UpstreamSpec> read() {
    spec_.options.name = name_;
    TRY(refuse_unknown());
    TRY(read_origins());
    TRY(read_tls());
    TRY(read_path());
    TRY(read_hosts());
    TRY(read_numbers());
    TRY(read_passed_fields());
    TRY(read_open());
    TRY(read_open_rate());
    TRY(read_rest());
    TRY(read_tenant());
    return std::move(spec_);
  }

 private:
  std::unexpected<Error> wrong_key(std::string_view key, std::string_view what) const {
    return wrong({name_, std::string{key}}, what);
  }

  // A text, if the key is present.
  Result<std::optional<std::string>> text(const toml::table& table, std::string_view key) const {
    const toml::node* node = table.get(key);
    if (node == nullptr) return std::optional<std::string>{};
    const auto* value = node->as_string();
    if (value == nullptr || value->get().empty()) return wrong_key(key, "must be a text");
    return std::optional{value->get()};
  }

  Result<std::vector<std::string>> texts(std::string_view key) const { return texts(table_, key); }
  Result<std::vector<std::string>> texts(const toml::table& table, std::string_view key) const {
    std::vector<std::string> found;
    const toml::node* node = table.get(key);
    if (node == nullptr) return found;
    const toml::array* list = node->as_array();
    if (list == nullptr || list->empty()) return wrong_key(key, "must be a list of texts");
    for (const toml::node& item : *list) {
      const auto* value = item.as_string();
      if (value == nullptr) return wrong_key(key, "must be a list of texts");
      found.push_back(value->get());
    }
    return found;
  }

  Result<> refuse_unknown() const {
    for (const auto& [key, value] : table_) {
      const bool is_number =
          std::ranges::find(kNumbers, key.str(), &NumberRow::key) != kNumbers.end();
      if (!is_number && std::ranges::find(kOtherKeys, key.str()) == kOtherKeys.end())
        return wrong_key(key.str(), "there is no such key");
    }
    return {};
  }

  Result<> read_origins() {
    const std::vector<std::string> urls = TRY(texts("urls"));
    if (urls.empty() || urls.size() > kOriginsMax)
      return wrong_key("urls", fmt::format("must be a list of 1 to {} URLs", kOriginsMax));
    for (const std::string& url : urls) {
      auto origin = http::parse_origin(url);
      if (!origin) return wrong_key("urls", origin.error().message);
      spec_.options.origins.push_back(*std::move(origin));
    }
    return {};
  }

  Result<> read_tls() {
    const auto file = TRY(text(table_, "ca_file"));
    if (!file) {
      spec_.options.tls = TRY(tls_by_system(spec_.options.origins));
      return {};
    }
    if (!std::ranges::any_of(spec_.options.origins, &http::Origin::is_secure))
      return wrong_key("ca_file", "is for urls that begin with https://");
    const auto certificates = read_file_(*file);
    if (!certificates) return wrong_key("ca_file", certificates.error().message);
    auto tls = http::trust_only(*certificates);
    if (!tls) return wrong_key("ca_file", fmt::format("'{}': {}", *file, tls.error().message));
    spec_.options.tls = *std::move(tls);
    return {};
  }

  Result<> read_path() {
    spec_.path = TRY(text(table_, "path")).value_or(spec_.path);
    const std::string& path = spec_.path;
    const bool has_shape = path.starts_with('/') && path.ends_with('/') &&
                           path.find("//") == std::string::npos &&
                           std::ranges::count(path, '/') <= std::ptrdiff_t{kPathSegmentsMax};
    if (!has_shape)
      return wrong_key("path", fmt::format("'{}' must begin and end with '/' and have at most {} "
                                           "segments, none of them empty",
                                           path, kPathSegmentsMax - 1));
    return {};
  }

  Result<> read_hosts() {
    for (const std::string& host : TRY(texts("hosts"))) spec_.hosts.push_back(to_lower(host));
    return {};
  }

  Result<> read_numbers() {
    for (const NumberRow& row : kNumbers) {
      const toml::node* node = table_.get(row.key);
      if (node == nullptr) continue;
      const auto* number = node->as_integer();
      if (number == nullptr || number->get() < row.least || number->get() > row.most)
        return wrong_key(row.key,
                         fmt::format("must be a whole number from {} to {}", row.least, row.most));
      row.set(spec_.options, number->get());
    }
    return {};
  }

  Result<> read_passed_fields() {
    for (const std::string& text : TRY(texts("pass_headers"))) {
      const std::string name = to_lower(text);
      if (!http::is_kept_back(name))
        return wrong_key("pass_headers",
                         fmt::format("'{}' is none of the headers that are kept back: others pass "
                                     "without being named, and those of one hop never do",
                                     text));
      spec_.options.passed_fields.push_back(name);
    }
    return {};
  }

  Result<> read_open() {
    const toml::node* node = table_.get("open");
    if (node == nullptr) return {};
    const toml::array* list = node->as_array();
    if (list == nullptr || list->size() > kOpenMax)
      return wrong_key("open",
                       fmt::format("must be at most {} [[upstream.open]] tables", kOpenMax));
    for (const toml::node& item : *list) {
      const toml::table* table = item.as_table();
      if (table == nullptr) return wrong_key("open", "must be [[upstream.open]] tables");
      for (const auto& [key, value] : *table) {
        if (std::ranges::find(kOpenKeys, key.str()) == kOpenKeys.end())
          return wrong_key("open." + std::string{key.str()}, "there is no such key");
      }
      spec_.open.push_back(TRY(read_open_path(*table)));
    }
    return {};
  }

  // open_rate = { per_second = 100, burst = 1000 }
  Result<> read_open_rate() {
    const toml::node* node = table_.get("open_rate");
    if (node == nullptr) return {};
    const auto refuse = [this] {
      return wrong_key("open_rate",
                       fmt::format("must be {{ per_second = N, burst = N }}, whole numbers from 1 "
                                   "to {}",
                                   kRequestRateMax));
    };
    const toml::table* table = node->as_table();
    if (table == nullptr || table->size() != 2) return refuse();
    for (const auto& [key, number] : {std::pair{"per_second", &RequestRate::per_second},
                                      std::pair{"burst", &RequestRate::burst}}) {
      const auto value = (*table)[key].value<std::int64_t>();
      if (!value || *value < 1 || *value > kRequestRateMax) return refuse();
      spec_.open_rate.*number = *value;
    }
    return {};
  }

  Result<OpenPath> read_open_path(const toml::table& table) const {
    OpenPath open;
    const std::string path = TRY(text(table, "path")).value_or("");
    const bool has_shape = path.starts_with('/') && path.find("//") == std::string::npos &&
                           path.find("/.") == std::string::npos &&
                           std::ranges::count(path, '/') <= std::ptrdiff_t{kPathSegmentsMax};
    if (!has_shape)
      return wrong_key("open.path",
                       fmt::format("'{}' must be a path such as /login or /public/", path));
    open.is_beginning = path.ends_with('/');
    open.segments = open_segments(path);
    const std::vector<std::string> outer = open_segments(spec_.path);
    const bool is_within = open.segments.size() >= outer.size() &&
                           std::equal(outer.begin(), outer.end(), open.segments.begin(),
                                      [](const std::string& a, const std::string& b) {
                                        return a == b || (is_any_segment(a) && is_any_segment(b));
                                      });
    if (!is_within)
      return wrong_key("open.path",
                       fmt::format("'{}' does not lie below the path {}", path, spec_.path));
    open.methods = TRY(texts(table, "methods"));
    if (const auto tenant = TRY(text(table, "tenant"))) {
      auto id = TenantId::parse(*tenant);
      if (!id) return wrong_key("open.tenant", id.error().message);
      open.tenant = *std::move(id);
    }
    return open;
  }

  Result<> read_rest() {
    if (const toml::node* node = table_.get("pass_host")) {
      const auto* flag = node->as_boolean();
      if (flag == nullptr) return wrong_key("pass_host", "must be true or false");
      spec_.options.keeps_host = flag->get();
    }
    spec_.options.health_path = TRY(text(table_, "health_path")).value_or("");
    const std::string& path = spec_.options.health_path;
    const bool is_path =
        path.empty() || (path.starts_with('/') && std::ranges::all_of(path, is_visible));
    if (!is_path) return wrong_key("health_path", "must be a path such as /healthz");
    const auto file = TRY(text(table_, "openapi"));
    if (!file) return {};
    auto document = read_file_(*file);
    if (!document) return wrong_key("openapi", document.error().message);
    auto templates = EndpointTemplates::parse(*document);
    if (!templates) return wrong_key("openapi", templates.error().message);
    spec_.templates = *std::move(templates);
    return {};
  }

  Result<> read_tenant() {
    const toml::node* node = table_.get("tenant");
    const toml::table none;
    const toml::table* table = node == nullptr ? &none : node->as_table();
    if (table == nullptr) return wrong_key("tenant", "must be a table");
    for (const auto& [key, value] : *table) {
      if (std::ranges::find(kTenantKeys, key.str()) == kTenantKeys.end())
        return wrong_key("tenant." + std::string{key.str()}, "there is no such key");
    }
    return read_tenant_rule(*table);
  }

  Result<> read_tenant_rule(const toml::table& table) {
    const std::string from = TRY(text(table, "from")).value_or("path");
    TenantRule& rule = spec_.tenant;
    const bool names_tenant = spec_.path.find("/{tenant_id}/") != std::string::npos;
    if (names_tenant != (from == "path"))
      return wrong_key("tenant.from", "is 'path' exactly where the path has a segment {tenant_id}");
    if (from == "claim") {
      rule.from = TenantFrom::claim;
      rule.claim = TRY(text(table, "claim")).value_or("tenant_id");
    } else if (from == "api_key") {
      rule.from = TenantFrom::api_key;
      rule.header = to_lower(TRY(text(table, "header")).value_or("x-api-key"));
      rule.keys = TRY(tenants_by(table, "keys"));
      for (const auto& [hash, tenant] : rule.keys) {
        if (hash.size() != kSha256HexLength ||
            hash.find_first_not_of("0123456789abcdef") != std::string::npos)
          return wrong_key("tenant.keys",
                           "must have the SHA-256 of each key as 64 hexadecimal "
                           "digits (printf %s KEY | sha256sum), not the key");
      }
    } else if (from == "host") {
      rule.from = TenantFrom::host;
      rule.hosts = TRY(tenants_by(table, "hosts"));
    } else if (from == "header") {
      rule.from = TenantFrom::header;
      rule.header = to_lower(TRY(text(table, "header")).value_or("x-tenant-id"));
      // The header comes from a trusted proxy, so the application may receive it too.
      if (http::is_kept_back(rule.header)) spec_.options.passed_fields.push_back(rule.header);
    } else if (from != "path") {
      return wrong_key("tenant.from", "must be path, claim, api_key, host or header");
    }
    return {};
  }

  Result<std::map<std::string, TenantId>> tenants_by(const toml::table& table,
                                                     std::string_view key) const {
    const toml::node* node = table.get(key);
    const toml::table* entries = node == nullptr ? nullptr : node->as_table();
    const std::string name = "tenant." + std::string{key};
    if (entries == nullptr || entries->empty()) return wrong_key(name, "must be a table");
    std::map<std::string, TenantId> tenants;
    for (const auto& [entry, value] : *entries) {
      const auto* id = value.as_string();
      auto tenant = TenantId::parse(id == nullptr ? std::string_view{} : id->get());
      if (!tenant) return wrong_key(name, tenant.error().message);
      tenants.emplace(to_lower(entry.str()), *std::move(tenant));
    }
    return tenants;
  }

  const toml::table& table_;
  const std::string name_;
  const ReadNamedFile& read_file_;
  UpstreamSpec spec_;
};

bool overlap(const UpstreamSpec& a, const UpstreamSpec& b) {
  const bool share_host = (a.hosts.empty() && b.hosts.empty()) ||
                          std::ranges::any_of(a.hosts, [&](const std::string& host) {
                            return std::ranges::find(b.hosts, host) != b.hosts.end();
                          });
  return share_host && a.path == b.path;
}

}  // namespace

bool OpenPath::takes(std::string_view method, std::string_view path) const {
  const bool takes_method =
      methods.empty() || std::ranges::find(methods, method) != methods.end() ||
      (method == "HEAD" && std::ranges::find(methods, "GET") != methods.end());
  if (!takes_method) return false;
  path.remove_prefix(1);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const bool is_last = i + 1 == segments.size();
    const std::size_t end = path.find('/');
    const bool ends_here = end == std::string_view::npos;
    if (ends_here != (is_last && !is_beginning)) return false;
    const std::string_view segment = path.substr(0, end);
    const bool is_any = is_any_segment(segments[i]);
    if (is_any ? segment.empty() : segment != segments[i]) return false;
    path.remove_prefix(ends_here ? path.size() : end + 1);
  }
  return true;
}

Result<UpstreamSpec> spec_of_url(std::string_view url) {
  UpstreamSpec spec;
  spec.options.name = "default";
  spec.options.origins.push_back(TRY(http::parse_origin(url)));
  spec.options.tls = TRY(tls_by_system(spec.options.origins));
  return spec;
}

Result<> check_apart(const std::vector<UpstreamSpec>& specs) {
  for (std::size_t i = 0; i < specs.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (!overlap(specs[i], specs[j])) continue;
      return fail(ErrorCode::invalid,
                  fmt::format("the upstreams '{}' and '{}' both take the path {}",
                              specs[j].options.name, specs[i].options.name, specs[i].path));
    }
  }
  return {};
}

Result<std::vector<UpstreamSpec>> parse_upstreams(std::string_view toml,
                                                  const ReadNamedFile& read_file) {
  TRY(check_toml_letters(toml));
  const toml::parse_result parsed = toml::parse(toml);
  if (!parsed) {
    return fail(ErrorCode::invalid, fmt::format("line {}: {}", parsed.error().source().begin.line,
                                                parsed.error().description()));
  }
  const toml::table& file = parsed.table();
  const toml::array* tables = file["upstream"].as_array();
  if (tables == nullptr || tables->size() > kUpstreamsMax || file.size() != 1)
    return fail(
        ErrorCode::invalid,
        fmt::format("must hold 1 to {} [[upstream]] tables and nothing else", kUpstreamsMax));
  std::vector<UpstreamSpec> specs;
  for (const toml::node& node : *tables) {
    const toml::table* table = node.as_table();
    const auto name = table == nullptr ? std::nullopt : (*table)["name"].value<std::string>();
    if (!name || name->empty())
      return wrong({"", fmt::format("upstream number {}", specs.size() + 1)}, "must have a name");
    if (std::ranges::any_of(specs, [&](const auto& spec) { return spec.options.name == *name; }))
      return wrong({*name, "name"}, "stands in the file twice");
    specs.push_back(TRY(SpecReader(*table, *name, read_file).read()));
  }
  return specs;
}

std::vector<std::string> files_named_in(std::string_view toml) {
  std::vector<std::string> files;
  if (!check_toml_letters(toml)) return files;
  const toml::parse_result parsed = toml::parse(toml);
  const toml::array* tables = parsed ? parsed.table()["upstream"].as_array() : nullptr;
  if (tables == nullptr) return files;
  for (const toml::node& node : *tables) {
    const toml::table* table = node.as_table();
    if (table == nullptr) continue;
    for (const std::string_view key : {"openapi", "ca_file"}) {
      if (auto name = (*table)[key].value<std::string>()) files.push_back(*std::move(name));
    }
  }
  return files;
}

}  // namespace metergate::gateway
