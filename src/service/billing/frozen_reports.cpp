#include "service/billing/frozen_reports.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "base/check.h"
#include "base/crypto.h"
#include "service/shared/currency_mark.h"

namespace metergate {

namespace {

// Pads the number, so that parts sort by number as text.
DocumentKey part_key(const std::string& name, std::int64_t part) {
  const std::string digits = std::to_string(part);
  return {"", name + "/" + std::string(6 - std::min<std::size_t>(digits.size(), 6), '0') + digits};
}

std::unexpected<Error> corrupt_report(const std::string& name) {
  return fail(ErrorCode::corrupt,
              "the stored report " + name + " is damaged; run metergate verify");
}

// The start of each part; at least one. The same statements always give the same parts.
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
    document.set("audit_head", report.head.audit_head);
    document.set("summary", summary_json(report.head.summary, currency));
    document.set("columns", columns_json(columns_of(report.statements)));
    if (!report.head.content.empty()) document.set("content", report.head.content);
    // The starts of the parts, to find one tenant's row without reading all parts.
    Json tenants = Json::array();
    for (const std::size_t start : starts) {
      if (start < report.statements.size())
        tenants.push_back(report.statements[start].tenant.text());
    }
    document.set("part_starts", std::move(tenants));
  }
  Json tenants = Json::array();
  for (std::size_t at = first; at < end; ++at) {
    tenants.push_back(frozen_json(report.statements[at]));
  }
  document.set("tenants", std::move(tenants));
  return document;
}

// Stored before the rows, which therefore need not be skipped.
Result<ReportHead> head_from(const StoredDocument& document) {
  const DocumentView view = document.view();
  const auto text_at = [&](std::string_view name) {
    const auto member = view.find(name);
    return std::string(member ? member->string().value_or("") : "");
  };
  const std::string name = text_at("report");
  const auto generated_at = view.find("generated_at");
  const auto closed = view.find("closed");
  const auto parts = view.find("parts");
  const auto summary = view.find("summary");
  const bool is_whole = generated_at && generated_at->timestamp() && closed && closed->boolean() &&
                        parts && parts->integer().value_or(0) >= 1 && summary;
  if (!is_whole) return corrupt_report(name);
  ReportHead head;
  if (const auto columns = view.find("columns")) {
    const Json json = TRY(columns->json());
    head.columns = TRY(columns_from(json));
  }
  head.content = text_at("content");
  head.currency = TRY(Currency::find(text_at("currency")));
  head.shown_summary = TRY(summary->json());
  head.period = TRY(Period::parse(text_at("period")));
  head.generated_at = *generated_at->timestamp();
  head.is_closed = *closed->boolean();
  head.name = name;
  head.parts = *parts->integer();
  head.audit_head = text_at("audit_head");
  return head;
}

// Calls `visit` with each row of a part until it returns false.
Result<> visit_rows(const StoredDocument& part, const std::string& report,
                    const std::function<Result<bool>(DocumentView)>& visit) {
  const auto rows = part.view().find("tenants");
  if (!rows) return corrupt_report(report);
  Result<> visited;
  const Result<> walked = rows->for_each([&](DocumentView row) {
    const Result<bool> wants_more = visit(row);
    if (!wants_more) visited = fail(wants_more.error());
    return wants_more && *wants_more;
  });
  if (!walked) return corrupt_report(report);
  return visited;
}

Result<Statement> statement_of(const ReportHead& head, DocumentView row) {
  Statement statement = TRY(statement_from_frozen(row));
  statement.period = head.period;
  statement.is_closed = head.is_closed;
  return statement;
}

Result<> read_rows(const StoredDocument& part, const ReportHead& head,
                   std::vector<Statement>& into) {
  return visit_rows(part, head.name, [&](DocumentView row) -> Result<bool> {
    into.push_back(TRY(statement_of(head, row)));
    return true;
  });
}

