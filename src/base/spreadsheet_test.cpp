#include "base/spreadsheet.h"

#include <gtest/gtest.h>

#include <cstdio>

#include "base/scratch_file.h"

namespace metergate {
namespace {

std::string written(std::string_view text) {
  auto file = *ScratchFile::make(::testing::TempDir());
  Spreadsheet book({.path = file.path(), .scratch = ::testing::TempDir(), .title = "A book"});
  Spreadsheet::Sheet& sheet = book.add("First", {{"Name", 20}, {"Amount", 10}});
  sheet.text(text);
  sheet.number({4840, 2});
  sheet.end_row();
  EXPECT_TRUE(book.finish());
  return *file.read_some(1 << 20);
}

TEST(Spreadsheet, IsAZipAndTheSameForTheSameContent) {
  const std::string once = written("Adventure Park");
  EXPECT_TRUE(once.starts_with("PK"));
  EXPECT_EQ(once, written("Adventure Park"));
  EXPECT_NE(once, written("Adventure Bark"));
}

TEST(Spreadsheet, KnowsWhichDecimalsANumberCellGivesBack) {
  for (const Decimal value : {Decimal{0, 2}, Decimal{4840, 2}, Decimal{-1, 3}, Decimal{93, 1},
                              Decimal{900'000'000'000'000, 2}, Decimal{123'456'789'012'345, 6}})
    EXPECT_TRUE(Spreadsheet::holds_exactly(value)) << to_text(value);
  for (const Decimal value :
       {Decimal{1'000'000'000'000'001, 0}, Decimal{9'000'000'000'000'000'001, 6},
        Decimal{1'234'567'890'123'456'789, 9}})
    EXPECT_FALSE(Spreadsheet::holds_exactly(value)) << to_text(value);
}

TEST(Spreadsheet, SaysWhereThereWasNoRoomAndTheLibraryDoesNot) {
  ::testing::internal::CaptureStderr();
  Spreadsheet book({.path = "/nowhere/at/all.xlsx", .scratch = ::testing::TempDir(), .title = ""});
  book.add("First", {{"", 10}}).text("a");
  const auto finished = book.finish();
  std::fprintf(stderr, "another's line\n");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "another's line\n");
  ASSERT_FALSE(finished);
  EXPECT_EQ(finished.error().code, ErrorCode::storage);
}

}  // namespace
}  // namespace metergate
