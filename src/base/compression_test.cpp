#include "base/compression.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace metergate {
namespace {

RC_GTEST_PROP(Zstd, ComesBackAsItWas, (const std::string& text)) {
  RC_ASSERT(*zstd_decompress(zstd_compress(text), text.size()) == text);
}

TEST(Zstd, TakesTheEmptyTextAndALongOne) {
  EXPECT_EQ(zstd_decompress(zstd_compress(""), 0), "");
  const std::string text(10'000'000, 'x');
  EXPECT_LT(zstd_compress(text).size(), 2000U);
  EXPECT_EQ(zstd_decompress(zstd_compress(text), text.size()), text);
}

TEST(Zstd, OfAKnownSizeComesBackOrIsDamaged) {
  for (const ZstdChecksum checksum : {ZstdChecksum::within, ZstdChecksum::beside}) {
    for (const std::size_t size : {0U, 1U, 100'000U}) {
      const std::string text(size, 'x');
      const std::string packed = zstd_compress(text, checksum);
      EXPECT_EQ(*zstd_decompress_exactly(packed, size), text);
      EXPECT_EQ(zstd_decompress_exactly(packed, size + 1).error().code, ErrorCode::corrupt);
      if (size > 0) {
        EXPECT_EQ(zstd_decompress_exactly(packed, size - 1).error().code, ErrorCode::corrupt);
      }
      EXPECT_EQ(zstd_decompress_exactly(packed.substr(1), size).error().code, ErrorCode::corrupt);
    }
  }
}

TEST(Zstd, KeepsItsChecksumBesideWhereItIsAskedTo) {
  const std::string text(1000, 'x');
  EXPECT_EQ(zstd_compress(text).size(), zstd_compress(text, ZstdChecksum::beside).size() + 4);
}

TEST(Zstd, RefusesMoreThanTheCallerAllows) {
  const std::string frame = zstd_compress(std::string(1001, 'x'));
  const auto text = zstd_decompress(frame, 1000);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, ErrorCode::too_large);
  EXPECT_EQ(text.error().message, "the compressed text has 1001 bytes; 1000 are allowed");
}

TEST(Zstd, FindsEveryFlippedBit) {
  const std::string text = "one tenant, another tenant, and a third one after that";
  const std::string frame = zstd_compress(text);
  for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
    std::string damaged = frame;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    // A bit that means nothing to the format may be ignored, but never changes the text.
    const auto read = zstd_decompress(damaged, 10'000);
    EXPECT_TRUE(!read || *read == text) << "bit " << bit;
  }
}

TEST(Zstd, RefusesEveryCutAndAnythingBehindTheFrame) {
  const std::string frame = zstd_compress("some text");
  for (std::size_t size = 0; size < frame.size(); ++size) {
    const auto read = zstd_decompress(frame.substr(0, size), 100);
    ASSERT_FALSE(read) << size;
    EXPECT_EQ(read.error().code, ErrorCode::corrupt);
  }
  EXPECT_FALSE(zstd_decompress(frame + '\0', 100));
  EXPECT_FALSE(zstd_decompress(frame + frame, 100));
  EXPECT_FALSE(zstd_decompress("not zstd at all", 100));
}

}  // namespace
}  // namespace metergate
