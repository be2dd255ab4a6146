// What the whole process is set to before it does anything: nobody else reads what it writes, a
// reader that goes away is an error and no end, and its memory, which holds keys, is not written to
// disk when it dies. Called once, before any thread.
#pragma once

namespace metergate {

void prepare_process();
// CORE_DUMPS=true, for debugging: the kernel may keep the memory again, within the limit that the
// process was started with.
void allow_core_dumps();

}  // namespace metergate
