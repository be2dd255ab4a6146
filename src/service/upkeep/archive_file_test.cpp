#include "service/upkeep/archive_file.h"

#include <gtest/gtest.h>

#include <fstream>

namespace metergate {
namespace {

class ArchiveFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "archive_file_XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
};

TEST_F(ArchiveFile, ReadsBackWhatWasWritten) {
  const std::filesystem::path path = folder_ / "deep" / "down" / "a.zst";
  ASSERT_TRUE(write_archive_file(path, "one\ntwo\n").has_value());
  const auto text = read_archive_file(path, 1000);
  ASSERT_TRUE(text.has_value());
  EXPECT_EQ(*text, "one\ntwo\n");
  EXPECT_FALSE(std::filesystem::exists(path.string() + ".part"));
}

TEST_F(ArchiveFile, EmptyTextIsATextToo) {
  ASSERT_TRUE(write_archive_file(folder_ / "a.zst", "").has_value());
  EXPECT_EQ(read_archive_file(folder_ / "a.zst", 0).value(), "");
}

TEST_F(ArchiveFile, FileThatIsThereIsNeverWrittenAgain) {
  ASSERT_TRUE(write_archive_file(folder_ / "a.zst", "first").has_value());
  const Result<> again = write_archive_file(folder_ / "a.zst", "second");
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, ErrorCode::duplicate);
  EXPECT_EQ(read_archive_file(folder_ / "a.zst", 1000).value(), "first");
}

TEST_F(ArchiveFile, LeftOverOfAnInterruptedWriteIsReplaced) {
  std::ofstream{folder_ / "a.zst.part"} << "half";
  ASSERT_TRUE(write_archive_file(folder_ / "a.zst", "whole").has_value());
  EXPECT_EQ(read_archive_file(folder_ / "a.zst", 1000).value(), "whole");
}

TEST_F(ArchiveFile, MissingFileIsNothing) {
  EXPECT_FALSE(read_archive_file(folder_ / "none.zst", 1000).value().has_value());
}

TEST_F(ArchiveFile, DamageIsCorruptWithThePath) {
  ASSERT_TRUE(write_archive_file(folder_ / "a.zst", std::string(10'000, 'x')).has_value());
  std::filesystem::resize_file(folder_ / "a.zst",
                               std::filesystem::file_size(folder_ / "a.zst") - 3);
  const auto damaged = read_archive_file(folder_ / "a.zst", 100'000);
  ASSERT_FALSE(damaged.has_value());
  EXPECT_EQ(damaged.error().code, ErrorCode::corrupt);
  EXPECT_NE(damaged.error().message.find("a.zst"), std::string::npos);
}

TEST_F(ArchiveFile, TextOverTheBoundIsTooLarge) {
  ASSERT_TRUE(write_archive_file(folder_ / "a.zst", "12345").has_value());
  const auto large = read_archive_file(folder_ / "a.zst", 4);
  ASSERT_FALSE(large.has_value());
  EXPECT_EQ(large.error().code, ErrorCode::too_large);
}

TEST_F(ArchiveFile, FolderThatCannotBeMadeIsAStorageError) {
  std::ofstream{folder_ / "file"} << "x";
  const Result<> written = write_archive_file(folder_ / "file" / "a.zst", "text");
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().code, ErrorCode::storage);
}

}  // namespace
}  // namespace metergate
