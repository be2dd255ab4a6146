#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <ostream>

#include "app/commands/command.h"
#include "app/exit_status.h"
#include "service/reports/report_csv.h"
#include "service/reports/report_lines.h"
#include "service/reports/reporting.h"
#include "service/shared/audit_notes.h"
#include "service/upkeep/verification.h"

namespace metergate {
namespace {

class Report final : public StoreCommand {
 public:
  void declare(CLI::App& options) override {
    options.add_option("PERIOD", period_, "a month, YYYY-MM")->required();
    options.add_option("--format", format_)->check(CLI::IsMember({"json", "csv"}));
    options.add_option("--detail", detail_, "a row for each tenant, or for each of its line items")
        ->check(CLI::IsMember({"tenants", "lines"}));
    options.add_option("-o,--output", output_, "a file instead of standard output");
  }

  std::string output_file() const override { return output_; }

  Result<int> run(StoreContext& context) override {
    const Period period = TRY(Period::parse(period_));
    context.services.audit_notes.keep(
        NoteKind::taken_out, context.actor,
        {.action = "report.downloaded",
         .what = Json::object({{"period", period.text()}, {"format", format_}})});
    if (format_ == "csv") {
      ReportRows rows = TRY(context.services.reporting.rows(period));
      TRY(print_csv(rows, context.streams.out));
      // The table's columns are fixed, so this stands beside it.
      if (const std::string& head = rows.head().audit_head; !head.empty())
        context.streams.err << "audit trail: " << head << '\n';
    } else {
      const KeptReport report = TRY(context.services.reporting.make(period));
      const Json json = is_by_lines() ? report_by_lines_json(report) : report_json(report);
      std::string text;
      append_text(json, context.services.rules.zone, text);
      context.streams.out << text << '\n';
    }
    return kExitDone;
  }

 private:
  bool is_by_lines() const { return detail_ == "lines"; }

  static Json report_by_lines_json(const KeptReport& report) {
    Json json = report_head_json(report.head, "lines");
    Json lines = Json::array();
    for (const Statement& statement : report.statements) {
      const Json own = report_lines_json(statement);
      for (const Json& line : own.as_array()) lines.push_back(line);
    }
    json.set("lines", std::move(lines));
    return json;
  }

  Result<> print_csv(ReportRows& rows, std::ostream& out) const {
    const ReportColumns columns = TRY(rows.columns());
    out << (is_by_lines() ? lines_csv_header() : report_csv_header(columns));
    for (;;) {
      const std::vector<Statement> some = TRY(rows.next());
      if (some.empty()) return {};
      std::string lines;
      for (const Statement& statement : some) {
        if (is_by_lines()) {
          append_csv_lines(statement, lines);
        } else {
          append_csv_row(statement, columns, lines);
        }
      }
      out << lines;
    }
  }

  std::string period_;
  std::string format_ = "json";
  std::string detail_ = "tenants";
  std::string output_;
};

class Verify final : public StoreCommand {
 public:
  void declare(CLI::App& options) override {
    options.add_option("--period", period_, "a month, YYYY-MM; left out: every open one");
    options
        .add_option("--head", head_,
                    "HASH@N, as verify or a report has printed it: the audit trail must still go "
                    "through it")
        ->check([](const std::string& text) {
          const auto head = parse_audit_head(text);
          return head ? std::string{} : head.error().message;
        });
    options.add_flag("--json", as_json_, "the whole verdict as JSON");
  }

  Result<int> run(StoreContext& context) override {
    std::optional<Period> period;
    if (!period_.empty()) period = TRY(Period::parse(period_));
    std::optional<AuditHead> head;
    if (!head_.empty()) head = TRY(parse_audit_head(head_));
    const Services& services = context.services;
    const Verification verification({.store = services.store,
                                     .directory = services.directory,
                                     .billing = services.billing,
                                     .audit_log = services.audit_log});
    const Verdict verdict = TRY(verification.verify(period, head));
    if (as_json_) {
      context.streams.out << to_text(verdict_json(verdict)) << '\n';
    } else {
      print(verdict, context.streams.out);
    }
    return verdict.differences_total == 0 ? kExitDone : kExitFailed;
  }

 private:
  static void print(const Verdict& verdict, std::ostream& out) {
    for (const Difference& difference : verdict.differences) {
      std::string place;
      for (const std::string* part : {&difference.period, &difference.tenant, &difference.meter}) {
        if (!part->empty()) place += ' ' + *part;
      }
      out << fmt::format("{}{}: expected {}, found {}\n", difference.what, place,
                         difference.expected, difference.found);
    }
    for (const std::string& skipped : verdict.skipped) out << "not compared: " << skipped << '\n';
    out << fmt::format("{} differences; compared {} counters, {} audit records, {} reports\n",
                       verdict.differences_total, verdict.counters_checked, verdict.audits_checked,
                       verdict.reports_checked);
    out << fmt::format("audit trail: {}\n", verdict.audit_head);
  }

  std::string period_;
  std::string head_;
  bool as_json_ = false;
};

}  // namespace

std::unique_ptr<StoreCommand> make_report() { return std::make_unique<Report>(); }
std::unique_ptr<StoreCommand> make_verify() { return std::make_unique<Verify>(); }

}  // namespace metergate
