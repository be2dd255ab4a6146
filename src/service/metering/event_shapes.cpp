#include "service/metering/event_shapes.h"

#include "storage/shapes/store.h"

namespace metergate {

Json event_json(const UsageEvent& event) {
  return Json::object({{"source", event.source},
                       {"id", event.id},
                       {"type", type_of(event.fact)},
                       {"time", event.occurred_at},
                       {"data", data_document(event.fact)}});
}

}  // namespace metergate
