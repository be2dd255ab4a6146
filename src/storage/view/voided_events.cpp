#include "storage/view/voided_events.h"

namespace metergate {

Result<VoidedEvents> voided_events(const View& view, Period period) {
  VoidedEvents voided;
  const std::string prefix = keys::voided_prefix(period);
  const auto cursor = view.walk({prefix, keys::after_prefix(prefix)}, false);
  for (; cursor->is_valid(); cursor->next()) {
    const auto place = TRY(keys::voided_place(cursor->key()));
    voided.insert(place);
  }
  TRY(cursor->status());
  return voided;
}

}  // namespace metergate
