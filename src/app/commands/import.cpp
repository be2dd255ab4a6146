#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <istream>
#include <optional>
#include <ostream>
#include <sstream>
#include <utility>

#include "app/command_line.h"
#include "app/commands/command.h"
#include "app/commands/import_log.h"
#include "app/csv_events.h"
#include "app/exit_status.h"
#include "app/front.h"
#include "app/input_file.h"
#include "app/progress.h"
#include "base/characters.h"
#include "base/csv.h"

namespace metergate {
namespace {

constexpr std::size_t kChunkLinesMax = 1000;
constexpr std::size_t kChunkBytesMax = 1 << 20;
constexpr std::size_t kLineBytesMax = 1 << 20;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

struct Totals {
  std::int64_t recorded = 0;
  std::int64_t known = 0;
  std::int64_t voided = 0;
};

// Collects lines into chunks, each recorded as one batch. A line is an event in NDJSON.
class Sender {
 public:
  Sender(Folder& folder, std::string file, std::string default_time, Streams streams)
      : folder_(folder),
        file_(std::move(file)),
        default_time_(std::move(default_time)),
        streams_(streams) {}

  // The exit status of the lines sent so far; kExitDone if there were none.
  int add(std::string_view line, std::size_t number) {
    const bool is_near = chunk_.empty() || number - first_line_ < kChunkLinesMax;
    if (const int status = is_near ? kExitDone : send(); status != kExitDone) return status;
    if (chunk_.empty()) first_line_ = number;
    // Lines are numbered from the chunk's first one, so each skipped line becomes a blank line
    // here.
    for (; first_line_ + lines_ < number; ++lines_) chunk_ += '\n';
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
    Arguments arguments = {"--first-line", fmt::format("{}", first_line_)};
    if (!default_time_.empty())
      arguments.insert(arguments.end(), {"--default-time", default_time_});
    const int status = folder_.run("import-lines", arguments, {in, out, err});
    streams_.err << (err.str().empty() ? "" : fmt::format("{}: {}", file_, err.str()));
    if (status != kExitDone) return kExitFailed;
    const auto answer = parse_json(out.str());
    if (!answer) return kExitFailed;
    totals_.recorded += answer->integer_at("recorded").value_or(0);
    totals_.known += answer->integer_at("known").value_or(0);
    totals_.voided += answer->integer_at("voided").value_or(0);
    return kExitDone;
  }

  const Totals& totals() const { return totals_; }

 private:
  Folder& folder_;
  std::string file_;
  std::string default_time_;
  Streams streams_;
  std::string chunk_;
  std::size_t lines_ = 0;
  std::size_t first_line_ = 1;
  Totals totals_;
};

// Decided by the name, in any case, compressed or not; otherwise by the first characters: an event
// begins with '{'.
bool is_csv_input(const std::string& name, std::string_view head) {
  std::string lower = to_lower(name);
  for (const std::string_view packed : {".gz", ".zst"}) {
    if (lower.ends_with(packed)) lower.resize(lower.size() - packed.size());
  }
  for (const std::string_view ending : {".csv", ".tsv"}) {
    if (lower.ends_with(ending)) return true;
  }
  for (const std::string_view ending : {".ndjson", ".jsonl", ".json"}) {
    if (lower.ends_with(ending)) return false;
  }
  if (head.starts_with(kByteOrderMark)) head.remove_prefix(kByteOrderMark.size());
  const std::size_t first = head.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && head[first] != '{' && head[first] != '[';
}

// The next line without its end; nothing at the end of the input. A line that is too long is cut,
// so that it cannot fill the memory.
std::optional<std::string> next_line(std::istream& in) {
  std::streambuf& buffer = *in.rdbuf();
  constexpr int kEnd = std::char_traits<char>::eof();
  int c = buffer.sbumpc();
  if (c == kEnd) return std::nullopt;
  std::string line;
  for (; c != kEnd && c != '\n' && line.size() <= kLineBytesMax; c = buffer.sbumpc())
    line.push_back(static_cast<char>(c));
  return line;
}

class Import final : public LocalCommand {
 public:
  void declare(CLI::App& options) override {
    options.add_option("FILE", files_, "files or FIFOs, .gz and .zst too; - is standard input")
        ->required();
    options.add_option("--format", format_, "left out: by the file's name, else by its beginning")
        ->check(CLI::IsMember({"ndjson", "csv", "nginx", "caddy", "haproxy"}));
    options.add_option("--default-time", default_time_,
                       "the time of events that have none, such as 2026-03-01T00:00:00Z");
    options.add_option("--tenant-path", of_logs_.paths,
                       "access logs: where the tenant stands in the path, such as "
                       "/api/tenants/{tenant}/; may come several times");
    options.add_option("--tenant-field", of_logs_.field,
                       "access logs: the field that names the tenant, such as user, x-tenant, or "
                       "host:{tenant}.example.com");
    options.add_option("--tenant", of_logs_.tenant,
                       "access logs: the tenant of all lines that name none");
    options.add_option(
        "--tenant-map", map_file_,
        "access logs: a CSV file without a header, value of the log and tenant's id");
    options.add_option("--source", log_source_,
                       "access logs: the source of the events; one for each machine that writes a "
                       "log");
    options.add_option("--log-timezone", log_zone_,
                       "access logs of HAProxy: the time zone of the machine that wrote them");
    options.add_option("--rejects", rejects_file_,
                       "access logs: a file for the lines that are not recorded, with their "
                       "reasons");
  }

