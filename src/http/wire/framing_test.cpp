#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "http/wire/head.h"
#include "http/wire/parser.h"

namespace metergate::http {
namespace {

using std::string_literals::operator""s;

std::string head_with(const std::string& fields) {
  return "GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

struct Attack {
  const char* name;
  std::string bytes;
};

void PrintTo(const Attack& attack, std::ostream* out) { *out << attack.name; }

// Each is a whole message that two programs may read differently, or that is not HTTP.
std::vector<Attack> request_line_attacks() {
  const std::string rest = "\r\nHost: a\r\n\r\n";
  return {
      {"EmptyLinesFirst", "\r\n\r\nGET / HTTP/1.1" + rest},
      {"BareLfFirst", "\nGET / HTTP/1.1" + rest},
      {"LfEndsRequestLine", "GET / HTTP/1.1\nHost: a\r\n\r\n"},
      {"CrEndsRequestLine", "GET / HTTP/1.1\rHost: a\r\n\r\n"},
      {"CrCrLf", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n"},
      {"TwoSpacesAfterMethod", "GET  / HTTP/1.1" + rest},
      {"TwoSpacesAfterTarget", "GET /  HTTP/1.1" + rest},
      {"TabAfterMethod", "GET\t/ HTTP/1.1" + rest},
      {"TabAfterTarget", "GET /\tHTTP/1.1" + rest},
      {"SpaceFirst", " GET / HTTP/1.1" + rest},
      {"SpaceLast", "GET / HTTP/1.1 " + rest},
      {"VerticalTab", "GET /\vHTTP/1.1" + rest},
      {"NoVersion", "GET /" + rest},
      {"NoTarget", "GET HTTP/1.1" + rest},
      {"OnlyMethod", "GET" + rest},
      {"EmptyTarget", "GET  HTTP/1.1" + rest},
      {"Version09", "GET / HTTP/0.9" + rest},
      {"Version12", "GET / HTTP/1.2" + rest},
      {"Version20", "GET / HTTP/2.0" + rest},
      {"Version11Long", "GET / HTTP/1.10" + rest},
      {"Version011", "GET / HTTP/01.1" + rest},
      {"VersionLowerCase", "GET / http/1.1" + rest},
      {"VersionOtherProtocol", "GET / ICAP/1.1" + rest},
      {"VersionNoMinor", "GET / HTTP/1" + rest},
      {"Http2Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
      {"MethodWithColon", "GE:T / HTTP/1.1" + rest},
      {"MethodWithBrace", "GET{} / HTTP/1.1" + rest},
      {"MethodWithNul", "GE\0T / HTTP/1.1"s + rest},
      {"MethodEmpty", " / HTTP/1.1" + rest},
      {"MethodLong", std::string(33, 'A') + " / HTTP/1.1" + rest},
      {"MethodAboveAscii", "G\xC3\x89T / HTTP/1.1" + rest},
      {"AbsoluteFormWithUser", "GET http://u@a/ HTTP/1.1" + rest},
      {"AbsoluteFormWithoutHost", "GET http:///a HTTP/1.1" + rest},
      {"AbsoluteFormOfAnotherScheme", "GET ftp://a/ HTTP/1.1" + rest},
      {"AbsoluteFormWithOneSlash", "GET http:/a HTTP/1.1" + rest},
      {"AuthorityForm", "CONNECT a:443 HTTP/1.1" + rest},
      {"AsteriskForm", "OPTIONS * HTTP/1.1" + rest},
      {"TargetWithNul", "GET /a\0b HTTP/1.1"s + rest},
      {"TargetAboveAscii", "GET /\xC3\xA9 HTTP/1.1" + rest},
      {"TargetWithDel", "GET /\x7F HTTP/1.1" + rest},
      {"TargetWithSpace", "GET /a b HTTP/1.1" + rest},
      {"Binary", "\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03\r\n\r\n"s},
  };
}

std::vector<Attack> field_attacks() {
  return {
      {"SpaceBeforeColon", head_with("X : 1\r\n")},
      {"TabBeforeColon", head_with("X\t: 1\r\n")},
      {"SpaceBeforeHostColon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n"},
      {"SpaceBeforeLengthColon", head_with("Content-Length : 0\r\n")},
      {"NoColon", head_with("X\r\n")},
      {"EmptyName", head_with(": 1\r\n")},
      {"NameWithSpace", head_with("X Y: 1\r\n")},
      {"NameWithNul", head_with("X\0Y: 1\r\n"s)},
      {"NameWithBracket", head_with("X[]: 1\r\n")},
      {"NameAboveAscii", head_with("X\xC3\xA9: 1\r\n")},
      {"NameWithCr", head_with("X\rY: 1\r\n")},
      {"FoldedBySpace", head_with("X: 1\r\n 2\r\n")},
      {"FoldedByTab", head_with("X: 1\r\n\t2\r\n")},
      {"FoldedFirst", "GET / HTTP/1.1\r\n X: 1\r\nHost: a\r\n\r\n"},
      {"FoldedEmpty", head_with("X: 1\r\n \r\n")},
      {"FoldedCoding", head_with("Transfer-Encoding:\r\n chunked\r\n") + "0\r\n\r\n"},
      {"LfEndsField", head_with("X: 1\n")},
      {"LfHidesField", head_with("X: 1\nContent-Length: 5\r\n")},
      {"CrInValue", head_with("X: 1\r2\r\n")},
      {"CrEndsField", head_with("X: 1\rY: 2\r\n")},
      {"NulInValue", head_with("X: 1\0"
                               "2\r\n"s)},
      {"DelInValue", head_with("X: 1\x7F\r\n")},
      {"EscapeInValue", head_with("X: \x1B[0m\r\n")},
      {"BellInValue", head_with("X: \x07\r\n")},
      {"LfLfEndsHead", "GET / HTTP/1.1\nHost: a\n\n\r\n\r\n"},
      {"NoHost", "GET / HTTP/1.1\r\n\r\n"},
      {"TwoHosts", head_with("Host: b\r\n")},
      {"TwoHostsAlike", head_with("Host: a\r\n")},
      {"TwoHostsInOldVersion", "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"},
      {"HostEmpty", "GET / HTTP/1.1\r\nHost:\r\n\r\n"},
      {"HostList", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"},
      {"HostWithPath", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"},
      {"HostWithUser", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"},
      {"HostWithSpace", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"},
      {"HostBadPort", "GET / HTTP/1.1\r\nHost: a:8x\r\n\r\n"},
      {"HostLongPort", "GET / HTTP/1.1\r\nHost: a:123456\r\n\r\n"},
      {"HostOnlyPort", "GET / HTTP/1.1\r\nHost: :80\r\n\r\n"},
      {"OtherExpectation", head_with("Expect: 200-ok\r\n")},
      {"TwoExpectations", head_with("Expect: 100-continue\r\nExpect: 100-continue\r\n")},
  };
}

std::vector<Attack> length_attacks() {
  const auto with = [](const char* value) {
    return head_with("Content-Length: "s + value + "\r\n") + "abcde";
  };
  return {
      {"LengthWithPlus", with("+5")},
      {"LengthNegative", with("-5")},
      {"LengthHex", with("0x5")},
      {"LengthWithSpace", with("5 5")},
      {"LengthWithComma", with("5,5")},
      {"LengthListAlike", with("5, 5")},
      {"LengthListOther", with("5, 6")},
      {"LengthWithText", with("5a")},
      {"LengthEmpty", with("")},
      {"LengthExponent", with("5e0")},
      {"LengthFraction", with("5.0")},
      {"LengthQuoted", with("\"5\"")},
      {"LengthUnderscore", with("0_5")},
      {"LengthTwentyDigits", with("00000000000000000005")},
      {"LengthOverflow", with("9223372036854775808")},
      {"LengthWrapsTo5", with("18446744073709551621")},
      {"LengthArabicDigit", with("\xD9\xA5")},
      {"TwoLengthsAlike", head_with("Content-Length: 5\r\nContent-Length: 5\r\n") + "abcde"},
      {"TwoLengthsOther", head_with("Content-Length: 5\r\nContent-Length: 0\r\n") + "abcde"},
      {"TwoLengthsByCase", head_with("Content-Length: 5\r\ncontent-length: 5\r\n") + "abcde"},
  };
}

std::vector<Attack> coding_attacks() {
  const auto with = [](const std::string& fields) { return head_with(fields) + "0\r\n\r\n"; };
  return {
      {"LengthThenChunked", with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")},
      {"ChunkedThenLength", with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n")},
      {"ChunkedWithZeroLength", with("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n")},
      {"ChunkedTwice", with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")},
      {"ChunkedListTwice", with("Transfer-Encoding: chunked, chunked\r\n")},
      {"GzipChunked", with("Transfer-Encoding: gzip, chunked\r\n")},
      {"ChunkedGzip", with("Transfer-Encoding: chunked, gzip\r\n")},
      {"IdentityCoding", with("Transfer-Encoding: identity\r\n")},
      {"ChunkedIdentity", with("Transfer-Encoding: chunked, identity\r\n")},
      {"UnknownCoding", with("Transfer-Encoding: x\r\n")},
      {"XChunked", with("Transfer-Encoding: xchunked\r\n")},
      {"ChunkedX", with("Transfer-Encoding: chunkedx\r\n")},
      {"ChunkedQuoted", with("Transfer-Encoding: \"chunked\"\r\n")},
      {"ChunkedParameter", with("Transfer-Encoding: chunked;a=b\r\n")},
      {"ChunkedComma", with("Transfer-Encoding: chunked,\r\n")},
      {"CommaChunked", with("Transfer-Encoding: ,chunked\r\n")},
      {"CodingEmpty", with("Transfer-Encoding:\r\n")},
      {"ChunkedVerticalTab", with("Transfer-Encoding: \vchunked\r\n")},
      {"ChunkedSpaceBeforeColon", with("Transfer-Encoding : chunked\r\n")},
      {"ChunkedNul", with("Transfer-Encoding: chunked\0\r\n"s)},
      {"ChunkedInOldVersion",
       "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
  };
}

std::vector<Attack> chunk_attacks() {
  const auto with = [](const std::string& body) {
    return "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body;
  };
  return {
      {"ChunkNoSize", with("\r\nabcde\r\n0\r\n\r\n")},
      {"ChunkNotHex", with("x\r\nabcde\r\n0\r\n\r\n")},
      {"ChunkNegative", with("-5\r\nabcde\r\n0\r\n\r\n")},
      {"ChunkPlus", with("+5\r\nabcde\r\n0\r\n\r\n")},
      {"ChunkPrefix", with("0x5\r\nabcde\r\n0\r\n\r\n")},
      {"ChunkSpaceBefore", with(" 5\r\nabcde\r\n0\r\n\r\n")},
      {"ChunkSpaceAfter", with("5 \r\nabcde\r\n0\r\n\r\n")},
      {"ChunkTabAfter", with("5\t\r\nabcde\r\n0\r\n\r\n")},
      {"ChunkSpaceBeforeExtension", with("5 ;a=b\r\nabcde\r\n0\r\n\r\n")},
      {"ChunkNineDigits", with("000000005\r\nabcde\r\n0\r\n\r\n")},
      {"ChunkOverflow", with("10000000000000005\r\nabcde\r\n0\r\n\r\n")},
      {"ChunkLfEndsSize", with("5\nabcde\r\n0\r\n\r\n")},
      {"ChunkLfEndsData", with("5\r\nabcde\n0\r\n\r\n")},
      {"ChunkCrEndsSize", with("5\rabcde\r\n0\r\n\r\n")},
      {"ChunkLonger", with("4\r\nabcde\r\n0\r\n\r\n")},
      {"ChunkShorter", with("6\r\nabcde\r\n0\r\n\r\n")},
      {"ChunkNoCrLfAfterData", with("5\r\nabcde0\r\n\r\n")},
      {"ChunkExtensionWithLf", with("5;a\nb\r\nabcde\r\n0\r\n\r\n")},
      {"ChunkExtensionWithCr", with("5;a\rb\r\nabcde\r\n0\r\n\r\n")},
      {"ChunkExtensionWithNul", with("5;a\0b\r\nabcde\r\n0\r\n\r\n"s)},
      {"ChunkExtensionLong", with("5;" + std::string(2000, 'a') + "\r\nabcde\r\n0\r\n\r\n")},
      {"ChunkCommaSize", with("5,6\r\nabcde\r\n0\r\n\r\n")},
      {"LastChunkWithLf", with("0\n\n")},
      {"TrailerFolded", with("0\r\nX: 1\r\n 2\r\n\r\n")},
      {"TrailerWithLf", with("0\r\nX: 1\nY: 2\r\n\r\n")},
      {"TrailerNoColon", with("0\r\nX\r\n\r\n")},
      {"TrailerSpaceBeforeColon", with("0\r\nX : 1\r\n\r\n")},
      {"TrailerWithNul", with("0\r\nX: \0\r\n\r\n"s)},
  };
}

std::vector<Attack> all_attacks() {
  std::vector<Attack> all;
  for (auto* part :
       {&request_line_attacks, &field_attacks, &length_attacks, &coding_attacks, &chunk_attacks}) {
    for (Attack& attack : part()) all.push_back(std::move(attack));
  }
  return all;
}

constexpr ParserLimits kLimits{16 * 1024, 64 * 1024};

// Feeds the bytes as a connection would, `step` at a time.
Result<bool> parse(RequestParser& parser, std::string_view bytes, std::size_t step) {
  std::string input;
  while (!bytes.empty() && !parser.is_complete()) {
    const std::size_t count = std::min(step, bytes.size());
    input.append(bytes.substr(0, count));
    bytes.remove_prefix(count);
    input.erase(0, TRY(parser.take(input)));
  }
  return parser.is_complete() && input.empty() && bytes.empty();
}

class FramingAttack : public testing::TestWithParam<Attack> {};

TEST_P(FramingAttack, IsRefusedAtOnce) {
  RequestParser parser{kLimits};
  const auto done = parse(parser, GetParam().bytes, GetParam().bytes.size());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::invalid);
}

TEST_P(FramingAttack, IsRefusedByteByByte) {
  RequestParser parser{kLimits};
  EXPECT_FALSE(parse(parser, GetParam().bytes, 1));
}

INSTANTIATE_TEST_SUITE_P(Each, FramingAttack, testing::ValuesIn(all_attacks()),
                         [](const auto& test) { return std::string{test.param.name}; });

TEST(FramingAttacks, AreAtLeast100) { EXPECT_GE(all_attacks().size(), 100U); }

std::vector<Attack> fine_requests() {
  return {
      {"Plain", head_with("")},
      {"OldVersion", "GET / HTTP/1.0\r\n\r\n"},
      {"NoSpaceAfterColon", "GET / HTTP/1.1\r\nHost:a\r\n\r\n"},
      {"SpacesAroundValue", "GET / HTTP/1.1\r\nHost: \t a \t \r\n\r\n"},
      {"EmptyValue", head_with("X:\r\n")},
      {"ObsoleteText", head_with("X: caf\xC3\xA9\r\n")},
      {"Address", "GET / HTTP/1.1\r\nHost: [::1]:48080\r\n\r\n"},
      {"AddressNoPort", "GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n"},
      {"HostWithPort", "GET / HTTP/1.1\r\nHost: a.example:80\r\n\r\n"},
      {"ZeroLength", head_with("Content-Length: 0\r\n")},
      {"Length", head_with("Content-Length: 5\r\n") + "abcde"},
      {"LeadingZeros", head_with("Content-Length: 0005\r\n") + "abcde"},
      {"Chunked", head_with("Transfer-Encoding: Chunked\r\n") + "5\r\nabcde\r\n0\r\n\r\n"},
      {"ChunkExtension",
       head_with("Transfer-Encoding: chunked\r\n") + "5;a=\"b\";c\r\nabcde\r\n0;x\r\n\r\n"},
      {"ChunkedTrailers",
       head_with("Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n2\r\nde\r\n0\r\nX: 1\r\n\r\n"},
      {"UnknownMethod", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"EmptyLineFirst", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"AbsoluteForm", "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n"},
  };
}

class FineRequest : public testing::TestWithParam<Attack> {};

TEST_P(FineRequest, IsReadHoweverItIsCut) {
  for (const std::size_t step : {1UL, 2UL, 3UL, 7UL, GetParam().bytes.size()}) {
    RequestParser parser{kLimits};
    const auto done = parse(parser, GetParam().bytes, step);
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_TRUE(*done);
    EXPECT_EQ(parser.bytes(), static_cast<std::int64_t>(GetParam().bytes.size()));
    const bool has_body = GetParam().bytes.find("abc") != std::string::npos;
    EXPECT_EQ(parser.take_body(), has_body ? "abcde" : "");
  }
}

INSTANTIATE_TEST_SUITE_P(Each, FineRequest, testing::ValuesIn(fine_requests()),
                         [](const auto& test) { return std::string{test.param.name}; });

TEST(RequestParser, TakesNothingOfTheRequestThatFollows) {
  RequestParser parser{kLimits};
  const std::string first = head_with("Content-Length: 5\r\n") + "abcde";
  EXPECT_EQ(parser.take(first + "GET /next"), first.size());
  EXPECT_TRUE(parser.is_complete());
}

TEST(RequestParser, TakesAnAbsoluteTargetLikeThePathInIt) {
  const std::pair<const char*, RequestHead> rows[] = {
      {"http://b.example:80/x%2Fy?q=1",
       {.target = "/x%2Fy?q=1", .headers = {{"host", "b.example:80"}}}},
      {"HTTPS://b.example", {.target = "/", .headers = {{"host", "b.example"}}}},
      {"http://[::1]?q", {.target = "/?q", .headers = {{"host", "[::1]"}}}}};
  for (const auto& [target, expected] : rows) {
    RequestParser parser{kLimits};
    ASSERT_TRUE(parse(parser, fmt::format("GET {} HTTP/1.1\r\nHost: a\r\n\r\n", target), 5));
    EXPECT_EQ(parser.head().target, expected.target);
    EXPECT_EQ(parser.head().headers, expected.headers) << "the target's host counts";
  }
}

TEST(RequestParser, IsAsNewAfterReset) {
  RequestParser parser{kLimits};
  ASSERT_TRUE(parse(parser, head_with("X: 1\r\nContent-Length: 2\r\n") + "ab", 4));
  parser.reset();
  ASSERT_TRUE(parse(parser, head_with(""), 4));
  EXPECT_EQ(parser.head().headers.size(), 1U);
  EXPECT_EQ(parser.take_body(), "");
}

TEST(RequestParser, DropsTrailers) {
  RequestParser parser{kLimits};
  ASSERT_TRUE(parse(parser, head_with("Transfer-Encoding: chunked\r\n") + "0\r\nX: 1\r\n\r\n", 5));
  for (const Header& field : parser.head().headers) EXPECT_NE(field.first, "x");
}

TEST(RequestParser, RefusesAHeadThatIsTooLarge) {
  for (const std::size_t step : {1000UL, 100'000UL}) {
    RequestParser parser{kLimits};
    const auto done = parse(parser, head_with("X: " + std::string(17'000, 'a') + "\r\n"), step);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::headers_too_large);
  }
}

TEST(RequestParser, RefusesMoreThan100Fields) {
  std::string fields;
  for (int i = 0; i < 99; ++i) fields += "X: 1\r\n";
  RequestParser parser{kLimits};
  EXPECT_TRUE(parse(parser, head_with(fields), 10'000));
  parser.reset();
  const auto done = parse(parser, head_with(fields + "X: 1\r\n"), 10'000);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::headers_too_large);
}

TEST(RequestParser, RefusesALongBodyBeforeItComes) {
  RequestParser parser{kLimits};
  EXPECT_TRUE(parser.take(head_with("Content-Length: 65536\r\n")));
  parser.reset();
  const auto taken = parser.take(head_with("Content-Length: 65537\r\n"));
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ErrorCode::too_large);
}

TEST(RequestParser, CountsChunksAsTheyCome) {
  RequestParser parser{kLimits};
  const std::string chunk = "8000\r\n" + std::string(0x8000, 'a') + "\r\n";
  const std::string head = head_with("Transfer-Encoding: chunked\r\n");
  EXPECT_TRUE(parse(parser, head + chunk + chunk + "0\r\n\r\n", 1000).value());
  parser.reset();
  const auto done = parse(parser, head + chunk + chunk + "1\r\n", 1000);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::too_large);
}

TEST(RequestParser, RefusesTrailersThatAreTooLarge) {
  RequestParser parser{kLimits};
  std::string bytes = head_with("Transfer-Encoding: chunked\r\n") + "0\r\n";
  for (int i = 0; i < 1000; ++i) bytes += "X: 123456\r\n";
  const auto done = parse(parser, bytes, 1000);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::headers_too_large);
}

RC_GTEST_PROP(RequestParser, ReadsAnyBytesAlikeHoweverTheyAreCut, ()) {
  const auto pieces = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
      "GET / HTTP/1.1", "\r\n", "\r", "\n", "Host: a", "Content-Length: 3", "abc", "0", "3", ";x",
      "Transfer-Encoding: chunked", " ", ":", "\r\n\r\n", "X: y"));
  std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (const std::string& piece : pieces) bytes += piece;
  RequestParser whole{kLimits};
  RequestParser cut{kLimits};
  const auto at_once = parse(whole, bytes, bytes.size());
  const auto stepped = parse(cut, bytes, 1);
  RC_ASSERT(at_once.has_value() == stepped.has_value());
  RC_ASSERT(whole.is_complete() == cut.is_complete());
  if (whole.is_complete()) RC_ASSERT(whole.take_body() == cut.take_body());
}

Framing framing(const std::string& fields, int version_minor = 1) {
  RequestParser parser{kLimits};
  const std::string bytes =
      version_minor == 1 ? head_with(fields) : "GET / HTTP/1.0\r\n" + fields + "\r\n";
  EXPECT_TRUE(parser.take(bytes));
  return parser.framing();
}

TEST(Framing, KeepsAConnectionAsTheVersionAndTheCallerSay) {
  EXPECT_TRUE(framing("").keep_alive);
  EXPECT_FALSE(framing("Connection: close\r\n").keep_alive);
  EXPECT_FALSE(framing("Connection: Keep-Alive, Close\r\n").keep_alive);
  EXPECT_FALSE(framing("", 0).keep_alive);
  EXPECT_TRUE(framing("Connection: keep-alive\r\n", 0).keep_alive);
}

TEST(Framing, HasAnExpectationOnlyInTheNewVersion) {
  EXPECT_TRUE(framing("Expect: 100-Continue\r\n").expects_continue);
  EXPECT_FALSE(framing("Expect: 100-continue\r\n", 0).expects_continue);
  EXPECT_FALSE(framing("").expects_continue);
}

}  // namespace
}  // namespace metergate::http
