#include "app/standard_output.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "storage/testing/test_folder.h"

namespace metergate {
namespace {

TEST(StandardOutput, WhatIsPrintedArrives) {
  const TestFolder folder;
  const std::string path = folder / "out";
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT, 0600);
  StandardOutput out(file);
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += std::to_string(i) + '\n';
  out.stream() << text << "the end";
  ASSERT_TRUE(out.finish());
  ::close(file);
  EXPECT_EQ(contents(path), text + "the end");
}

TEST(StandardOutput, AFullDiskIsToldWithItsReason) {
  const int full = ::open("/dev/full", O_WRONLY);
  ASSERT_GE(full, 0);
  for (const std::size_t bytes : {1U, 200'000U}) {
    StandardOutput out(full);
    out.stream() << std::string(bytes, 'x');
    const auto finished = out.finish();
    ASSERT_FALSE(finished);
    EXPECT_NE(finished.error().message.find("No space left"), std::string::npos)
        << finished.error().message;
  }
  ::close(full);
}

TEST(StandardOutput, AReaderThatIsGoneIsToldToo) {
  std::signal(SIGPIPE, SIG_IGN);
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  ::close(ends[0]);
  StandardOutput out(ends[1]);
  out.stream() << "x" << std::flush << "y";
  EXPECT_FALSE(out.finish());
  ::close(ends[1]);
}

TEST(StandardOutput, NothingToPrintNeedsNobody) {
  StandardOutput out(-1);
  EXPECT_TRUE(out.finish());
}

}  // namespace
}  // namespace metergate
