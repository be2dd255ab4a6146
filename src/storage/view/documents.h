// Documents: how stored ones are encoded, and the sources from which queries read them chunk by
// chunk, so that no query holds the store's lock for long or everything in memory.
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
// 1 for a record with status "active", else 0: a change of it is a difference.
int is_active(const std::optional<Json>& record);

class DocumentSource {
 public:
  virtual ~DocumentSource() = default;
  // The next documents, at least one; none: no more. Takes the lock that it needs itself.
  virtual Result<std::vector<Json>> next() = 0;
};

struct ReadContext {
  const View& view;
  const TimeZone& zone;
  const StorageFormula& formula;
  std::shared_mutex& lock;
  const Clock* clock;  // nullptr: it is never later than the newest fact
};

// The documents of a stored collection in a range of keys of documents or of an index.
std::unique_ptr<DocumentSource> make_stored_source(const ReadContext& context,
                                                   Collection collection, ReadPlan plan);
// api_calls and webhook_calls.
std::unique_ptr<DocumentSource> make_event_source(Collection collection,
                                                  std::unique_ptr<EventCursor> events);
// events; `fate_of` says what became of one.
using FateOf = std::function<Result<EventFate>(const KeptEvent& kept)>;
std::unique_ptr<DocumentSource> make_raw_source(std::unique_ptr<EventCursor> events,
                                                FateOf fate_of);
// usage_counters by tenant and period; response_metrics by tenant, hour and endpoint. Only of the
// tenant, period or hours that the filter names.
std::unique_ptr<DocumentSource> make_counter_source(const ReadContext& context,
                                                    const Conjunction& filter);
std::unique_ptr<DocumentSource> make_metric_source(const ReadContext& context,
                                                   const Conjunction& filter);

// Filters, sorts unless `is_sorted`, skips and limits; ErrorCode::invalid where more than
// kSortedMax documents would have to be held to be sorted.
inline constexpr std::size_t kSortedMax = 1'000'000;
Result<> run_query(DocumentSource& source, const Query& query, bool is_sorted,
                   const std::function<bool(const Json&)>& visit);

}  // namespace metergate
