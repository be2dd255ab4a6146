#include "base/pdf_pages.h"

#include <gtest/gtest.h>

namespace metergate {
namespace {

// The libraries and fonts are among the packages of the tests (tools/setup test).
Result<std::string> printed(std::string_view text) {
  ScratchFile file = TRY(ScratchFile::make(::testing::TempDir()));
  PdfPages pages = TRY(PdfPages::create({.title = "A page", .made_at = Timestamp{}}, file));
  pages.area({100, 100, 200, 200}, {200, 0, 0});
  pages.text({400, 400, 2000, 120}, text, {.size = 90, .is_bold = true});
  pages.end_page();
  TRY(pages.finish());
  return file.read_some(1 << 20);
}

TEST(PdfPages, AreTheSameForTheSameContent) {
  const auto once = printed("Adventure Park");
  ASSERT_TRUE(once) << once.error().message;
  EXPECT_TRUE(once->starts_with("%PDF-"));
  EXPECT_EQ(*once, *printed("Adventure Park"));
}

TEST(PdfPages, TakeEveryScriptThatAFontIsThereFor) {
  for (const char* name :
       {"Čeština", "مدينة الألعاب", "פארק ההרפתקאות", "冒险公园", "冒険公園", "모험 공원"}) {
    const auto page = printed(name);
    EXPECT_TRUE(page) << name << ": " << page.error().message;
  }
}

TEST(PdfPages, NameTheTextThatNoFontHas) {
  const auto page = printed("\xF3\xB0\x80\x80");  // a character for private use
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().code, ErrorCode::disabled);
  EXPECT_NE(page.error().message.find("\xF3\xB0\x80\x80"), std::string::npos);
  EXPECT_NE(page.error().message.find("apt-get install"), std::string::npos);
}

TEST(PdfPages, CutATextThatIsTooWide) {
  ScratchFile file = *ScratchFile::make(::testing::TempDir());
  PdfPages pages = *PdfPages::create({.title = "", .made_at = Timestamp{}}, file);
  const TextStyle style{.size = 90};
  EXPECT_GT(pages.width_of("WWWWWWWW", style), pages.width_of("iiiiiiii", style));
  const Box box{0, 0, 600, 1000};
  EXPECT_GT(pages.paragraph(box, std::string(80, 'W') + " and more", style), 200);
  pages.end_page();
  EXPECT_TRUE(pages.finish());
}

}  // namespace
}  // namespace metergate
