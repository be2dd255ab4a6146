// The control socket's client side: has the server that holds a folder run a command. Blocking; for
// the main thread.
#pragma once

#include <filesystem>
#include <optional>

#include "app/run_store_command.h"
#include "base/result.h"

namespace metergate {

// The command's exit status, its output written to `streams` as it comes; nothing: no server
// listens there (yet, or any more). ErrorCode::storage where the answer broke off.
Result<std::optional<int>> ask_server(const StoreCall& call, const std::filesystem::path& folder,
                                      Streams streams);

}  // namespace metergate
