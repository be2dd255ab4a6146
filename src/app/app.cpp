#include "app/app.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "app/build_facts.h"
#include "base/crypto.h"
#include "base/id.h"
#include "base/settled_clock.h"
#include "service/reports/periods.h"
#include "service/shared/currency_mark.h"
#include "service/shared/node_rules.h"
#include "service/tenants/catalog.h"
#include "service/tenants/directory.h"
#include "service/upkeep/lease.h"
#include "service/upkeep/telemetry.h"
#include "service/webhooks/deliveries.h"
#include "service/wiring/service_set.h"
#include "storage/cluster/open_node.h"
#include "storage/engine/open_store.h"

namespace metergate {
namespace {

constexpr std::size_t kRandomSecretBytes = 48;

std::unexpected<Error> refuse_file(std::string_view name, const std::string& path,
                                   const Error& error) {
  return fail(ErrorCode::invalid, fmt::format("{}={}: {}", name, path, error.message));
}

Result<> check_plan(const std::string& name, std::string_view plans_toml) {
  const std::vector<Plan> plans = TRY(parse_catalogue(plans_toml));
  if (std::ranges::find(plans, name, &Plan::name) != plans.end()) return {};
  return fail(ErrorCode::invalid,
              fmt::format("GATEWAY_NEW_TENANTS=plan:{}: the catalogue has no plan of that name; it "
                          "has {}",
                          name, Catalogue::create(plans)->names_text()));
}

Error no_key_in(const Jwks& keys) {
  std::string message = "the key set has no key that verifies signatures";
  for (const std::string& which : keys.skipped()) message += "; " + which;
  return {ErrorCode::invalid, std::move(message)};
}

SessionOptions session_options(const Config& config, const AppFiles& files) {
  return {.jwt_secret = config.jwt_secret.empty() ? base64url(random_bytes(kRandomSecretBytes))
                                                  : config.jwt_secret,
          .jwks_text = files.jwks_text,
          .issuer = config.jwt_issuer,
          .audience = config.jwt_audience};
}

Webhooks::UrlCheck url_check(const Changing<http::DestinationRules>& rules) {
  return [&rules](std::string_view url) -> Result<> {
    const auto parse = url.starts_with("smtp") ? http::parse_mail_server : http::parse_destination;
    return http::check_destination(TRY(parse(url)), rules);
  };
}

}  // namespace

void log_skipped_keys(const Jwks& keys, const Log& log) {
  for (const std::string& which : keys.skipped()) log.warn("jwks.key_skipped", {{"key", which}});
}

Result<std::vector<gateway::UpstreamSpec>> read_upstreams(const Config& config) {
  std::vector<gateway::UpstreamSpec> specs;
  if (!config.upstreams_file.empty()) {
    const std::filesystem::path path{config.upstreams_file};
    const auto read_beside = [&](const std::string& name) {
      return read_text_file(path.parent_path() / name);
    };
    const auto text = read_text_file(path);
    if (!text) return refuse_file("UPSTREAMS_FILE", config.upstreams_file, text.error());
    auto read = gateway::parse_upstreams(*text, read_beside);
    if (!read) return refuse_file("UPSTREAMS_FILE", config.upstreams_file, read.error());
    specs = *std::move(read);
  }
  for (const gateway::UpstreamSpec& spec : specs) {
    const bool needs_proxy = spec.tenant.from == gateway::TenantFrom::header;
    if (needs_proxy && config.callers.proxies.is_empty())
      return fail(
          ErrorCode::invalid,
          fmt::format("the upstream '{}' takes the tenant from a trusted proxy's header, and "
                      "TRUSTED_PROXIES names no proxy",
                      spec.options.name));
  }
  if (!config.upstream_url.empty()) specs.push_back(TRY(gateway::spec_of_url(config.upstream_url)));
  TRY(gateway::check_apart(specs));
  return specs;
}

std::vector<std::filesystem::path> upstream_files(const Config& config) {
  std::vector<std::filesystem::path> files{config.upstreams_file};
  const auto text = read_text_file(files.front());
  if (!text) return files;
  const std::filesystem::path folder = files.front().parent_path();
  for (const std::string& name : gateway::files_named_in(*text)) files.push_back(folder / name);
  return files;
}

Result<SecretKeys> read_secret_keys(const Config& config) {
  if (config.secrets_key_file.empty()) return SecretKeys{};
  const auto text = read_text_file(config.secrets_key_file);
  if (!text) return refuse_file("SECRETS_KEY_FILE", config.secrets_key_file, text.error());
  auto keys = SecretKeys::parse(*text);
  if (!keys) return refuse_file("SECRETS_KEY_FILE", config.secrets_key_file, keys.error());
  return keys;
}

Result<AppFiles> read_app_files(const Config& config) {
  AppFiles files{.plans_toml = std::string{kShippedPlans}, .jwks_text = {}, .upstreams = {}};
  if (!config.plans_file.empty()) {
    auto text = read_text_file(config.plans_file);
    if (!text) return refuse_file("PLANS_FILE", config.plans_file, text.error());
    files.plans_toml = *std::move(text);
    const auto plans = parse_catalogue(files.plans_toml);
    if (!plans) return refuse_file("PLANS_FILE", config.plans_file, plans.error());
  }
  if (!config.jwks_file.empty()) {
    auto text = read_text_file(config.jwks_file);
    if (!text) return refuse_file("JWKS_FILE", config.jwks_file, text.error());
    files.jwks_text = *std::move(text);
    const auto keys = Jwks::parse(files.jwks_text);
    if (!keys) return refuse_file("JWKS_FILE", config.jwks_file, keys.error());
    if (keys->size() == 0) return refuse_file("JWKS_FILE", config.jwks_file, no_key_in(*keys));
  }
  if (!config.webhook_ca_file.empty()) {
    const auto text = read_text_file(config.webhook_ca_file);
    if (!text) return refuse_file("WEBHOOK_CA_FILE", config.webhook_ca_file, text.error());
  }
  TRY(read_secret_keys(config));
  files.upstreams = TRY(read_upstreams(config));
  if (!config.new_tenants_plan.empty()) TRY(check_plan(config.new_tenants_plan, files.plans_toml));
  return files;
}

// Declared in the order of construction: each borrows from those above it.
struct App::Parts {
  Parts(const Config& config, const Environment& with)
      : rules(config.rules),
        webhook_rules(config.webhook_rules),
        settled_clock(with.clock, [this](const auto& doubt) { tell(doubt); }),
        clock(with.is_clock_made_up ? with.clock : settled_clock),
        log(with.log),
        checkpoint_every(with.checkpoint_every),
        if_plans_differ(with.is_server ? Catalog::IfFileDiffers::make_versions
                                       : Catalog::IfFileDiffers::leave) {}

