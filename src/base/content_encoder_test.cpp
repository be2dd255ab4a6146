#include "base/content_encoder.h"

#include <gtest/gtest.h>

#include "base/content_coding.h"

namespace metergate {
namespace {

using enum ContentCoding;

TEST(ContentEncoder, WhatItMakesCanBeUndone) {
  std::string text;
  for (int i = 0; i < 30'000; ++i) text += "tenant_" + std::to_string(i * 7919) + ",";
  for (const ContentCoding coding : {gzip, zstd}) {
    for (const std::size_t piece : {std::size_t{1000}, std::size_t{65'536}, text.size()}) {
      ContentEncoder encoder{coding};
      std::string coded;
      for (std::size_t at = 0; at < text.size(); at += piece)
        coded += encoder.add(std::string_view{text}.substr(at, piece));
      coded += encoder.finish();
      EXPECT_LT(coded.size(), text.size() / 2);
      const auto plain = decode_content(name_of(coding), coded, text.size());
      ASSERT_TRUE(plain) << plain.error().message;
      EXPECT_EQ(*plain, text);
    }
  }
}

TEST(ContentEncoder, NothingIsContentToo) {
  for (const ContentCoding coding : {gzip, zstd}) {
    ContentEncoder encoder{coding};
    EXPECT_EQ(encoder.add(""), "");
    EXPECT_EQ(decode_content(name_of(coding), encoder.finish(), 10).value_or("failed"), "");
  }
}

TEST(ContentEncoder, TheCodingIsWhatIsAskedForMost) {
  EXPECT_EQ(wanted_coding("gzip"), gzip);
  EXPECT_EQ(wanted_coding("zstd"), zstd);
  EXPECT_EQ(wanted_coding("gzip, deflate, br, zstd"), zstd);
  EXPECT_EQ(wanted_coding("gzip;q=1.0, zstd;q=0.9"), gzip);
  EXPECT_EQ(wanted_coding("GZIP ; q=0.5"), gzip);
  EXPECT_EQ(wanted_coding("x-gzip"), gzip);
  EXPECT_EQ(wanted_coding("*"), zstd);
  EXPECT_EQ(wanted_coding("zstd;q=0, *"), gzip);
  EXPECT_EQ(wanted_coding("gzip;q=0.001"), gzip);
  EXPECT_EQ(wanted_coding("identity;q=0, gzip"), gzip);
}

TEST(ContentEncoder, ThePlainContentIsForEverybodyElse) {
  for (const char* field : {"", "identity", "br", "deflate", "gzip;q=0", "*;q=0", "gzip;q=0.000",
                            "gzip;q=0.5, identity", "gzip;q=2", "gzip;q=", "gzip;level=1", ",,"}) {
    EXPECT_EQ(wanted_coding(field), std::nullopt) << field;
  }
}

}  // namespace
}  // namespace metergate
