// The store without a disk: the same fold over an ordered map, durable at once. For tests, which
// can inject faults. Threads as in store.h.
#pragma once

#include <memory>

#include "base/time.h"
#include "storage/engine/forwarding_store.h"
#include "storage/engine/view_store.h"

namespace metergate {

// Faults for the next calls; set by a test, read by the store.
struct MemoryFaults {
  bool refuse_writes = false;  // apply() returns ErrorCode::storage
  bool refuse_reads = false;   // reads return ErrorCode::corrupt
  bool hold_durable = false;   // while true, and until release(), nothing becomes durable
};

class ControlledStore : public ForwardingStore {
 public:
  virtual MemoryFaults& faults() = 0;
  virtual void release() = 0;
};

std::unique_ptr<ControlledStore> make_memory_store(const TimeZone& zone,
                                                   const StorageFormula& formula = {});
// The same without faults, for an engine that settles the order of the batches.
std::unique_ptr<ViewStore> make_memory_view_store(const ViewStoreOptions& options);

}  // namespace metergate
