// The store without a disk: the same fold over an ordered map, durable at once. For tests, which
// can tell it to fail. Threads as in store.h.
#pragma once

#include <memory>

#include "base/time.h"
#include "storage/shapes/store.h"

namespace metergate {

// What the next calls meet; set by a test, read by the store.
struct MemoryFaults {
  bool refuse_writes = false;  // apply() answers ErrorCode::storage
  bool refuse_reads = false;   // reads answer ErrorCode::corrupt
  bool hold_durable =
      false;  // nothing becomes durable until it is false again and release() was called
};

class ControlledStore : public Store {
 public:
  virtual MemoryFaults& faults() = 0;
  virtual void release() = 0;
};

std::unique_ptr<ControlledStore> make_memory_store(const TimeZone& zone,
                                                   const StorageFormula& formula = {});

}  // namespace metergate
