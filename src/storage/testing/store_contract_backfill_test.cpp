// The contract for meters created after their events: they count the kept events from an instant
// on, exactly, and a recount from the raw events gives the same. Also for raw events.
#include <fmt/format.h>

#include "storage/testing/store_contract.h"

namespace metergate::contract {
namespace {

OwnMeter of_prompts(std::string slug, Folding folding, std::vector<Dimension> group_by = {}) {
  return {std::move(slug), "prompt", folding, "$.n", std::move(group_by)};
}

Batch meter_from_start(OwnMeter wanted, std::string_view from) {
  MeterRecord record;
  record.id = "id-of-" + wanted.slug;
  record.name = wanted.slug;
  record.meter = std::move(wanted);
  record.created_at = record.updated_at = at("2026-03-20");
  record.counts_from = at(from);
  Batch batch = write(Collection::meters, {"", record.meter.slug}, to_document(record));
  batch.documents[0].expect = Expect::absent;
  return batch;
}

UsageEvent prompt(std::string_view tenant_id, std::string_view id, std::string_view when, int n) {
  return fact(tenant_id, id, when,
              OtherFact{"prompt", fmt::format(R"({{"n":{}.5,"g":"{}"}})", n, n % 3)});
}

class BackfillContract : public StoreContract {
 protected:
  std::string total(std::string_view tenant_id, std::string_view slug, Folding folding,
                    std::string_view month = "2026-03") {
    const auto cell = store().meter_total(tenant(tenant_id), slug, period(month)).value();
    if (!cell) return "no cell";
    const auto value = cell->value(folding);
    return value ? to_text(value->shown()) : "no value";
  }
  void void_event(std::string_view id) {
    const EventName name{tenant("a"), "test", std::string(id)};
    Batch batch;
    batch.at = at("2026-03-21");
    batch.voided = store().find_event(name, {at("2026-01-01"), at("2027-01-01")}).value();
    ASSERT_TRUE(batch.voided);
    apply(std::move(batch));
  }
  // Checks that every meter's month equals a recount of the raw events.
  void expect_recount(std::string_view month, std::size_t meters) {
    const auto recounted = store().recount_meters(period(month)).value();
    EXPECT_EQ(recounted.size(), meters);
    for (const MeterTotal& total : recounted)
      EXPECT_EQ(store().meter_total(total.tenant, total.slug, period(month)).value(), total.cell)
          << total.slug;
  }
};

TEST_P(BackfillContract, AMeterCountsWhatIsKeptFromItsStartOn) {
  apply(events({prompt("a", "1", "2026-02-28", 1), prompt("a", "2", "2026-03-01", 2),
                prompt("a", "3", "2026-03-05", 4), prompt("b", "1", "2026-03-05", 8),
                fact("a", "4", "2026-03-05", OtherFact{"answer", R"({"n":100})"}),
                call("a", "5", "2026-03-05")}));
  void_event("3");
  const auto counted =
      store().count_back(of_prompts("sum", Folding::sum), at("2026-03-01")).value();
  ASSERT_EQ(counted.size(), 2U);
  EXPECT_EQ(counted[0].tenant.text(), "a");
  EXPECT_EQ(counted[0].cell.count, 1);
  EXPECT_EQ(total("a", "sum", Folding::sum), "no cell");
  apply(meter_from_start(of_prompts("sum", Folding::sum), "2026-03-01"));
  EXPECT_EQ(total("a", "sum", Folding::sum), "2.5");
  EXPECT_EQ(total("b", "sum", Folding::sum), "8.5");
  EXPECT_EQ(total("a", "sum", Folding::sum, "2026-02"), "no cell");
  expect_recount("2026-03", 2);
  // From here on it counts like any other meter.
  apply(events({prompt("a", "6", "2026-02-27", 16), prompt("a", "7", "2026-03-06", 32)}));
  EXPECT_EQ(total("a", "sum", Folding::sum), "35");
  EXPECT_EQ(total("a", "sum", Folding::sum, "2026-02"), "16.5");
  void_event("2");
  EXPECT_EQ(total("a", "sum", Folding::sum), "32.5");
  reopen();
  EXPECT_EQ(total("a", "sum", Folding::sum), "32.5");
  expect_recount("2026-03", 2);
}

TEST_P(BackfillContract, EveryAggregationIsTheSameAsIfTheMeterHadBeenThere) {
  for (const FoldingRow& row : kFoldings) {
    OwnMeter there = of_prompts(fmt::format("there{}", static_cast<int>(row.aggregation)),
                                row.aggregation, {{"g", "$.g"}});
    MeterRecord record;
    record.id = record.name = there.slug;
    record.meter = there;
    record.created_at = record.updated_at = at("2026-03-01");
    apply(write(Collection::meters, {"", there.slug}, to_document(record)));
  }
  std::vector<UsageEvent> sent;
  for (int i = 0; i < 300; ++i)
    sent.push_back(
        prompt("a", std::to_string(i), fmt::format("2026-03-{:02}", 1 + i % 28), i % 90));
  apply(events(sent));
  ASSERT_TRUE(store().checkpoint());
  for (const FoldingRow& row : kFoldings)
    apply(meter_from_start(of_prompts(fmt::format("later{}", static_cast<int>(row.aggregation)),
                                      row.aggregation, {{"g", "$.g"}}),
                           "2026-03-01"));
  const auto compare_all = [this] {
    for (std::size_t i = 0; i < kFoldings.size(); ++i) {
      const auto month = [&](std::string_view kind) {
        return store().meter_total(tenant("a"), fmt::format("{}{}", kind, i), period("2026-03"));
      };
      EXPECT_EQ(month("later").value(), month("there").value()) << i;
      std::vector<std::pair<Timestamp, MeterCell>> there;
      for (const std::string_view kind : {"there", "later"}) {
        std::vector<std::pair<Timestamp, MeterCell>> cells;
        const MeterRange range{tenant("a"),
                               fmt::format("{}{}", kind, i),
                               CellSpan::day,
                               {at("2026-03-01"), at("2026-04-01")}};
        ASSERT_TRUE(store().meter_cells(range, [&](const MeterCellRow& row) {
          cells.emplace_back(row.start, row.cell);
          return true;
        }));
        EXPECT_EQ(cells.size(), 84U);
        if (kind == "later") {
          EXPECT_EQ(cells, there);
        }
        there = std::move(cells);
      }
    }
  };
  compare_all();
  // After a void, the greatest value is found again among earlier events.
  void_event("89");
  compare_all();
  reopen();
  compare_all();
  expect_recount("2026-03", 2 * kFoldings.size());
}

TEST_P(BackfillContract, ClosedPeriodsAreNotCountedBack) {
  apply(events({prompt("a", "1", "2026-02-05", 1)}));
  Batch close;
  close.close_through = period("2026-02");
  apply(close);
  const auto refused =
      store().apply(meter_from_start(of_prompts("sum", Folding::sum), "2026-02-01"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_TRUE(get(Collection::meters, {"", "sum"}).is_null());
}

TEST_P(BackfillContract, RawEventsAreToldNewestFirstWithWhatBecameOfThem) {
  apply(events({call("a", "1", "2026-03-01"), prompt("a", "2", "2026-03-04", 1),
                prompt("b", "3", "2026-03-03", 1), call("a", "4", "2026-03-02")}));
  void_event("4");
  const auto told = [&](RawRange range) {
    std::string text;
    EXPECT_TRUE(store().raw_events(range, [&](const RawEvent& raw) {
      constexpr std::string_view kNames[] = {"counted", "unmatched", "voided"};
      text += fmt::format("{} {}; ", raw.kept.event.id, kNames[static_cast<int>(raw.fate)]);
      return true;
    }));
    return text;
  };
  const Window march{at("2026-03-01"), at("2026-04-01")};
  EXPECT_EQ(told({std::nullopt, march}), "2 unmatched; 3 unmatched; 4 voided; 1 counted; ");
  EXPECT_EQ(told({tenant("b"), march}), "3 unmatched; ");
  EXPECT_EQ(told({std::nullopt, {at("2026-03-02"), at("2026-03-04")}}), "3 unmatched; 4 voided; ");
  apply(meter_from_start(of_prompts("sum", Folding::sum), "2026-03-04"));
  EXPECT_EQ(told({std::nullopt, march}), "2 counted; 3 unmatched; 4 voided; 1 counted; ");
  ASSERT_TRUE(store().checkpoint());
  reopen();
  EXPECT_EQ(told({std::nullopt, march}), "2 counted; 3 unmatched; 4 voided; 1 counted; ");
  const auto found = find(Collection::events, R"({"outcome":"voided"})");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].string_at("_id"), "4");
  EXPECT_EQ(found[0].string_at("type"), "api.call");
  EXPECT_EQ(find(Collection::events, R"({"tenant_id":"a","type":"prompt"})").size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Engines, BackfillContract, testing::ValuesIn(all_engines()),
                         [](const auto& given) { return given.param.name; });

}  // namespace
}  // namespace metergate::contract
