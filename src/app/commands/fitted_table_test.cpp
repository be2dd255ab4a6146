#include "app/commands/fitted_table.h"

#include <gtest/gtest.h>

#include <sstream>

namespace metergate {
namespace {

FittedTable table() {
  FittedTable made(
      {{"TENANT", ColumnKind::text}, {"NAME", ColumnKind::text}, {"COST", ColumnKind::number}});
  made.add({{"tenant_456"}, {"Adventure Park and Gardens"}, {"1,048.40", Colour::red}});
  made.add({{"zoo"}, {"東京動物園"}, {"-"}});
  return made;
}

std::string printed(const Terminal& terminal) {
  std::ostringstream out;
  table().print(terminal, out);
  return out.str();
}

TEST(FittedTable, IsAsWideAsItsRowsWithoutATerminal) {
  EXPECT_EQ(printed({}),
            "TENANT      NAME                            COST\n"
            "tenant_456  Adventure Park and Gardens  1,048.40\n"
            "zoo         東京動物園                         -\n");
}

TEST(FittedTable, CutsTextsAndNeverNumbers) {
  const std::string text = printed({.columns = 36});
  EXPECT_EQ(text,
            "TENANT      NAME                COST\n"
            "tenant_456  Adventure Par…  1,048.40\n"
            "zoo         東京動物園             -\n");
  for (std::istringstream lines{text}; !lines.eof();) {
    std::string line;
    std::getline(lines, line);
    EXPECT_LE(shown_width(line), 36U) << line;
  }
}

TEST(FittedTable, TurnsIntoLinesWhereItCannotFit) {
  EXPECT_EQ(printed({.columns = 20}),
            "TENANT  tenant_456\n"
            "NAME    Adventure Park and Gardens\n"
            "COST    1,048.40\n"
            "\n"
            "TENANT  zoo\n"
            "NAME    東京動物園\n"
            "COST    -\n");
}

TEST(FittedTable, IsColouredWhereThatIsWanted) {
  EXPECT_EQ(printed({.columns = 80}).find('\x1b'), std::string::npos);
  const std::string text = printed({.columns = 80, .has_colours = true});
  EXPECT_NE(text.find("\x1b[31m1,048.40\x1b[0m"), std::string::npos);
  EXPECT_NE(text.find("\x1b[2mTENANT\x1b[0m"), std::string::npos);
}

TEST(FittedTable, GroupsDigits) {
  for (const auto& [plain, grouped] :
       std::vector<std::pair<std::string, std::string>>{{"0", "0"},
                                                        {"999", "999"},
                                                        {"1000", "1,000"},
                                                        {"1234567.50", "1,234,567.50"},
                                                        {"-1000", "-1,000"},
                                                        {"-999", "-999"},
                                                        {"123456", "123,456"},
                                                        {"0.123456", "0.123456"}})
    EXPECT_EQ(with_grouped_digits(plain), grouped);
  EXPECT_EQ(figure_text(nullptr), "-");
  const Json none;
  EXPECT_EQ(figure_text(&none), "-");
  const Json many{std::int64_t{65'000}};
  EXPECT_EQ(figure_text(&many), "65,000");
}

TEST(FittedTable, SendsATerminalNothingThatItObeys) {
  EXPECT_EQ(harmless("a\x1b[2Jb\tc\x7F"
                     "d\xC2\x9B"
                     "e"),
            "a?[2Jb?c?d?e");
  EXPECT_EQ(harmless("Jörg 東"), "Jörg 東");
}

TEST(FittedTable, WidthsAreThoseOfATerminal) {
  EXPECT_EQ(shown_width("Jörg"), 4U);
  EXPECT_EQ(shown_width("東京"), 4U);
  EXPECT_EQ(shown_width("e\xCC\x81"), 1U) << "a mark on the letter before";
}

}  // namespace
}  // namespace metergate
