#include <CLI/CLI.hpp>
#include <algorithm>
#include <istream>
#include <ostream>
#include <string>

#include "api/event_reader.h"
#include "app/commands/command.h"
#include "app/exit_status.h"
#include "service/ingest.h"

namespace metergate {
namespace {

bool is_blank(const std::string& line) {
  return line.find_first_not_of(" \t\r") == std::string::npos;
}

// Records the lines of standard input, each a CloudEvent, as one batch: all or nothing.
class ImportLines final : public StoreCommand {
 public:
  void declare(CLI::App& options) override {
    options.add_option("--first-line", first_line_, "the number of the first line, for messages");
  }

  Result<int> run(StoreContext& context) override {
    if (auto read_lines = read(context); !read_lines) {
      return fail(with_lines(std::move(read_lines).error()));
    }
    const std::size_t count = events_.size();
    auto commit = context.services.ingest.record(std::move(events_));
    if (!commit) return fail(with_lines(std::move(commit).error()));
    const auto known = std::ranges::count(commit->outcomes, EventOutcome::duplicate);
    context.streams.out << to_text(Json::object(
        {{"recorded", static_cast<std::int64_t>(count) - known}, {"known", std::int64_t{known}}}));
    return kExitDone;
  }

 private:
  Result<> read(StoreContext& context) {
    Faults faults;
    std::string line;
    for (std::size_t number = first_line_; std::getline(context.streams.in, line); ++number) {
      if (is_blank(line)) continue;
      const std::size_t index = lines_.size();
      lines_.push_back(number - 1);
      const auto element = parse_json(line, JsonNumbers::any);
      if (!element) {
        faults.add(ErrorCode::invalid, Fault{index, "", element.error().message});
        continue;
      }
      const api::EventContext reading{
          .own_tenant = {}, .now = context.services.clock.now(), .needs_specversion = false};
      if (auto event = api::read_event(*element, reading, index, faults)) {
        events_.push_back(*std::move(event));
      }
    }
    return faults.result();
  }

  // A fault names an event by its place in the batch; a person looks for its line.
  Error with_lines(Error error) const {
    for (Fault& fault : error.faults) {
      if (fault.index && *fault.index < lines_.size()) fault.index = lines_[*fault.index];
    }
    if (!error.faults.empty()) error.message = "none of these lines is recorded";
    return error;
  }

  std::size_t first_line_ = 1;
  std::vector<UsageEvent> events_;
  std::vector<std::size_t> lines_;
};

}  // namespace

std::unique_ptr<StoreCommand> make_import_lines() { return std::make_unique<ImportLines>(); }

}  // namespace metergate
