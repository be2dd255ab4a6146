// The terms that price a month, and renewals, with everything built as in the program: on disk, in
// a billing time zone, with restarts and another catalogue in between.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "app/app.h"
#include "service/billing/billing.h"
#include "service/tenants/directory.h"
#include "storage/shapes/store.h"
#include "storage/testing/test_folder.h"
#include "workers/jobs.h"

namespace metergate {
namespace {

Timestamp instant(std::string_view text) { return *parse_timestamp(text); }

class TermsOnDisk : public testing::Test {
 protected:
  TermsOnDisk() { open(); }

  // The shipped catalogue, with `from` replaced by `to`.
  void open(std::string_view from = "", std::string_view to = "", bool is_server = true) {
    app_.reset();
    AppFiles files = *read_app_files(config_);
    std::string& toml = files.plans_toml;
    if (!from.empty()) toml.replace(toml.find(from), from.size(), to);
    auto app = App::open(config_, files, {.clock = clock_, .log = log_, .is_server = is_server});
    ASSERT_TRUE(app) << app.error().message;
    app_ = *std::move(app);
  }
  Services& services() { return app_->services(); }
  void add() { ASSERT_TRUE(services().directory.add({tenant_, "Acme", "free", {}}, actor_)); }
  void stores(std::int64_t count, std::string_view when) {
    Batch batch;
    batch.at = clock_.now();
    UsageEvent event;
    event.tenant = tenant_;
    event.source = "app";
    event.id = std::to_string(count);
    event.occurred_at = instant(when);
    event.fact = CountReport{Meter::stores_count, count};
    batch.events.push_back(std::move(event));
    ASSERT_TRUE(services().store.apply(std::move(batch)));
  }
  Money cost(std::string_view of) {
    return services().billing.statement(tenant_, *Period::parse(of)).value().rated.cost.value();
  }
  std::optional<Timestamp> renew_on() {
    return services()
        .store.get(Collection::subscriptions, {tenant_.text(), tenant_.text()})
        .value()
        ->timestamp_at("renew_on");
  }
  void work() { ASSERT_TRUE(find_job("aggregation")->tick(services(), clock_.now())); }

  TestFolder folder_;
  Config config_ = load_config({.flags = {{"DATA_DIR", folder_.path().string()}},
                                .environment = {{"BILLING_TIMEZONE", "Asia/Bangkok"}},
                                .file = {}})
                       ->config;
  ManualClock clock_{instant("2026-10-10T00:00:00Z")};
  Log log_{clock_, LogLevel::error};
  TenantId tenant_ = *TenantId::parse("acme");
  Actor actor_{"ann", "", "", ""};
  std::unique_ptr<App> app_;
};

TEST_F(TermsOnDisk, TheWorkerMovesTheRenewalDateInTheBillingZone) {
  add();
  EXPECT_EQ(renew_on(), instant("2026-10-31T17:00:00Z"));
  clock_.set(instant("2026-10-31T17:00:00Z"));
  work();
  EXPECT_EQ(renew_on(), instant("2026-11-30T17:00:00Z"));
  ASSERT_TRUE(services().directory.change(tenant_, {{}, "suspended", {}}, actor_));
  clock_.set(instant("2026-12-31T18:00:00Z"));
  open();
  work();
  EXPECT_EQ(renew_on(), instant("2027-01-31T17:00:00Z"));
}

TEST_F(TermsOnDisk, OwnLimitsOfOctoberOutliveARestartAndTheClose) {
  add();
  stores(4, "2026-10-12T00:00:00Z");
  clock_.set(instant("2026-10-31T17:00:00Z"));  // the first of November in Bangkok
  LimitsOverride own;
  own[Meter::stores_count] = Limit{};
  ASSERT_TRUE(services().directory.change(tenant_, {{}, {}, own, "agreed"}, actor_));
  for (int restart = 0; restart < 2; ++restart) {
    EXPECT_EQ(cost("2026-10"), Money{30'000'000});
    EXPECT_EQ(cost("2026-11"), Money{});
    open();
  }
  clock_.set(instant("2026-11-03T17:00:00Z"));
  work();
  open();
  EXPECT_EQ(cost("2026-10"), Money{30'000'000});
}

// Versions of the catalogue also hold by time: a start in November never reprices October.
TEST_F(TermsOnDisk, ACatalogueOfNovemberLeavesOctoberAsItIsAndSaysWhatItChanged) {
  add();
  stores(4, "2026-10-12T00:00:00Z");
  clock_.set(instant("2026-11-01T09:00:00Z"));
  for (int restart = 0; restart < 2; ++restart) {
    open("max_stores = 1\n", "max_stores = 3\n");
    EXPECT_EQ(cost("2026-10"), Money{30'000'000});
    EXPECT_EQ(cost("2026-11"), Money{10'000'000});
  }
  Query query;
  query.collection = Collection::provider_audits;
  query.filter = Filter::equal("action", "plan.changed");
  const std::vector<Json> audits = *services().store.find(query);
  ASSERT_EQ(audits.size(), 1U);
  EXPECT_EQ(audits[0].find("after")->string_at("plan"), "free");
  EXPECT_EQ(audits[0].find("after")->integer_at("version"), 2);
  clock_.set(instant("2026-11-03T17:00:00Z"));
  work();
  EXPECT_EQ(cost("2026-10"), Money{30'000'000});
}

// A report that is read with another PLANS_FILE, or none, while the server is down.
TEST_F(TermsOnDisk, ACommandWithAnotherCatalogueChangesNoPlan) {
  add();
  stores(4, "2026-10-12T00:00:00Z");
  open("max_stores = 1\n", "max_stores = 3\n", false);
  EXPECT_EQ(cost("2026-10"), Money{30'000'000});
  EXPECT_FALSE(services().directory.add({*TenantId::parse("other"), "B", "gold", {}}, actor_));
  open("name = \"free\"", "name = \"gold\"", false);
  EXPECT_EQ(cost("2026-10"), Money{30'000'000});
  EXPECT_FALSE(services().directory.add({*TenantId::parse("other"), "B", "gold", {}}, actor_));
  EXPECT_TRUE(services().directory.add({*TenantId::parse("other"), "B", "basic", {}}, actor_));
  open();
  Query query;
  query.collection = Collection::plans;
  EXPECT_EQ(services().store.find(query)->size(), 4U);
  query.collection = Collection::provider_audits;
  query.filter = Filter::equal("action", "plan.changed");
  EXPECT_TRUE(services().store.find(query)->empty());
}

}  // namespace
}  // namespace metergate
