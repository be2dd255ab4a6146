#include "service/shared/currency_mark.h"

#include <fmt/format.h>

namespace metergate {
namespace {

const DocumentKey kKey{"", "currency"};

Result<std::optional<std::string>> of_newest_report(const Store& store) {
  Query query;
  query.collection = Collection::usage_reports;
  query.filter = Filter::all({Filter::equal("closed", Json{true}), Filter::equal("part", Json{1})});
  query.sort = {{"period", true}};
  query.limit = 1;
  const std::vector<Json> found = TRY(store.find(query));
  if (found.empty()) return std::nullopt;
  return found.front().string_at("currency");
}

}  // namespace

Result<std::optional<std::string>> currency_of_statements(const Store& store) {
  const std::optional<Json> mark = TRY(store.get(Collection::settings, kKey));
  if (!mark) return of_newest_report(store);
  const std::optional<std::string> code = mark->string_at("currency");
  if (!code) return fail(ErrorCode::corrupt, "the stored currency is damaged");
  return code;
}

Result<> check_currency(const Store& store, const Currency& configured) {
  const std::optional<std::string> frozen = TRY(currency_of_statements(store));
  if (!frozen || *frozen == configured.code()) return {};
  const std::string message = fmt::format(
      "BILLING_CURRENCY is {}, and statements of this data folder are frozen in {}: set it to {}, "
      "or bill in {} from another DATA_DIR",
      configured.code(), *frozen, *frozen, configured.code());
  return fail(
      Error{ErrorCode::invalid, message, {Fault{std::nullopt, "BILLING_CURRENCY", message}}});
}

Result<std::optional<DocumentWrite>> currency_mark(const Store& store, const Currency& currency,
                                                   Timestamp now) {
  if (TRY(store.get(Collection::settings, kKey))) return std::nullopt;
  DocumentWrite write;
  write.collection = Collection::settings;
  write.key = kKey;
  write.document = Json::object({{"currency", currency.code()}, {"since", now}});
  return write;
}

}  // namespace metergate
