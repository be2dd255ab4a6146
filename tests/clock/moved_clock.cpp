// A library to be preloaded: moves the wall clock of a process by the seconds that stand in a file,
// read at every look, so that a test can move it while the process runs. The monotonic clock stays.
//
// METERGATE_TEST_CLOCK names the file: a decimal whole number, maybe below 0. It calls the kernel
// itself, and takes no memory, so that an allocator may ask for the time.
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>

namespace {

long moved_by() {
  static const char* const path = std::getenv("METERGATE_TEST_CLOCK");
  if (path == nullptr) return 0;
  static const long file = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
  char text[32] = {};
  if (file < 0 || syscall(SYS_pread64, file, text, sizeof text - 1, 0) <= 0) return 0;
  return std::strtol(text, nullptr, 10);
}

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* at) noexcept {
  const long result = syscall(SYS_clock_gettime, clock, at);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
    at->tv_sec += moved_by();
  return static_cast<int>(result);
}

extern "C" int gettimeofday(timeval* __restrict at, void* __restrict) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  at->tv_sec = now.tv_sec;
  at->tv_usec = now.tv_nsec / 1000;
  return 0;
}

extern "C" time_t time(time_t* at) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (at != nullptr) *at = now.tv_sec;
  return now.tv_sec;
}
