// metergate backup: has the store lay a snapshot of its folder beside itself, and copies it, hashed
// file by file. And take-snapshot, by which it asks the server for that.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <ostream>
#include <sstream>

#include "app/backup_format.h"
#include "app/backup_target.h"
#include "app/build_facts.h"
#include "app/commands/command.h"
#include "app/exit_status.h"
#include "app/front.h"
#include "app/own_process.h"
#include "app/progress.h"
#include "base/crypto.h"
#include "base/sha256_stream.h"
#include "storage/bytes/files.h"
#include "storage/engine/open_store.h"

namespace metergate {
namespace {

class TakeSnapshot final : public StoreCommand {
 public:
  void declare(CLI::App&) override {}

  Result<int> run(StoreContext& context) override {
    const Services& services = context.services;
    const StoreSnapshot taken = TRY(take_snapshot(services.store));
    const bool is_audited = taken.audit_head != AuditHead{};
    context.streams.out << to_text(Json::object(
                               {{"folder", taken.folder.string()},
                                {"sequence", static_cast<std::int64_t>(taken.sequence)},
                                {"audit_head", is_audited ? to_text(taken.audit_head) : ""},
                                {"time_zone", services.rules.zone.name()},
                                {"currency", services.rules.currency.code()},
                                {"version", kVersion}}))
                        << '\n';
    return kExitDone;
  }
};

Result<std::vector<BackupFile>> list_files(const std::filesystem::path& folder) {
  std::vector<BackupFile> files;
  std::error_code error;
  auto at = std::filesystem::recursive_directory_iterator{folder, error};
  for (; !error && at != std::filesystem::recursive_directory_iterator{}; at.increment(error)) {
    if (at->is_directory(error)) continue;
    files.push_back({.path = at->path().lexically_relative(folder).string(),
                     .bytes = static_cast<std::int64_t>(at->file_size(error)),
                     .sha256 = {}});
  }
  if (error)
    return fail(ErrorCode::storage,
                fmt::format("{} cannot be read: {}", folder.string(), error.message()));
  for (const BackupFile& file : files) {
    if (!is_backup_path(file.path))
      return fail(ErrorCode::invalid,
                  fmt::format("{} in the data folder is no file of Metergate; move it elsewhere",
                              file.path));
  }
  std::ranges::sort(files, {}, &BackupFile::path);
  return files;
}

Result<> write_text(BackupTarget& target, std::string_view name, std::string_view text) {
  TRY(target.begin_file({std::string{name}, static_cast<std::int64_t>(text.size())}));
  TRY(target.write(text));
  return target.end_file();
}

// A target that must survive the loss of the folder cannot lie in it.
Result<> check_outside(const std::filesystem::path& target, const std::filesystem::path& folder) {
  std::error_code error;
  const auto inner = std::filesystem::weakly_canonical(target, error);
  const auto outer = std::filesystem::canonical(folder, error);
  const auto [end, rest] = std::ranges::mismatch(outer, inner);
  if (error || end != outer.end()) return {};
  return fail(ErrorCode::invalid,
              fmt::format("{} lies in the data folder that it would save; name a place outside of "
                          "{}, best on another disk",
                          target.string(), folder.string()));
}

class Backup final : public LocalCommand {
 public:
  void declare(CLI::App& options) override {
    options
        .add_option("TARGET", target_,
                    "a new .tar.zst, .tar.gz or .tar file, or a new folder; it has its name only "
                    "once it is complete")
        ->required();
  }

  Result<int> run(LocalContext& context) override {
    const auto loaded = load_process_config("backup", context.common, context.streams.err);
    if (!loaded) return kExitConfiguration;
    const Config& config = loaded->config;
    if (const auto made = check_folder_is_made(config.data_dir); !made) {
      print_fault(made.error(), context.streams);
      return kExitConfiguration;
    }
    TRY(check_outside(target_, config.data_dir));
    catch_stop_signals();
    const auto target = TRY(BackupTarget::open(target_, clock_.now()));
    const SnapshotLock lock = TRY(SnapshotLock::take(config.data_dir));
    const auto taken = take(config, context.streams);
    if (!taken) return kExitFailed;  // said already
    TRY(copy(*taken, *target, context.streams));
    print_done(*taken, context.streams.out);
    return kExitDone;
  }