// A digest of the rows, by tenant, with their shown and exact figures.
std::string digest_of(const KeptReport& report) {
  std::string digest;
  std::string some;
  for (std::size_t at = 0; at < report.statements.size(); ++at) {
    append_text(frozen_json(report.statements[at]), some);
    if ((at + 1) % kTenantsPerPart != 0) continue;
    digest = sha256(digest + some);
    some.clear();
  }
  return base64url(sha256(digest + some));
}

// The number of the part that may hold the tenant: the last that begins at or before it.
std::int64_t part_of(const StoredDocument& first_part, const TenantId& tenant) {
  const auto starts = first_part.view().find("part_starts");
  std::int64_t part = 0;
  const auto count = [&](DocumentView start) {
    const auto first = start.string();
    const bool is_behind = !first || *first > tenant.text();
    if (!is_behind) ++part;
    return !is_behind;
  };
  if (!starts || !starts->for_each(count)) return 0;
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
      {"currency", currency.code()},
      {"tenants_with_errors", summary.tenants_with_errors},
  });
}

std::string closed_report_name(Period period) { return period.text() + "/closed"; }

std::string open_report_name(Period period, const std::string& ulid) {
  return period.text() + "/open/" + ulid;
}

Result<std::optional<StoredDocument>> FrozenReports::stored_part(const std::string& name,
                                                                 std::int64_t part) const {
  return store_.get_stored(Collection::usage_reports, part_key(name, part));
}

Result<std::optional<KeptReport>> FrozenReports::read(const std::string& name) const {
  const auto first = TRY(stored_part(name, 1));
  if (!first) return std::nullopt;
  KeptReport report;
  report.head = TRY(head_from(*first));
  TRY(read_rows(*first, report.head, report.statements));
  for (std::int64_t number = 2; number <= report.head.parts; ++number) {
    const auto next = TRY(stored_part(name, number));
    if (!next) return corrupt_report(name);
    TRY(read_rows(*next, report.head, report.statements));
  }
  for (const Statement& statement : report.statements) report.head.summary.add(statement);
  return report;
}

Result<std::optional<KeptReport>> FrozenReports::closed_report(Period period) const {
  return read(closed_report_name(period));
}

Result<bool> FrozenReports::has_closed_report(Period period) const {
  return TRY(stored_part(closed_report_name(period), 1)).has_value();
}

Result<std::optional<FrozenStatement>> FrozenReports::closed_statement(
    Period period, const TenantId& tenant) const {
  const std::string name = closed_report_name(period);
  auto document = TRY(stored_part(name, 1));
  if (!document) return std::nullopt;
  const ReportHead head = TRY(head_from(*document));
  const std::int64_t part = part_of(*document, tenant);
  if (part == 0) return std::nullopt;
  if (part > 1) document = TRY(stored_part(name, part));
  if (!document) return corrupt_report(name);
  std::optional<FrozenStatement> found;
  const auto look = [&](DocumentView row) -> Result<bool> {
    const auto id = row.find("tenant_id");
    if (!id || id->string() != std::string_view(tenant.text())) return true;
    found = FrozenStatement{TRY(statement_of(head, row)), head.currency};
    return false;
  };
  TRY(visit_rows(*document, name, look));
  return found;
}

Result<std::vector<Statement>> FrozenReports::closed_statements(
    Period period, const std::vector<TenantId>& tenants) const {
  const std::string name = closed_report_name(period);
  const auto first = TRY(stored_part(name, 1));
  if (!first) return corrupt_report(name);
  const ReportHead head = TRY(head_from(*first));
  // For each part, the indexes in `tenants` by tenant.
  std::map<std::int64_t, std::unordered_map<std::string_view, std::size_t>> wanted;
  for (std::size_t at = 0; at < tenants.size(); ++at)
    wanted[part_of(*first, tenants[at])].emplace(tenants[at].text(), at);
  std::vector<std::optional<Statement>> found(tenants.size());
  for (const auto& [number, places] : wanted) {
    const auto part = TRY(stored_part(name, number));
    if (!part) return corrupt_report(name);
    std::size_t left = places.size();
    const auto look = [&](DocumentView row) -> Result<bool> {
      const auto id = row.find("tenant_id");
      const auto place = places.find(id ? id->string().value_or("") : "");
      if (place == places.end()) return true;
      found[place->second] = TRY(statement_of(head, row));
      return --left > 0;
    };
    TRY(visit_rows(*part, name, look));
  }
  std::vector<Statement> statements;
  for (auto& one : found) {
    if (!one) return corrupt_report(name);
    statements.push_back(*std::move(one));
  }
  return statements;
}