  // While the clock is doubted, its month is not closed.
  void tell(const std::optional<ClockDoubt>& doubt) const {
    if (!doubt) return log.info("clock.agrees", {{"now", to_text(clock.now())}});
    log.warn("clock.doubted",
             {{"now", to_text(doubt->now)},
              {"settled_now", to_text(doubt->settled_now)},
              {"effect", "periods are closed and old records removed by settled_now"}});
  }

  BillingRules rules;
  Changing<http::DestinationRules> webhook_rules;
  SettledClock settled_clock;
  const Clock& clock;
  const Log& log;
  const Milliseconds checkpoint_every;
  const Catalog::IfFileDiffers if_plans_differ;
  std::unique_ptr<Store> store;
  ClusterStore* cluster = nullptr;  // the store, with MONGO_URI
  std::optional<Lease> lease;       // the same
  std::unique_ptr<ServiceSet> set;

  ~Parts() {
    if (cluster != nullptr) cluster->on_documents_changed({});
  }
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;

  Result<> open_as_node(const std::string& uri, const EmbeddedOptions& copy) {
    const std::string name = make_ulid(clock.now());
    auto node = TRY(open_node({uri, name, copy}, clock, log));
    cluster = node.get();
    store = std::move(node);
    lease.emplace(*store, clock, name);
    return check_node_rules(*store, rules, clock.now());
  }

