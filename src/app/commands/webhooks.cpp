#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <ostream>

#include "app/commands/command.h"
#include "app/commands/table_print.h"
#include "app/exit_status.h"
#include "service/tenants/directory.h"
#include "service/webhooks/deliveries.h"

namespace metergate {
namespace {

class WebhooksCommand final : public StoreCommand {
 public:
  void declare(CLI::App& options) override {
    options.require_subcommand(1);
    CLI::App* lists = options.add_subcommand("list", "the webhooks of a tenant, or the provider's");
    lists->add_option("--tenant", tenant_, "whose; left out: the provider's");
    replays_ = options.add_subcommand("replay", "sends again what was given up");
    replays_->add_option("ID", id_, "of the webhook")->required();
    replays_->add_option("--tenant", tenant_, "whose; left out: the provider's");
    CLI::Option* since = replays_->add_option(
        "--since", since_, "only what was made from then on: 2026-03-01T00:00:00Z");
    replays_->add_option("--delivery", delivery_, "this one only, whatever became of it")
        ->excludes(since);
  }

  Result<int> run(StoreContext& context) override {
    const WebhookOwner owner = TRY(find_owner(context));
    if (replays_->parsed()) return replay(owner, context);
    std::vector<TableRow> rows = {{"WEBHOOK", "URL", "ACTIVE", "WHY NOT", "SINCE"}};
    for (const auto& webhook : context.services.webhooks.all_of(owner.text())) {
      rows.push_back({webhook->key.id, webhook->url, webhook->is_active ? "yes" : "no",
                      webhook->disabled_reason, to_text(webhook->created_at)});
    }
    print_table(rows, context.streams.out);
    return kExitDone;
  }

 private:
  // Operators may see every tenant's webhooks.
  Result<WebhookOwner> find_owner(const StoreContext& context) const {
    if (tenant_.empty()) return WebhookOwner::provider();
    const TenantId tenant = TRY(TenantId::parse(tenant_));
    TRY(context.services.directory.get(tenant));
    const Caller caller = Caller::provider(context.actor.name, Permissions::all());
    return WebhookOwner::of(TRY(caller.access(tenant, Permission::tenants_update)));
  }

  // Replays in steps until none are left; a step leaves nothing that the next one would repeat.
  Result<int> replay(const WebhookOwner& owner, StoreContext& context) {
    ReplayRequest request{delivery_, std::nullopt};
    if (!since_.empty()) request.since = TRY(parse_timestamp(since_));
    std::int64_t count = 0;
    for (bool more = true; more;) {
      const Replayed step =
          TRY(context.services.deliveries.replay({owner, id_}, request, context.actor));
      count += step.count;
      more = step.more;
    }
    context.streams.out << fmt::format("{} deliveries wait to be sent again\n", count);
    return kExitDone;
  }

  CLI::App* replays_ = nullptr;
  std::string tenant_;
  std::string id_;
  std::string since_;
  std::string delivery_;
};

}  // namespace

std::unique_ptr<StoreCommand> make_webhooks() { return std::make_unique<WebhooksCommand>(); }

}  // namespace metergate
