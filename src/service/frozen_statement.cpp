// A statement as a row of a stored report, and back.
#include "service/billing.h"
#include "service/frozen_reports.h"
#include "service/late_lines.h"
#include "service/own_lines.h"

namespace metergate {

namespace {

Json usage_units_json(const Usage& usage) {
  Json::Array result;
  for (const MeterRow& row : kMeters) result.emplace_back(usage[row.meter]);
  return result;
}

// One line in integers: [usage, included or null, overage, price in millionths, units of that
// price, cost in millionths, 1 where the limit is hard].
Json exact_line_json(const LineItem& line, LimitEffect effect) {
  Json::Array result;
  result.emplace_back(line.usage);
  result.emplace_back(line.included);
  result.emplace_back(line.overage);
  result.emplace_back(line.rate.price.micros);
  result.emplace_back(line.rate.per_units);
  result.emplace_back(line.cost.micros);
  result.emplace_back(effect == LimitEffect::hard ? 1 : 0);
  return result;
}

std::unexpected<Error> corrupt(std::string_view what) {
  return fail(ErrorCode::corrupt, "a row of a stored report has no valid " + std::string{what});
}

Result<std::string> text_of(const Json& row, std::string_view name) {
  std::optional<std::string> text = row.string_at(name);
  if (!text) return corrupt(name);
  return *std::move(text);
}

Result<std::int64_t> integer_of(const Json& row, std::string_view name) {
  const std::optional<std::int64_t> value = row.integer_at(name);
  if (!value || *value < 0) return corrupt(name);
  return *value;
}

// The elements of an array member, each a whole number from 0, or null where that may be.
Result<std::vector<std::optional<std::int64_t>>> numbers_of(const Json* list, std::size_t count) {
  if (list == nullptr || !list->is_array() || list->as_array().size() != count) {
    return corrupt("list of numbers");
  }
  std::vector<std::optional<std::int64_t>> numbers;
  for (const Json& element : list->as_array()) {
    const bool is_integer = element.kind() == Json::Kind::integer;
    if (!is_integer && !element.is_null()) return corrupt("number");
    if (is_integer && element.as_integer() < 0) return corrupt("number");
    numbers.push_back(is_integer ? std::optional{element.as_integer()} : std::nullopt);
  }
  return numbers;
}

Result<LineItem> line_from(Meter meter, const Json& exact, Limit& limit) {
  const std::vector<std::optional<std::int64_t>> numbers = TRY(numbers_of(&exact, 7));
  for (const std::size_t needed : {0U, 2U, 3U, 4U, 5U, 6U}) {
    if (!numbers[needed]) return corrupt("line");
  }
  if (*numbers[4] == 0) return corrupt("rate");
  limit.units = numbers[1];
  limit.effect = *numbers[6] == 1 ? LimitEffect::hard : LimitEffect::soft;
  return LineItem{meter,
                  *numbers[0],
                  numbers[1],
                  *numbers[2],
                  UnitPrice{Money{*numbers[3]}, *numbers[4]},
                  Money{*numbers[5]}};
}

Result<> read_lines(const Json& exact, Statement& statement, std::vector<LineItem>& lines) {
  const Json* list = exact.find("lines");
  if (list == nullptr || !list->is_array() || list->as_array().size() != kMeters.size()) {
    return corrupt("lines");
  }
  for (std::size_t at = 0; at < kMeters.size(); ++at) {
    const Meter meter = kMeters[at].meter;
    LineItem line = TRY(line_from(meter, list->as_array()[at], statement.terms.limits[meter]));
    statement.usage[meter] = line.usage;
    statement.terms.rates[meter] = line.rate;
    lines.push_back(line);
  }
  return {};
}

// Reports from before there were such meters have none.
Result<std::vector<OwnLineItem>> read_own_lines(const Json& exact, Statement& statement,
                                                std::vector<Quantity>& usage) {
  std::vector<OwnLineItem> lines;
  const Json* list = exact.find("own_lines");
  if (list == nullptr) return lines;
  if (!list->is_array()) return corrupt("own lines");
  for (const Json& one : list->as_array()) {
    OwnLineItem line = TRY(own_line_from(one));
    statement.terms.own.push_back({line.meter, line.included, line.rate});
    usage.push_back(line.usage);
    lines.push_back(std::move(line));
  }
  return lines;
}

// What follows from usage and limits alone is computed again; what was owed is as it was frozen,
// even where the rule that rounds it should change one day.
Result<> rate_as_frozen(const Json& exact, std::vector<LineItem> lines, Statement& statement) {
  std::vector<Quantity> own;
  std::vector<OwnLineItem> own_lines = TRY(read_own_lines(exact, statement, own));
  const std::string code = TRY(text_of(exact, "currency"));
  const Currency currency = TRY(Currency::find(code));
  statement.rated = TRY(rate(statement.usage, statement.terms, own, currency));
  for (std::size_t at = 0; at < lines.size(); ++at) {
    if (lines[at].overage != statement.rated.lines[at].overage) return corrupt("overage");
  }
  statement.rated.lines = std::move(lines);
  statement.rated.own_lines = std::move(own_lines);
  // Below 0 where credits for earlier periods are more than what was owed.
  const std::optional<std::int64_t> cost = exact.integer_at("cost");
  if (!cost) return corrupt("cost");
  statement.rated.cost.micros = *cost;
  return {};
}

// Reports from before there were late lines have none.
Result<> read_late(const Json& frozen, const Json& exact, Statement& statement) {
  const Json* items = frozen.find("late_items");
  const Json* amounts = exact.find("late");
  if (items == nullptr && amounts == nullptr) return {};
  if (items == nullptr || amounts == nullptr) return corrupt("late lines");
  statement.late = TRY(late_lines_from(*items, *amounts));
  return {};
}

}  // namespace

Json frozen_json(const Statement& statement, const Currency& currency) {
  Json lines = Json::array();
  for (const LineItem& line : statement.rated.lines) {
    lines.push_back(exact_line_json(line, statement.terms.limits[line.meter].effect));
  }
  Json row = tenant_billing_json(statement, currency);
  Json exact = Json::object({
      {"plan_version", statement.terms.plan_version},
      {"currency", currency.code()},
      {"cost", statement.rated.cost.micros},
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
  row.set("exact", std::move(exact));
  return row;
}

Result<Statement> statement_from_frozen(const Json& frozen) {
  const Json* exact = frozen.find("exact");
  if (exact == nullptr) return corrupt("exact figures");
  Statement statement;
  const std::string tenant = TRY(text_of(frozen, "tenant_id"));
  statement.tenant = TRY(TenantId::parse(tenant));
  statement.tenant_name = TRY(text_of(frozen, "tenant_name"));
  statement.status = TRY(text_of(frozen, "status"));
  statement.terms.plan = TRY(text_of(frozen, "plan"));
  statement.terms.plan_version = TRY(integer_of(*exact, "plan_version"));
  const std::vector<std::optional<std::int64_t>> peaks =
      TRY(numbers_of(exact->find("peaks"), kMeters.size()));
  for (std::size_t at = 0; at < kMeters.size(); ++at) {
    statement.peaks[kMeters[at].meter] = peaks[at].value_or(0);
  }
  std::vector<LineItem> lines;
  TRY(read_lines(*exact, statement, lines));
  TRY(rate_as_frozen(*exact, std::move(lines), statement));
  TRY(read_late(frozen, *exact, statement));
  return statement;
}

}  // namespace metergate
