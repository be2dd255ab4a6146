// Settings of the whole process, made before anything else: its files are private, a closed pipe is
// an error instead of a signal, and its memory, which holds keys, is not dumped to disk. Called
// once, before any thread starts.
#pragma once

namespace metergate {

void prepare_process();
// From now on SIGINT, SIGTERM and SIGHUP only leave the wish to stop, for a command that cleans up.
void catch_stop_signals();
bool is_stop_wished();
// CORE_DUMPS=true, for debugging: allows core dumps again, within the limit that the process was
// started with.
void allow_core_dumps();

}  // namespace metergate