  // Another node has changed documents that services keep in memory.
  void read_again(const std::vector<ClusterStore::DocumentName>& changed) {
    bool have_plans_changed = false;
    for (const auto& [collection, key] : changed) {
      have_plans_changed = have_plans_changed || collection == Collection::plans;
      if (const Result<> read = read_again(collection, key); !read)
        log.error("cluster.document_not_read", {{"collection", row_of(collection).name},
                                                {"id", key.id},
                                                {"problem", read.error().message}});
    }
    if (!have_plans_changed) return;
    if (const Result<> read = set->services().catalog.reload(); !read)
      log.error("cluster.plans_not_read", {{"problem", read.error().message}});
  }

  Result<> read_again(Collection collection, const DocumentKey& key) {
    switch (collection) {
      case Collection::tenants:
      case Collection::subscriptions:
        return set->services().directory.reload(TRY(TenantId::parse(key.tenant)));
      case Collection::webhooks:
        return set->services().webhooks.reload({key.tenant, key.id});
      case Collection::webhook_deliveries:
        return set->services().deliveries.notice(key);
      default:
        return {};
    }
  }

  Result<> open(const Config& config, const AppFiles& files) {
    const EmbeddedOptions options{.folder = config.data_dir,
                                  .zone = rules.zone,
                                  .formula = rules.storage,
                                  .checkpoint_every = checkpoint_every};
    if (config.mongo_uri.empty()) {
      store = TRY(open_embedded_store(options, clock, log));
    } else {
      TRY(open_as_node(config.mongo_uri, options));
    }
    TRY(check_currency(*store, rules.currency));
    if (const auto known = TRY(remembered_time(*store))) settled_clock.begin_from(*known);
    set = TRY(ServiceSet::open(
        {.clock = clock,
         .log = log,
         .rules = rules,
         .store = *store,
         .plans_toml = files.plans_toml,
         .if_plans_differ = if_plans_differ,
         .sessions = session_options(config, files),
         .url_check = url_check(webhook_rules),
         .data_folder = config.data_dir,
         .about = {std::string{kVersion}, cluster == nullptr ? "embedded" : "mongodb",
                   clock.steady(), clock.now()}}));
    if (!files.jwks_text.empty()) log_skipped_keys(TRY(Jwks::parse(files.jwks_text)), log);
    Telemetry& telemetry = set->services().telemetry;
    telemetry.is_open_to = [networks = config.metrics_allow](std::string_view ip) {
      const auto address = http::parse_ip(ip);
      return address && networks.has(*address);
    };
    telemetry.tenants_told = config.metrics_tenants;
    if (cluster != nullptr)
      cluster->on_documents_changed([this](const auto& changed) { read_again(changed); });
    return {};
  }
};

Result<std::unique_ptr<App>> App::open(const Config& config, const AppFiles& files,
                                       const Environment& environment) {
  auto parts = std::make_unique<Parts>(config, environment);
  TRY(parts->open(config, files));
  return std::unique_ptr<App>(new App(std::move(parts)));
}

App::App(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
App::~App() = default;

Services& App::services() { return parts_->set->services(); }
Lease* App::lease() { return parts_->lease ? &*parts_->lease : nullptr; }
const ClusterStore* App::cluster() const { return parts_->cluster; }

void App::take_changing(const Config& config) {
  parts_->rules.take_changing(config.rules);
  parts_->webhook_rules = config.webhook_rules;
}

}  // namespace metergate
