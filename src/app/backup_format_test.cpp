#include "app/backup_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace metergate {
namespace {

using testing::HasSubstr;

BackupAbout about() {
  return {.version = "0.1.0",
          .taken_at = *parse_timestamp("2026-03-01T00:00:00Z"),
          .time_zone = "Europe/Berlin",
          .currency = "EUR",
          .sequence = 42,
          .audit_head = "ab@7"};
}

TEST(BackupFormat, AboutIsReadAsItWasWritten) {
  const auto read = read_about(about_text(about()), "b");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->version, "0.1.0");
  EXPECT_EQ(read->taken_at, about().taken_at);
  EXPECT_EQ(read->time_zone, "Europe/Berlin");
  EXPECT_EQ(read->currency, "EUR");
  EXPECT_EQ(read->sequence, 42);
  EXPECT_EQ(read->audit_head, "ab@7");
}

TEST(BackupFormat, ANewerFormatIsRefusedWithItsVersion) {
  const auto read = read_about(R"({"backup_format":2,"version":"9.1","other":true})", "b.tar");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::invalid);
  EXPECT_THAT(read.error().message,
              HasSubstr("b.tar is a backup of format 2, made by metergate 9.1"));
}

TEST(BackupFormat, AnyChangedByteIsFound) {
  const std::string texts[] = {about_text(about()),
                               manifest_text({"aa", {{"journal/1.mgj", 5, "bb"}}})};
  for (std::size_t which = 0; which < 2; ++which) {
    for (std::size_t at = 0; at + 1 < texts[which].size(); ++at) {
      std::string changed = texts[which];
      changed[at] = static_cast<char>(changed[at] ^ 2);
      EXPECT_FALSE(which == 0 ? read_about(changed, "b").has_value()
                              : read_manifest(changed, "b").has_value())
          << changed;
    }
  }
}

TEST(BackupFormat, AManifestKeepsItsFiles) {
  const auto read = read_manifest(manifest_text({"aa", {{"a", 5, "bb"}, {"c/d", 0, "ee"}}}), "b");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->about_sha256, "aa");
  ASSERT_EQ(read->files.size(), 2U);
  EXPECT_EQ(read->files[1].path, "c/d");
  EXPECT_EQ(read->files[0].bytes, 5);
}

TEST(BackupFormat, NoPathLeadsOut) {
  for (const char* path : {"FORMAT", "journal/00000000000000000001.mgj", "view/MANIFEST-000004"})
    EXPECT_TRUE(is_backup_path(path)) << path;
  for (const char* path : {"", "/etc/passwd", "../x", "a/../b", "a//b", "a/", ".hidden", "a b"})
    EXPECT_FALSE(is_backup_path(path)) << path;
  EXPECT_FALSE(read_manifest(manifest_text({"aa", {{"../x", 5, "bb"}}}), "b"));
}

}  // namespace
}  // namespace metergate
