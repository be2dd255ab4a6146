// Converts a statement to a row of a stored report, and back.
#include <array>

#include "service/billing/billing.h"
#include "service/billing/frozen_reports.h"
#include "service/billing/late_lines.h"
#include "service/tenants/own_lines.h"

namespace metergate {

namespace {

Json usage_units_json(const Usage& usage) {
  Json::Array result;
  for (const MeterRow& row : kMeters) result.emplace_back(usage[row.meter]);
  return result;
}

Json micros_json(const std::optional<Money>& cost) { return cost ? Json(cost->micros) : Json(); }

// One line in integers: [usage, included or null, overage, price in millionths, units of that
// price, cost in millionths or null, 1 if the limit is hard].
Json exact_line_json(const LineItem& line, LimitEffect effect) {
  Json::Array result;
  result.emplace_back(line.usage);
  result.emplace_back(line.included);
  result.emplace_back(line.overage);
  result.emplace_back(line.rate.price.micros);
  result.emplace_back(line.rate.per_units);
  result.push_back(micros_json(line.cost));
  result.emplace_back(effect == LimitEffect::hard ? 1 : 0);
  return result;
}

std::unexpected<Error> corrupt_row(std::string_view what) {
  return fail(ErrorCode::corrupt, "a row of a stored report has no valid " + std::string{what});
}

Result<std::string> text_of(DocumentView row, std::string_view name) {
  const std::optional<DocumentView> member = row.find(name);
  const auto text = member ? member->string() : std::nullopt;
  if (!text) return corrupt_row(name);
  return std::string(*text);
}

Result<std::int64_t> integer_of(DocumentView row, std::string_view name) {
  const std::optional<DocumentView> member = row.find(name);
  const auto value = member ? member->integer() : std::nullopt;
  if (!value) return corrupt_row(name);
  return *value;
}

// The elements of an array, each a whole number from 0, or null if allowed.
template <std::size_t count>
using Numbers = std::array<std::optional<std::int64_t>, count>;
template <std::size_t count>
Result<Numbers<count>> numbers_of(DocumentView list) {
  Numbers<count> numbers;
  if (!list.read_integers(numbers)) return corrupt_row("list of numbers");
  for (const auto& number : numbers) {
    if (number && *number < 0) return corrupt_row("number");
  }
  return numbers;
}

Result<LineItem> line_from(Meter meter, DocumentView exact, Limit& limit) {
  const Numbers<7> numbers = TRY(numbers_of<7>(exact));
  for (const std::size_t needed : {0U, 2U, 3U, 4U, 6U}) {
    if (!numbers[needed]) return corrupt_row("line");
  }
  if (*numbers[4] == 0) return corrupt_row("rate");
  limit.units = numbers[1];
  limit.effect = *numbers[6] == 1 ? LimitEffect::hard : LimitEffect::soft;
  return LineItem{meter,
                  *numbers[0],
                  numbers[1],
                  *numbers[2],
                  UnitPrice{Money{*numbers[3]}, *numbers[4]},
                  numbers[5] ? std::optional(Money{*numbers[5]}) : std::nullopt};
}

// Calls `read` for each element of a list; returns its first error.
template <class Read>
Result<> read_list(DocumentView list, const Read& read) {
  Result<> done;
  TRY(list.for_each([&](DocumentView element) {
    done = read(element);
    return done.has_value();
  }));
  return done;
}

Result<> read_lines(DocumentView exact, Statement& statement, std::vector<LineItem>& lines) {
  const std::optional<DocumentView> list = exact.find("lines");
  if (!list) return corrupt_row("lines");
  const auto read = [&](DocumentView element) -> Result<> {
    if (lines.size() == kMeters.size()) return corrupt_row("lines");
    const Meter meter = kMeters[lines.size()].meter;
    const LineItem line = TRY(line_from(meter, element, statement.terms.limits[meter]));
    statement.usage[meter] = line.usage;
    statement.terms.rates[meter] = line.rate;
    lines.push_back(line);
    return {};
  };
  TRY(read_list(*list, read));
  if (lines.size() != kMeters.size()) return corrupt_row("lines");
  return {};
}

// Reports of older builds have none.
Result<std::vector<OwnLineItem>> read_own_lines(DocumentView exact, Statement& statement,
                                                std::vector<Quantity>& usage) {
  std::vector<OwnLineItem> lines;
  const std::optional<DocumentView> list = exact.find("own_lines");
  if (!list) return lines;
  const auto read = [&](DocumentView element) -> Result<> {
    const Json exact_line = TRY(element.json());
    OwnLineItem line = TRY(own_line_from(exact_line));
    statement.terms.own.push_back({line.meter, line.included, line.rate});
    usage.push_back(line.usage);
    lines.push_back(std::move(line));
    return {};
  };
  TRY(read_list(*list, read));
  return lines;
}

Result<DocumentView> exact_of(DocumentView frozen) {
  const std::optional<DocumentView> exact = frozen.find("exact");
  if (!exact) return corrupt_row("exact figures");
  return *exact;
}

// Figures that follow from usage and limits are computed again. The cost stays as frozen, even if
// the rounding rule should change one day.
Result<> rate_as_frozen(DocumentView frozen, std::vector<LineItem> lines, Statement& statement) {
  const DocumentView exact = TRY(exact_of(frozen));
  std::vector<Quantity> own;
  std::vector<OwnLineItem> own_lines = TRY(read_own_lines(exact, statement, own));
  const std::string code = TRY(text_of(exact, "currency"));
  statement.currency = TRY(Currency::find(code));
  statement.rated = rate(statement.usage, statement.terms, own, statement.currency);
  for (std::size_t at = 0; at < lines.size(); ++at) {
    if (lines[at].overage != statement.rated.lines[at].overage) return corrupt_row("overage");
  }
  statement.rated.lines = std::move(lines);
  statement.rated.own_lines = std::move(own_lines);
  if (frozen.find("billing_error")) {
    statement.rated.billing_error = TRY(text_of(frozen, "billing_error"));
    statement.rated.cost.reset();
    return {};
  }
  // Negative if credits for earlier periods exceed the cost.
  statement.rated.cost = Money{TRY(integer_of(exact, "cost"))};
  statement.rated.billing_error.clear();
  return {};
}

// Reports of older builds have none.
Result<> read_late(DocumentView frozen, DocumentView exact, Statement& statement) {
  const std::optional<DocumentView> items = frozen.find("late_items");
  const std::optional<DocumentView> amounts = exact.find("late");
  if (!items && !amounts) return {};
  if (!items || !amounts) return corrupt_row("late lines");
  const Json shown = TRY(items->json());
  const Json exact_amounts = TRY(amounts->json());
  statement.late = TRY(late_lines_from(shown, exact_amounts, statement.currency));
  return {};
}

// Reports of older builds have none.
Result<> read_passed(DocumentView exact, PassedDays& passed) {
  const std::optional<DocumentView> member = exact.find("passed");
  if (!member) return {};
  const Json shown = TRY(member->json());
  if (!shown.is_object()) return corrupt_row("days");
  for (const auto& [meter, text] : shown.as_object()) {
    const Result<Day> day = text.is_string() ? parse_day(text.as_string()) : corrupt_row("day");
    if (!day) return corrupt_row("day");
    passed.emplace_back(meter, *day);
  }
  return {};
}

}  // namespace

Json frozen_json(const Statement& statement) {
  Json lines = Json::array();
  for (const LineItem& line : statement.rated.lines) {
    lines.push_back(exact_line_json(line, statement.terms.limits[line.meter].effect));
  }
  Json row = tenant_billing_json(statement);
  Json exact = Json::object({
      {"plan_version", statement.terms.plan_version},
      {"currency", statement.currency.code()},
      {"cost", micros_json(statement.rated.cost)},
      {"peaks", usage_units_json(statement.peaks)},
      {"lines", std::move(lines)},
  });
  if (!statement.rated.own_lines.empty()) {
    Json own = Json::array();
    for (const OwnLineItem& line : statement.rated.own_lines)
      own.push_back(exact_own_line_json(line));
    exact.set("own_lines", std::move(own));
  }
  if (!statement.late.empty()) exact.set("late", exact_late_json(statement.late));
  if (!statement.passed.empty()) {
    Json passed = Json::object();
    for (const auto& [meter, day] : statement.passed) passed.set(meter, to_text(day));
    exact.set("passed", std::move(passed));
  }
  row.set("exact", std::move(exact));
  return row;
}

Result<Statement> statement_from_frozen(DocumentView frozen) {
  const DocumentView exact = TRY(exact_of(frozen));
  Statement statement;
  const std::string tenant = TRY(text_of(frozen, "tenant_id"));
  statement.tenant = TRY(TenantId::parse(tenant));
  statement.tenant_name = TRY(text_of(frozen, "tenant_name"));
  statement.status = TRY(text_of(frozen, "status"));
  statement.terms.plan = TRY(text_of(frozen, "plan"));
  statement.terms.plan_version = TRY(integer_of(exact, "plan_version"));
  if (statement.terms.plan_version < 0) return corrupt_row("plan_version");
  const std::optional<DocumentView> peaks = exact.find("peaks");
  if (!peaks) return corrupt_row("peaks");
  const Numbers<kMeters.size()> peak_numbers = TRY(numbers_of<kMeters.size()>(*peaks));
  for (std::size_t at = 0; at < kMeters.size(); ++at) {
    statement.peaks[kMeters[at].meter] = peak_numbers[at].value_or(0);
  }
  std::vector<LineItem> lines;
  TRY(read_lines(exact, statement, lines));
  TRY(rate_as_frozen(frozen, std::move(lines), statement));
  TRY(read_late(frozen, exact, statement));
  TRY(read_passed(exact, statement.passed));
  return statement;
}

}  // namespace metergate
