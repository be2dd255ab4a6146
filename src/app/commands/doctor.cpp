#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>
#include <sstream>

#include "app/app.h"
#include "app/command_line.h"
#include "app/commands/command.h"
#include "app/exit_status.h"
#include "app/front.h"
#include "service/webhooks/webhooks.h"
#include "storage/engine/open_store.h"
#include "storage/shapes/collections.h"
#include "storage/shapes/store.h"

namespace metergate {
namespace {

constexpr std::int64_t kFreeBytesLow = 1LL << 30;
constexpr std::chrono::sys_days kEarliestNow{std::chrono::year{2024} / 1 / 1};

struct Finding {
  std::string subject;
  std::string trouble;  // empty: no trouble
  std::string note;     // the finding, or how to mend it
};

Finding configuration_finding(const Config& config, bool is_served) {
  const auto files = read_app_files(config);
  if (!files) return {"configuration", files.error().message, "mend the file or leave it out"};
  if (config.jwt_secret.empty() && is_served) {
    return {"configuration", "",
            "every setting can be read; JWT_SECRET is not set here, but the running server has it"};
  }
  if (config.jwt_secret.empty()) {
    return {"configuration", "JWT_SECRET is not set",
            "metergate serve needs one: openssl rand -base64 48"};
  }
  return {"configuration", "", "every setting can be read"};
}

Finding clock_finding(const Clock& clock) {
  if (clock.now() < kEarliestNow) {
    return {"clock", fmt::format("it shows {}", to_text(clock.now())),
            "set it; events are counted by time"};
  }
  return {"clock", "", to_text(clock.now())};
}

// The folder, or the nearest existing one above it.
std::filesystem::path nearest_existing(std::filesystem::path folder) {
  std::error_code ignored;
  folder = std::filesystem::absolute(folder, ignored);
  while (!std::filesystem::exists(folder, ignored) && folder.has_relative_path()) {
    folder = folder.parent_path();
  }
  return folder;
}

Finding permission_finding(const std::filesystem::path& folder) {
  const std::string name = folder.string();
  if (::access(folder.c_str(), R_OK | W_OK | X_OK) != 0) {
    return {"permissions", fmt::format("{} cannot be written by this user", name),
            fmt::format("chown it to the user that runs metergate, or set DATA_DIR")};
  }
  return {"permissions", "", fmt::format("{} can be written", name)};
}

Finding disk_finding(const std::filesystem::path& folder) {
  struct statvfs disk {};
  if (::statvfs(folder.c_str(), &disk) != 0) {
    return {"disk", fmt::format("{} cannot be looked at", folder.string()), "is it mounted?"};
  }
  const auto free =
      static_cast<std::int64_t>(disk.f_bavail) * static_cast<std::int64_t>(disk.f_frsize);
  const std::string note = fmt::format("{} MiB free", free >> 20);
  if (free < kFreeBytesLow) return {"disk", note, "free some space: below 1 GiB writes may stop"};
  return {"disk", "", note};
}

class Doctor final : public LocalCommand {
 public:
  void declare(CLI::App&) override {}

  Result<int> run(LocalContext& context) override {
    const auto loaded = load_process_config("doctor", context.common, context.streams.err);
    if (!loaded) return kExitConfiguration;
    const Config& config = loaded->config;
    const SystemClock clock;
    const auto folder = nearest_existing(config.data_dir);
    bool is_well = true;
    for (const Finding& finding :
         {configuration_finding(config, is_folder_in_use(config.data_dir)), clock_finding(clock),
          permission_finding(folder), disk_finding(folder)}) {
      is_well = is_well && finding.trouble.empty();
      print(finding, context.streams.out);
    }
    if (const auto made = check_folder_is_made(config.data_dir); !made) {
      print_error("doctor", made.error(), context.streams.err);
      return kExitConfiguration;
    }
    Folder opened(config, Folder::IfMissing::refuse);
    for (const Finding& finding : {engine_finding(opened), secrets_finding(config, opened)}) {
      is_well = is_well && finding.trouble.empty();
      print(finding, context.streams.out);
    }
    return is_well ? kExitDone : kExitFailed;
  }

