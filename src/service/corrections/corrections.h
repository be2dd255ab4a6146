// Corrections: an event that was wrong is voided, or replaced by another, by the provider, with a
// reason. Nothing is changed or removed: the correction is an entry of its own, with its audit
// record in the same batch. The figures of an open period follow; those of a closed one stay, and
// the difference is a late line in the statement of the earliest open period. Any thread.
#pragma once

#include <array>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/corrections/late_pricing.h"
#include "service/metering/ingest.h"
#include "service/shared/actor.h"
#include "service/shared/rules.h"
#include "service/tenants/directory.h"
#include "storage/shapes/store.h"

namespace metergate {

struct CorrectionRequest {
  EventName name;
  std::optional<Timestamp> time;  // the event's own: spares the search; needed in a closed period
  std::optional<UsageEvent> replacement;  // nothing: void
  std::string reason;                     // 3 to 500 characters
};

struct CorrectionQuery {
  std::string tenant_id;  // one or several with commas between; empty: all
  std::string sort;       // one of kCorrectionSorts, or with - before it; empty: the newest first
  std::int64_t page = 1;
  std::int64_t limit = 50;
};

// The plain fields of a correction.
inline constexpr std::array<std::string_view, 14> kCorrectionSorts = {
    "created_at", "created_by", "correction_id", "tenant_id", "source", "event_id", "action",
    "reason",     "period",     "meter",         "quantity",  "cost",   "currency", "billed_in"};

struct CorrectionPage {
  std::int64_t total = 0;
  std::vector<Json> corrections;
};

class Corrections {
 public:
  struct Parts {
    Store& store;
    const Directory& directory;
    const Ingest& ingest;
    const Billing& billing;
    Reporting& reporting;
    const BillingRules& rules;
    const Clock& clock;
  };
  explicit Corrections(const Parts& parts)
      : parts_(parts), pricing_(parts.store, parts.billing, parts.reporting, parts.rules) {}

  // The event that the request names: at `time`, else in the periods that are open.
  // ErrorCode::tenant_not_found, not_found.
  Result<KeptEvent> find(const CorrectionRequest& request) const;
  // Corrects `kept`, which find() gave, in one batch. The document of the correction. Errors:
  // invalid (the reason, the replacement's bounds, a count), conflict (corrected before),
  // period_closed (the replacement lies in a closed period; or what a closed period counted of the
  // event cannot be made good in a later one).
  Result<Json> apply(const CorrectionRequest& request, const KeptEvent& kept, const Actor& actor);
  Result<CorrectionPage> list(const CorrectionQuery& query) const;

 private:
  struct Draft;
  Result<> check(const CorrectionRequest& request, const KeptEvent& kept) const;
  Draft draft(const CorrectionRequest& wanted, const KeptEvent& kept, const Actor& actor) const;
  Result<Json> apply_late(const CorrectionRequest& wanted, const KeptEvent& kept,
                          const Actor& actor);
  bool is_late_replacement(const CorrectionRequest& wanted, const KeptEvent& kept) const;
  Parts parts_;
  LatePricing pricing_;
  // Late ones, one at a time: each is priced from the one before. That they are is seen to by the
  // store; this spares most of the tries.
  std::mutex late_;
};

}  // namespace metergate