Result<std::optional<ReportHead>> FrozenReports::closed_head(Period period) const {
  const auto first = TRY(stored_part(closed_report_name(period), 1));
  if (!first) return std::nullopt;
  return TRY(head_from(*first));
}

Result<std::vector<Statement>> FrozenReports::part(const ReportHead& head,
                                                   std::int64_t number) const {
  const auto document = TRY(stored_part(head.name, number));
  if (!document) return corrupt_report(head.name);
  std::vector<Statement> rows;
  rows.reserve(kTenantsPerPart);
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

Result<std::optional<std::string>> FrozenReports::newest_name(Period period) const {
  Query query;
  query.collection = Collection::usage_reports;
  query.filter =
      Filter::all({Filter::equal("period", period.text()), Filter::equal("part", Json{1})});
  query.sort = {{"generated_at", true}};
  query.limit = 1;
  const std::vector<Json> found = TRY(store_.find(query));
  if (found.empty()) return std::nullopt;
  return found.front().string_at("report").value_or("");
}

Result<std::optional<KeptReport>> FrozenReports::newest_report(Period period) const {
  const std::optional<std::string> name = TRY(newest_name(period));
  if (!name) return std::nullopt;
  return read(*name);
}

Result<std::optional<ReportHead>> FrozenReports::newest_head(Period period) const {
  const std::optional<std::string> name = TRY(newest_name(period));
  if (!name) return std::nullopt;
  const auto first = TRY(stored_part(*name, 1));
  if (!first) return corrupt_report(*name);
  return TRY(head_from(*first));
}

Result<ReportHead> FrozenReports::write_if_new(KeptReport& report) {
  report.head.content = digest_of(report);
  std::optional<ReportHead> newest = TRY(newest_head(report.head.period));
  if (newest && newest->content == report.head.content) return *std::move(newest);
  return write(report);
}

Result<ReportHead> FrozenReports::write(const KeptReport& report) {
  const std::vector<std::size_t> starts = part_starts(report.statements);
  Sequence before = 0;  // of the part before: one is made while the disk writes the other
  for (std::size_t part = starts.size(); part >= 1; --part) {
    const DocumentKey key = part_key(report.head.name, static_cast<std::int64_t>(part));
    if (TRY(store_.get_stored(Collection::usage_reports, key))) continue;
    Batch batch;
    batch.at = report.head.generated_at;
    batch.documents.push_back(
        {Collection::usage_reports, key, part_document(report, starts, part), Expect::absent, 0});
    if (part == 1 && report.head.is_closed) {
      auto mark = TRY(currency_mark(store_, report.head.currency, report.head.generated_at));
      if (mark) batch.documents.push_back(*std::move(mark));
    }
    const Commit commit = TRY(store_.apply(std::move(batch)));
    store_.wait_durable(before);
    before = commit.sequence;
  }
  store_.wait_durable(before);
  ReportHead written = report.head;
  written.parts = static_cast<std::int64_t>(starts.size());
  return written;
}

Result<std::vector<DocumentWrite>> FrozenReports::removal(Period period) const {
  std::vector<DocumentWrite> writes;
  const std::string name = closed_report_name(period);
  for (std::int64_t part = 1; TRY(stored_part(name, part)); ++part)
    writes.push_back(
        {Collection::usage_reports, part_key(name, part), std::nullopt, Expect::anything, 0});
  return writes;
}

}  // namespace metergate
