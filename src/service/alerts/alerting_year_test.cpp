// A year of random usage with many checks, restarts, failing writes and missed checks. Each warning
// must open and be announced exactly once, as a small oracle says.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "service/alerts/alerting.h"
#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

constexpr int kTenants = 4;
constexpr int kStepsPerMonth = 40;
const std::vector<int> kThresholds = {75, 90};

// The oracle's state of one meter in one month.
struct Seen {
  int opened = 0;  // the highest threshold with an opened warning
  bool is_over = false;
};

class Year {
 public:
  explicit Year(unsigned seed) : random_(seed) {
    for (int i = 0; i < kTenants; ++i) world_.add(name(i), i % 2 == 0 ? "free" : "basic");
    must(world_.webhook_book->add(WebhookOwner::provider(),
                                  {"https://noc.example/", {"alert.opened"}, {}}, world_.actor));
    start();
  }

  void run() {
    for (int month = 1; month <= 12; ++month) run_month(month);
  }

  std::set<std::string> expected;  // ids
  std::set<std::string> found() {
    std::set<std::string> ids;
    for (const Json& alert : world_.documents(Collection::provider_alerts))
      if (alert.string_at("type") == "billing.near_limit")
        ids.insert(alert.string_at("alert_id").value());
    return ids;
  }
  // The number of announcements of each.
  std::map<std::string, int> told() {
    std::map<std::string, int> times;
    for (const Json& delivery : world_.documents(Collection::webhook_deliveries)) {
      const Json payload = must(parse_json(delivery.string_at("payload").value()));
      ++times[payload.find("data")->string_at("alert_id").value()];
    }
    return times;
  }
  std::int64_t open_of_closed_periods() {
    Query query;
    query.collection = Collection::provider_alerts;
    query.filter = Filter::all(
        {Filter::equal("severity", std::string{"low"}),
         Filter::compare("status", FilterOperator::not_equal, std::string{"resolved"}),
         Filter::compare("period", FilterOperator::less, world_.billing.current_period().text())});
    return must(world_.store->count(query));
  }

 private:
  static std::string name(int i) { return "t" + std::to_string(i); }
  int roll(int most) { return std::uniform_int_distribution<int>{0, most}(random_); }
  void start() {
    alerting_ =
        std::make_unique<Alerting>(Alerting::Parts{*world_.store, *world_.directory, world_.billing,
                                                   *world_.deliveries, world_.rules, world_.clock});
  }

  void run_month(int month) {
    const Timestamp begin = at("2026-01-01T00:00:00Z");
    const Period period =
        Period::from_ordinal(Period::of(begin, world_.rules.zone).ordinal() + month - 1);
    const Window window = period.window(world_.rules.zone);
    const auto step = (window.end - window.start) / kStepsPerMonth;
    for (int i = 0; i < kStepsPerMonth; ++i) {
      world_.clock.set(window.start + step * i + Milliseconds{60'000});
      use(roll(kTenants - 1));
      look();
    }
  }

  void use(int which) {
    const std::string now = to_text(world_.clock.now());
    const std::string day = now.substr(0, 10);
    const std::string id = name(which);
    const std::int64_t limit = which % 2 == 0 ? 10'000 : 50'000;
    switch (roll(2)) {
      case 0:
        return world_.calls(id, day, limit * roll(25) / 100);
      case 1:
        return world_.devices(id, now, roll(which % 2 == 0 ? 3 : 12));
      default:
        return world_.webhooks(id, day, (which % 2 == 0 ? 100 : 500) * roll(25) / 100);
    }
  }

  // A check of a random kind; the oracle checks the same.
  void look() {
    const int kind = roll(9);
    if (kind == 0) return;  // missed: the process was not running
    if (kind == 1) start();
    if (kind == 2) {
      world_.store->faults().refuse_writes = true;
      (void)alerting_->watch_step().has_value();
      world_.store->faults().refuse_writes = false;
    }
    if (kind <= 3) {
      must(alerting_->sweep());
    } else {
      must(alerting_->watch_step());
      must(alerting_->sweep());
    }
    for (int i = 0; i < kTenants; ++i) judge(name(i));
  }

  void judge(const std::string& id) {
    const Period period = world_.billing.current_period();
    const Statement now_true = must(world_.billing.statement(tenant(id), period));
    for (const MeterRow& row : kMeters) {
      const std::int64_t usage = now_true.usage[row.meter];
      const std::optional<std::int64_t> limit = now_true.terms.limits[row.meter].units;
      Seen& seen = seen_[{id, period.text(), row.meter}];
      if (!limit || *limit == 0) continue;
      if (usage > *limit) seen.is_over = true;
      // The month's open alert names the meters that were over when it was last seen.
      if (usage > *limit || is_named(id, period, row)) continue;
      int highest = 0;
      for (const int threshold : kThresholds)
        if (usage > 0 && usage * 100 >= *limit * threshold) highest = threshold;
      if (highest <= seen.opened) continue;
      seen.opened = highest;
      expected.insert("near-" + period.text() + "-" + std::to_string(highest) + "-" +
                      std::string{row.name} + "-" + id);
    }
  }

  bool is_named(const std::string& id, Period period, const MeterRow& row) {
    const auto over =
        world_.store->get(Collection::provider_alerts, {id, "billing.over_limit|" + period.text()});
    const auto& document = must(over);
    return document && document->find("metadata")->find("meters")->find(row.name) != nullptr;
  }

  std::mt19937 random_;
  ServicesWorld world_{{}, "2026-01-01T00:00:00Z"};
  std::unique_ptr<Alerting> alerting_;
  std::map<std::tuple<std::string, std::string, Meter>, Seen> seen_;
};

class AlertingYear : public testing::TestWithParam<unsigned> {};

TEST_P(AlertingYear, EachWarningIsOpenedAndToldOnce) {
  Year year{GetParam()};
  year.run();
  ASSERT_GT(year.expected.size(), 20U) << "the year must bring some";
  EXPECT_EQ(year.found(), year.expected);
  for (const auto& [id, times] : year.told()) {
    if (id.starts_with("near-") || id.starts_with("forecast-")) {
      EXPECT_EQ(times, 1) << id;
    }
  }
  for (const std::string& id : year.expected) EXPECT_EQ(year.told()[id], 1) << id;
}

TEST_P(AlertingYear, NoneIsLeftOpenInAPeriodThatIsClosed) {
  Year year{GetParam() + 100};
  year.run();
  EXPECT_EQ(year.open_of_closed_periods(), 0);
}

INSTANTIATE_TEST_SUITE_P(Seeds, AlertingYear, testing::Values(1U, 2U, 3U));

}  // namespace
}  // namespace metergate
