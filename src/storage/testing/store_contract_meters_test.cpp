// The contract for own meters: their figures by minute, day and month, also after a restart.
#include <fmt/format.h>

#include "storage/testing/store_contract.h"
#include "storage/view/meter_table.h"

namespace metergate::contract {
namespace {

Batch meter(OwnMeter wanted, std::string_view when = "2026-03-01") {
  MeterRecord record;
  record.id = "id-of-" + wanted.slug;
  record.meter = std::move(wanted);
  record.name = record.meter.slug;
  record.created_at = record.updated_at = at(when);
  return write(Collection::meters, {"", record.meter.slug}, to_document(record), when);
}

OwnMeter tokens(Folding folding = Folding::sum, std::vector<Dimension> group_by = {}) {
  return {"tokens", "prompt", folding, "$.n", std::move(group_by)};
}

UsageEvent prompt(std::string_view tenant_id, std::string_view id, std::string_view when,
                  std::string_view data) {
  return fact(tenant_id, id, when, OtherFact{"prompt", std::string(data)});
}

std::string shown(const std::optional<MeterCell>& cell, Folding folding) {
  if (!cell) return "no cell";
  const auto value = cell->value(folding);
  return value ? to_text(value->shown()) : "no value";
}

class MeterContract : public StoreContract {
 protected:
  std::string total(std::string_view tenant_id, std::string_view month,
                    Folding folding = Folding::sum) {
    return shown(store().meter_total(tenant(tenant_id), "tokens", period(month)).value(), folding);
  }
  // "2026-03-05T10:01:00.000Z gpt 3; …", with the values of a group joined.
  std::string cells(CellSpan span, std::string_view from, std::string_view to,
                    Folding folding = Folding::sum) {
    std::string text;
    const MeterRange range{tenant("a"), "tokens", span, {at(from), at(to)}};
    EXPECT_TRUE(store().meter_cells(range, [&](const MeterCellRow& row) {
      text += to_text(row.start) + " ";
      if (row.is_other) text += "(other) ";
      for (const auto& value : row.group) text += value.value_or("(none)") + " ";
      text += shown(row.cell, folding) + "; ";
      return true;
    }));
    return text;
  }
};

TEST_P(MeterContract, EventsAreCountedByMinuteDayAndMonth) {
  apply(meter(tokens()));
  apply(events({prompt("a", "1", "2026-03-05T10:01:30Z", R"({"n":1})"),
                prompt("a", "2", "2026-03-05T10:01:59.999Z", R"({"n":2.5})"),
                prompt("a", "3", "2026-03-05T10:02:00Z", R"({"n":4})"),
                prompt("a", "4", "2026-03-06T00:00:00Z", R"({"n":8})"),
                prompt("b", "1", "2026-03-05T10:01:30Z", R"({"n":100})")}));
  EXPECT_EQ(cells(CellSpan::minute, "2026-03-01", "2026-04-01"),
            "2026-03-05T10:01:00.000Z 3.5; 2026-03-05T10:02:00.000Z 4; "
            "2026-03-06T00:00:00.000Z 8; ");
  EXPECT_EQ(cells(CellSpan::day, "2026-03-01", "2026-04-01"),
            "2026-03-05T00:00:00.000Z 7.5; 2026-03-06T00:00:00.000Z 8; ");
  EXPECT_EQ(total("a", "2026-03"), "15.5");
  EXPECT_EQ(total("b", "2026-03"), "100");
  EXPECT_EQ(total("a", "2026-04"), "no cell");
}

TEST_P(MeterContract, ARangeIsHalfOpenAndDaysOfItAreThoseThatBeginInIt) {
  apply(meter(tokens()));
  apply(events({prompt("a", "1", "2026-03-05T00:00:00Z", R"({"n":1})"),
                prompt("a", "2", "2026-03-05T10:02:00Z", R"({"n":2})")}));
  EXPECT_EQ(cells(CellSpan::minute, "2026-03-05T00:00:00Z", "2026-03-05T10:02:00Z"),
            "2026-03-05T00:00:00.000Z 1; ");
  EXPECT_EQ(cells(CellSpan::day, "2026-03-05T00:00:00Z", "2026-03-05T10:02:00Z"),
            "2026-03-05T00:00:00.000Z 3; ");
  EXPECT_EQ(cells(CellSpan::day, "2026-03-05T00:00:01Z", "2026-03-06T00:00:00Z"), "");
}

TEST_P(MeterContract, GroupsAreKeptApartAndTheMonthHoldsThemAll) {
  apply(meter(tokens(Folding::sum, {{"kind", "$.kind"}, {"model", "$.model"}})));
  apply(events({prompt("a", "1", "2026-03-05", R"({"n":1,"model":"x","kind":"in"})"),
                prompt("a", "2", "2026-03-05", R"({"n":2,"model":"x","kind":"out"})"),
                prompt("a", "3", "2026-03-05", R"({"n":4,"model":7,"kind":true})"),
                prompt("a", "4", "2026-03-05", R"({"n":8,"model":{"a":1}})"),
                prompt("a", "5", "2026-03-05", R"({"n":16,"model":"","kind":null})")}));
  EXPECT_EQ(cells(CellSpan::day, "2026-03-01", "2026-04-01"),
            "2026-03-05T00:00:00.000Z (none) (none) 8; 2026-03-05T00:00:00.000Z (none)  16; "
            "2026-03-05T00:00:00.000Z in x 1; 2026-03-05T00:00:00.000Z out x 2; "
            "2026-03-05T00:00:00.000Z true 7 4; ");
  EXPECT_EQ(total("a", "2026-03"), "31");
}

TEST_P(MeterContract, GroupsBeyondTheMostAreOneAndNothingIsLost) {
  apply(meter(tokens(Folding::count, {{"g", "$.g"}})));
  std::vector<UsageEvent> many;
  for (std::size_t i = 0; i < kGroupsMax + 5; ++i)
    many.push_back(prompt("a", std::to_string(i), "2026-03-05", fmt::format("{{\"g\":{}}}", i)));
  apply(events(many));
  const std::string days = cells(CellSpan::day, "2026-03-01", "2026-04-01", Folding::count);
  EXPECT_NE(days.find("(other) 5; "), std::string::npos);
  EXPECT_EQ(total("a", "2026-03", Folding::count), std::to_string(kGroupsMax + 5));
}

// Five values of 128 bytes.
std::string long_group(std::size_t number) {
  std::string data = "{\"n\":1";
  for (int at = 0; at < 5; ++at)
    data += fmt::format(",\"g{}\":\"{:0>128}\"", at, number * 5 + static_cast<std::size_t>(at));
  return data + "}";
}
std::vector<Dimension> five_dimensions() {
  std::vector<Dimension> five;
  for (int at = 0; at < 5; ++at) five.push_back({fmt::format("g{}", at), fmt::format("$.g{}", at)});
  return five;
}

TEST_P(MeterContract, GroupsAreBoundedByTheirBytesTooAndTheTotalIsWhole) {
  const std::size_t fitting =
      kGroupBytesMax / encode_group(GroupValues(5, std::string(kGroupValueMax, '0'))).size();
  apply(meter(tokens(Folding::sum, five_dimensions())));
  std::vector<UsageEvent> many;
  for (std::size_t i = 0; i < fitting + 7; ++i)
    many.push_back(prompt("a", std::to_string(i), "2026-03-05", long_group(i)));
  apply(events(many));
  apply(events({prompt("a", "known", "2026-03-05", long_group(3)),
                prompt("a", "small", "2026-03-05", R"({"n":1,"g0":"x"})")}));
  const auto days = [&] { return cells(CellSpan::day, "2026-03-01", "2026-04-01"); };
  EXPECT_NE(days().find("(other) 7; "), std::string::npos) << days().substr(days().size() - 100);
  EXPECT_NE(days().find("x (none) (none) (none) (none) 1; "), std::string::npos)
      << "what fits still does";
  EXPECT_EQ(total("a", "2026-03"), std::to_string(fitting + 9));
  reopen();
  apply(events({prompt("a", "known again", "2026-03-05", long_group(3)),
                prompt("a", "new", "2026-03-05", long_group(5000))}));
  EXPECT_NE(days().find("(other) 8; "), std::string::npos) << days().substr(days().size() - 100);
  EXPECT_EQ(total("a", "2026-03"), std::to_string(fitting + 11));
}

TEST_P(MeterContract, AMeterCountsFromItsMakingOn) {
  apply(events({prompt("a", "1", "2026-03-05", R"({"n":1})")}));
  Batch both = meter(tokens());
  both.events.push_back(prompt("a", "2", "2026-03-04", R"({"n":2})"));
  apply(both);
  apply(events({prompt("a", "3", "2026-03-03", R"({"n":4})")}));
  EXPECT_EQ(total("a", "2026-03"), "6");
}

TEST_P(MeterContract, AMeterThatIsMadeAgainBeginsAtNothing) {
  apply(meter(tokens()));
  apply(events({prompt("a", "1", "2026-03-05", R"({"n":1})")}));
  apply(write(Collection::meters, {"", "tokens"}, std::nullopt));
  EXPECT_EQ(total("a", "2026-03"), "no cell");
  apply(events({prompt("a", "2", "2026-03-05", R"({"n":2})")}));
  apply(meter(tokens()));
  EXPECT_EQ(total("a", "2026-03"), "no cell");
  apply(events({prompt("a", "3", "2026-03-05", R"({"n":4})")}));
  EXPECT_EQ(total("a", "2026-03"), "4");
}

TEST_P(MeterContract, OtherTypesAndDuplicatesAreNotCounted) {
  apply(meter(tokens(Folding::count)));
  const UsageEvent one = prompt("a", "1", "2026-03-05", R"({"n":1})");
  apply(events({one, one}));
  apply(events({one}));
  apply(events({fact("a", "2", "2026-03-05", OtherFact{"answer", R"({"n":1})"}),
                call("a", "3", "2026-03-05")}));
  EXPECT_EQ(total("a", "2026-03", Folding::count), "1");
}

TEST_P(MeterContract, ValuesThatAreNoneAreCountedAsUnusable) {
  apply(meter(tokens()));
  apply(events({prompt("a", "1", "2026-03-05", R"({"n":1})"),
                prompt("a", "2", "2026-03-05", R"({"n":"2.5"})"),
                prompt("a", "3", "2026-03-05", R"({"n":"many"})"),
                prompt("a", "4", "2026-03-05", R"({"n":1e13})"),
                prompt("a", "5", "2026-03-05", R"({"m":1})"), prompt("a", "6", "2026-03-05", ""),
                prompt("a", "7", "2026-03-05", R"([1])")}));
  const auto cell = store().meter_total(tenant("a"), "tokens", period("2026-03")).value();
  ASSERT_TRUE(cell);
  EXPECT_EQ(cell->unusable, 5);
  EXPECT_EQ(cell->count, 2);
  EXPECT_EQ(shown(cell, Folding::sum), "3.5");
}

TEST_P(MeterContract, ValuesAreRoundedToNineDecimalsFromAllTheirDigits) {
  apply(meter(tokens()));
  apply(events({prompt("a", "1", "2026-03-05", R"({"n":33.333333333333336})"),
                prompt("a", "2", "2026-03-05", R"({"n":0.1000000000})"),
                prompt("a", "3", "2026-03-05", R"({"n":"0.0000000005"})"),
                prompt("a", "4", "2026-03-05", R"({"n":-0.00000000049999999999999999999999})"),
                prompt("a", "5", "2026-03-05", R"({"n":1234567890.1234567895})"),
                prompt("a", "6", "2026-03-05", R"({"n":1e2})")}));
  EXPECT_EQ(total("a", "2026-03"), "1234568023.556790124");
  reopen();
  EXPECT_EQ(total("a", "2026-03"), "1234568023.556790124");
}

// A value recorded before the rule counts as it did then, also in a recount.
TEST_P(MeterContract, AValueOfBeforeRoundingCountsNothingAsItDid) {
  apply(meter(tokens()));
  apply(events({fact("a", "1", "2026-03-05", OtherFact{"prompt", R"({"n":0.1000000000})", false}),
                prompt("a", "2", "2026-03-05", R"({"n":0.1000000000})")}));
  ASSERT_TRUE(store().checkpoint());
  reopen();
  const auto cell = store().meter_total(tenant("a"), "tokens", period("2026-03")).value();
  ASSERT_TRUE(cell);
  EXPECT_EQ(cell->unusable, 1);
  EXPECT_EQ(shown(cell, Folding::sum), "0.1");
  const auto recounted = store().recount_meters(period("2026-03")).value();
  ASSERT_EQ(recounted.size(), 1U);
  EXPECT_EQ(recounted[0].cell, *cell);
}

TEST_P(MeterContract, WhatAnEventSaysIsToldWithWhatStandsThere) {
  apply(meter(tokens()));
  const auto said = [&](std::string_view data) {
    const auto readings = store().own_readings(prompt("a", "1", "2026-03-05", data), UINT64_MAX);
    EXPECT_EQ(readings.value().size(), 1U);
    const OwnReading& one = readings.value().front();
    return (one.reading.is_usable ? "good " : "bad ") + one.given.value_or("nothing");
  };
  EXPECT_EQ(said(R"({"n":1e300})"), "bad 1e300");
  EXPECT_EQ(said(R"({"n":1000000000000.0})"), "good 1000000000000.0");
  EXPECT_EQ(said(R"({"n":1000000000000.000000001})"), "bad 1000000000000.000000001");
  EXPECT_EQ(said(R"({"n":"ten"})"), "bad \"ten\"");
  EXPECT_EQ(said(R"({"n":null})"), "bad nothing");
  EXPECT_EQ(said("{}"), "bad nothing");
}

TEST_P(MeterContract, DaysAreThoseOfTheBillingTimeZone) {
  use_zone("Asia/Kathmandu");  // 5:45 ahead
  apply(meter(tokens()));
  apply(events({prompt("a", "1", "2026-03-31T18:14:59Z", R"({"n":1})"),
                prompt("a", "2", "2026-03-31T18:15:00Z", R"({"n":2})")}));
  EXPECT_EQ(cells(CellSpan::day, "2026-03-01", "2026-04-05"),
            "2026-03-30T18:15:00.000Z 1; 2026-03-31T18:15:00.000Z 2; ");
  EXPECT_EQ(total("a", "2026-03"), "1");
  EXPECT_EQ(total("a", "2026-04"), "2");
}

TEST_P(MeterContract, EveryAggregationOutlivesARestartAndRecountsToTheSame) {
  for (const FoldingRow& row : kFoldings) {
    OwnMeter one = tokens(row.aggregation, {{"g", "$.g"}});
    one.slug = fmt::format("m{}", static_cast<int>(row.aggregation));
    apply(meter(one));
  }
  std::vector<UsageEvent> sent;
  for (int i = 0; i < 200; ++i)
    sent.push_back(prompt("a", std::to_string(i), fmt::format("2026-03-{:02}", 1 + i % 28),
                          fmt::format(R"({{"n":{}.{},"g":"{}"}})", i * 7 % 90, i, i % 3)));
  apply(events(sent));
  const auto months = [this] {
    std::vector<std::optional<MeterCell>> all;
    for (std::size_t i = 0; i < kFoldings.size(); ++i)
      all.push_back(
          store().meter_total(tenant("a"), fmt::format("m{}", i), period("2026-03")).value());
    return all;
  };
  const auto before = months();
  reopen();
  EXPECT_EQ(months(), before);
  ASSERT_TRUE(store().checkpoint());
  EXPECT_EQ(months(), before);
  reopen();
  EXPECT_EQ(months(), before);
  const auto recounted = store().recount_meters(period("2026-03")).value();
  ASSERT_EQ(recounted.size(), kFoldings.size());
  for (const MeterTotal& total : recounted) {
    EXPECT_EQ(store().meter_total(total.tenant, total.slug, period("2026-03")).value(), total.cell)
        << total.slug;
  }
}

TEST_P(MeterContract, MoreCellsThanAreReadInOneLookAreAllGiven) {
  apply(meter(tokens(Folding::count)));
  std::vector<UsageEvent> many;
  for (int i = 0; i < 2500; ++i)
    many.push_back(prompt("a", std::to_string(i),
                          fmt::format("2026-03-05T{:02}:{:02}:00Z", i / 60 % 24, i % 60), "{}"));
  for (int i = 1440; i < 2500; ++i)
    many[static_cast<std::size_t>(i)].occurred_at += std::chrono::hours{24};
  apply(events(many));
  std::int64_t seen = 0;
  Timestamp last{};
  const MeterRange range{
      tenant("a"), "tokens", CellSpan::minute, {at("2026-03-01"), at("2026-04-01")}};
  ASSERT_TRUE(store().meter_cells(range, [&](const MeterCellRow& row) {
    EXPECT_GT(row.start, last);
    last = row.start;
    ++seen;
    return true;
  }));
  EXPECT_EQ(seen, 2500);
}

TEST_P(MeterContract, AMeterThatCannotBeIsRefused) {
  Batch bad = meter(tokens());
  bad.documents[0].document->set("aggregation", "MODE");
  const auto commit = store().apply(bad);
  ASSERT_FALSE(commit);
  EXPECT_EQ(commit.error().code, ErrorCode::invalid);
}

TEST_P(MeterContract, NothingIsKnownOfAMeterThatIsNotThere) {
  EXPECT_EQ(total("a", "2026-03"), "no cell");
  EXPECT_EQ(cells(CellSpan::minute, "2026-03-01", "2026-04-01"), "");
  EXPECT_TRUE(store().recount_meters(period("2026-03")).value().empty());
}

INSTANTIATE_TEST_SUITE_P(Engines, MeterContract, testing::ValuesIn(all_engines()),
                         [](const auto& given) { return given.param.name; });

}  // namespace
}  // namespace metergate::contract
