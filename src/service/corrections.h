// Corrections: an event that was wrong is voided, or replaced by another, by the provider, with a
// reason. Nothing is changed or removed: the correction is an entry of its own, with its audit
// record in the same batch, and the figures follow. Any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "service/actor.h"
#include "service/directory.h"
#include "service/ingest.h"
#include "service/rules.h"
#include "storage/store.h"

namespace metergate {

struct CorrectionRequest {
  EventName name;
  std::optional<Timestamp> time;          // the event's own: spares the search
  std::optional<UsageEvent> replacement;  // nothing: void
  std::string reason;                     // 3 to 500 characters
};

struct CorrectionQuery {
  std::string tenant_id;  // empty: all
  std::int64_t page = 1;
  std::int64_t limit = 50;
};

struct CorrectionPage {
  std::int64_t total = 0;
  std::vector<Json> corrections;  // newest first
};

class Corrections {
 public:
  Corrections(Store& store, const Directory& directory, const Ingest& ingest,
              const BillingRules& rules, const Clock& clock)
      : store_(store), directory_(directory), ingest_(ingest), rules_(rules), clock_(clock) {}

  // The event that the request names, in the periods that are open. ErrorCode::tenant_not_found,
  // not_found, period_closed where `time` lies in a closed period.
  Result<KeptEvent> find(const CorrectionRequest& request) const;
  // Voids `kept`, which find() gave, and counts the replacement, in one batch. The document of the
  // correction. Errors: invalid (the reason, the replacement's bounds, a count), period_closed,
  // conflict (voided before).
  Result<Json> apply(const CorrectionRequest& request, const KeptEvent& kept, const Actor& actor);
  Result<CorrectionPage> list(const CorrectionQuery& query) const;

 private:
  Result<> check(const CorrectionRequest& request) const;
  bool is_closed(Period period) const;
  Store& store_;
  const Directory& directory_;
  const Ingest& ingest_;
  const BillingRules& rules_;
  const Clock& clock_;
};

}  // namespace metergate
