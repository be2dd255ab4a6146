#include "storage/bytes/document_view.h"

#include <gtest/gtest.h>

#include <array>

#include "storage/bytes/codec.h"

namespace metergate {
namespace {

StoredDocument stored(std::string_view text) {
  StoredDocument document;
  Encoder(document.bytes).json(parse_extended_json(text).value());
  return document;
}

constexpr std::string_view kText =
    R"({"name":"x","ok":true,"none":null,"when":{"$date":"2026-03-01T00:00:00Z"},"price":1.25,)"
    R"("deep":{"list":[1,null,-3],"rows":[{"id":"a"},{"id":"b"}]},"last":7})";

TEST(DocumentView, FindsMembersOfEveryKind) {
  const StoredDocument document = stored(kText);
  const DocumentView view = document.view();
  EXPECT_EQ(view.find("name")->string(), "x");
  EXPECT_EQ(view.find("ok")->boolean(), true);
  EXPECT_EQ(view.find("when")->timestamp(), parse_timestamp("2026-03-01T00:00:00Z").value());
  EXPECT_EQ(view.find("last")->integer(), 7);
  EXPECT_FALSE(view.find("nothing").has_value());
  EXPECT_FALSE(view.find("name")->find("x").has_value());
}

TEST(DocumentView, GivesNothingForAnotherKind) {
  const StoredDocument document = stored(kText);
  const DocumentView view = document.view();
  EXPECT_FALSE(view.find("name")->integer().has_value());
  EXPECT_FALSE(view.find("none")->string().has_value());
  EXPECT_FALSE(view.find("last")->boolean().has_value());
  EXPECT_FALSE(view.find("last")->timestamp().has_value());
  EXPECT_FALSE(view.find("last")->for_each([](DocumentView) { return true; }).has_value());
}

TEST(DocumentView, ReadsListsOfIntegersWithNothingsAmongThem) {
  const StoredDocument document = stored(kText);
  const DocumentView list = *document.view().find("deep")->find("list");
  std::array<std::optional<std::int64_t>, 3> three;
  ASSERT_TRUE(list.read_integers(three));
  EXPECT_EQ(three, (std::array<std::optional<std::int64_t>, 3>{1, std::nullopt, -3}));
  std::array<std::optional<std::int64_t>, 2> two;
  EXPECT_FALSE(list.read_integers(two));
  EXPECT_FALSE(document.view().find("deep")->find("rows")->read_integers(two));
}

TEST(DocumentView, WalksElementsUntilItIsEnough) {
  const StoredDocument document = stored(kText);
  std::string ids;
  const auto visit = [&](DocumentView row) {
    ids += *row.find("id")->string();
    return true;
  };
  const DocumentView rows = *document.view().find("deep")->find("rows");
  ASSERT_TRUE(rows.for_each(visit).has_value());
  EXPECT_EQ(ids, "ab");
  ASSERT_TRUE(rows.for_each([&](DocumentView row) { return visit(row), false; }).has_value());
  EXPECT_EQ(ids, "aba");
}

TEST(DocumentView, IsTheWholeValueAsATree) {
  const StoredDocument document = stored(kText);
  EXPECT_EQ(document.view().json().value(), parse_extended_json(kText).value());
  EXPECT_EQ(document.view().find("deep")->json().value(),
            *parse_extended_json(kText).value().find("deep"));
}

// Cut anywhere, it finds whole members or nothing, and reads nothing beyond its end.
TEST(DocumentView, OfBytesThatAreCutShortFindsLess) {
  const StoredDocument whole = stored(kText);
  for (std::size_t size = 0; size < whole.bytes.size(); ++size) {
    const std::string bytes = whole.bytes.substr(0, size);
    const DocumentView view(bytes);
    EXPECT_FALSE(view.json().has_value());
    const auto last = view.find("last");
    EXPECT_FALSE(last && last->integer()) << size;
    const auto deep = view.find("deep");
    const auto rows = deep ? deep->find("rows") : std::nullopt;
    int count = 0;
    if (rows) (void)rows->for_each([&](DocumentView) { return ++count > 0; });
    EXPECT_LE(count, 2);
  }
}

}  // namespace
}  // namespace metergate
