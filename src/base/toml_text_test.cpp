#include "base/toml_text.h"

#include <gtest/gtest.h>

namespace metergate {
namespace {

TEST(TomlText, LettersOfEveryScriptStandInQuotesAndComments) {
  for (const char* text :
       {"", "a = 1\n", "name = \"caf\u00e9\" # t\u00e9l\u00e9\n", "name = 'caf\u00e9'\n",
        "name = \"\"\"\ncaf\u00e9 \"\u00e9\" \\\"\"\"\u00e9\"\"\"\n", "'''\n\u00e9''\u00e9'''",
        "\xef\xbb\xbf"
        "a = \"\u00e9\"",
        "a = \"\\\"\u00e9\"", "\"caf\u00e9\" = 1", "a = \"open \u00e9"})
    EXPECT_TRUE(check_toml_letters(text)) << text;
}

TEST(TomlText, ALetterOutsideIsRefusedWithItsLine) {
  for (const char* text :
       {"a = 1\nname = \"a\"\u00e9\n", "# \u00e9\ncaf\u00e9 = 1", "a = '\\'\n\u060f = 1",
        "a = \"\"\"b\"\"\"\"\n\u00e9", "a = \"open\n\u00e9", "a = 1\n\x80"}) {
    const Result<> checked = check_toml_letters(text);
    ASSERT_FALSE(checked) << text;
    EXPECT_EQ(checked.error().code, ErrorCode::invalid);
    EXPECT_TRUE(checked.error().message.starts_with("line 2: ")) << checked.error().message;
  }
}

}  // namespace
}  // namespace metergate
