#include "service/frozen_reports.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "base/check.h"

namespace metergate {

namespace {

// Parts sort by number as text.
DocumentKey part_key(const std::string& name, std::int64_t part) {
  const std::string digits = std::to_string(part);
  return {"", name + "/" + std::string(6 - std::min<std::size_t>(digits.size(), 6), '0') + digits};
}

std::unexpected<Error> corrupt(const std::string& name) {
  return fail(ErrorCode::corrupt,
              "the stored report " + name + " is damaged; run metergate verify");
}

// Where each part begins; at least one. The same statements give the same parts.
std::vector<std::size_t> part_starts(const std::vector<Statement>& statements) {
  std::vector<std::size_t> starts{0};
  std::size_t late = 0;
  for (std::size_t at = 0; at < statements.size(); ++at) {
    const std::size_t own = statements[at].late.size();
    const bool is_full =
        at - starts.back() == kTenantsPerPart || (late > 0 && late + own > kLateLinesPerPart);
    if (is_full) {
      starts.push_back(at);
      late = 0;
    }
    late += own;
  }
  return starts;
}

Json part_document(const KeptReport& report, const std::vector<std::size_t>& starts,
                   std::size_t part) {
  const Currency& currency = report.head.currency;
  const std::size_t first = starts[part - 1];
  const std::size_t end = part < starts.size() ? starts[part] : report.statements.size();
  Json document = Json::object({
      {"report", report.head.name},
      {"period", report.head.period.text()},
      {"generated_at", report.head.generated_at},
      {"closed", report.head.is_closed},
      {"currency", currency.code()},
      {"part", static_cast<std::int64_t>(part)},
      {"parts", static_cast<std::int64_t>(starts.size())},
  });
  if (part == 1) {
    document.set("summary", summary_json(report.head.summary, currency));
    // Where each part begins, so that one tenant's row is found without reading them all.
    Json tenants = Json::array();
    for (const std::size_t start : starts) {
      if (start < report.statements.size())
        tenants.push_back(report.statements[start].tenant.text());
    }
    document.set("part_starts", std::move(tenants));
  }
  Json tenants = Json::array();
  for (std::size_t at = first; at < end; ++at) {
    tenants.push_back(frozen_json(report.statements[at], currency));
  }
  document.set("tenants", std::move(tenants));
  return document;
}

Result<ReportHead> head_from(const Json& document) {
  const std::string name = document.string_at("report").value_or("without a name");
  const std::optional<std::string> period = document.string_at("period");
  const std::optional<Timestamp> generated_at = document.timestamp_at("generated_at");
  const std::optional<bool> closed = document.bool_at("closed");
  const std::optional<std::int64_t> parts = document.integer_at("parts");
  const Json* summary = document.find("summary");
  if (!period || !generated_at || !closed || !parts || *parts < 1 || summary == nullptr) {
    return corrupt(name);
  }
  ReportHead head;
  head.currency = TRY(Currency::find(document.string_at("currency").value_or("")));
  head.shown_summary = *summary;
  head.period = TRY(Period::parse(*period));
  head.generated_at = *generated_at;
  head.is_closed = *closed;
  head.name = name;
  head.parts = *parts;
  return head;
}

Result<> read_rows(const Json& document, const ReportHead& head, std::vector<Statement>& into) {
  const Json* rows = document.find("tenants");
  if (rows == nullptr || !rows->is_array()) return corrupt(head.name);
  for (const Json& row : rows->as_array()) {
    Statement statement = TRY(statement_from_frozen(row));
    statement.period = head.period;
    statement.is_closed = head.is_closed;
    into.push_back(std::move(statement));
  }
  return {};
}

// The number of the part that holds the tenant, if any does: the last that begins at or before it.
std::int64_t part_of(const Json& first_part, const TenantId& tenant) {
  const Json* starts = first_part.find("part_starts");
  std::int64_t part = 0;
  if (starts == nullptr || !starts->is_array()) return part;
  for (const Json& start : starts->as_array()) {
    if (!start.is_string() || start.as_string() > tenant.text()) break;
    ++part;
  }
  return part;
}

}  // namespace

Json summary_json(const StatementSummary& summary, const Currency& currency) {
  Json plans = Json::object();
  for (const auto& [plan, count] : summary.by_plan) plans.set(plan, count);
  return Json::object({
      {"total_tenants", summary.tenants},
      {"tenants_with_overages", summary.tenants_with_overages},
      {"overage_rate_percent", summary.overage_rate_percent()},
      {"plan_distribution", std::move(plans)},
      {"total_overage_cost", to_decimal(summary.total_overage_cost, currency)},
  });
}

std::string closed_report_name(Period period) { return period.text() + "/closed"; }

std::string open_report_name(Period period, const std::string& ulid) {
  return period.text() + "/open/" + ulid;
}

Result<std::optional<KeptReport>> FrozenReports::read(const std::string& name) const {
  std::optional<Json> first = TRY(store_.get(Collection::usage_reports, part_key(name, 1)));
  if (!first) return std::nullopt;
  KeptReport report;
  report.head = TRY(head_from(*first));
  TRY(read_rows(*first, report.head, report.statements));
  for (std::int64_t part = 2; part <= report.head.parts; ++part) {
    const std::optional<Json> next =
        TRY(store_.get(Collection::usage_reports, part_key(name, part)));
    if (!next) return corrupt(name);
    TRY(read_rows(*next, report.head, report.statements));
  }
  for (const Statement& statement : report.statements) {
    TRY(report.head.summary.add(statement));
  }
  return report;
}

Result<std::optional<KeptReport>> FrozenReports::closed_report(Period period) const {
  return read(closed_report_name(period));
}

Result<bool> FrozenReports::has_closed_report(Period period) const {
  const std::optional<Json> first =
      TRY(store_.get(Collection::usage_reports, part_key(closed_report_name(period), 1)));
  return first.has_value();
}

Result<std::optional<FrozenStatement>> FrozenReports::closed_statement(
    Period period, const TenantId& tenant) const {
  const std::string name = closed_report_name(period);
  std::optional<Json> document = TRY(store_.get(Collection::usage_reports, part_key(name, 1)));
  if (!document) return std::nullopt;
  const ReportHead head = TRY(head_from(*document));
  const std::int64_t part = part_of(*document, tenant);
  if (part == 0) return std::nullopt;
  if (part > 1) document = TRY(store_.get(Collection::usage_reports, part_key(name, part)));
  const Json* rows = document ? document->find("tenants") : nullptr;
  if (rows == nullptr || !rows->is_array()) return corrupt(name);
  for (const Json& row : rows->as_array()) {
    if (row.string_at("tenant_id") != tenant.text()) continue;
    Statement statement = TRY(statement_from_frozen(row));
    statement.period = period;
    statement.is_closed = true;
    return FrozenStatement{std::move(statement), head.currency};
  }
  return std::nullopt;
}

Result<std::vector<Statement>> FrozenReports::closed_statements(
    Period period, const std::vector<TenantId>& tenants) const {
  const std::string name = closed_report_name(period);
  const std::optional<Json> first = TRY(store_.get(Collection::usage_reports, part_key(name, 1)));
  if (!first) return corrupt(name);
  const ReportHead head = TRY(head_from(*first));
  std::map<std::int64_t, std::vector<std::size_t>> wanted;  // places in `tenants`, by part
  for (std::size_t at = 0; at < tenants.size(); ++at)
    wanted[part_of(*first, tenants[at])].push_back(at);
  std::vector<std::optional<Statement>> found(tenants.size());
  for (const auto& [part, places] : wanted) {
    const auto document = TRY(store_.get(Collection::usage_reports, part_key(name, part)));
    const Json* rows = document ? document->find("tenants") : nullptr;
    if (rows == nullptr || !rows->is_array()) return corrupt(name);
    std::unordered_map<std::string_view, const Json*> by_tenant;
    for (const Json& row : rows->as_array()) {
      const Json* tenant = row.find("tenant_id");
      if (tenant != nullptr && tenant->is_string()) by_tenant.emplace(tenant->as_string(), &row);
    }
    for (const std::size_t at : places) {
      const auto row = by_tenant.find(tenants[at].text());
      if (row == by_tenant.end()) return corrupt(name);
      Statement statement = TRY(statement_from_frozen(*row->second));
      statement.period = period;
      statement.is_closed = true;
      found[at] = std::move(statement);
    }
  }
  std::vector<Statement> statements;
  for (auto& one : found) statements.push_back(*std::move(one));
  return statements;
}

Result<std::optional<ReportHead>> FrozenReports::closed_head(Period period) const {
  const std::optional<Json> first =
      TRY(store_.get(Collection::usage_reports, part_key(closed_report_name(period), 1)));
  if (!first) return std::nullopt;
  return TRY(head_from(*first));
}

Result<std::vector<Statement>> FrozenReports::part(const ReportHead& head,
                                                   std::int64_t number) const {
  const std::optional<Json> document =
      TRY(store_.get(Collection::usage_reports, part_key(head.name, number)));
  if (!document) return corrupt(head.name);
  std::vector<Statement> rows;
  TRY(read_rows(*document, head, rows));
  return rows;
}

Result<bool> FrozenReports::for_each_closed(Period period,
                                            const std::function<Result<>(Statement)>& visit) const {
  const std::optional<ReportHead> head = TRY(closed_head(period));
  if (!head) return false;
  for (std::int64_t number = 1; number <= head->parts; ++number) {
    std::vector<Statement> rows = TRY(part(*head, number));
    for (Statement& row : rows) TRY(visit(std::move(row)));
  }
  return true;
}

Result<std::optional<KeptReport>> FrozenReports::newest_report(Period period) const {
  Query query;
  query.collection = Collection::usage_reports;
  query.filter =
      Filter::all({Filter::equal("period", period.text()), Filter::equal("part", Json{1})});
  query.sort = {{"generated_at", true}};
  query.limit = 1;
  const std::vector<Json> found = TRY(store_.find(query));
  if (found.empty()) return std::nullopt;
  const ReportHead head = TRY(head_from(found.front()));
  return read(head.name);
}

Result<ReportHead> FrozenReports::write(const KeptReport& report) {
  const std::vector<std::size_t> starts = part_starts(report.statements);
  for (std::size_t part = starts.size(); part >= 1; --part) {
    const DocumentKey key = part_key(report.head.name, static_cast<std::int64_t>(part));
    const std::optional<Json> there = TRY(store_.get(Collection::usage_reports, key));
    if (there) continue;
    Batch batch;
    batch.at = report.head.generated_at;
    batch.documents.push_back(
        {Collection::usage_reports, key, part_document(report, starts, part), Expect::absent, 0});
    const Commit commit = TRY(store_.apply(std::move(batch)));
    store_.wait_durable(commit.sequence);
  }
  ReportHead written = report.head;
  written.parts = static_cast<std::int64_t>(starts.size());
  return written;
}

}  // namespace metergate
