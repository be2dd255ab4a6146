#include "base/process_figures.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace metergate {
namespace {

TEST(ProcessFigures, CountADescriptorThatIsOpened) {
  const ProcessFigures before = process_figures();
  const int descriptor = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const ProcessFigures after = process_figures();
  ::close(descriptor);
  EXPECT_EQ(after.open_fds, before.open_fds + 1);
  EXPECT_GT(after.fds_max, after.open_fds);
  EXPECT_GT(after.resident_bytes, 1 << 20);
  EXPECT_GE(after.cpu, before.cpu);
}

}  // namespace
}  // namespace metergate
