#include <CLI/CLI.hpp>
#include <algorithm>
#include <istream>
#include <map>
#include <ostream>
#include <string>

#include "api/event_reader.h"
#include "app/commands/command.h"
#include "app/event_documents.h"
#include "app/exit_status.h"
#include "service/metering/ingest.h"
#include "service/shared/audit_notes.h"

namespace metergate {
namespace {

bool is_blank(const std::string& line) {
  return line.find_first_not_of(" \t\r") == std::string::npos;
}

// Records the lines of standard input, each a CloudEvent, as one batch: all or none.
class ImportLines final : public StoreCommand {
 public:
  void declare(CLI::App& options) override {
    options.add_option("--first-line", first_line_, "the number of the first line, for messages");
    options.add_option("--default-time", default_time_, "the time of events that have none");
    options.add_flag("--keep-going", keeps_going_, "leaves out lines at fault, and names them");
  }

  Result<int> run(StoreContext& context) override {
    if (keeps_going_) return run_each(context);
    if (auto read_lines = read(context); !read_lines) {
      return fail(with_lines(std::move(read_lines).error()));
    }
    const std::size_t count = events_.size();
    const auto of_tenants = std::ranges::count_if(
        events_, [](const UsageEvent& event) { return event.source.starts_with(kTenantSources); });
    auto commit = context.services.ingest.record(std::move(events_), EventSender::importer);
    if (!commit) return fail(with_lines(std::move(commit).error()));
    const auto known = std::ranges::count(commit->outcomes, EventOutcome::duplicate);
    const std::int64_t recorded = static_cast<std::int64_t>(count) - known;
    if (of_tenants > 0 && recorded > 0) note(context, recorded);
    context.streams.out << to_text(Json::object(
        {{"recorded", recorded}, {"known", std::int64_t{known}}, {"voided", voided_}}));
    return kExitDone;
  }

 private:
  // Each round leaves out the lines that were at fault, of which an error names some. An error that
  // names none is not a line's.
  Result<int> run_each(StoreContext& context) {
    std::vector<std::string> given;
    for (std::string line; std::getline(context.streams.in, line);) given.push_back(line);
    std::map<std::size_t, std::string> refused;
    for (;;) {
      const auto commit = record_but(given, refused, context);
      if (commit) {
        print(*commit, refused, context.streams.out);
        return kExitDone;
      }
      const std::size_t before = refused.size();
      for (const Fault& fault : commit.error().faults) {
        if (fault.index && *fault.index < lines_.size())
          refused[lines_[*fault.index]] =
              fault.field.empty() ? fault.message : fault.field + ": " + fault.message;
      }
      if (refused.size() == before) return fail(commit.error());
    }
  }

  Result<Commit> record_but(const std::vector<std::string>& given,
                            const std::map<std::size_t, std::string>& refused,
                            StoreContext& context) {
    events_.clear();
    lines_.clear();
    Faults faults;
    for (std::size_t at = 0; at < given.size(); ++at) {
      if (is_blank(given[at]) || refused.contains(at)) continue;
      const std::size_t index = lines_.size();
      lines_.push_back(at);
      if (const auto taken = read_line(given[at], index, faults, context); !taken)
        faults.add(ErrorCode::invalid, Fault{index, "", taken.error().message});
    }
    TRY(faults.result());
    if (events_.empty()) return Commit{};
    return context.services.ingest.record(events_, EventSender::importer);
  }

  static void print(const Commit& commit, const std::map<std::size_t, std::string>& refused,
                    std::ostream& out) {
    const auto known = std::ranges::count(commit.outcomes, EventOutcome::duplicate);
    Json list = Json::array();
    for (const auto& [at, reason] : refused)
      list.push_back(Json::object({{"line", static_cast<std::int64_t>(at)}, {"reason", reason}}));
    out << to_text(Json::object({{"recorded", std::ssize(commit.outcomes) - std::int64_t{known}},
                                 {"known", std::int64_t{known}},
                                 {"refused", std::move(list)}}));
  }

  // Nobody but the tenant's own token sends from its sources: who brought these in stands in the
  // trail.
  void note(StoreContext& context, std::int64_t recorded) const {
    context.services.audit_notes.keep(
        NoteKind::brought_in, context.actor,
        {.action = "events.imported",
         .what = Json::object({{"recorded", recorded},
                               {"sources", std::string{kTenantSources} + "…"},
                               {"first_line", static_cast<std::int64_t>(first_line_)}})});
  }

  Result<> read(StoreContext& context) {
    Faults faults;
    std::string line;
    for (std::size_t number = first_line_; std::getline(context.streams.in, line); ++number) {
      if (is_blank(line)) continue;
      const std::size_t index = lines_.size();
      lines_.push_back(number - 1);
      if (const auto taken = read_line(line, index, faults, context); !taken)
        faults.add(ErrorCode::invalid, Fault{index, "", taken.error().message});
    }
    return faults.result();
  }

  Result<> read_line(const std::string& line, std::size_t index, Faults& faults,
                     StoreContext& context) {
    Json element = TRY(parse_json(line, JsonNumbers::any));
    ExportedEvent exported = TRY(event_of_line(std::move(element)));
    if (exported.is_voided) {
      ++voided_;
      lines_.pop_back();  // faults refer to the recorded lines
      return {};
    }
    if (!give_time(exported.element)) {
      // With the clock's time, the same file would be counted again at each import.
      faults.add(ErrorCode::invalid,
                 Fault{index, "time",
                       "is missing; --default-time names the time of events that have none"});
      return {};
    }
    const api::EventContext reading{
        .own_tenant = {}, .now = context.services.clock.now(), .needs_specversion = false};
    auto event = api::read_event(exported.element, reading, index, faults);
    if (!event) return {};
    complete(*event, exported);
    events_.push_back(*std::move(event));
    return {};
  }

  bool give_time(Json& element) const {
    if (!element.is_object() || element.find("time") != nullptr) return true;
    if (!default_time_.empty()) element.set("time", default_time_);
    return !default_time_.empty();
  }

  // A fault gives an event's index in the batch; people need its line.
  Error with_lines(Error error) const {
    for (Fault& fault : error.faults) {
      if (fault.index && *fault.index < lines_.size()) fault.index = lines_[*fault.index];
    }
    if (!error.faults.empty()) error.message = "none of these lines is recorded";
    return error;
  }

  std::size_t first_line_ = 1;
  std::string default_time_;
  bool keeps_going_ = false;
  std::int64_t voided_ = 0;
  std::vector<UsageEvent> events_;
  std::vector<std::size_t> lines_;
};

}  // namespace

std::unique_ptr<StoreCommand> make_import_lines() { return std::make_unique<ImportLines>(); }

}  // namespace metergate
