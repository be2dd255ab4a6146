#include "storage/shapes/store.h"

#include <semaphore>

namespace metergate {

void Store::wait_durable(Sequence sequence) {
  // Shared with the callback: the waiting thread may be gone before release() returns.
  const auto reached = std::make_shared<std::binary_semaphore>(0);
  when_durable(sequence, [reached] { reached->release(); });
  reached->acquire();
}

}  // namespace metergate
