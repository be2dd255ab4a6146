#include "app/commands/import_log.h"

#include <fmt/format.h>

#include <istream>
#include <ostream>
#include <sstream>
#include <vector>

#include "app/commands/fitted_table.h"
#include "app/exit_status.h"
#include "app/log_events.h"

namespace metergate {
namespace {

constexpr std::size_t kLogChunkLines = 1000;
constexpr std::size_t kLogLineBytesMax = 64 * 1024;
constexpr std::size_t kReasonsShownMax = 5;
constexpr std::size_t kTextShownMax = 2000;

// The lines of a chunk with their numbers, and their events.
class LogChunk {
 public:
  LogChunk(const LogImport& import, const std::string& name) : import_(import), name_(name) {}

  void add(std::size_t number, std::string line, const Json& event) {
    lines_.push_back({number, std::move(line)});
    events_ += to_text(event) + '\n';
  }
  bool is_full() const { return lines_.size() >= kLogChunkLines; }

  Result<> send() {
    if (lines_.empty()) return {};
    std::istringstream in(std::exchange(events_, {}));
    std::ostringstream out;
    std::ostringstream err;
    const int status = import_.folder.run("import-lines", {"--keep-going"}, {in, out, err});
    const auto answer = parse_json(out.str());
    if (status != kExitDone || !answer) {
      std::string said = err.str();
      while (said.ends_with('\n')) said.pop_back();
      return fail(ErrorCode::storage,
                  fmt::format("{}: stopped at line {}: {}", name_, lines_.front().number, said));
    }
    import_.totals.recorded += answer->integer_at("recorded").value_or(0);
    import_.totals.known += answer->integer_at("known").value_or(0);
    const Json* refused = answer->find("refused");
    if (refused != nullptr && refused->is_array()) {
      for (const Json& one : refused->as_array()) {
        const auto at = static_cast<std::size_t>(one.integer_at("line").value_or(0));
        if (at >= lines_.size()) continue;
        ++import_.totals.refused;
        import_.rejects.add(name_, lines_[at].number, lines_[at].text,
                            one.string_at("reason").value_or(""));
      }
    }
    lines_.clear();
    import_.show();
    return {};
  }

 private:
  struct Line {
    std::size_t number;
    std::string text;
  };
  const LogImport& import_;
  const std::string& name_;
  std::vector<Line> lines_;
  std::string events_;
};

}  // namespace

Result<std::unique_ptr<LogRejects>> LogRejects::open(const std::string& path, std::ostream& err) {
  auto file = path.empty() ? std::unique_ptr<OutputFile>{} : TRY(OutputFile::open(path));
  return std::unique_ptr<LogRejects>(new LogRejects(std::move(file), err));
}

void LogRejects::add(const std::string& file, std::size_t number, std::string_view line,
                     std::string_view reason) {
  if (file_ != nullptr) {
    file_->stream() << to_text(Json::object({{"file", file},
                                             {"line", static_cast<std::int64_t>(number)},
                                             {"reason", reason},
                                             {"text", line.substr(0, kTextShownMax)}}))
                    << '\n';
  } else if (shown_++ < kReasonsShownMax) {
    // A caller chooses what stands in a log, and must not move the clerk's cursor.
    err_ << fmt::format("{}: line {}: {}\n", file, number, harmless(reason));
  } else if (shown_ == kReasonsShownMax + 1) {
    err_ << "more lines are not recorded; --rejects FILE keeps all of them with their reasons\n";
  }
}

Result<> LogRejects::finish() {
  if (file_ == nullptr) return {};
  return file_->finish();
}

Result<> LogImport::run(const std::string& name, InputFile& input) const {
  LogEvents events({.format = format, .tenants = tenants, .source = source, .zone = zone});
  LogChunk chunk(*this, name);
  std::istream& in = input.stream();
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    TRY(input.finish());  // fails if the input broke off within the line
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    if (line.size() > kLogLineBytesMax) {
      ++totals.refused;
      rejects.add(name, number, line, "it is longer than 65536 bytes");
      continue;
    }
    const auto event = events.event(line);
    if (event) {
      chunk.add(number, std::move(line), *event);
    } else {
      ++(event.error().code == ErrorCode::not_found ? totals.left_out : totals.refused);
      rejects.add(name, number, line, event.error().message);
    }
    if (chunk.is_full()) TRY(chunk.send());
  }
  TRY(chunk.send());
  return input.finish();
}

}  // namespace metergate
