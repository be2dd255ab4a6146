#include "service/tenants/catalog.h"

#include "service/testing/core_world_test.h"

namespace metergate {
namespace {

using namespace core_world;

struct Shelf {
  ManualClock clock{at("2026-03-05T10:30:00Z")};
  std::unique_ptr<ControlledStore> store = make_memory_store(TimeZone::utc());

  std::unique_ptr<Catalog> open(const std::string& toml) {
    return Catalog::open(*store, clock, toml).value();
  }
};

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST(Catalog, FirstStartKeepsEveryPlanAsVersionOne) {
  Shelf shelf;
  const auto catalog = shelf.open(catalogue_text());
  EXPECT_EQ(catalog->plans()->names_text(), "free, basic, premium, enterprise");
  EXPECT_EQ(catalog->offered().size(), 4u);
  const Plan* basic = catalog->plans()->newest("basic");
  ASSERT_NE(basic, nullptr);
  EXPECT_EQ(basic->version, 1);
  EXPECT_EQ(basic->valid_from, shelf.clock.now());
  EXPECT_EQ(basic->limits[Meter::stores_count].units, 5);
}

TEST(Catalog, SameFileAgainChangesNothing) {
  Shelf shelf;
  shelf.open(catalogue_text());
  const Sequence before = shelf.store->head();
  shelf.clock.advance(std::chrono::hours{1});
  const auto catalog = shelf.open(catalogue_text());
  EXPECT_EQ(shelf.store->head(), before);
  EXPECT_EQ(catalog->plans()->versions().size(), 4u);
}

TEST(Catalog, ChangedLimitRateOrEffectIsANewVersionFromNow) {
  Shelf shelf;
  const Timestamp first = shelf.clock.now();
  shelf.open(catalogue_text());
  shelf.clock.advance(std::chrono::hours{1});
  const std::string more = replaced(catalogue_text(), "max_stores = 5\n", "max_stores = 7\n");
  const auto changed = shelf.open(more);
  EXPECT_EQ(changed->plans()->newest("basic")->version, 2);
  EXPECT_EQ(changed->plans()->newest("basic")->limits[Meter::stores_count].units, 7);
  EXPECT_EQ(changed->plans()->at("basic", first)->limits[Meter::stores_count].units, 5);
  EXPECT_EQ(changed->plans()->newest("free")->version, 1);

  shelf.clock.advance(std::chrono::hours{1});
  const auto dearer = shelf.open(replaced(more, "devices_count = 5\n", "devices_count = 6\n"));
  EXPECT_EQ(dearer->plans()->newest("basic")->version, 3);
  EXPECT_EQ(dearer->plans()->newest("free")->version, 2);
}

TEST(Catalog, VersionsRiseEvenIfTheClockDoesNot) {
  Shelf shelf;
  shelf.open(catalogue_text());
  const auto catalog =
      shelf.open(replaced(catalogue_text(), "max_stores = 5\n", "max_stores = 7\n"));
  const auto& versions = catalog->plans()->versions();
  ASSERT_EQ(versions.size(), 5u);
  EXPECT_LT(versions[1].valid_from, versions[2].valid_from);
}

TEST(Catalog, RetiredPlanKeepsItsVersionsAndIsNotOffered) {
  Shelf shelf;
  shelf.open(catalogue_text());
  std::string without = catalogue_text();
  without.resize(without.find("[[plan]]\nname = \"enterprise\""));
  const auto catalog = shelf.open(without);
  EXPECT_NE(catalog->plans()->newest("enterprise"), nullptr);
  EXPECT_FALSE(catalog->is_offered("enterprise"));
  EXPECT_TRUE(catalog->is_offered("premium"));
  const Result<> checked = catalog->check_offered("enterprise");
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().message, "Invalid plan. Must be one of: free, basic, premium");
}

TEST(Catalog, PlanThatIsNotOfferedIsInvalidInTheseWords) {
  Shelf shelf;
  const auto catalog = shelf.open(catalogue_text());
  EXPECT_TRUE(catalog->check_offered("basic"));
  for (const std::string_view name : {"gold", "", "Basic", "free "}) {
    const Result<> checked = catalog->check_offered(name);
    ASSERT_FALSE(checked) << name;
    EXPECT_EQ(checked.error().code, ErrorCode::invalid);
    EXPECT_EQ(checked.error().message,
              "Invalid plan. Must be one of: free, basic, premium, enterprise");
    EXPECT_EQ(checked.error().faults.at(0).field, "plan");
  }
}

TEST(Catalog, PlanSurvivesItsDocument) {
  Plan plan = parse_catalogue(catalogue_text()).value()[1];
  plan.version = 3;
  plan.valid_from = at("2026-01-02T03:04:05Z");
  plan.limits[Meter::webhook_calls] = Limit{std::nullopt, LimitEffect::hard};
  plan.limits[Meter::storage_gb].units = 3LL << 29;
  const Result<Plan> back = plan_from(to_document(plan));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->name, plan.name);
  EXPECT_EQ(back->version, 3);
  EXPECT_EQ(back->valid_from, plan.valid_from);
  EXPECT_EQ(back->limits, plan.limits);
  EXPECT_EQ(back->rates, plan.rates);
}

TEST(Catalog, DamagedDocumentIsCorruptAndNamesThePlan) {
  const Json whole = to_document(parse_catalogue(catalogue_text()).value()[0]);
  for (const std::string_view member : {"plan", "version", "limits", "rates", "valid_from"}) {
    Json damaged = whole;
    damaged.remove(member);
    const Result<Plan> plan = plan_from(damaged);
    ASSERT_FALSE(plan) << member;
    EXPECT_EQ(plan.error().code, ErrorCode::corrupt);
  }
  Json negative = whole;
  negative.set("limits", Json::object({{"max_stores", -1}}));
  EXPECT_NE(plan_from(negative).error().message.find("'free'"), std::string::npos);
}

