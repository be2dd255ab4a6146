#include "base/csv.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <fstream>
#include <sstream>

namespace metergate {
namespace {

std::string cell(std::string_view text) {
  std::string out;
  CsvWriter{out}.text(text);
  return out;
}

// All records, each with its fields joined by '|', or the message of the refusal.
std::vector<std::string> records(const std::string& text, CsvLimits limits = {}) {
  std::istringstream in{text};
  CsvReader reader{in, limits};
  std::vector<std::string> all;
  while (true) {
    const auto record = reader.next();
    if (!record) return {record.error().message};
    if (!*record) return all;
    std::string joined;
    for (const std::string& field : **record)
      joined += (&field == &record->value()[0] ? "" : "|") + field;
    all.push_back(joined);
  }
}

using Lines = std::vector<std::string>;

TEST(CsvWriter, WritesRowsAsRfc4180Says) {
  std::string out;
  CsvWriter writer{out};
  writer.header("tenant_id,units,cost,note");
  writer.text("acme");
  writer.number(std::int64_t{-5});
  writer.number(Decimal{4840, 2});
  writer.empty();
  writer.end_row();
  writer.text("a,b");
  writer.number(INT64_MIN);
  writer.number(Decimal{-1, 3});
  writer.text("say \"hi\"\r\nthere");
  writer.end_row();
  EXPECT_EQ(out,
            "tenant_id,units,cost,note\r\n"
            "acme,-5,48.40,\r\n"
            "\"a,b\",-9223372036854775808,-0.001,\"say \"\"hi\"\"\r\nthere\"\r\n");
}

TEST(CsvWriter, GoesOnWhereItsOutputWasTakenAway) {
  std::string out;
  CsvWriter writer{out};
  writer.text("a");
  writer.end_row();
  out.clear();
  writer.text("b");
  writer.text("c");
  EXPECT_EQ(out, "b,c");
}

TEST(CsvWriter, PutsAQuoteBeforeWhatBeginsLikeAFormula) {
  EXPECT_EQ(cell("=1+1"), "'=1+1");
  EXPECT_EQ(cell("+1"), "'+1");
  EXPECT_EQ(cell("-1"), "'-1");
  EXPECT_EQ(cell("@SUM(A1)"), "'@SUM(A1)");
  EXPECT_EQ(cell("\t=1"), "'\t=1");
  EXPECT_EQ(cell("\r=1"), "\"'\r=1\"");
  EXPECT_EQ(cell("\n=1"), "\"'\n=1\"");
  EXPECT_EQ(cell(std::string_view("\0=1", 3)), std::string("'\0=1", 4));
  EXPECT_EQ(cell("\xef\xbc\x9d"
                 "1"),
            "'\xef\xbc\x9d"
            "1");
  EXPECT_EQ(cell("\xef\xbc\x8b"
                 "1"),
            "'\xef\xbc\x8b"
            "1");
  EXPECT_EQ(cell("\xef\xbc\x8d"
                 "1"),
            "'\xef\xbc\x8d"
            "1");
  EXPECT_EQ(cell("\xef\xbc\xa0"
                 "x"),
            "'\xef\xbc\xa0"
            "x");
  EXPECT_EQ(cell("=HYPERLINK(\"http://x\",\"y\")"), "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"");
}

TEST(CsvWriter, LeavesOtherTextAsItIs) {
  for (const std::string_view text :
       {"", "a", "a=b", "1+1", "user@example.com", "a-b", "'quoted'", " =1", "\xef\xbc\xa1",
        "\xef\xbc", "\xe0\xb8\x81\xe0\xb8\x82", "caf\xc3\xa9", "0012"}) {
    EXPECT_EQ(cell(text), text);
  }
}

RC_GTEST_PROP(CsvWriter, ReadsBackEqualButForTheGuard, ()) {
  const auto rows = *rc::gen::container<std::vector<std::string>>(
      rc::gen::container<std::string>(rc::gen::elementOf(std::string{"ab,\"\r\n=+-@\t ;'"})));
  std::string out;
  CsvWriter writer{out};
  writer.header("text,mark");
  Lines wanted{"text|mark"};
  for (const std::string& text : rows) {
    writer.text(text);
    writer.text("end");
    writer.end_row();
    const bool guarded = !text.empty() && std::string_view{"=+-@\t\r\n"}.contains(text[0]);
    wanted.push_back((guarded ? "'" : "") + text + "|end");
  }
  RC_ASSERT(records(out) == wanted);
}

TEST(CsvReader, TakesQuotedAndPlainFields) {
  EXPECT_EQ(records("a,b\r\n1,\"2\"\r\n"), (Lines{"a|b", "1|2"}));
  EXPECT_EQ(records("a,b\n1,2"), (Lines{"a|b", "1|2"}));
  EXPECT_EQ(records("\"x,y\",\"say \"\"hi\"\"\",\"two\r\nlines\"\n"),
            (Lines{"x,y|say \"hi\"|two\r\nlines"}));
  EXPECT_EQ(records("a,,\n"), (Lines{"a||"}));
  EXPECT_EQ(records("a,"), (Lines{"a|"}));
  EXPECT_EQ(records("\"\"\"\""), (Lines{"\""}));
  EXPECT_EQ(records(" a , b "), (Lines{" a | b "}));
  EXPECT_EQ(records("caf\xc3\xa9"), (Lines{"caf\xc3\xa9"}));
}

TEST(CsvReader, FindsNothingInAnEmptyInput) {
  EXPECT_EQ(records(""), Lines{});
  EXPECT_EQ(records("\xef\xbb\xbf"), Lines{});
}

TEST(CsvReader, SkipsAByteOrderMarkAtTheStartOnly) {
  EXPECT_EQ(records("\xef\xbb\xbf"
                    "a,b"),
            (Lines{"a|b"}));
  EXPECT_EQ(records("a\n\xef\xbb\xbf"
                    "b"),
            (Lines{"a",
                   "\xef\xbb\xbf"
                   "b"}));
  EXPECT_EQ(records("\xef\xbc\x9d,b"), (Lines{"\xef\xbc\x9d|b"}));
  EXPECT_EQ(records("\xef\xbb"
                    "a"),
            (Lines{"line 1: a field is not UTF-8"}));
}

TEST(CsvReader, RefusesWhatRfc4180DoesNotAllow) {
  EXPECT_EQ(records("a\"b"), (Lines{"line 1: a quote must begin its field"}));
  EXPECT_EQ(records(" \"a\""), (Lines{"line 1: a quote must begin its field"}));
  EXPECT_EQ(records("\"a\"b"),
            (Lines{"line 1: a quoted field must be followed by a separator or the line's end"}));
  EXPECT_EQ(records("\"a\" "),
            (Lines{"line 1: a quoted field must be followed by a separator or the line's end"}));
  EXPECT_EQ(records("x\n\"a\nb"), (Lines{"line 3: the input ends inside a quoted field"}));
  EXPECT_EQ(records("\""), (Lines{"line 1: the input ends inside a quoted field"}));
  EXPECT_EQ(records("a\rb"), (Lines{"line 1: a carriage return must be followed by a line feed"}));
  EXPECT_EQ(records("a\r"), (Lines{"line 1: a carriage return must be followed by a line feed"}));
  EXPECT_EQ(records("a\r\r\n"),
            (Lines{"line 1: a carriage return must be followed by a line feed"}));
  EXPECT_EQ(records("x\na\xff"), (Lines{"line 2: a field is not UTF-8"}));
  EXPECT_EQ(records("x\na\xff\nb"), (Lines{"line 2: a field is not UTF-8"}));
  EXPECT_EQ(records(std::string("a\0b", 3)), (Lines{"line 1: a NUL is not allowed"}));
}

TEST(CsvReader, WantsAsManyFieldsInEachRecordAsInTheFirst) {
  EXPECT_EQ(records("a,b\n1\n"), (Lines{"line 2: it has 1 fields, the first line has 2"}));
  EXPECT_EQ(records("a,b\n1,2,3\n"), (Lines{"line 2: it has 3 fields, the first line has 2"}));
}

TEST(CsvReader, ABlankRecordIsNone) {
  EXPECT_EQ(records("a,b\n\n1,2\r\n\r\n \t\n3,4\n\n"), (Lines{"a|b", "1|2", "3|4"}));
  EXPECT_EQ(records("\n\na,b\n1,2\n,\n, \n"), (Lines{"a|b", "1|2"}));  // cleared rows of a sheet
  EXPECT_EQ(records("a\n\n\"\"\n1\n"), (Lines{"a", "1"}));
  EXPECT_EQ(records("a,b\n\n1\n"), (Lines{"line 3: it has 1 fields, the first line has 2"}));
}

TEST(CsvReader, FieldsAreSeparatedByWhatTheFirstLineHasMostOf) {
  EXPECT_EQ(records("a;b;c\n1;2,5;\"x;y\"\n"), (Lines{"a|b|c", "1|2,5|x;y"}));
  EXPECT_EQ(records("a\tb\n1\t2,3\n"), (Lines{"a|b", "1|2,3"}));
  EXPECT_EQ(records("\"a;b;c\",d\n1,2\n"), (Lines{"a;b;c|d", "1|2"}));
  EXPECT_EQ(records("a;b,c\n1,2\n"), (Lines{"a;b|c", "1|2"}));  // a tie: the comma
  EXPECT_EQ(records("\xef\xbb\xbf\"a\";b\r\n1;2\r\n"), (Lines{"a|b", "1|2"}));
}

TEST(CsvReader, ALineInFrontMayNameTheSeparator) {
  EXPECT_EQ(records("sep=;\na,b;c\n1;2\n"), (Lines{"a,b|c", "1|2"}));
  EXPECT_EQ(records("\xef\xbb\xbfSEP=|\r\na|b\r\n1|2\r\n"), (Lines{"a|b", "1|2"}));
  EXPECT_EQ(records("sep=\t\na\tb\n"), (Lines{"a|b"}));
  EXPECT_EQ(records("sep=;\na;b\n1\n"), (Lines{"line 3: it has 1 fields, the first line has 2"}));
  EXPECT_EQ(records("separator,b\n1,2\n"), (Lines{"separator|b", "1|2"}));
}

TEST(CsvReader, SaysThatAFileIsUtf16) {
  const std::string text(
      "\xFF\xFE"
      "i\0d\0\n\0",
      8);
  EXPECT_EQ(records(text), (Lines{"line 1: this is UTF-16; save the file as UTF-8"}));
}

TEST(CsvReader, BoundsFieldsAndRecords) {
  const CsvLimits limits{.field_bytes_max = 4, .fields_max = 2};
  EXPECT_EQ(records("abcd,\"efgh\"", limits), (Lines{"abcd|efgh"}));
  EXPECT_EQ(records("abcde", limits), (Lines{"line 1: a field is longer than 4 bytes"}));
  EXPECT_EQ(records("\"abcde\"", limits), (Lines{"line 1: a field is longer than 4 bytes"}));
  EXPECT_EQ(records("a,b,c", limits), (Lines{"line 1: a line has more than 2 fields"}));
  EXPECT_EQ(records(std::string(1'000'000, ',')),
            (Lines{"line 1: a line has more than 256 fields"}));
}

TEST(CsvReader, KnowsTheLineOnWhichARecordBegan) {
  std::istringstream in{"a\n\"b\nc\"\nd\n"};
  CsvReader reader{in};
  for (const std::size_t line : {1U, 2U, 4U}) {
    ASSERT_TRUE(*reader.next());
    EXPECT_EQ(reader.line(), line);
  }
  EXPECT_FALSE(*reader.next());
  EXPECT_FALSE(*reader.next());
}

TEST(CsvReader, ReportsAnInputThatCannotBeRead) {
  std::ifstream in{"/"};  // opens, but a folder has no bytes
  CsvReader reader{in};
  const auto record = reader.next();
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().code, ErrorCode::storage);
}

RC_GTEST_PROP(CsvReader, NeverCrashesOnAnyText, ()) {
  const auto text =
      *rc::gen::container<std::string>(rc::gen::elementOf(std::string{"a,\"\r\n\xef\xbb\xbf\x80"}));
  std::istringstream in{text};
  CsvReader reader{in};
  std::size_t count = 0;
  for (auto record = reader.next(); record && *record; record = reader.next()) ++count;
  RC_ASSERT(count <= text.size());
}

}  // namespace
}  // namespace metergate
