// KeyValues in an ordered map, for the store without a disk.
#pragma once

#include <memory>

#include "storage/kv/kv.h"

namespace metergate {

std::unique_ptr<KeyValues> make_memory_kv();

}  // namespace metergate