  Result<int> run(LocalContext& context) override {
    if (!default_time_.empty() && !parse_timestamp(default_time_)) {
      context.streams.err << fmt::format(
          "metergate import: --default-time must be a time such as 2026-03-01T00:00:00Z, not "
          "'{:.80}'\n",
          default_time_);
      return kExitUsage;
    }
    const auto loaded = load_process_config("import", context.common, context.streams.err);
    if (!loaded) return kExitConfiguration;
    if (!map_file_.empty()) of_logs_.map = TRY(read_text_file(map_file_));
    const LogTenants tenants = TRY(LogTenants::create(of_logs_));
    const TimeZone zone = TRY(TimeZone::find(log_zone_));
    const auto rejects = TRY(LogRejects::open(rejects_file_, context.streams.err));
    Folder folder(loaded->config, Folder::IfMissing::make);
    const LogReading logs{folder, tenants, zone, *rejects};
    Totals all;
    int status = kExitDone;
    for (const std::string& file : files_) {
      Sender sender(folder, file, default_time_, context.streams);
      const auto sent = import_file(file, sender, logs, context.streams);
      all.recorded += sender.totals().recorded;
      all.known += sender.totals().known;
      all.voided += sender.totals().voided;
      if (!sent) print_error("import", sent.error(), context.streams.err);
      status = sent ? *sent : kExitFailed;
      if (status != kExitDone) break;
    }
    all.recorded += log_totals_.recorded;
    all.known += log_totals_.known;
    print(all, context.streams.out);
    TRY(rejects->finish());
    if (log_totals_.left_out + log_totals_.refused > 0 && status == kExitDone)
      return print_rejects(context.streams.err);
    if (status != kExitDone) {
      context.streams.err << "metergate import: stopped there; mend it and import the same files "
                             "again: what is recorded counts once\n";
    }
    return status;
  }

 private:
  static void print(const Totals& all, std::ostream& out) {
    out << fmt::format("recorded {} events, {} were there already", all.recorded, all.known);
    if (all.voided > 0) out << fmt::format(", {} that were voided are left out", all.voided);
    out << '\n';
  }

  // A line that bills nobody may well be there: only lines at fault make the import fail.
  int print_rejects(std::ostream& err) const {
    const std::string where =
        rejects_file_.empty() ? "--rejects FILE keeps them" : rejects_file_ + " has them";
    err << fmt::format(
        "metergate import: {} lines that bill nobody and {} at fault are not recorded; "
        "{}\n",
        log_totals_.left_out, log_totals_.refused, where);
    return log_totals_.refused > 0 ? kExitFailed : kExitDone;
  }

  struct LogReading {
    Folder& folder;
    const LogTenants& tenants;
    const TimeZone& zone;
    LogRejects& rejects;
  };

  // The format of an access log; nothing for events. ErrorCode::invalid for a log of a format that
  // is not known.
  Result<std::optional<LogFormat>> log_format(const std::string& name,
                                              std::string_view head) const {
    if (!format_.empty()) return parse_log_format(format_);
    if (const auto found = recognise_log(head)) return found;
    const std::string lower = to_lower(name);
    const bool is_called_log = lower.ends_with(".log") || lower.find(".log.") != lower.npos;
    const std::size_t first = head.find_first_not_of(" \t\r\n");
    const bool may_be_events = first == head.npos || head[first] == '{' || head[first] == '[';
    if (!is_called_log || may_be_events) return std::optional<LogFormat>{};
    return fail(ErrorCode::invalid,
                fmt::format("{} has no known format of an access log (nginx combined, Caddy JSON, "
                            "HAProxy HTTP); it begins with: {:.60}",
                            name, head.substr(first, head.find('\n', first) - first)));
  }

