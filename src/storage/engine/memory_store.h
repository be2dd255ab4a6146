// The store without a disk: the same fold over an ordered map, durable at once. For tests, which
// can inject faults. Threads as in store.h.
#pragma once

#include <memory>

#include "base/time.h"
#include "storage/shapes/store.h"

namespace metergate {

// Faults for the next calls; set by a test, read by the store.
struct MemoryFaults {
  bool refuse_writes = false;  // apply() returns ErrorCode::storage
  bool refuse_reads = false;   // reads return ErrorCode::corrupt
  bool hold_durable = false;   // while true, and until release(), nothing becomes durable
};

class ControlledStore : public Store {
 public:
  virtual MemoryFaults& faults() = 0;
  virtual void release() = 0;
};

std::unique_ptr<ControlledStore> make_memory_store(const TimeZone& zone,
                                                   const StorageFormula& formula = {});

}  // namespace metergate