TEST(Catalog, StoreThatRefusesIsPassedOn) {
  Shelf shelf;
  shelf.store->faults().refuse_writes = true;
  const auto refused = Catalog::open(*shelf.store, shelf.clock, catalogue_text());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::storage);
}

std::vector<Json> audits_of(const Shelf& shelf) {
  Query query;
  query.collection = Collection::provider_audits;
  query.sort = {{"sequence", false}};
  return shelf.store->find(query).value();
}

TEST(Catalog, SaysInTheAuditTrailWhatADifferingFileChanged) {
  Shelf shelf;
  EXPECT_TRUE(shelf.open(catalogue_text())->revisions().empty());
  EXPECT_TRUE(audits_of(shelf).empty()) << "the first start changes nothing";
  shelf.clock.advance(std::chrono::hours{1});
  const std::string more = replaced(catalogue_text(), "max_stores = 5\n", "max_stores = 7\n");
  const auto changed = shelf.open(more);
  ASSERT_EQ(changed->revisions().size(), 1u);
  EXPECT_EQ(changed->revisions()[0].plan, "basic");
  EXPECT_EQ(changed->revisions()[0].version, 2);
  EXPECT_EQ(to_text(changed->revisions()[0].before), R"({"limits":{"max_stores":5}})");
  EXPECT_EQ(to_text(changed->revisions()[0].after), R"({"limits":{"max_stores":7}})");
  const std::vector<Json> audits = audits_of(shelf);
  ASSERT_EQ(audits.size(), 1u);
  EXPECT_EQ(audits[0].string_at("action"), "plan.changed");
  EXPECT_EQ(audits[0].string_at("actor"), "system:catalogue");
  EXPECT_EQ(to_text(*audits[0].find("before")),
            R"({"plan":"basic","version":1,"offer":{"limits":{"max_stores":5}}})");
  EXPECT_EQ(to_text(*audits[0].find("after")),
            R"({"plan":"basic","version":2,"offer":{"limits":{"max_stores":7}}})");
  EXPECT_TRUE(shelf.open(more)->revisions().empty()) << "said once";
  EXPECT_EQ(audits_of(shelf).size(), 1u);
}

TEST(Catalog, ARateOfTheWholeFileIsAChangeOfEachPlan) {
  Shelf shelf;
  shelf.open(catalogue_text());
  shelf.clock.advance(std::chrono::hours{1});
  const auto dearer =
      shelf.open(replaced(catalogue_text(), "devices_count = 5\n", "devices_count = 6\n"));
  ASSERT_EQ(dearer->revisions().size(), 4u);
  for (const PlanRevision& revision : dearer->revisions()) {
    EXPECT_EQ(to_text(revision.before), R"({"rates":{"devices_count":5}})");
    EXPECT_EQ(to_text(revision.after), R"({"rates":{"devices_count":6}})");
  }
  EXPECT_EQ(audits_of(shelf).size(), 4u);
}

TEST(Catalog, APlanThatIsNewBesideOthersIsSaidToBeAdded) {
  Shelf shelf;
  std::string without = catalogue_text();
  without.resize(without.find("[[plan]]\nname = \"enterprise\""));
  shelf.open(without);
  shelf.clock.advance(std::chrono::hours{1});
  const auto catalog = shelf.open(catalogue_text());
  ASSERT_EQ(catalog->revisions().size(), 1u);
  EXPECT_TRUE(catalog->revisions()[0].before.is_null());
  EXPECT_EQ(catalog->revisions()[0].after.find("limits")->integer_at("max_stores"), 100);
  ASSERT_EQ(audits_of(shelf).size(), 1u);
  EXPECT_EQ(audits_of(shelf)[0].string_at("action"), "plan.added");
}

// Hard limits of own meters are in [plan.effects], like those of built-in ones.
constexpr std::string_view kTokens = "\n[plan.meters.tokens]\nlimit = 10\nrate = 1\n";

TEST(Catalog, AnEffectOfAnOwnMeterIsReadKeptAndAVersionOfItsOwn) {
  Shelf shelf;
  shelf.open(catalogue_text() + std::string(kTokens));
  shelf.clock.advance(std::chrono::hours{1});
  const std::string hard =
      catalogue_text() + "\n[plan.effects]\ntokens = \"hard\"\n" + std::string(kTokens);
  const auto catalog = shelf.open(hard);
  EXPECT_EQ(catalog->plans()->newest("enterprise")->version, 2);
  EXPECT_EQ(catalog->plans()->newest("enterprise")->own.at(0).effect, LimitEffect::hard);
  EXPECT_EQ(to_text(catalog->revisions().at(0).after), R"({"effects":{"tokens":"hard"}})");
  const auto again = shelf.open(hard);
  EXPECT_EQ(again->plans()->newest("enterprise")->version, 2);
  EXPECT_EQ(again->plans()->newest("enterprise")->own.at(0).effect, LimitEffect::hard);
}

TEST(Catalog, AnEffectOfAMeterThatThePlanDoesNotNameIsRefused) {
  const auto refused = parse_catalogue(catalogue_text() + "\n[plan.effects]\ntokens = \"hard\"\n");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("plan 'enterprise', effects.tokens: there is no such"),
            std::string::npos)
      << refused.error().message;
  EXPECT_FALSE(parse_catalogue(catalogue_text() + "\n[plan.effects]\ntokens = \"firm\"\n" +
                               std::string(kTokens)));
}

}  // namespace
}  // namespace metergate
