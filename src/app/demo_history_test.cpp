#include "app/demo_history.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <numeric>
#include <set>

#include "app/app.h"
#include "app/demo_tenants.h"
#include "service/billing/billing.h"
#include "service/tenants/directory.h"
#include "storage/shapes/store.h"
#include "storage/testing/test_folder.h"

namespace metergate {
namespace {

RC_GTEST_PROP(Spread, PartsAddUpAndFollowTheirWeights, ()) {
  const auto total = *rc::gen::inRange<std::int64_t>(0, 1'000'000);
  const auto weights = *rc::gen::suchThat(
      rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(0, 1000)),
      [](const auto& all) { return std::accumulate(all.begin(), all.end(), std::int64_t{0}) > 0; });
  const auto parts = spread(total, weights);
  RC_ASSERT(parts.size() == weights.size());
  RC_ASSERT(std::accumulate(parts.begin(), parts.end(), std::int64_t{0}) == total);
  const std::int64_t all = std::accumulate(weights.begin(), weights.end(), std::int64_t{0});
  for (std::size_t i = 0; i < parts.size(); ++i) {
    RC_ASSERT(parts[i] >= 0);
    RC_ASSERT(std::abs(parts[i] - total * weights[i] / all) <= 1);
  }
}

TEST(DemoTenants, AreTwelveWithIdsOfTheirOwn) {
  std::set<std::string_view> ids;
  for (const DemoTenantRow& tenant : kDemoTenants) ids.insert(tenant.id);
  EXPECT_EQ(ids.size(), 12U);
  EXPECT_TRUE(ids.contains(kDemoTenant));
}

TEST(DemoClock, NeverGoesBack) {
  DemoClock clock(Timestamp{Milliseconds{1000}});
  clock.advance_to(Timestamp{Milliseconds{5000}});
  clock.advance_to(Timestamp{Milliseconds{2000}});
  EXPECT_EQ(clock.now(), Timestamp{Milliseconds{5000}});
}

// The whole history as seen at one moment.
class DemoWorld {
 public:
  explicit DemoWorld(std::string_view now) : now_(*parse_timestamp(now)) {
    auto loaded = load_config(
        {.flags = {{"DATA_DIR", folder_.path().string()}}, .environment = {}, .file = {}});
    config_ = loaded->config;
    clock_.emplace(demo_start(now_, config_.rules.zone));
    log_.emplace(*clock_, LogLevel::error);
    auto app = App::open(config_, *read_app_files(config_),
                         {.clock = *clock_, .log = *log_, .is_clock_made_up = true});
    EXPECT_TRUE(app) << app.error().message;
    if (!app) return;
    app_ = *std::move(app);
    const auto filled = fill_demo(app_->services(), *clock_, now_);
    EXPECT_TRUE(filled) << filled.error().message;
  }

  Services& services() { return app_->services(); }
  Statement statement(std::string_view tenant, Period period) {
    return *services().billing.statement(*TenantId::parse(tenant), period);
  }
  Period current() { return services().billing.current_period(); }

 private:
  TestFolder folder_;
  Timestamp now_;
  Config config_;
  std::optional<DemoClock> clock_;
  std::optional<Log> log_;
  std::unique_ptr<App> app_;
};

void expect_worked_example(DemoWorld& world) {
  const Statement park = world.statement(kDemoTenant, world.current());
  EXPECT_EQ(park.usage[Meter::stores_count], 6);
  EXPECT_EQ(park.usage[Meter::devices_count], 12);
  EXPECT_EQ(park.usage[Meter::api_calls], 65'000);
  EXPECT_EQ(park.usage[Meter::webhook_calls], 800);
  EXPECT_EQ(to_text(to_display(Meter::storage_gb, park.usage[Meter::storage_gb])), "15.2");
  EXPECT_EQ(to_text(to_decimal(*park.rated.cost, Currency::usd())), "48.40");
  EXPECT_EQ(park.rated.health, Health::critical);
}

TEST(DemoHistory, HoldsTheWorkedExampleInTheMiddleOfAMonth) {
  DemoWorld world("2026-03-17T10:30:00Z");
  expect_worked_example(world);
}

TEST(DemoHistory, HoldsTheWorkedExampleMinutesIntoAMonth) {
  DemoWorld world("2026-03-01T00:02:00Z");
  expect_worked_example(world);
}

TEST(DemoHistory, ShowsEveryHealthAndThirteenMonthsOfEachTenantsOwn) {
  DemoWorld world("2026-03-17T10:30:00Z");
  StatementPageRequest request;
  const StatementPage page = *world.services().billing.statements(request);
  EXPECT_EQ(page.summary.tenants, 12);
  for (const std::int64_t count : page.summary.by_health) EXPECT_GT(count, 0);
  for (const DemoTenantRow& tenant : kDemoTenants) {
    const TenantId id = *TenantId::parse(tenant.id);
    const Statement now = world.statement(tenant.id, world.current());
    const History history = *world.services().billing.history(now);
    ASSERT_EQ(history.size(), static_cast<std::size_t>(kDemoMonths)) << tenant.id;
    EXPECT_EQ(history.front().usage, now.usage);
    for (const auto& [period, usage, own] : history) {
      EXPECT_TRUE(own.empty());
      EXPECT_GT(usage[Meter::api_calls], 0) << tenant.id << ' ' << period.text();
      EXPECT_EQ(usage[Meter::stores_count], tenant.stores) << tenant.id << ' ' << period.text();
    }
  }
}

TEST(DemoHistory, ClosesPeriodsWhoseGraceIsOver) {
  DemoWorld early("2026-03-02T12:00:00Z");
  EXPECT_EQ(early.services().store.closed_through(), *Period::parse("2026-01"));
  DemoWorld late("2026-03-05T12:00:00Z");
  EXPECT_EQ(late.services().store.closed_through(), *Period::parse("2026-02"));
}

}  // namespace
}  // namespace metergate
