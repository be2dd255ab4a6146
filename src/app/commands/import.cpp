#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <istream>
#include <ostream>
#include <sstream>

#include "app/command_line.h"
#include "app/commands/command.h"
#include "app/csv_events.h"
#include "app/exit_status.h"
#include "app/front.h"
#include "app/progress.h"
#include "base/csv.h"

namespace metergate {
namespace {

constexpr std::size_t kChunkLinesMax = 1000;
constexpr std::size_t kChunkBytesMax = 1 << 20;
constexpr std::size_t kLineBytesMax = 1 << 20;

struct Totals {
  std::int64_t recorded = 0;
  std::int64_t known = 0;
};

// Collects lines into chunks that are recorded each as one batch. A line is an event as NDJSON.
class Sender {
 public:
  Sender(Folder& folder, const std::string& file, Streams streams)
      : folder_(folder), file_(file), streams_(streams) {}

  // The exit status of what was sent; kExitDone where nothing was yet.
  int add(std::string_view line, std::size_t number) {
    if (chunk_.empty()) first_line_ = number;
    chunk_ += line;
    chunk_ += '\n';
    ++lines_;
    const bool is_full = lines_ >= kChunkLinesMax || chunk_.size() >= kChunkBytesMax;
    return is_full ? send() : kExitDone;
  }

  int send() {
    if (chunk_.empty()) return kExitDone;
    std::istringstream in(std::exchange(chunk_, {}));
    lines_ = 0;
    std::ostringstream out;
    std::ostringstream err;
    const Arguments arguments = {"--first-line", fmt::format("{}", first_line_)};
    const int status = folder_.run("import-lines", arguments, {in, out, err});
    streams_.err << (err.str().empty() ? "" : fmt::format("{}: {}", file_, err.str()));
    if (status != kExitDone) return kExitFailed;
    const auto answer = parse_json(out.str());
    if (!answer) return kExitFailed;
    totals_.recorded += answer->integer_at("recorded").value_or(0);
    totals_.known += answer->integer_at("known").value_or(0);
    return kExitDone;
  }

  const Totals& totals() const { return totals_; }

 private:
  Folder& folder_;
  const std::string& file_;
  Streams streams_;
  std::string chunk_;
  std::size_t lines_ = 0;
  std::size_t first_line_ = 1;
  Totals totals_;
};

class Import final : public LocalCommand {
 public:
  void declare(CLI::App& options) override {
    options.add_option("FILE", files_, "files; - is standard input")->required();
    options
        .add_option("--format", format_, "left out: csv for names that end in .csv, else ndjson")
        ->check(CLI::IsMember({"ndjson", "csv"}));
  }

  Result<int> run(LocalContext& context) override {
    const auto loaded = load_process_config("import", context.common, context.streams.err);
    if (!loaded) return kExitConfiguration;
    Folder folder(loaded->config, Folder::IfMissing::make);
    Totals all;
    int status = kExitDone;
    for (const std::string& file : files_) {
      Sender sender(folder, file, context.streams);
      const auto sent = import_file(file, sender, context.streams);
      all.recorded += sender.totals().recorded;
      all.known += sender.totals().known;
      if (!sent) print_error("import", sent.error(), context.streams.err);
      status = sent ? *sent : kExitFailed;
      if (status != kExitDone) break;
    }
    context.streams.out << fmt::format("recorded {} events, {} were there already\n", all.recorded,
                                       all.known);
    if (status != kExitDone) {
      context.streams.err << "metergate import: stopped there; mend it and import the same files "
                             "again: what is recorded counts once\n";
    }
    return status;
  }

 private:
  Result<int> import_file(const std::string& name, Sender& sender, Streams streams) {
    const bool is_csv = format_.empty() ? name.ends_with(".csv") : format_ == "csv";
    if (name == "-")
      return read(streams.in, {.name = name, .bytes = 0, .is_csv = is_csv}, sender, streams);
    std::error_code code;
    const auto bytes = std::filesystem::file_size(name, code);
    std::ifstream file(name, std::ios::binary);
    if (code || !file) return fail(ErrorCode::invalid, fmt::format("{} cannot be read", name));
    return read(file, {.name = name, .bytes = static_cast<std::int64_t>(bytes), .is_csv = is_csv},
                sender, streams);
  }

  struct Source {
    std::string name;
    std::int64_t bytes;  // 0: not known
    bool is_csv;
  };

  Result<int> read(std::istream& in, const Source& source, Sender& sender, Streams streams) {
    ProgressLine progress(clock_, streams.err);
    const auto show = [&] {
      const auto at = static_cast<std::int64_t>(in.tellg());
      progress.show(sender.totals().recorded + sender.totals().known, source.bytes > 0 ? at : 0,
                    source.bytes);
    };
    auto status =
        source.is_csv ? read_csv(in, source, sender, show) : read_lines(in, source, sender, show);
    progress.clear();
    if (!status || *status != kExitDone) return status;
    return sender.send();
  }

  static Result<int> read_lines(std::istream& in, const Source& source, Sender& sender,
                                const std::function<void()>& show) {
    std::string line;
    for (std::size_t number = 1; std::getline(in, line); ++number) {
      if (line.size() > kLineBytesMax) {
        return fail(ErrorCode::invalid, fmt::format("{}: line {} is longer than {} bytes",
                                                    source.name, number, kLineBytesMax));
      }
      if (const int status = sender.add(line, number); status != kExitDone) return status;
      if (number % kChunkLinesMax == 0) show();
    }
    if (in.bad()) return fail(ErrorCode::storage, fmt::format("{} cannot be read on", source.name));
    return kExitDone;
  }

  static Result<int> read_csv(std::istream& in, const Source& source, Sender& sender,
                              const std::function<void()>& show) {
    const auto refuse = [&](const Error& error) {
      return fail(error.code, fmt::format("{}: {}", source.name, error.message));
    };
    CsvReader reader(in);
    const auto columns = reader.next();
    if (!columns) return refuse(columns.error());
    if (!*columns) return kExitDone;
    const auto checked = check_event_columns(**columns);
    if (!checked) return refuse(checked.error());
    for (std::size_t rows = 1;; ++rows) {
      const auto cells = reader.next();
      if (!cells) return refuse(cells.error());
      if (!*cells) return kExitDone;
      const std::string line = to_text(event_from_row(**columns, **cells));
      if (const int status = sender.add(line, reader.line()); status != kExitDone) return status;
      if (rows % kChunkLinesMax == 0) show();
    }
  }

  SystemClock clock_;
  std::vector<std::string> files_;
  std::string format_;
};

}  // namespace

std::unique_ptr<LocalCommand> make_import() { return std::make_unique<Import>(); }

}  // namespace metergate
