// Corrections: the provider voids or replaces a wrong event, with a reason. Recorded data is never
// changed or removed: the correction is a separate entry, with its audit record in the same batch.
// The figures of an open period follow; those of a closed one stay, and the difference is a late
// line in the statement of the earliest open period. Safe from any thread.
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
  std::optional<Timestamp> time;  // the event's own; saves a search; required in a closed period
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

  // Finds the event that the request names: at `time`, otherwise in the open periods.
  // ErrorCode::tenant_not_found, not_found.
  Result<KeptEvent> find(const CorrectionRequest& request) const;
  // Corrects `kept`, which find() returned, in one batch; returns the correction's document.
  // Errors: invalid (the reason, the replacement's bounds, a count), conflict (corrected before),
  // period_closed (the replacement is in a closed period, or no late line can correct the closed
  // period).
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
  // Serializes late corrections, since each is priced from the one before. The store enforces that;
  // this lock saves most of the retries.
  std::mutex late_;
};

}  // namespace metergate
