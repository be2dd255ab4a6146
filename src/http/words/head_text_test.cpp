#include "http/words/head_text.h"

#include <gtest/gtest.h>

namespace metergate::http {
namespace {

TEST(HeadText, PartsStandBehindWhatIsThere) {
  std::string out = "GET / HTTP/1.1\r\n";
  append_field(out, "Host", "a");
  append_field(out, "X-Empty", "");
  append_all(out, {});
  append_all(out, {"", "\r\n", ""});
  EXPECT_EQ(out, "GET / HTTP/1.1\r\nHost: a\r\nX-Empty: \r\n\r\n");
}

TEST(HeadText, LongPartsGrowIt) {
  std::string out;
  std::string wanted;
  for (int i = 0; i < 100; ++i) {
    const std::string value(static_cast<std::size_t>(i) * 10, 'v');
    append_field(out, "name", value);
    wanted += "name: " + value + "\r\n";
  }
  EXPECT_EQ(out, wanted);
}

}  // namespace
}  // namespace metergate::http
