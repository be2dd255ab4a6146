#include "http/wire/scan.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>

namespace metergate::http {
namespace {

// Both ways through all of the text, from each of its bytes on.
template <class Run>
void expect_the_same(const std::string& text) {
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at <= end; ++at)
    ASSERT_EQ(run_end<Run>(at, end), plain_run_end<Run>(at, end)) << at - text.data();
}

template <class Run>
void expect_each_byte_found() {
  for (int byte = 0; byte < 256; ++byte) {
    for (std::size_t at = 0; at < 40; ++at) {
      std::string text(40, 'a');
      text[at] = static_cast<char>(byte);
      expect_the_same<Run>(text);
    }
  }
}

TEST(Scan, FindsEachByteWhereverItStands) {
  expect_each_byte_found<runs::Name>();
  expect_each_byte_found<runs::Value>();
  expect_each_byte_found<runs::Visible>();
  expect_each_byte_found<runs::NoLineFeed>();
}

RC_GTEST_PROP(Scan, FindsWhatItsTwinFinds, (const std::string& text)) {
  expect_the_same<runs::Name>(text);
  expect_the_same<runs::Value>(text);
  expect_the_same<runs::Visible>(text);
  expect_the_same<runs::NoLineFeed>(text);
}

TEST(Scan, TakesAllOfAToken) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = "abc" + std::string(1, static_cast<char>(byte)) + "0123456789-xyz:";
    const char* const end = text.data() + text.size();
    const bool is_token = is_token_character(static_cast<char>(byte));
    EXPECT_EQ(token_end(text.data(), end) - text.data(), is_token ? 18 : 3) << byte;
  }
}

RC_GTEST_PROP(Scan, FindsTheEndOfAHeadAsASearchDoes, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::element('\r', '\n', 'a'));
  const auto from = *rc::gen::inRange<std::size_t>(0, text.size() + 1);
  const std::size_t found = text.find("\r\n\r\n", from);
  RC_ASSERT(find_head_end(text, from) == (found == text.npos ? text.npos : found + 4));
}

}  // namespace
}  // namespace metergate::http
