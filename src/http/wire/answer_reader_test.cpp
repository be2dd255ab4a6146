#include "http/wire/answer_reader.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

namespace metergate::http {
namespace {

TEST(AnswerReader, ReadsStatusRetryAfterAndTheBeginningOfTheBody) {
  AnswerReader reader;
  ASSERT_TRUE(
      reader.take("HTTP/1.1 503 Busy\r\nRetry-After: 120\r\nContent-Length: 5\r\n\r\nhello"));
  EXPECT_TRUE(reader.has_head());
  EXPECT_TRUE(reader.is_complete());
  EXPECT_EQ(reader.status(), 503);
  EXPECT_EQ(reader.retry_after(), "120");
  EXPECT_EQ(reader.excerpt(), "hello");
}

TEST(AnswerReader, TakesAnAnswerWithoutAReason) {
  for (const std::string_view text : {"HTTP/1.1 204\r\n\r\n", "HTTP/1.1 204 \r\n\r\n",
                                      "HTTP/1.1 100\r\n\r\nHTTP/1.1 204\r\nA: b\r\n\r\n",
                                      "HTTP/1.0 204\r\nContent-Length: 0\r\n\r\n"}) {
    for (const std::size_t step : {std::size_t{1}, std::size_t{13}, text.size()}) {
      AnswerReader reader;
      for (std::size_t at = 0; at < text.size(); at += step)
        ASSERT_TRUE(reader.take(text.substr(at, step))) << text;
      EXPECT_TRUE(reader.is_complete()) << text;
      EXPECT_EQ(reader.status(), 204) << text;
    }
  }
}

TEST(AnswerReader, IsTheSameHoweverTheBytesAreCut) {
  const std::string text =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  rc::check([&] {
    AnswerReader reader;
    std::string_view rest = text;
    while (!rest.empty()) {
      const auto count = std::min<std::size_t>(rest.size(), *rc::gen::inRange<std::size_t>(1, 20));
      RC_ASSERT(reader.take(rest.substr(0, count)).has_value());
      rest.remove_prefix(count);
    }
    RC_ASSERT(reader.is_complete());
    RC_ASSERT(reader.status() == 200);
    RC_ASSERT(reader.excerpt() == "abcde");
  });
}

TEST(AnswerReader, AnswerWithoutALengthIsNeverCompleteByItself) {
  AnswerReader reader;
  ASSERT_TRUE(reader.take("HTTP/1.0 200 OK\r\n\r\nsome"));
  EXPECT_TRUE(reader.has_head());
  EXPECT_FALSE(reader.is_complete());
}

TEST(AnswerReader, NoContentIsCompleteWithItsHead) {
  AnswerReader reader;
  ASSERT_TRUE(reader.take("HTTP/1.1 204 No Content\r\n\r\n"));
  EXPECT_TRUE(reader.is_complete());
}

TEST(AnswerReader, KeepsLittleOfALargeBodyAndMakesItHarmless) {
  AnswerReader reader;
  ASSERT_TRUE(
      reader.take("HTTP/1.1 200 OK\r\nContent-Length: 10995116277760\r\n\r\n<\x1b[31m\r\n"));
  ASSERT_TRUE(reader.take(std::string(100'000, 'x')));
  EXPECT_FALSE(reader.is_complete());
  EXPECT_EQ(reader.excerpt().size(), AnswerReader::kExcerptBytesMax);
  EXPECT_TRUE(reader.excerpt().starts_with("<.[31m..xx"));
}

TEST(AnswerReader, RefusesWhatIsNoHttp) {
  for (const char* text :
       {"SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 abc OK\r\n\r\n", "HTTP/1.1 200 OK\r\nbad line\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"}) {
    AnswerReader reader;
    EXPECT_FALSE(reader.take(text)) << text;
    EXPECT_FALSE(reader.has_head()) << text;
  }
}

TEST(AnswerReader, BoundsHeadsAndInterimAnswers) {
  AnswerReader large;
  EXPECT_FALSE(large.take("HTTP/1.1 200 OK\r\nX: " + std::string(20'000, 'a')));
  AnswerReader endless;
  Result<> taken;
  for (int i = 0; i < 9 && taken; ++i) taken = endless.take("HTTP/1.1 102 Processing\r\n\r\n");
  EXPECT_FALSE(taken);
}

TEST(AnswerReader, AnyBytesAreTakenOrRefused) {
  rc::check([](const std::string& bytes) {
    AnswerReader reader;
    const Result<> taken = reader.take("HTTP/1.1 " + bytes);
    const bool is_fine = taken || taken.error().code == ErrorCode::invalid;
    RC_ASSERT(is_fine);
  });
}

}  // namespace
}  // namespace metergate::http
