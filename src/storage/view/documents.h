// The encoding of stored documents, and the sources from which queries read documents in chunks, so
// that no query holds the store's lock for long or everything in memory.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "storage/history/event_history.h"
#include "storage/shapes/query.h"
#include "storage/view/figures.h"
#include "storage/view/read_plan.h"
#include "storage/view/view.h"

namespace metergate {

Result<Json> parse_document(std::string_view bytes);
// 1 for a record with status "active", otherwise 0, so that a change is a difference.
int is_active(const std::optional<Json>& record);

class DocumentSource {
 public:
  virtual ~DocumentSource() = default;
  // The next documents, at least one; none at the end. Takes the lock itself.
  virtual Result<std::vector<Json>> next() = 0;
};

struct ReadContext {
  const View& view;
  const TimeZone& zone;
  const StorageFormula& formula;
  std::shared_mutex& lock;
  const Clock* clock;  // nullptr: the newest fact is the latest time
};

// The documents of a stored collection in a range of document or index keys.
std::unique_ptr<DocumentSource> make_stored_source(const ReadContext& context,
                                                   Collection collection, ReadPlan plan);
// api_calls and webhook_calls.
std::unique_ptr<DocumentSource> make_event_source(Collection collection,
                                                  std::unique_ptr<EventCursor> events);
// The collection events; `fate_of` returns the outcome of an event.
using FateOf = std::function<Result<EventFate>(const KeptEvent& kept)>;
std::unique_ptr<DocumentSource> make_raw_source(std::unique_ptr<EventCursor> events,
                                                FateOf fate_of);
// usage_counters by tenant and period; response_metrics by tenant, hour and endpoint. Only for the
// tenant, period or hours that the filter names.
std::unique_ptr<DocumentSource> make_counter_source(const ReadContext& context,
                                                    const Conjunction& filter);
std::unique_ptr<DocumentSource> make_metric_source(const ReadContext& context,
                                                   const Conjunction& filter);

// Filters, sorts unless `is_sorted`, skips and limits; ErrorCode::invalid if more than kSortedMax
// documents would have to be held for sorting.
inline constexpr std::size_t kSortedMax = 1'000'000;
Result<> run_query(DocumentSource& source, const Query& query, bool is_sorted,
                   const std::function<bool(const Json&)>& visit);

}  // namespace metergate
