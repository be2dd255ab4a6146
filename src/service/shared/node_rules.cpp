#include "service/shared/node_rules.h"

#include <fmt/format.h>

namespace metergate {
namespace {

const DocumentKey kNodeRulesKey{"", "node_rules"};

Json rules_document(const BillingRules& rules) {
  const StorageFormula& storage = rules.storage;
  return Json::object(
      {{"BILLING_CURRENCY", rules.currency.code()},
       {"BILLING_GRACE_HOURS", fmt::format("{}", rules.grace.count())},
       {"the storage formula",
        fmt::format("{} + {} a sale + {} a ticket + {} an audit record", storage.base_bytes,
                    storage.bytes_per_sale, storage.bytes_per_ticket, storage.bytes_per_audit)}});
}

}  // namespace

Result<> check_node_rules(Store& store, const BillingRules& rules, Timestamp now) {
  const Json ours = rules_document(rules);
  std::optional<Json> stored = TRY(store.get(Collection::settings, kNodeRulesKey));
  if (!stored) {
    Batch batch;
    batch.at = now;
    batch.documents.push_back({Collection::settings, kNodeRulesKey, ours, Expect::absent, 0});
    const Result<Commit> commit = store.apply(std::move(batch));
    if (commit) return {};
    // Another node was first.
    if (commit.error().code != ErrorCode::conflict) return std::unexpected(commit.error());
    stored = TRY(store.get(Collection::settings, kNodeRulesKey));
  }
  for (const auto& [name, value] : ours.as_object()) {
    const std::string theirs = stored ? stored->string_at(name).value_or("") : "";
    if (theirs == value.as_string()) continue;
    return fail(ErrorCode::invalid,
                fmt::format("{} is {} here, and {} on the nodes of this database, whose answers "
                            "and periods rest on it: set it to that here too",
                            name, value.as_string(), theirs));
  }
  return {};
}

}  // namespace metergate
