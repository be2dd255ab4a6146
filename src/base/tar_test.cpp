#include "base/tar.h"

#include <gtest/gtest.h>

namespace metergate {
namespace {

const Timestamp kAt = *parse_timestamp("2026-03-01T00:00:00Z");

TEST(Tar, AHeaderIsReadAsItWasWritten) {
  const auto block = tar_header({"backup/data/CURRENT", 16}, kAt);
  ASSERT_TRUE(block);
  EXPECT_EQ(block->size(), kTarBlockBytes);
  const auto entry = read_tar_header(*block);
  ASSERT_TRUE(entry && *entry);
  EXPECT_EQ((*entry)->name, "backup/data/CURRENT");
  EXPECT_EQ((*entry)->bytes, 16);
}

TEST(Tar, TheLargestSizeAndTheLongestNameFitAndNoMore) {
  const std::string name(kTarNameBytesMax, 'n');
  const auto block = tar_header({name, kTarFileBytesMax}, kAt);
  ASSERT_TRUE(block);
  const auto entry = read_tar_header(*block);
  ASSERT_TRUE(entry && *entry);
  EXPECT_EQ((*entry)->name, name);
  EXPECT_EQ((*entry)->bytes, kTarFileBytesMax);
  EXPECT_FALSE(tar_header({name + "n", 1}, kAt));
  EXPECT_FALSE(tar_header({name, kTarFileBytesMax + 1}, kAt));
  EXPECT_FALSE(tar_header({"", 1}, kAt));
}

TEST(Tar, AnyChangedByteOfAHeaderIsFound) {
  const std::string block = *tar_header({"a", 1}, kAt);
  for (std::size_t at = 0; at < block.size(); ++at) {
    std::string changed = block;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    const auto entry = read_tar_header(changed);
    const bool is_in_sum = at >= 148 && at < 156;
    EXPECT_TRUE(!entry || (is_in_sum && (*entry)->bytes == 1)) << at;
  }
}

TEST(Tar, ZerosAreTheEndAndFoldersAreRefused) {
  const auto end = read_tar_header(std::string(kTarBlockBytes, '\0'));
  ASSERT_TRUE(end);
  EXPECT_FALSE(*end);
  std::string folder = *tar_header({"a", 0}, kAt);
  folder[156] = '5';
  EXPECT_FALSE(read_tar_header(folder));
}

TEST(Tar, PaddingFillsTheBlock) {
  EXPECT_EQ(tar_padding(0), 0U);
  EXPECT_EQ(tar_padding(1), 511U);
  EXPECT_EQ(tar_padding(512), 0U);
}

}  // namespace
}  // namespace metergate
