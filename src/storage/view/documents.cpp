#include "storage/view/documents.h"

#include <algorithm>

#include "storage/view/derived_documents.h"

namespace metergate {
namespace {

constexpr std::size_t kChunk = 256;

class StoredSource final : public DocumentSource {
 public:
  StoredSource(const ReadContext& context, Collection collection, ReadPlan plan)
      : context_(context), collection_(collection), plan_(std::move(plan)) {}

  Result<std::vector<Json>> next() override {
    std::vector<Json> documents;
    if (is_over_) return documents;
    const std::shared_lock lock(context_.lock);
    const auto cursor = context_.view.walk(plan_.range, plan_.falling);
    std::string last;
    while (cursor->is_valid() && documents.size() < kChunk) {
      last = cursor->key();
      documents.push_back(TRY(read(*cursor)));
      cursor->next();
    }
    TRY(cursor->status());
    is_over_ = !cursor->is_valid();
    // The next chunk begins after the last key, in the direction of the walk.
    if (plan_.falling) {
      plan_.range.end = last;
    } else {
      plan_.range.start = last + '\0';
    }
    return documents;
  }

 private:
  Result<Json> read(const KeyCursor& cursor) const {
    if (!plan_.by_index) return parse_document(cursor.value());
    const auto bytes = TRY(context_.view.get(keys::document(collection_, cursor.value())));
    if (!bytes) return fail(ErrorCode::corrupt, "an index names a document that is not there");
    return parse_document(*bytes);
  }

  ReadContext context_;
  Collection collection_;
  ReadPlan plan_;
  bool is_over_ = false;
};

class EventSource final : public DocumentSource {
 public:
  EventSource(Collection collection, std::unique_ptr<EventCursor> events)
      : collection_(collection), events_(std::move(events)) {}

  Result<std::vector<Json>> next() override {
    std::vector<Json> documents;
    while (documents.size() < kChunk) {
      const auto archived = TRY(events_->next());
      if (!archived) break;
      if (auto document = to_document(archived->event, collection_))
        documents.push_back(*std::move(document));
    }
    return documents;
  }

 private:
  Collection collection_;
  std::unique_ptr<EventCursor> events_;
};

class RawSource final : public DocumentSource {
 public:
  RawSource(std::unique_ptr<EventCursor> events, FateOf fate_of)
      : events_(std::move(events)), fate_of_(std::move(fate_of)) {}

  Result<std::vector<Json>> next() override {
    std::vector<Json> documents;
    while (documents.size() < kChunk) {
      auto archived = TRY(events_->next());
      if (!archived) break;
      RawEvent raw{{archived->sequence, archived->index, std::move(archived->event)}, {}};
      raw.fate = TRY(fate_of_(raw.kept));
      documents.push_back(to_raw_document(raw));
    }
    return documents;
  }

 private:
  std::unique_ptr<EventCursor> events_;
  FateOf fate_of_;
};

// Walks the tenants that have rows, or the named one.
class TenantWalk {
 public:
  TenantWalk(const View& view, const Json* named) : view_(view) {
    if (named == nullptr) return;
    is_single_ = true;
    if (named->is_string()) current_ = named->as_string();
    is_over_ = !view_.tenants().contains(current_);
  }
  // Called with the lock held. Nothing at the end.
  std::optional<std::string> next() {
    if (is_over_) return std::nullopt;
    if (is_single_) {
      is_over_ = true;
      return current_;
    }
    const auto at = view_.tenants().upper_bound(current_);
    if (at == view_.tenants().end()) {
      is_over_ = true;
      return std::nullopt;
    }
    return current_ = *at;
  }

 private:
  const View& view_;
  std::string current_;
  bool is_single_ = false;
  bool is_over_ = false;
};

class CounterSource final : public DocumentSource {
 public:
  CounterSource(const ReadContext& context, const Conjunction& filter)
      : context_(context), tenants_(context.view, filter.equal("tenant_id")) {
    const Json* period = filter.equal("period");
    if (period == nullptr) return;
    const auto parsed = period->is_string() ? Period::parse(period->as_string())
                                            : Result<Period>(fail(ErrorCode::invalid, ""));
    is_one_period_ = true;
    if (parsed) period_ = *parsed;
  }

  Result<std::vector<Json>> next() override {
    std::vector<Json> documents;
    const std::shared_lock lock(context_.lock);
    while (documents.size() < kChunk) {
      const auto tenant = tenants_.next();
      if (!tenant) break;
      TRY(add(*tenant, documents));
    }
    return documents;
  }

