#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <ostream>

#include "app/commands/command.h"
#include "app/commands/table_print.h"
#include "app/exit_status.h"
#include "service/upkeep/worker_board.h"
#include "workers/scheduler.h"

namespace metergate {
namespace {

std::string shown(const std::optional<Timestamp>& at) { return at ? to_text(*at) : "-"; }

class Workers final : public StoreCommand {
 public:
  void declare(CLI::App& options) override {
    options.require_subcommand(1);
    runs_once_ = options.add_subcommand("run-once", "runs all workers, or one, now");
    runs_once_->add_option("NAME", name_, job_names_text());
    status_ = options.add_subcommand("status", "last run, next run and last error of each");
    options.add_subcommand("start", "as a process of their own (not in this version)");
    options.add_subcommand("stop", "ends that process (not in this version)");
  }

  Result<int> run(StoreContext& context) override {
    if (runs_once_->parsed()) return run_once(context);
    if (status_->parsed()) return print_status(context);
    return fail(ErrorCode::conflict,
                "the workers run inside the server, with MONGO_URI inside one node at a time: "
                "metergate serve starts them, SIGTERM stops them, metergate workers run-once runs "
                "them now");
  }

 private:
  Result<int> run_once(StoreContext& context) {
    if (!name_.empty() && find_job(name_) == nullptr) {
      return fail(ErrorCode::invalid, no_such_job(name_));
    }
    Scheduler scheduler(context.services, all_jobs());
    int status = kExitDone;
    for (const Job& job : all_jobs()) {
      if (!name_.empty() && job.name != name_) continue;
      const auto run = scheduler.run_once(job.name);
      if (!run) {
        context.streams.err << fmt::format("{}: {}\n", job.name, run.error().message);
        status = kExitFailed;
        continue;
      }
      context.streams.out << fmt::format(
          "{}: done {}, faults {}, took {}.{:03} ms\n", job.name, run->report.done,
          run->report.faults, run->duration.count() / 1000, run->duration.count() % 1000);
    }
    return status;
  }

  static Result<int> print_status(StoreContext& context) {
    std::vector<TableRow> rows = {
        {"WORKER", "EVERY", "LAST RUN", "NEXT RUN", "RUNS", "LAST ERROR"}};
    const std::vector<WorkerStatus> board = context.services.worker_board.all();
    if (board.empty()) {
      context.streams.out << "no server has this folder open, so no worker is scheduled\n";
      return kExitDone;
    }
    for (const WorkerStatus& worker : board) {
      rows.push_back({worker.name, fmt::format("{} ms", worker.every.count()),
                      shown(worker.last_run_at), shown(worker.next_run_at),
                      fmt::format("{}", worker.runs),
                      worker.last_error.empty() ? "-" : worker.last_error});
    }
    print_table(rows, context.streams.out);
    return kExitDone;
  }

  CLI::App* runs_once_ = nullptr;
  CLI::App* status_ = nullptr;
  std::string name_;
};

}  // namespace

std::unique_ptr<StoreCommand> make_workers() { return std::make_unique<Workers>(); }

}  // namespace metergate
