#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <ostream>

#include "app/commands/command.h"
#include "app/commands/table_print.h"
#include "app/exit_status.h"
#include "service/tenants/directory.h"

namespace metergate {
namespace {

class Tenants final : public StoreCommand {
 public:
  void declare(CLI::App& options) override {
    options.require_subcommand(1);
    adds_ = options.add_subcommand("add", "a new tenant");
    adds_->add_option("ID", id_, "letters, digits and . _ : -, at most 64")->required();
    adds_->add_option("--name", name_, "as people know it")->required();
    adds_->add_option("--plan", plan_, "one of the catalogue's");
    options.add_subcommand("list", "all tenants");
  }

  bool makes_folder() const override { return adds_->parsed(); }

  Result<int> run(StoreContext& context) override {
    if (adds_->parsed()) {
      NewTenant wanted{
          .id = TRY(TenantId::parse(id_)), .name = name_, .plan = plan_, .own_limits = {}};
      const Tenant tenant = TRY(context.services.directory.add(wanted, context.actor));
      context.streams.out << fmt::format("added {} ({}) on plan {}\n", tenant.id.text(),
                                         tenant.name, plan_);
      return kExitDone;
    }
    std::vector<TableRow> rows = {{"TENANT", "NAME", "PLAN", "STATUS", "SINCE"}};
    for (const auto& record : context.services.directory.all_tenants()) {
      rows.push_back({record->tenant.id.text(), record->tenant.name, record->subscription.plan(),
                      record->tenant.status, to_text(record->tenant.created_at)});
    }
    print_table(rows, context.streams.out);
    return kExitDone;
  }

 private:
  CLI::App* adds_ = nullptr;
  std::string id_;
  std::string name_;
  std::string plan_ = "free";
};

}  // namespace

std::unique_ptr<StoreCommand> make_tenants() { return std::make_unique<Tenants>(); }

}  // namespace metergate