  Result<int> import_log(const std::string& name, InputFile& input, LogFormat format,
                         const LogReading& logs, Streams streams) {
    if (of_logs_.is_empty())
      return fail(ErrorCode::invalid,
                  fmt::format("{} is an access log ({}), which does not say whose calls they are; "
                              "name the tenant with --tenant-path, --tenant-field or --tenant",
                              name, name_of(format)));
    ProgressLine progress(clock_, streams.err);
    const auto show = [&] {
      progress.show(log_totals_.recorded + log_totals_.known, input.bytes_read(),
                    input.bytes_total());
    };
    const LogImport import{logs.folder, format,       logs.tenants, log_source_,
                           logs.zone,   logs.rejects, log_totals_,  show};
    const auto done = import.run(name, input);
    progress.clear();
    TRY(done);
    return kExitDone;
  }

  Result<int> import_file(const std::string& name, Sender& sender, const LogReading& logs,
                          Streams streams) {
    const auto input =
        TRY(name == "-" ? InputFile::over(streams.in, "standard input") : InputFile::open(name));
    if (const auto format = TRY(log_format(name, input->head())))
      return import_log(name, *input, *format, logs, streams);
    const bool is_csv = format_.empty() ? is_csv_input(name, input->head()) : format_ == "csv";
    ProgressLine progress(clock_, streams.err);
    const auto show = [&] {
      progress.show(sender.totals().recorded + sender.totals().known, input->bytes_read(),
                    input->bytes_total());
    };
    const Reading reading{name, *input, sender, show};
    const auto read = is_csv ? read_csv(reading) : read_lines(reading);
    progress.clear();
    if (read && *read != kExitDone) return read;
    // The lines before the fault are recorded; the next import finds them as duplicates.
    const int sent = sender.send();
    if (sent != kExitDone) return sent;
    TRY(input->finish());
    return read;
  }

  struct Reading {
    const std::string& name;
    InputFile& input;
    Sender& sender;
    const std::function<void()>& show;
  };

  static Result<int> read_lines(const Reading& from) {
    std::istream& in = from.input.stream();
    std::optional<std::string> line = next_line(in);
    if (line && line->starts_with(kByteOrderMark)) line->erase(0, kByteOrderMark.size());
    for (std::size_t number = 1; line; ++number, line = next_line(in)) {
      TRY(from.input.finish());  // fails if the input broke off within the line
      if (line->size() > kLineBytesMax) {
        return fail(ErrorCode::invalid, fmt::format("{}: line {} is longer than {} bytes",
                                                    from.name, number, kLineBytesMax));
      }
      if (const int status = from.sender.add(*line, number); status != kExitDone) return status;
      if (number % kChunkLinesMax == 0) from.show();
    }
    return kExitDone;
  }

  static Result<int> read_csv(const Reading& from) {
    const auto refuse = [&](const Error& error) {
      return fail(error.code, fmt::format("{}: {}", from.name, error.message));
    };
    CsvReader reader(from.input.stream());
    const auto header = reader.next();
    if (!header) return refuse(header.error());
    if (!*header) return kExitDone;
    const auto columns = EventColumns::read(**header);
    if (!columns) return refuse(columns.error());
    for (std::size_t rows = 1;; ++rows) {
      const auto cells = reader.next();
      TRY(from.input.finish());  // fails if the input broke off within the row
      if (!cells) return refuse(cells.error());
      if (!*cells) return kExitDone;
      const std::string line = to_text(columns->event(**cells));
      if (const int status = from.sender.add(line, reader.line()); status != kExitDone)
        return status;
      if (rows % kChunkLinesMax == 0) from.show();
    }
  }

  SystemClock clock_;
  std::vector<std::string> files_;
  std::string format_;
  std::string default_time_;
  LogTenantOptions of_logs_;
  std::string map_file_;
  std::string log_source_ = "access-log";
  std::string log_zone_ = "UTC";
  std::string rejects_file_;
  LogTotals log_totals_;
};

}  // namespace

std::unique_ptr<LocalCommand> make_import() { return std::make_unique<Import>(); }

}  // namespace metergate
