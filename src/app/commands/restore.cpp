// metergate restore: puts a backup into an empty data folder, reads all of it back, opens a copy of
// it as a server would, and recounts what is in it.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "app/app.h"
#include "app/backup_reading.h"
#include "app/commands/command.h"
#include "app/exit_status.h"
#include "app/front.h"
#include "app/own_process.h"
#include "app/progress.h"
#include "app/restored_folder.h"
#include "service/reports/periods.h"
#include "service/upkeep/verification.h"

namespace metergate {
namespace {

constexpr std::int64_t kPeriodsMax = 12 * 1000;

// All open periods at once, then each closed one.
Result<Verdict> verify_all(const Services& services, const std::optional<AuditHead>& head) {
  const Verification verification({.store = services.store,
                                   .directory = services.directory,
                                   .billing = services.billing,
                                   .audit_log = services.audit_log});
  const Periods periods({services.store, services.billing, services.rules, services.clock});
  Verdict all = TRY(verification.verify(std::nullopt, head));
  for (const PeriodState& state : TRY(periods.list(kPeriodsMax))) {
    if (!state.is_closed) continue;
    Verdict one = TRY(verification.verify(state.period));
    // Audit records and records are not of a period; the first look has them.
    one.audits_checked = 0;
    one.differences_total -=
        static_cast<std::int64_t>(std::erase_if(one.differences, [](const Difference& difference) {
          return difference.what == "audit" || difference.what == "records";
        }));
    all.merge(std::move(one));
  }
  return all;
}

class Restore final : public LocalCommand {
 public:
  void declare(CLI::App& options) override {
    options.add_option("BACKUP", backup_, "a folder or a tar file that metergate backup has made")
        ->required();
    options.add_flag("--check", only_checks_, "reads the whole backup, and writes nothing");
  }

  Result<int> run(LocalContext& context) override {
    const auto loaded = load_process_config("restore", context.common, context.streams.err);
    if (!loaded) return kExitConfiguration;
    catch_stop_signals();
    const auto source = TRY(BackupSource::open(backup_));
    if (only_checks_) {
      const BackupContents contents = TRY(read(*source, std::nullopt, context.streams));
      context.streams.out << fmt::format("{} is whole: {}\n", backup_, text_of(contents));
      return kExitDone;
    }
    const auto files = read_app_files(loaded->config);
    if (!files) {
      context.streams.err << fmt::format("metergate restore: {}\n", files.error().message);
      return kExitConfiguration;
    }
    RestoredFolder folder = TRY(RestoredFolder::begin(loaded->config.data_dir));
    const BackupContents contents = TRY(read(*source, folder.data(), context.streams));
    TRY(read_back(folder.data(), contents.manifest));
    const Verdict verdict = TRY(try_out(folder, contents.about, loaded->config, *files));
    TRY(folder.place());
    print_done(contents, loaded->config, context.streams.out);
    return print_verdict(verdict, context.streams);
  }

 private:
  Result<BackupContents> read(BackupSource& source, std::optional<std::filesystem::path> folder,
                              Streams streams) {
    ProgressLine progress(clock_, streams.err, "files");
    const auto show = [&](std::int64_t count) {
      progress.show(count, source.bytes_read(), source.bytes_total());
    };
    auto contents = read_backup({source, backup_, std::move(folder), show});
    progress.clear();
    return contents;
  }

  // With the settings that belong to the data, whatever this machine has.
  Result<Verdict> try_out(const RestoredFolder& folder, const BackupAbout& about, Config config,
                          const AppFiles& files) const {
    TRY(folder.make_trial());
    auto zone = TimeZone::find(about.time_zone);
    if (!zone)
      return fail(ErrorCode::invalid,
                  fmt::format("the backup's time zone {} is not known to this machine; install "
                              "its time zones (tzdata)",
                              about.time_zone));
    config.rules.zone = *std::move(zone);
    config.rules.currency = TRY(Currency::find(about.currency));
    config.data_dir = folder.trial();
    config.rules.archive_folder = folder.trial() / "archive-counters";
    Verdict verdict;
    {
      const Log log(clock_, LogLevel::error);
      const auto app =
          TRY(App::open(config, files, {.clock = clock_, .log = log, .is_server = false}));
      const Services& services = app->services();
      if (std::cmp_less(services.store.head(), about.sequence))
        return fail(ErrorCode::corrupt,
                    fmt::format("{} goes up to change {}, but should go up to {}; use another "
                                "backup",
                                backup_, services.store.head(), about.sequence));
      std::optional<AuditHead> head;
      if (!about.audit_head.empty()) head = TRY(parse_audit_head(about.audit_head));
      verdict = TRY(verify_all(services, head));
    }
    TRY(folder.remove_trial());
    return verdict;
  }

  static std::string text_of(const BackupContents& contents) {
    return fmt::format("{} files, {} bytes, up to change {} of {}", contents.manifest.files.size(),
                       contents.bytes, contents.about.sequence, to_text(contents.about.taken_at));
  }

  static void print_done(const BackupContents& contents, const Config& config, std::ostream& out) {
    out << fmt::format("restored {} into {}\n", text_of(contents), config.data_dir.string());
    const BackupAbout& about = contents.about;
    if (config.rules.zone.name() != about.time_zone)
      out << fmt::format("set BILLING_TIMEZONE={}, as this folder needs it\n", about.time_zone);
    if (config.rules.currency.code() != about.currency)
      out << fmt::format("set BILLING_CURRENCY={}, as this folder needs it\n", about.currency);
  }

  // Faults that the folder had when it was backed up are restored too, and said.
  int print_verdict(const Verdict& verdict, Streams streams) const {
    streams.out << fmt::format(
        "{} differences; compared {} counters, {} audit records, {} reports\naudit trail: {}\n",
        verdict.differences_total, verdict.counters_checked, verdict.audits_checked,
        verdict.reports_checked, verdict.audit_head);
    if (verdict.differences_total == 0) return kExitDone;
    streams.err << fmt::format(
        "metergate restore: every byte is as it was backed up, but the data has {} differences of "
        "its own; metergate verify --period PERIOD shows them\n",
        verdict.differences_total);
    return kExitFailed;
  }

  SystemClock clock_;
  std::string backup_;
  bool only_checks_ = false;
};

}  // namespace

std::unique_ptr<LocalCommand> make_restore() { return std::make_unique<Restore>(); }

}  // namespace metergate