 private:
  struct Taken {
    std::filesystem::path folder;
    BackupAbout about;
  };

  static void print_fault(const Error& error, Streams streams) {
    streams.err << fmt::format("metergate backup: {}\n", error.message);
  }

  // Nothing after an error that the store's command has printed. The store is closed again before
  // anything is copied.
  std::optional<Taken> take(const Config& config, Streams streams) const {
    Folder folder(config, Folder::IfMissing::refuse);
    std::istringstream in;
    std::ostringstream out;
    if (folder.run("take-snapshot", {}, {in, out, streams.err}) != kExitDone) return std::nullopt;
    const auto answer = parse_json(out.str());
    const auto text = [&](std::string_view key) { return answer->string_at(key).value_or(""); };
    if (!answer || !answer->string_at("folder")) {
      print_fault({ErrorCode::internal,
                   "the server's answer was not understood; is it of another "
                   "version? restart it",
                   {}},
                  streams);
      return std::nullopt;
    }
    // Named anew: a server in a container may know the folder by another path.
    const std::filesystem::path name = std::filesystem::path{text("folder")}.filename();
    return Taken{.folder = config.data_dir / name,
                 .about = {.version = text("version"),
                           .taken_at = clock_.now(),
                           .time_zone = text("time_zone"),
                           .currency = text("currency"),
                           .sequence = answer->integer_at("sequence").value_or(0),
                           .audit_head = text("audit_head")}};
  }

  Result<> copy(const Taken& taken, BackupTarget& target, Streams streams) {
    const std::string about = about_text(taken.about);
    BackupManifest manifest{.about_sha256 = to_hex(sha256(about)),
                            .files = TRY(list_files(taken.folder))};
    for (const BackupFile& file : manifest.files) bytes_ += file.bytes;
    TRY(write_text(target, kBackupAbout, about));
    ProgressLine progress(clock_, streams.err, "files");
    for (BackupFile& file : manifest.files) {
      const auto copied = copy_file(taken.folder, file, target);
      if (!copied) progress.clear();
      if (!copied) return copied;
      progress.show(++files_, copied_bytes_, bytes_);
    }
    progress.clear();
    TRY(write_text(target, kBackupManifest, manifest_text(manifest)));
    return target.finish();
  }

  Result<> copy_file(const std::filesystem::path& folder, BackupFile& file, BackupTarget& target) {
    const File source = TRY(File::open(folder / file.path, File::Mode::read));
    TRY(target.begin_file({std::string{kBackupData} + file.path, file.bytes}));
    Sha256Stream hash;
    for (std::int64_t done = 0; done < file.bytes;) {
      if (is_stop_wished())
        return fail(ErrorCode::conflict, "stopped by a signal; nothing was left behind");
      const auto size =
          static_cast<std::size_t>(std::min<std::int64_t>(kBackupPieceBytes, file.bytes - done));
      const Bytes piece = TRY(source.read(done, size));
      hash.add(piece.view());
      TRY(target.write(piece.view()));
      done += static_cast<std::int64_t>(size);
      copied_bytes_ += static_cast<std::int64_t>(size);
    }
    file.sha256 = to_hex(hash.finish());
    return target.end_file();
  }

  void print_done(const Taken& taken, std::ostream& out) const {
    out << fmt::format("backed up {} files, {} bytes, up to change {} of {}, to {}\n", files_,
                       bytes_, taken.about.sequence, to_text(taken.about.taken_at), target_);
    if (!taken.about.audit_head.empty())
      out << fmt::format("audit trail: {}\n", taken.about.audit_head);
  }

  SystemClock clock_;
  std::string target_;
  std::int64_t files_ = 0;
  std::int64_t bytes_ = 0;
  std::int64_t copied_bytes_ = 0;
};

}  // namespace

std::unique_ptr<LocalCommand> make_backup() { return std::make_unique<Backup>(); }
std::unique_ptr<StoreCommand> make_take_snapshot() { return std::make_unique<TakeSnapshot>(); }

}  // namespace metergate
