#include "base/content_coding.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

namespace metergate {
namespace {

constexpr std::size_t kMax = 1 << 20;

std::string gzipped(std::string text) {
  z_stream stream = {};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string zstandard(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

std::string sample(std::size_t size) {
  std::string text;
  while (text.size() < size) text += "{\"id\":" + std::to_string(text.size() * 7919 % 10007) + "}";
  text.resize(size);
  return text;
}

TEST(ContentCoding, WhatWentInComesOut) {
  for (const std::size_t size : {0UL, 1UL, 65'535UL, 65'536UL, 300'000UL}) {
    const std::string text = sample(size);
    EXPECT_EQ(decode_content("gzip", gzipped(text), kMax).value(), text);
    EXPECT_EQ(decode_content("X-GZip", gzipped(text), kMax).value(), text);
    EXPECT_EQ(decode_content("zstd", zstandard(text), kMax).value(), text);
    EXPECT_EQ(decode_content("identity", text, kMax).value(), text);
  }
}

TEST(ContentCoding, BoundHoldsToTheByte) {
  const std::string text = sample(100'000);
  for (const std::string coding : {"gzip", "zstd", "identity"}) {
    const std::string coded = coding == "gzip"   ? gzipped(text)
                              : coding == "zstd" ? zstandard(text)
                                                 : text;
    EXPECT_TRUE(decode_content(coding, coded, 100'000)) << coding;
    const auto refused = decode_content(coding, coded, 99'999);
    ASSERT_FALSE(refused) << coding;
    EXPECT_EQ(refused.error().code, ErrorCode::too_large);
  }
}

TEST(ContentCoding, BombIsRefusedEarly) {
  const std::string zeros(64 << 20, '\0');
  EXPECT_EQ(decode_content("gzip", gzipped(zeros), kMax).error().code, ErrorCode::too_large);
  EXPECT_EQ(decode_content("zstd", zstandard(zeros), kMax).error().code, ErrorCode::too_large);
}

TEST(ContentCoding, EveryCutAndEveryTailIsRefused) {
  const std::string text = sample(500);
  for (const std::string coding : {"gzip", "zstd"}) {
    const std::string whole = coding == "gzip" ? gzipped(text) : zstandard(text);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const auto cut = decode_content(coding, whole.substr(0, size), kMax);
      ASSERT_FALSE(cut) << coding << " " << size;
      EXPECT_EQ(cut.error().code, ErrorCode::invalid);
    }
    EXPECT_FALSE(decode_content(coding, whole + "x", kMax)) << coding;
    EXPECT_FALSE(decode_content(coding, text, kMax)) << coding;
  }
}

TEST(ContentCoding, AnyOtherCodingIsRefused) {
  for (const std::string coding : {"br", "deflate", "gzip, gzip", "", "zstd "}) {
    const auto refused = decode_content(coding, "x", kMax);
    ASSERT_FALSE(refused) << coding;
    EXPECT_EQ(refused.error().code, ErrorCode::media_type);
  }
}

}  // namespace
}  // namespace metergate
