#include "storage/bytes/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/bytes/checksum.h"
#include "storage/testing/test_folder.h"

namespace metergate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Files, WhatIsWrittenIsRead) {
  const TestFolder folder;
  const File file = *File::open(folder / "a", File::Mode::make);
  ASSERT_TRUE(file.reserve(100));
  ASSERT_TRUE(file.write(40, "hello"));
  ASSERT_TRUE(file.sync_data());
  ASSERT_TRUE(file.sync());
  EXPECT_EQ(*file.size(), 100);
  EXPECT_EQ(file.read(39, 7)->view(), std::string_view("\0hello\0", 7));
  EXPECT_EQ(read_file(folder / "a")->size(), 100U);
}

TEST(Files, ReadingPastTheEndIsCorruptAndSaysWhere) {
  const TestFolder folder;
  replace_contents(folder / "a", "12345");
  const File file = *File::open(folder / "a", File::Mode::read);
  EXPECT_EQ(file.read(0, 5)->view(), "12345");
  const auto past = file.read(3, 10);
  ASSERT_FALSE(past.has_value());
  EXPECT_EQ(past.error().code, ErrorCode::corrupt);
  EXPECT_THAT(past.error().message, HasSubstr("ends at byte 5"));
}

TEST(Files, RefusalsNameThePathAndTheReason) {
  const TestFolder folder;
  const auto missing = File::open(folder / "none", File::Mode::read);
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, ErrorCode::storage);
  EXPECT_THAT(missing.error().message, HasSubstr((folder / "none").string()));
  EXPECT_THAT(missing.error().message, HasSubstr("No such file"));
  replace_contents(folder / "a", "x");
  EXPECT_EQ(File::open(folder / "a", File::Mode::read)->write(0, "y").error().code,
            ErrorCode::storage);
  EXPECT_FALSE(list_folder(folder / "none").has_value());
  EXPECT_FALSE(sync_folder(folder / "none").has_value());
  EXPECT_FALSE(make_folder(folder / "a" / "b").has_value());
  EXPECT_FALSE(rename_file(folder / "none", folder / "b").has_value());
}

TEST(Files, NamesAreMadeListedRenamedAndRemoved) {
  const TestFolder folder;
  ASSERT_TRUE(make_folder(folder / "deep/er"));
  ASSERT_TRUE(make_folder(folder / "deep/er")) << "there already";
  replace_contents(folder / "deep/b", "x");
  ASSERT_TRUE(rename_file(folder / "deep/b", folder / "deep/a"));
  ASSERT_TRUE(sync_folder(folder / "deep"));
  EXPECT_THAT(*list_folder(folder / "deep"), ElementsAre("a", "er"));
  ASSERT_TRUE(remove_file(folder / "deep/a"));
  EXPECT_TRUE(remove_file(folder / "deep/a")) << "not there is as good";
  EXPECT_THAT(*list_folder(folder / "deep"), ElementsAre("er"));
}

TEST(Files, OpeningToMakeReplacesWhatIsThere) {
  const TestFolder folder;
  replace_contents(folder / "a", "old");
  EXPECT_EQ(*File::open(folder / "a", File::Mode::make)->size(), 0);
}

TEST(Checksum, IsXxh3AsPublished) {
  EXPECT_EQ(checksum(""), 0x2d06800538d394c2U);
  EXPECT_NE(checksum("a"), checksum("b"));
}

}  // namespace
}  // namespace metergate
