#include "base/changing.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace metergate {
namespace {

TEST(Changing, WhatWasReadStaysGood) {
  Changing<std::string> text{std::string{"the first value, too long for no memory"}};
  const std::string& first = text.get();
  text = "the second value, likewise too long for it";
  EXPECT_EQ(first, "the first value, too long for no memory");
  EXPECT_EQ(text.get(), "the second value, likewise too long for it");
}

TEST(Changing, ACopyGoesItsOwnWay) {
  Changing<int> one{1};
  const Changing<int> copy{one};
  one = 2;
  EXPECT_EQ(one + 1, 3);
  EXPECT_EQ(copy, 1);
  one = copy;
  EXPECT_EQ(one, 1);
}

TEST(Changing, ReadersSeeOneValueOrTheOther) {
  Changing<std::string> text{std::string(100, 'a')};
  std::jthread writer([&] {
    for (int i = 0; i < 100; ++i) text = std::string(100, i % 2 == 0 ? 'b' : 'a');
  });
  for (int i = 0; i < 10'000; ++i) {
    const std::string& seen = text;
    ASSERT_EQ(seen, std::string(100, seen.front()));
  }
}

}  // namespace
}  // namespace metergate
