// Opens a node of the journal that a database holds: for app.
#pragma once

#include <memory>
#include <string>

#include "storage/cluster/cluster_store.h"
#include "storage/engine/open_store.h"

namespace metergate {

struct NodeOptions {
  std::string uri;
  std::string name;  // as ClusterOptions::name
  EmbeddedOptions
      copy;  // of the journal, in a folder of this node's own; shared_id_key is set here
};

// Errors as make_mongo_journal(), SharedJournal::open(), open_embedded_store() and
// Follower::begin(); invalid: the journal was begun in another time zone.
Result<std::unique_ptr<ClusterStore>> open_node(const NodeOptions& options, const Clock& clock,
                                                const Log& log);

}  // namespace metergate
