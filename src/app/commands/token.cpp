#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>

#include "app/command_line.h"
#include "app/commands/command.h"
#include "app/exit_status.h"
#include "app/front.h"
#include "app/lifetime.h"
#include "service/sessions.h"
#include "storage/memory_store.h"

namespace metergate {
namespace {

class Token final : public LocalCommand {
 public:
  void declare(CLI::App& options) override {
    options.add_option("--scope", scope_, "whose token it is")
        ->required()
        ->check(CLI::IsMember({"provider", "tenant"}));
    options.add_option("--role", request_.roles, "a role of the provider's; may be repeated")
        ->allow_extra_args(false);
    options
        .add_option("--permission", request_.permissions, "a single permission; may be repeated")
        ->allow_extra_args(false);
    options.add_option("--tenant", request_.tenant, "the tenant of a tenant token");
    options.add_option("--subject", request_.subject, "who it is for, as audit records name it");
    options.add_option("--ttl", lifetime_, "how long it is good: 30m, 1h, at most 24h");
  }

  Result<int> run(LocalContext& context) override {
    const auto loaded = load_process_config("token", context.common, context.streams.err);
    if (!loaded) return kExitConfiguration;
    if (loaded->config.jwt_secret.empty()) {
      context.streams.err << "metergate token: JWT_SECRET is not set; it must be the server's own, "
                             "in the environment or in .env\n";
      return kExitConfiguration;
    }
    const auto token = issue(loaded->config);
    if (!token) {
      print_error("token", token.error(), context.streams.err);
      return kExitUsage;
    }
    context.streams.out << *token << '\n';
    return kExitDone;
  }

 private:
  Result<std::string> issue(const Config& config) {
    request_.lifetime = TRY(parse_lifetime(lifetime_));
    request_.scope = scope_ == "tenant" ? Scope::tenant : Scope::provider;
    if (request_.subject.empty()) {
      request_.subject = request_.scope == Scope::tenant ? request_.tenant : "cli";
    }
    // A token is a signature over words: no folder is needed, and what it names need not exist yet.
    const SystemClock clock;
    const auto store = make_memory_store(config.rules.zone);
    const auto sessions = TRY(Sessions::create({.jwt_secret = config.jwt_secret,
                                                .jwks_text = {},
                                                .issuer = config.jwt_issuer,
                                                .audience = config.jwt_audience},
                                               *store, clock));
    return sessions->issue(request_);
  }

  TokenRequest request_;
  std::string scope_;
  std::string lifetime_ = "1h";
};

}  // namespace

std::unique_ptr<LocalCommand> make_token() { return std::make_unique<Token>(); }

}  // namespace metergate
