#include "http/words/characters.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace metergate::http {
namespace {

// Byte by byte, as in RFC 9110.
bool is_field_value_plainly(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return is_control(c) && c != '\t'; });
}

TEST(FieldValue, HoldsNoControlCharacterAtAnyPlace) {
  for (std::size_t size = 1; size <= 20; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string text(size, 'a');
        text[at] = static_cast<char>(byte);
        EXPECT_EQ(is_field_value(text), is_field_value_plainly(text))
            << byte << " at " << at << " of " << size;
      }
    }
  }
  EXPECT_TRUE(is_field_value(""));
  EXPECT_TRUE(is_field_value("\t\t\t\t\t\t\t\t\t"));
  EXPECT_FALSE(is_field_value("\t\t\t\t\t\t\t\n"));
}

RC_GTEST_PROP(FieldValue, IsTheSameEightAtATimeAsOneAfterAnother, (const std::string& text)) {
  RC_ASSERT(is_field_value(text) == is_field_value_plainly(text));
}

}  // namespace
}  // namespace metergate::http
