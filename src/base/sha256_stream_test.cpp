#include "base/sha256_stream.h"

#include <gtest/gtest.h>

#include "base/crypto.h"

namespace metergate {
namespace {

TEST(Sha256Stream, PiecesHashAsTheWhole) {
  Sha256Stream stream;
  stream.add("ab");
  stream.add("");
  stream.add("c");
  EXPECT_EQ(stream.finish(), sha256("abc"));
}

TEST(Sha256Stream, BeginsAnewAfterEachHash) {
  Sha256Stream stream;
  stream.add("abc");
  EXPECT_EQ(stream.finish(), sha256("abc"));
  EXPECT_EQ(stream.finish(), sha256(""));
}

}  // namespace
}  // namespace metergate
