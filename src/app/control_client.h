// The control socket's client side: has the server that holds a folder run a command. Blocking; for
// the main thread.
#pragma once

#include <filesystem>
#include <optional>

#include "app/run_store_command.h"
#include "base/result.h"

namespace metergate {

// Returns the command's exit status and writes its output to `streams` as it comes. Nothing if no
// server listens there. ErrorCode::storage if the answer broke off.
Result<std::optional<int>> ask_server(const StoreCall& call, const std::filesystem::path& folder,
                                      Streams streams);

}  // namespace metergate
