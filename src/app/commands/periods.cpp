// metergate periods: lists open and closed periods, and reopens one that was closed by mistake.
#include "service/reports/periods.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <ostream>

#include "app/commands/command.h"
#include "app/commands/table_print.h"
#include "app/exit_status.h"

namespace metergate {
namespace {

constexpr std::int64_t kPeriodsShownMax = 120;

class PeriodsCommand final : public StoreCommand {
 public:
  void declare(CLI::App& options) override {
    options.require_subcommand(1);
    options.add_subcommand("list", "the newest 120, and whether each takes events");
    reopens_ = options.add_subcommand("reopen", "a period that was closed by mistake");
    reopens_->add_option("PERIOD", period_, "YYYY-MM; all after it are taken up again too")
        ->required();
    reopens_->add_option("--reason", reason_, "3 to 500 characters, for the audit trail")
        ->required();
  }

  Result<int> run(StoreContext& context) override {
    const Services& services = context.services;
    Periods periods({services.store, services.billing, services.rules, services.clock});
    if (!reopens_->parsed()) return list(periods, context);
    const Period first = TRY(Period::parse(period_));
    const auto reopened = TRY(periods.reopen(first, reason_, context.actor));
    for (const Period period : reopened)
      context.streams.out << fmt::format("{} takes events again\n", period.text());
    return kExitDone;
  }

 private:
  static Result<int> list(const Periods& periods, StoreContext& context) {
    std::vector<TableRow> rows = {{"PERIOD", "STATE", "STATEMENTS", "CLOSES"}};
    for (const PeriodState& state : TRY(periods.list(kPeriodsShownMax))) {
      rows.push_back({state.period.text(), state.is_closed ? "closed" : "open",
                      state.is_frozen ? "frozen" : "computed",
                      state.closes_at ? to_text(*state.closes_at) : "-"});
    }
    print_table(rows, context.streams.out);
    if (const auto doubt = context.services.clock.doubt())
      context.streams.out << fmt::format(
          "The clock is doubted: it shows {}, and periods are closed by {}.\n", to_text(doubt->now),
          to_text(doubt->settled_now));
    return kExitDone;
  }

  CLI::App* reopens_ = nullptr;
  std::string period_;
  std::string reason_;
};

}  // namespace

std::unique_ptr<StoreCommand> make_periods() { return std::make_unique<PeriodsCommand>(); }

}  // namespace metergate
