#include "domain/own_meter.h"

#include <gtest/gtest.h>

namespace metergate {
namespace {

OwnMeter tokens() {
  return {"tokens_total", "prompt", Folding::sum, "$.usage.tokens", {{"model", "$.model"}}};
}

// The names of the faulty fields, each followed by a blank.
std::string wrong_fields(const OwnMeter& meter) {
  std::string fields;
  for (const Fault& fault : faults_of(meter)) fields += fault.field + " ";
  return fields;
}

TEST(OwnMeter, ThatIsSoundHasNoFaults) {
  EXPECT_EQ(wrong_fields(tokens()), "");
  OwnMeter counting = tokens();
  counting.aggregation = Folding::count;
  counting.value_path.clear();
  counting.group_by.clear();
  EXPECT_EQ(wrong_fields(counting), "");
}

TEST(OwnMeter, NeedsASlugOfSmallLettersDigitsAndUnderscores) {
  for (const char* slug : {"", "Tokens", "to-kens", "_tokens", "tökens", "a b"}) {
    OwnMeter meter = tokens();
    meter.slug = slug;
    EXPECT_EQ(wrong_fields(meter), "slug ") << slug;
  }
  OwnMeter meter = tokens();
  meter.slug = std::string(64, 'a');
  EXPECT_EQ(wrong_fields(meter), "");
  meter.slug += "a";
  EXPECT_EQ(wrong_fields(meter), "slug ");
}

TEST(OwnMeter, MayNotTakeTheNameOrTypeOfABuiltInOne) {
  OwnMeter meter = tokens();
  for (const std::string_view name : {"api_calls", "max_stores"}) {
    meter.slug = name;
    EXPECT_EQ(wrong_fields(meter), "slug ");
    EXPECT_FALSE(is_own_slug(name));
  }
  meter = tokens();
  meter.event_type = "api.call";
  EXPECT_EQ(wrong_fields(meter), "eventType ");
  meter.event_type.clear();
  EXPECT_EQ(wrong_fields(meter), "eventType ");
}

TEST(OwnMeter, NeedsAValueForEveryAggregationButCount) {
  for (const FoldingRow& row : kFoldings) {
    OwnMeter meter = tokens();
    meter.aggregation = row.aggregation;
    meter.value_path.clear();
    EXPECT_EQ(wrong_fields(meter), row.needs_value ? "valueProperty " : "") << row.name;
  }
}

TEST(OwnMeter, GroupsByFiveNamesAtMost) {
  OwnMeter meter = tokens();
  meter.group_by.clear();
  for (char name = 'a'; name < 'f'; ++name) meter.group_by.push_back({{name}, "$.x"});
  EXPECT_EQ(wrong_fields(meter), "");
  meter.group_by.push_back({"f", "$.x"});
  EXPECT_EQ(wrong_fields(meter), "groupBy ");
}

TEST(OwnMeter, GroupsByNamesOfWordsAndPathsOnly) {
  OwnMeter meter = tokens();
  meter.group_by = {{"a-b", "$.x"}, {"ok", "x"}, {"subject", "$.x"}};
  EXPECT_EQ(wrong_fields(meter), "groupBy.a-b groupBy.ok groupBy.subject ");
}

TEST(OwnMeter, TenantsSendOnlyWhatNoEventMakesSmaller) {
  OwnMeter meter = tokens();
  meter.tenant_may_send = true;
  for (const FoldingRow& row : kFoldings) {
    meter.aggregation = row.aggregation;
    const bool grows =
        row.name == "COUNT" || row.name == "SUM" || row.name == "MAX" || row.name == "UNIQUE_COUNT";
    EXPECT_EQ(wrong_fields(meter), grows ? "" : "tenant_may_send ") << row.name;
  }
}

TEST(DataPath, IsNamesBehindPoints) {
  EXPECT_EQ(parse_path("$.tokens"), (DataPath{"tokens"}));
  EXPECT_EQ(parse_path("$.a.b-c.d_1"), (DataPath{"a", "b-c", "d_1"}));
  EXPECT_TRUE(parse_path("$.a.b.c.d.e.f.g.h"));
  for (const char* text : {"", "$", "$.", "tokens", "$tokens", "$.a..b", "$.a.", "$.a[0]", "$['a']",
                           "$.a b", "$.a.b.c.d.e.f.g.h.i"})
    EXPECT_FALSE(parse_path(text)) << text;
}

TEST(Folding, IsFoundByItsNameAndNoOther) {
  for (const FoldingRow& row : kFoldings) EXPECT_EQ(find_folding(row.name), row.aggregation);
  EXPECT_FALSE(find_folding("sum"));
  EXPECT_FALSE(find_folding("P42"));
  EXPECT_EQ(folding_names_text(), "COUNT, SUM, AVG, MIN, MAX, LATEST, UNIQUE_COUNT, P50, P95, P99");
}

}  // namespace
}  // namespace metergate
