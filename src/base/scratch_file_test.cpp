#include "base/scratch_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace metergate {
namespace {

TEST(ScratchFile, GivesBackWhatWasWrittenAndLeavesNoName) {
  const auto folder = std::filesystem::path{::testing::TempDir()} / "scratch_file_test";
  std::filesystem::create_directories(folder);
  auto file = ScratchFile::make(folder);
  ASSERT_TRUE(file);
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  ASSERT_TRUE(file->append("one"));
  // As a library does that wants a name.
  std::ofstream{file->path(), std::ios::app} << "two";
  ScratchFile moved = *std::move(file);
  EXPECT_EQ(*moved.size(), 6);
  EXPECT_EQ(*moved.read_some(4), "onet");
  EXPECT_EQ(*moved.read_some(4), "wo");
  EXPECT_EQ(*moved.read_some(4), "");
}

TEST(ScratchFile, NamesTheFolderThatHasNoRoomForOne) {
  const auto file = ScratchFile::make("/nowhere/at/all");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::storage);
  EXPECT_NE(file.error().message.find("/nowhere/at/all"), std::string::npos);
}

}  // namespace
}  // namespace metergate