 private:
  Result<> add(const std::string& tenant, std::vector<Json>& documents) const {
    const Figures figures(context_.view, context_.zone);
    const std::optional<Period> newest = newest_period();
    if (!newest) return {};
    if (is_one_period_) {
      if (!period_ || *period_ > *newest) return {};
      return add_month(figures, tenant, *period_, documents);
    }
    std::optional<Period> last;
    for (const auto& [period, counter] : TRY(figures.counters(tenant))) {
      documents.push_back(to_counter_document(tenant, period, counter, context_.formula));
      last = period;
    }
    // Levels carry over into months without events, so these have documents too.
    for (; last && *last < *newest;) {
      last = last->next();
      TRY(add_month(figures, tenant, *last, documents));
    }
    return {};
  }

  Result<> add_month(const Figures& figures, const std::string& tenant, Period period,
                     std::vector<Json>& documents) const {
    if (const auto counter = TRY(figures.counter(tenant, period)))
      documents.push_back(to_counter_document(tenant, period, *counter, context_.formula));
    return {};
  }

  std::optional<Period> newest_period() const {
    const auto& newest = context_.view.state().newest_period;
    if (!newest || context_.clock == nullptr) return newest;
    return std::max(*newest, Period::of(context_.clock->now(), context_.zone));
  }

  ReadContext context_;
  TenantWalk tenants_;
  bool is_one_period_ = false;
  std::optional<Period> period_;  // nothing: the text is not a period, so no document matches
};

class MetricSource final : public DocumentSource {
 public:
  MetricSource(const ReadContext& context, const Conjunction& filter)
      : context_(context),
        tenants_(context.view, filter.equal("tenant_id")),
        window_(window_of(filter, "hour")) {}

  Result<std::vector<Json>> next() override {
    std::vector<Json> documents;
    const std::shared_lock lock(context_.lock);
    while (documents.size() < kChunk) {
      if (!tenant_) {
        tenant_ = tenants_.next();
        from_ = keys::hour_place(window_.start, "");
      }
      if (!tenant_) break;
      TRY(add(documents));
    }
    return documents;
  }

 private:
  Result<> add(std::vector<Json>& documents) {
    Result<> read;
    const PlaceRange range{from_, keys::hour_place(window_.end, "")};
    bool is_full = false;
    TRY(context_.view.scan<CallSums>(*tenant_, range, [&](std::string_view place, CallSums& sums) {
      const auto hour = keys::hour_of(place);
      if (!hour) {
        read = fail(hour.error());
        return false;
      }
      documents.push_back(to_metric_document(*tenant_, *hour, sums));
      is_full = documents.size() >= kChunk;
      if (is_full) from_ = std::string(place) + '\0';
      return !is_full;
    }));
    if (!is_full) tenant_.reset();
    return read;
  }

  ReadContext context_;
  TenantWalk tenants_;
  Window window_;
  std::optional<std::string> tenant_;
  std::string from_;
};

}  // namespace

Result<Json> parse_document(std::string_view bytes) {
  Decoder from(bytes);
  Json document = TRY(from.json());
  if (!from.is_at_end() || !document.is_object())
    return fail(ErrorCode::corrupt, "a document of the view cannot be read");
  return document;
}

int is_active(const std::optional<Json>& record) {
  return record && record->string_at("status") == "active" ? 1 : 0;
}

std::unique_ptr<DocumentSource> make_stored_source(const ReadContext& context,
                                                   Collection collection, ReadPlan plan) {
  return std::make_unique<StoredSource>(context, collection, std::move(plan));
}

std::unique_ptr<DocumentSource> make_event_source(Collection collection,
                                                  std::unique_ptr<EventCursor> events) {
  return std::make_unique<EventSource>(collection, std::move(events));
}

std::unique_ptr<DocumentSource> make_raw_source(std::unique_ptr<EventCursor> events,
                                                FateOf fate_of) {
  return std::make_unique<RawSource>(std::move(events), std::move(fate_of));
}

std::unique_ptr<DocumentSource> make_counter_source(const ReadContext& context,
                                                    const Conjunction& filter) {
  const std::shared_lock lock(context.lock);
  return std::make_unique<CounterSource>(context, filter);
}

std::unique_ptr<DocumentSource> make_metric_source(const ReadContext& context,
                                                   const Conjunction& filter) {
  const std::shared_lock lock(context.lock);
  return std::make_unique<MetricSource>(context, filter);
}

}  // namespace metergate
