#include "app/own_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <initializer_list>

namespace metergate {
namespace {

rlimit& core_limit_at_start() {
  static rlimit limit{};
  return limit;
}

// Set by the signal's handler, which can reach nothing else.
volatile std::sig_atomic_t& stop_wish() {
  static volatile std::sig_atomic_t wish = 0;
  return wish;
}

// A file of the store opened as descriptor 1 would receive the printed output.
void keep_standard_descriptors() {
  for (const int wanted : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(wanted, F_GETFD) >= 0) continue;
    // Read-only, so that printing to a closed output still fails.
    if (::open("/dev/null", O_RDONLY) < 0) ::_exit(1);
  }
}

}  // namespace

void prepare_process() {
  keep_standard_descriptors();
  ::umask(S_IRWXG | S_IRWXO);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error like a full disk
  ::getrlimit(RLIMIT_CORE, &core_limit_at_start());
  const rlimit none{0, core_limit_at_start().rlim_max};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0);
}

void catch_stop_signals() {
  struct sigaction action {};
  action.sa_handler = [](int) { stop_wish() = 1; };
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(signal, &action, nullptr);
}

bool is_stop_wished() { return stop_wish() != 0; }

void allow_core_dumps() {
  ::setrlimit(RLIMIT_CORE, &core_limit_at_start());
  ::prctl(PR_SET_DUMPABLE, 1);
}

}  // namespace metergate
