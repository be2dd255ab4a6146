#include "api/papers_api.h"

#include "api/billing_fields.h"
#include "api/billing_query.h"
#include "service/billing/billing.h"
#include "service/reports/report_lines.h"
#include "service/tenants/directory.h"

namespace metergate::api {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{64} << 10;

Json statement_json(const Statement& statement, const History& history) {
  Json data = tenant_billing_json(statement);
  data.set("period", statement.period.text());
  data.set("closed", statement.is_closed);
  data.set("line_items", line_items_json(statement));
  data.set("lines", report_lines_json(statement));
  data.set("usage_history", history_json(history));
  return data;
}

http::BodySource lines_source(const Statement& statement) {
  std::string text = lines_csv_header();
  append_csv_lines(statement, text);
  return [text = std::optional{std::move(text)}]() mutable -> Result<std::optional<std::string>> {
    return std::exchange(text, std::nullopt);
  };
}

Result<Answer> show_tenant_statement(Call& call) {
  const Billing& billing = call.services.billing;
  const TenantId tenant = TRY(tenant_of_path(call));
  TRY(call.services.directory.get(tenant));
  QueryReader reader{call};
  const std::optional<Period> wanted = read_period(reader, "period");
  const std::string format = reader.choice("format").value_or("json");
  TRY(reader.finish());
  const Period period = wanted.value_or(billing.current_period());
  const Statement statement = TRY(billing.statement(tenant, period));
  if (format == "json")
    return answer_of(statement_json(statement, TRY(billing.history(statement))));
  const std::string name = statement_name(tenant, period, format);
  if (format == "csv") return file_answer(lines_source(statement), kCsvMedia, name);
  const PaperFormat paper = *find_paper_format(format);
  return file_answer(TRY(call.services.papers.statement(statement, paper)), paper, name);
}

}  // namespace

Answer file_answer(http::BodySource source, std::string_view media_type, const std::string& name) {
  http::Response response;
  response.headers = {
      {"Content-Type", std::string{media_type}},
      {"Content-Disposition", "attachment; filename=" + name},
  };
  response.source = std::move(source);
  Answer answer;
  answer.whole = std::move(response);
  return answer;
}

Answer file_answer(ScratchFile file, PaperFormat format, const std::string& name) {
  return file_answer(
      [file = std::move(file)]() mutable -> Result<std::optional<std::string>> {
        std::string piece = TRY(file.read_some(kPieceBytes));
        if (piece.empty()) return std::nullopt;
        return piece;
      },
      media_type_of(format), name);
}

Route statement_route() {
  return {.method = "GET",
          .path = "/provider/billing/tenants/{tenant_id}/statement",
          .access = provider_with(Permission::billing_read),
          .handler = show_tenant_statement,
          .query = kTenantStatementQuery,
          .is_slow = true,
          .summary = "Show a tenant's month as a paper: JSON, CSV, XLSX or PDF",
          .name = "download_statement",
          .answers = {{&kTenantStatement},
                      {nullptr, 200, Form::csv},
                      {nullptr, 200, Form::xlsx},
                      {nullptr, 200, Form::pdf}},
          .errors = {ErrorCode::tenant_not_found, ErrorCode::disabled},
          .noted_as = "statement.downloaded"};
}

}  // namespace metergate::api
