#include "base/process_figures.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace metergate {
namespace {

Microseconds duration_of(const timeval& time) {
  return std::chrono::seconds{time.tv_sec} + Microseconds{time.tv_usec};
}

std::int64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::int64_t all = 0;
  std::int64_t resident = 0;
  file >> all >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

std::int64_t open_descriptors() {
  std::error_code error;
  std::int64_t count = 0;
  for (std::filesystem::directory_iterator at("/proc/self/fd", error), end; !error && at != end;
       at.increment(error))
    ++count;
  return count - 1;  // one looks
}

}  // namespace

ProcessFigures process_figures() {
  ProcessFigures figures;
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0)
    figures.cpu = duration_of(usage.ru_utime) + duration_of(usage.ru_stime);
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0)
    figures.fds_max = static_cast<std::int64_t>(limit.rlim_cur);
  figures.resident_bytes = resident_bytes();
  figures.open_fds = open_descriptors();
  return figures;
}

}  // namespace metergate
