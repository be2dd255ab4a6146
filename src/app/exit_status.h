// The exit status of every command (see `metergate help`): one table. Values; no threads.
#pragma once

#include "base/result.h"

namespace metergate {

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;          // the words on the command line were wrong
inline constexpr int kExitConfiguration = 3;  // a setting was wrong

// Of what a data folder could not be opened for: a setting that does not fit it, or the rest.
inline int exit_of_opening(const Error& error) {
  return error.code == ErrorCode::invalid ? kExitConfiguration : kExitFailed;
}

}  // namespace metergate
