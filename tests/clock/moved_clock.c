// A wall clock that a test moves: preloaded into the server, it adds an offset to CLOCK_REALTIME.
//
// The offset, in milliseconds, is the first eight bytes (native order) of the file that
// METERGATE_TEST_CLOCK names. The file is mapped, so a test moves the clock of a running server by
// writing to it. The monotonic clock is the machine's: waits and time limits stay as they are.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const int64_t kNanosecondsInSecond = 1000000000;
static _Atomic(const int64_t*) offset_ms;
static pthread_once_t mapped = PTHREAD_ONCE_INIT;

static void map_offset(void) {
  const char* path = getenv("METERGATE_TEST_CLOCK");
  const int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  void* page = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
  close(file);
  if (page != MAP_FAILED) atomic_store(&offset_ms, (const int64_t*)page);
}

static void move(struct timespec* at) {
  pthread_once(&mapped, map_offset);
  const int64_t* offset = atomic_load(&offset_ms);
  if (offset == NULL) return;
  const int64_t moved = at->tv_nsec + *(const volatile int64_t*)offset * 1000000;
  int64_t seconds = moved / kNanosecondsInSecond;
  int64_t nanoseconds = moved % kNanosecondsInSecond;
  if (nanoseconds < 0) {
    nanoseconds += kNanosecondsInSecond;
    --seconds;
  }
  at->tv_sec += seconds;
  at->tv_nsec = nanoseconds;
}

int clock_gettime(clockid_t clock, struct timespec* at) {
  const int result = (int)syscall(SYS_clock_gettime, clock, at);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) move(at);
  return result;
}

int gettimeofday(struct timeval* restrict at, void* restrict zone) {
  (void)zone;
  struct timespec now;
  const int result = clock_gettime(CLOCK_REALTIME, &now);
  at->tv_sec = now.tv_sec;
  at->tv_usec = now.tv_nsec / 1000;
  return result;
}

time_t time(time_t* seconds) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (seconds != NULL) *seconds = now.tv_sec;
  return now.tv_sec;
}
