// Own meters in plans: from the catalogue file to statement, alert and frozen report.
#include "service/tenants/own_lines.h"

#include "service/billing/frozen_reports.h"
#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

Quantity quantity(std::string_view text) { return Quantity::parse(text).value(); }

std::string with_tokens(const std::string& more = "limit = \"10.5\"\nrate = \"0.5\"\n") {
  // The last plan of the shipped file is enterprise.
  return catalogue_text() + "\n[plan.meters.tokens]\n" + more;
}

class OwnLinesTest : public ServicesWorld, public testing::Test {
 protected:
  OwnLinesTest() {
    must(meters.add({{"tokens", "prompt", Folding::sum, "$.n", {}}, "", ""}, actor));
    // Another start of the server, with a file that names the meter.
    clock.advance(Milliseconds{1});
    must(Catalog::open(*store, clock, with_tokens()));
    must(catalog->reload());
    clock.advance(Milliseconds{1});
    add("acme", "enterprise", "2026-03-10T12:00:00.002Z");
  }
  void prompt(std::string_view data) {
    record("acme", at("2026-03-10T12:00:00Z"), OtherFact{"prompt", std::string(data)});
  }
  Statement statement() { return must(billing.statement(tenant("acme"), period("2026-03"))); }
};

TEST_F(OwnLinesTest, UsageAboveTheLimitIsALineOfTheStatement) {
  prompt(R"({"n":12})");
  const Statement now = statement();
  ASSERT_EQ(now.rated.own_lines.size(), 1U);
  EXPECT_EQ(now.rated.own_lines[0].overage, quantity("1.5"));
  EXPECT_EQ(now.rated.own_lines[0].cost, Money{750'000});
  EXPECT_EQ(now.rated.cost, Money{750'000});
  const Json json = tenant_billing_json(now);
  EXPECT_EQ(to_text(*json.find("usage")->find("tokens")), "12");
  EXPECT_EQ(to_text(*json.find("limits")->find("tokens")), "10.5");
  EXPECT_EQ(to_text(*json.find("overages")->find("tokens")), "1.5");
  EXPECT_EQ(to_text(*json.find("utilization")->find("tokens_percent")), "114.3");
  EXPECT_EQ(json.string_at("health_status"), "critical");
  const Json lines = line_items_json(now);
  EXPECT_EQ(to_text(lines.as_array().back()),
            R"({"meter":"tokens","usage":12,"included":10.5,"overage":1.5,"rate":0.50,)"
            R"("cost":0.75,"currency":"USD"})");
}

TEST_F(OwnLinesTest, StandsInSortForecastHistoryAndTrends) {
  for (int on = 1; on <= 9; ++on)
    record("acme", at("2026-03-0" + std::to_string(on) + "T12:00:00Z"),
           OtherFact{"prompt", R"({"n":1})"});
  add("bolt", "enterprise");
  record("bolt", at("2026-03-10T12:00:00Z"), OtherFact{"prompt", R"({"n":0.5})"});
  add("core", "free");
  StatementPageRequest request;
  request.sort = "-tokens";
  std::string ids;
  for (const Statement& one : must(billing.statements(request)).statements)
    ids += one.tenant.text() + ' ';
  EXPECT_EQ(ids, "acme bolt core ");
  const OwnForecasts forecast = must(billing.own_forecast(statement()));
  ASSERT_EQ(forecast.size(), 1U);
  EXPECT_EQ(forecast[0].first, "tokens");
  EXPECT_EQ(forecast[0].second->expected, quantity("31"));
  EXPECT_EQ(to_text(*forecast[0].second->passes_on), "2026-03-11");
  const History history = must(billing.history(statement()));
  EXPECT_EQ(to_text(*history_json(history).as_array()[0].find("usage")->find("tokens")), "9");
  EXPECT_EQ(to_text(*trends_json(history).find("tokens_trend")), "[9]");
  record("acme", at("2026-03-08T12:00:00Z"), OtherFact{"prompt", R"({"n":2})"});
  EXPECT_EQ(to_text(*must(billing.own_forecast(statement()))[0].second->passes_on), "2026-03-09")
      << "passed, and so it stays";
}

// Half a token a day: the limit of 10.5 will be passed on the 22nd.
TEST_F(OwnLinesTest, TheForecastThatALimitWillBePassedOpensAWarning) {
  for (int on = 1; on <= 9; ++on)
    record("acme", at("2026-03-0" + std::to_string(on) + "T12:00:00Z"),
           OtherFact{"prompt", R"({"n":0.5})"});
  must(alerting.evaluate({tenant("acme"), period("2026-03")}));
  AlertQuery query;
  query.type = "billing.forecast_over";
  const AlertPage page = must(alerting.list(query));
  ASSERT_EQ(page.total, 1);
  EXPECT_EQ(page.alerts[0].string_at("meter"), "tokens");
  EXPECT_EQ(page.alerts[0].string_at("severity"), "low");
  EXPECT_EQ(to_text(*page.alerts[0].find("metadata")->find("expected")), "15.5");
  must(alerting.evaluate({tenant("acme"), period("2026-03")}));
  EXPECT_EQ(must(alerting.list(query)).total, 1) << "once a period";
}

TEST_F(OwnLinesTest, EveryKindOfMeterIsForeseen) {
  int number = 0;
  std::string plans = catalogue_text() + "\n";
  for (const FoldingRow& folding : kFoldings) {
    const std::string slug = "kind_" + std::to_string(number++);
    must(meters.add({{slug, "kinds", folding.aggregation, "$.n", {}}, "", ""}, actor));
    plans += "[plan.meters." + slug + "]\nlimit = \"1000000\"\nrate = \"0.5\"\n";
  }
  clock.advance(Milliseconds{1});
  must(Catalog::open(*store, clock, plans));
  must(catalog->reload());
  clock.advance(Milliseconds{1});
  for (int on = 1; on <= 9; ++on)
    record("acme", at("2026-03-0" + std::to_string(on) + "T12:00:00Z"),
           OtherFact{"kinds", R"({"n":)" + std::to_string(on) + "}"});
  const OwnForecasts forecast = must(billing.own_forecast(statement()));
  ASSERT_EQ(forecast.size(), kFoldings.size());
  for (const auto& [meter, one] : forecast) {
    ASSERT_TRUE(one && one->expected) << meter;
    EXPECT_FALSE(one->passes_on) << meter;
  }
  const auto expected = [&](Folding folding) {
    return *forecast[static_cast<std::size_t>(folding)].second->expected;
  };
  EXPECT_EQ(expected(Folding::average), Quantity::of(5));
  EXPECT_EQ(expected(Folding::least), Quantity::of(1));
  EXPECT_EQ(expected(Folding::unique_count), Quantity::of(31)) << "one more each day";
  EXPECT_EQ(expected(Folding::greatest), Quantity::of(31));
}

TEST_F(OwnLinesTest, ATenantsOwnLimitStandsBeforeThePlans) {
  prompt(R"({"n":12})");
  TenantPatch patch;
  patch.own_limits.emplace().own_meters = {{"tokens", quantity("11.5")}};
  patch.reason = "agreed";
  must(directory->change(tenant("acme"), patch, actor));
  EXPECT_EQ(statement().rated.own_lines.at(0).included, quantity("11.5"));
  EXPECT_EQ(statement().rated.cost, Money{250'000});
  patch.own_limits->own_meters["tokens"] = std::nullopt;
  must(directory->change(tenant("acme"), patch, actor));
  EXPECT_FALSE(statement().rated.has_overages);
  EXPECT_EQ(to_text(*tenant_billing_json(statement()).find("limits")->find("tokens")), "null");
}

TEST_F(OwnLinesTest, ATenantsLimitOfAMeterThatItsPlanDoesNotNameCostsNothing) {
  add("bolt", "free");
  record("bolt", at("2026-03-10T12:00:00Z"), OtherFact{"prompt", R"({"n":3})"});
  TenantPatch patch;
  patch.own_limits.emplace().own_meters = {{"tokens", Quantity::of(2)}};
  patch.reason = "agreed";
  must(directory->change(tenant("bolt"), patch, actor));
  const Statement now = must(billing.statement(tenant("bolt"), period("2026-03")));
  EXPECT_EQ(now.rated.own_lines.at(0).overage, Quantity::of(1));
  EXPECT_EQ(now.rated.cost, Money{});
  EXPECT_TRUE(now.rated.has_overages);
}

TEST_F(OwnLinesTest, APlanWithoutThemLooksAsBefore) {
  add("bolt", "free");
  const Statement plain = must(billing.statement(tenant("bolt"), period("2026-03")));
  EXPECT_TRUE(plain.rated.own_lines.empty());
  EXPECT_EQ(tenant_billing_json(plain).find("usage")->as_object().size(), 5U);
}

TEST_F(OwnLinesTest, OverageOpensAnAlertThatComesBackWhole) {
  prompt(R"({"n":12})");
  must(alerting.evaluate({tenant("acme"), period("2026-03")}));
  const std::vector<Json> alerts = documents(Collection::provider_alerts);
  ASSERT_EQ(alerts.size(), 1U);
  EXPECT_EQ(to_text(*alerts[0].find("metadata")->find("meters")->find("tokens")),
            R"({"usage":12,"limit":10.5,"overage":1.5,"cost":0.75,"currency":"USD"})");
  const Alert alert = must(alert_from(alerts[0]));
  EXPECT_EQ(alert.own_lines, statement().rated.own_lines);
  EXPECT_EQ(next_step(alert, statement()), AlertStep::nothing);
  prompt(R"({"n":1})");
  EXPECT_EQ(next_step(alert, statement()), AlertStep::update);
}

TEST_F(OwnLinesTest, AResolvedAlertComesBackAfterATenthOfTheLimit) {
  prompt(R"({"n":12})");
  must(alerting.evaluate({tenant("acme"), period("2026-03")}));
  must(alerting.resolve("alert-2026-03-acme", "agreed", actor));
  prompt(R"({"n":1})");
  must(alerting.evaluate({tenant("acme"), period("2026-03")}));
  EXPECT_EQ(documents(Collection::provider_alerts)[0].string_at("status"), "resolved");
  prompt(R"({"n":0.05})");
  must(alerting.evaluate({tenant("acme"), period("2026-03")}));
  EXPECT_EQ(documents(Collection::provider_alerts)[0].string_at("status"), "open");
}

TEST_F(OwnLinesTest, AFrozenStatementKeepsThem) {
  prompt(R"({"n":12.25})");
  const Statement now = statement();
  const Statement back = must(read_back(frozen_json(now)));
  EXPECT_EQ(back.rated.own_lines, now.rated.own_lines);
  EXPECT_EQ(back.rated.cost, now.rated.cost);
  EXPECT_EQ(back.rated.health, now.rated.health);
  EXPECT_EQ(back.terms.own, now.terms.own);
}

TEST_F(OwnLinesTest, AMeterThatAPlanNamesStays) {
  const auto removed = meters.remove("tokens", actor);
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().code, ErrorCode::conflict);
}

TEST_F(OwnLinesTest, OfAMeterThatIsNotThereNothingWasUsed) {
  const auto usage =
      must(own_usage(*store, tenant("acme"), {{"nothing", {}, {}}}, period("2026-03")));
  EXPECT_EQ(usage, std::vector<Quantity>{Quantity{}});
}

TEST(OwnTerms, AreReadFromTheCatalogueFile) {
  const auto read = [](const std::string& text) { return parse_catalogue(with_tokens(text)); };
  EXPECT_EQ(must(read("limit = 10\nrate = 1\n")).back().own,
            (std::vector<OwnTerm>{{"tokens", Quantity::of(10), Money{1'000'000}}}));
  EXPECT_EQ(must(read("limit = \"unlimited\"\nrate = \"0.000001\"\n")).back().own[0].limit,
            std::nullopt);
  for (const char* bad :
       {"limit = 10\n", "rate = 1\n", "limit = -1\nrate = 1\n", "limit = \"x\"\nrate = 1\n",
        "limit = 1\nrate = \"0.0000001\"\n", "limit = 1\nrate = -1\n",
        "limit = 1\nrate = 1\nunit = 1\n", "limit = 1.5\nrate = 1\n"})
    EXPECT_FALSE(read(bad)) << bad;
  EXPECT_FALSE(
      parse_catalogue(catalogue_text() + "[plan.meters.api_calls]\nlimit = 1\nrate = 1\n"));
  EXPECT_FALSE(parse_catalogue(catalogue_text() + "[plan.meters]\ntokens = 5\n"));
}

TEST(OwnTerms, MakeANewVersionOfThePlanAndComeBackFromItsDocument) {
  ServicesWorld world;
  const std::int64_t before = world.catalog->plans()->newest("enterprise")->version;
  world.clock.advance(Milliseconds{1});
  const auto changed = must(Catalog::open(*world.store, world.clock, with_tokens()));
  EXPECT_EQ(changed->plans()->newest("enterprise")->version, before + 1);
  world.clock.advance(Milliseconds{1});
  const auto again = must(Catalog::open(*world.store, world.clock, with_tokens()));
  EXPECT_EQ(again->plans()->newest("enterprise")->version, before + 1);
  EXPECT_EQ(again->plans()->newest("enterprise")->own[0].limit, quantity("10.5"));
}

TEST(OwnLines, ThatAreDamagedAreRefused) {
  const OwnLineItem line{"tokens",      quantity("12"), quantity("10"),
                         quantity("2"), Money{5},       Money{10}};
  EXPECT_EQ(must(own_line_from(exact_own_line_json(line))), line);
  for (const char* name : {"meter", "usage", "overage", "rate", "cost"}) {
    Json damaged = exact_own_line_json(line);
    damaged.remove(name);
    EXPECT_FALSE(own_line_from(damaged)) << name;
  }
  Json damaged = exact_own_line_json(line);
  damaged.set("included", "ten");
  EXPECT_FALSE(own_line_from(damaged));
}

}  // namespace
}  // namespace metergate
