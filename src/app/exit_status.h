// The exit status of every command (see `metergate help`): one table. Values; no threads.
#pragma once

namespace metergate {

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;          // the words on the command line were wrong
inline constexpr int kExitConfiguration = 3;  // a setting was wrong

}  // namespace metergate
