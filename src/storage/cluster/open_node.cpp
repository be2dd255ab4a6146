#include "storage/cluster/open_node.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/cluster/mongo_journal.h"

namespace metergate {
namespace {

constexpr std::string_view kMark = "shared.mark";

JournalHead new_head(const TimeZone& zone) {
  JournalHead head{zone.name(), {}};
  std::ranges::copy(random_bytes(sizeof(head.id_key.bytes)), std::begin(head.id_key.bytes));
  return head;
}

}  // namespace

Result<std::unique_ptr<ClusterStore>> open_node(const NodeOptions& options, const Clock& clock,
                                                const Log& log) {
  std::unique_ptr<SharedJournal> journal = TRY(make_mongo_journal(options.uri, clock, log));
  const JournalHead head = TRY(journal->open(new_head(options.copy.zone)));
  if (head.zone != options.copy.zone.name())
    return fail(ErrorCode::invalid,
                fmt::format("BILLING_TIMEZONE is '{}', but the journal that MONGO_URI names was "
                            "begun with '{}': its days and periods are cut by that, so set it to "
                            "that on every node",
                            options.copy.zone.name(), head.zone));
  EmbeddedOptions copy = options.copy;
  copy.shared_id_key = head.id_key;
  std::unique_ptr<ViewStore> store = TRY(open_embedded_view_store(copy, clock, log));
  ClusterOptions node;
  node.name = options.name;
  node.mark = copy.folder / kMark;
  return open_cluster_store(std::move(journal), std::move(store), node, clock, log);
}

}  // namespace metergate
