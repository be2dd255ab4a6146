#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>

#include "app/command_line.h"
#include "app/commands/command.h"
#include "app/control_client.h"
#include "app/exit_status.h"
#include "app/front.h"
#include "app/lifetime.h"
#include "service/access/sessions.h"
#include "storage/engine/memory_store.h"
#include "storage/engine/open_store.h"

namespace metergate {
namespace {

// The options that both ways to a token share.
struct TokenWords {
  TokenRequest request;
  std::string scope;
  std::string lifetime = "1h";

  void declare(CLI::App& options) {
    options.add_option("--scope", scope, "whose token it is")
        ->required()
        ->check(CLI::IsMember({"provider", "tenant"}));
    options.add_option("--role", request.roles, "a role of the provider's; may be repeated")
        ->allow_extra_args(false);
    options.add_option("--permission", request.permissions, "a single permission; may be repeated")
        ->allow_extra_args(false);
    options.add_option("--tenant", request.tenant, "the tenant of a tenant token");
    options.add_option("--subject", request.subject, "who it is for, as audit records name it");
    options.add_option("--ttl", lifetime, "how long it is good: 30m, 1h, at most 24h");
  }

  Result<std::string> issue(const Sessions& sessions) {
    request.lifetime = TRY(parse_lifetime(lifetime));
    request.scope = scope == "tenant" ? Scope::tenant : Scope::provider;
    if (request.subject.empty())
      request.subject = request.scope == Scope::tenant ? request.tenant : "cli";
    return sessions.issue(request);
  }

  // The same words, for the server.
  Arguments arguments() const {
    Arguments words = {"--scope", scope, "--ttl", lifetime};
    const auto add = [&words](const char* name, const std::string& value) {
      if (value.empty()) return;
      words.emplace_back(name);
      words.push_back(value);
    };
    for (const std::string& role : request.roles) add("--role", role);
    for (const std::string& permission : request.permissions) add("--permission", permission);
    add("--tenant", request.tenant);
    add("--subject", request.subject);
    return words;
  }
};

class Token final : public LocalCommand {
 public:
  void declare(CLI::App& options) override { words_.declare(options); }

  Result<int> run(LocalContext& context) override {
    const auto loaded = load_process_config("token", context.common, context.streams.err);
    if (!loaded) return kExitConfiguration;
    const Config& config = loaded->config;
    // A running server decides itself which tokens it accepts.
    if (is_folder_in_use(config.data_dir)) {
      const StoreCall call{.name = "issue-token", .arguments = words_.arguments(), .actor = "cli"};
      const auto status = TRY(ask_server(call, config.data_dir, context.streams));
      if (status) return *status;
    }
    if (config.jwt_secret.empty()) {
      context.streams.err << fmt::format(
          "metergate token: no server answers in {}, and JWT_SECRET is not set; name the server's "
          "folder with --data-dir, or set its JWT_SECRET in the environment or in .env\n",
          config.data_dir.string());
      return kExitConfiguration;
    }
    const auto token = issue_here(config);
    if (!token) {
      print_error("token", token.error(), context.streams.err);
      return kExitUsage;
    }
    context.streams.out << *token << '\n';
    return kExitDone;
  }

 private:
  // A token is only signed text: it needs no folder, and the tenant and roles that it names need
  // not exist yet.
  Result<std::string> issue_here(const Config& config) {
    const SystemClock clock;
    const auto store = make_memory_store(config.rules.zone);
    const auto sessions = TRY(Sessions::create({.jwt_secret = config.jwt_secret,
                                                .jwks_text = {},
                                                .issuer = config.jwt_issuer,
                                                .audience = config.jwt_audience},
                                               *store, clock));
    return words_.issue(*sessions);
  }

  TokenWords words_;
};

// The same inside the server, with its secret.
class IssueToken final : public StoreCommand {
 public:
  void declare(CLI::App& options) override { words_.declare(options); }

  Result<int> run(StoreContext& context) override {
    const auto token = words_.issue(context.services.sessions);
    if (!token) {
      print_error("token", token.error(), context.streams.err);
      return kExitUsage;
    }
    context.streams.out << *token << '\n';
    return kExitDone;
  }

 private:
  TokenWords words_;
};

}  // namespace

std::unique_ptr<LocalCommand> make_token() { return std::make_unique<Token>(); }
std::unique_ptr<StoreCommand> make_issue_token() { return std::make_unique<IssueToken>(); }

}  // namespace metergate
