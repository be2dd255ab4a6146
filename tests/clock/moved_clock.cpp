// A library to be preloaded: moves the clocks of a process by the seconds in a file, which it reads
// at every look, so that a test can move them while the process runs.
//
// METERGATE_TEST_CLOCK names the file. It has a decimal whole number, possibly negative, that is
// added to the wall clock, and after a blank another, 0 or more, for the monotonic clock
// (optional). Waits until a monotonic instant take as long as intended. The library calls the
// kernel itself and allocates nothing, so that an allocator may ask for the time.
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>

namespace {

struct Moved {
  long wall = 0;
  long monotonic = 0;
};

Moved moved_by() {
  static const char* const path = std::getenv("METERGATE_TEST_CLOCK");
  if (path == nullptr) return {};
  static const long file = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
  char text[64] = {};
  if (file < 0 || syscall(SYS_pread64, file, text, sizeof text - 1, 0) <= 0) return {};
  char* rest = nullptr;
  const long wall = std::strtol(text, &rest, 10);
  return {wall, std::strtol(rest, nullptr, 10)};
}

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* at) noexcept {
  const long result = syscall(SYS_clock_gettime, clock, at);
  if (result != 0) return static_cast<int>(result);
  if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) at->tv_sec += moved_by().wall;
  if (clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE)
    at->tv_sec += moved_by().monotonic;
  return 0;
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

extern "C" int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                                      clockid_t clock, const timespec* until) {
  using Wait = int (*)(pthread_cond_t*, pthread_mutex_t*, clockid_t, const timespec*);
  static const auto wait = reinterpret_cast<Wait>(dlsym(RTLD_NEXT, "pthread_cond_clockwait"));
  timespec real = *until;
  if (clock == CLOCK_MONOTONIC) real.tv_sec -= moved_by().monotonic;
  return wait(condition, mutex, clock, &real);
}