 private:
  static void print(const Finding& finding, std::ostream& out) {
    if (finding.trouble.empty()) {
      out << fmt::format("ok     {}: {}\n", finding.subject, finding.note);
    } else {
      out << fmt::format("wrong  {}: {}; {}\n", finding.subject, finding.trouble, finding.note);
    }
  }

  static Finding engine_finding(Folder& folder) {
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    const int status = folder.run("store-figures", {}, {in, out, err});
    std::string said = status == kExitDone ? out.str() : err.str();
    while (said.ends_with('\n')) said.pop_back();
    if (status == kExitDone) return {"engine", "", std::move(said)};
    return {"engine", std::move(said), "see docs/operating.md, \"When something is wrong\""};
  }

  // Compares the keys that secrets are kept with to those of this process's SECRETS_KEY_FILE.
  static Finding secrets_finding(const Config& config, Folder& folder) {
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    const auto keys = read_secret_keys(config);
    if (!keys) return {"secrets", keys.error().message, "mend the file"};
    const int status = folder.run("secret-figures", {}, {in, out, err});
    const auto kept = parse_json(out.str());
    if (status != kExitDone || !kept || !kept->is_object())
      return {"secrets", "they cannot be looked at", "see the line before"};
    const std::vector<std::string> names = keys->names();
    std::int64_t encrypted = 0;
    for (const auto& [name, count] : kept->as_object()) {
      if (name.empty()) continue;
      if (std::ranges::find(names, name) == names.end())
        return {"secrets",
                fmt::format("{} webhook secrets are encrypted with the key {}, which is not in "
                            "SECRETS_KEY_FILE here",
                            count.as_integer(), name),
                "set it to the file that has the key; without it no server starts on this folder"};
      encrypted += count.as_integer();
    }
    const std::int64_t clear = kept->integer_at("").value_or(0);
    if (clear + encrypted == 0) return {"secrets", "", "no webhook has one yet"};
    if (clear == 0) return {"secrets", "", fmt::format("{} webhook secrets, encrypted", encrypted)};
    return {"secrets", "",
            fmt::format("{} webhook secrets lie in the clear in the folder; SECRETS_KEY_FILE would "
                        "encrypt them",
                        clear)};
  }
};

class StoreFiguresCommand final : public StoreCommand {
 public:
  void declare(CLI::App&) override {}

  Result<int> run(StoreContext& context) override {
    const StoreFigures figures = context.services.store.figures();
    std::size_t indexes = 0;
    for (const CollectionRow& row : all_collections()) indexes += row.indexes.size();
    if (const Result<> admits = context.services.store.admits(); !admits)
      return fail(ErrorCode::storage, "the store takes no writes: " + admits.error().message);
    if (!figures.accepts_writes)
      return fail(ErrorCode::storage, "the store takes no writes: the disk is full or failing");
    context.streams.out << fmt::format(
        "{}, {} events kept, {} changes of which {} are in the view, journal {} MiB, {} "
        "indexes there\n",
        context.services.about.engine, figures.events_kept, figures.durable, figures.checkpointed,
        figures.journal_bytes >> 20, indexes);
    return kExitDone;
  }
};

// How many webhooks' secrets are kept by which key, as JSON.
class SecretFigures final : public StoreCommand {
 public:
  void declare(CLI::App&) override {}

  Result<int> run(StoreContext& context) override {
    Json kept = Json::object();
    for (const auto& [name, count] : context.services.webhooks.kept_secrets())
      kept.set(name, static_cast<std::int64_t>(count));
    context.streams.out << to_text(kept) << '\n';
    return kExitDone;
  }
};

}  // namespace

std::unique_ptr<StoreCommand> make_secret_figures() { return std::make_unique<SecretFigures>(); }
std::unique_ptr<LocalCommand> make_doctor() { return std::make_unique<Doctor>(); }
std::unique_ptr<StoreCommand> make_store_figures() {
  return std::make_unique<StoreFiguresCommand>();
}

}  // namespace metergate
