#include <gtest/gtest.h>

#include "api/reader_faults.h"
#include "api/testing/api_world_test.h"
#include "api/usual_fields.h"

namespace metergate::api {
namespace {

constexpr std::array<std::string_view, 2> kQueryWords = {"a", "b"};

constexpr std::array<Field, 8> kQueryFields = {
    of_kind("t", Kind::text),
    choice_of("c", kQueryWords),
    Field{.name = "n", .kind = Kind::integer, .least = 1, .most = 200, .otherwise = "5"},
    of_kind("f", Kind::flag),
    of_kind("d", Kind::day),
    sort_by(kQueryWords, "-a"),
    kPageField,
    kLimitField,
};

class QueryReaderTest : public testing::Test {
 protected:
  QueryReader reader_of(const std::string& query) {
    request_ = request_for("GET /a?" + query);
    return QueryReader{call_};
  }
  std::string message_of(QueryReader& reader) {
    const auto result = reader.finish();
    return result ? std::string{} : result.error().message;
  }

  ApiWorld world_;
  http::Request request_;
  Route route_{.method = "GET",
               .path = "/a",
               .access = open_to_everybody(),
               .handler = nullptr,
               .query = kQueryFields,
               .summary = "Reads"};
  Call call_{.route = route_,
             .request = request_,
             .services = world_.services,
             .path_values = {},
             .caller = nullptr,
             .access = {},
             .actor = {}};
};

TEST_F(QueryReaderTest, ReadsEachKind) {
  QueryReader reader = reader_of("t=x&c=b&n=7&f=false&d=2026-03-05");
  EXPECT_EQ(reader.text("t"), "x");
  EXPECT_EQ(reader.choice("c"), "b");
  EXPECT_EQ(reader.integer("n"), 7);
  EXPECT_EQ(reader.flag("f"), false);
  EXPECT_EQ(reader.day("d"), parse_day("2026-03-05").value());
  EXPECT_TRUE(reader.finish());
}

TEST_F(QueryReaderTest, FallsBackWhereNothingIsSaid) {
  QueryReader reader = reader_of("");
  EXPECT_EQ(reader.text("t"), std::nullopt);
  EXPECT_EQ(reader.choice("c"), std::nullopt);
  EXPECT_EQ(reader.integer("n"), 5);
  EXPECT_EQ(reader.flag("f"), std::nullopt);
  EXPECT_EQ(reader.day("d"), std::nullopt);
  EXPECT_EQ(reader.sort(), "-a");
  EXPECT_TRUE(reader.finish());
}

TEST_F(QueryReaderTest, TellsAllFaultsAtOnce) {
  QueryReader reader = reader_of("c=z&n=0&f=yes&d=2026-02-30");
  reader.choice("c");
  reader.integer("n");
  reader.flag("f");
  reader.day("d");
  const auto result = reader.finish();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::invalid);
  EXPECT_EQ(result.error().faults.size(), 4U);
  EXPECT_EQ(result.error().message,
            "c is 'z'; must be one of: a, b; n is '0'; must be a whole number from 1 to 200; "
            "f is 'yes'; must be true or false; and 1 more");
}

TEST_F(QueryReaderTest, RefusesNumbersThatAreNotQuiteNumbers) {
  for (const char* text : {"", " 1", "1 ", "+1", "1.0", "0x1", "1e1", "99999999999999999999"}) {
    QueryReader reader = reader_of(std::string{"n="} + text);
    reader.integer("n");
    EXPECT_NE(message_of(reader), "") << text;
  }
}

TEST_F(QueryReaderTest, SortsBothWays) {
  for (const char* sort : {"a", "-a", "b", "-b"}) {
    QueryReader reader = reader_of(std::string{"sort="} + sort);
    EXPECT_EQ(reader.sort(), sort);
    EXPECT_TRUE(reader.finish());
  }
  QueryReader wrong = reader_of("sort=+a");
  wrong.sort();
  EXPECT_NE(message_of(wrong), "");
}

TEST_F(QueryReaderTest, ReadsAPage) {
  QueryReader none = reader_of("");
  EXPECT_EQ(read_page(none).page, 1);
  EXPECT_EQ(read_page(none).limit, 50);
  QueryReader some = reader_of("page=3&limit=200");
  EXPECT_EQ(read_page(some).page, 3);
  EXPECT_EQ(read_page(some).limit, 200);
  for (const char* query : {"page=0", "page=-1", "page=1000001", "limit=0", "limit=201"}) {
    QueryReader reader = reader_of(query);
    read_page(reader);
    EXPECT_NE(message_of(reader), "") << query;
  }
}

TEST(Pagination, RoundsPagesUp) {
  const auto pages = [](std::int64_t total) {
    return pagination_json({.page = 1, .limit = 50}, total).integer_at("pages");
  };
  EXPECT_EQ(pages(0), 0);
  EXPECT_EQ(pages(1), 1);
  EXPECT_EQ(pages(50), 1);
  EXPECT_EQ(pages(51), 2);
  EXPECT_EQ(to_text(pagination_json({.page = 2, .limit = 50}, 120)),
            R"({"page":2,"limit":50,"total":120,"pages":3})");
}

TEST(Shown, CutsLongTextsBetweenCharacters) {
  EXPECT_EQ(shown("abc"), "'abc'");
  EXPECT_EQ(shown(std::string(64, 'a')), "'" + std::string(64, 'a') + "'");
  EXPECT_EQ(shown(std::string(63, 'a') + "é"), "'" + std::string(63, 'a') + "…'");
}

}  // namespace
}  // namespace metergate::api
