#include "service/testing/deliveries_world_test.h"

namespace metergate {
namespace {

using namespace core_world;

// The provider's destination, told of alerts by the hour.
struct DigestWorld : DeliveryWorld {
  std::string hook(Channel channel = {}) {
    NewWebhook wanted{"https://hooks.example/", {"alert.*"}, {}};
    wanted.channel.digest = "hourly";
    wanted.channel.severities = channel.severities;
    return webhooks->add(WebhookOwner::provider(), wanted, actor)
        .value()
        .string_at("webhook_id")
        .value();
  }
  void alert(const std::string& id, std::string_view severity = "medium") {
    Batch batch;
    batch.at = clock.now();
    const auto told = deliveries->announce(
        {"", "alert.opened", Json::object({{"alert_id", id}, {"severity", severity}})}, batch);
    if (told.empty()) return;
    ASSERT_TRUE(store->apply(std::move(batch)));
    deliveries->committed(told);
  }
  std::vector<std::string> alerts_in(const Attempt& attempt) {
    std::vector<std::string> ids;
    const Json body = parse_json(attempt.body).value();
    EXPECT_EQ(body.string_at("type"), "alert.digest");
    for (const Json& notice : body.find("data")->find("notices")->as_array())
      ids.push_back(notice.find("data")->string_at("alert_id").value());
    return ids;
  }
  using Ids = std::vector<std::string>;
};

TEST(Digests, AreOneMessageWhenTheHourIsOver) {
  DigestWorld world;
  world.hook();
  world.alert("a");
  EXPECT_FALSE(world.claim());
  world.clock.advance(std::chrono::minutes{5});
  world.alert("b");
  EXPECT_FALSE(world.claim());
  world.clock.advance(std::chrono::minutes{25});
  const Attempt attempt = world.must_claim();
  EXPECT_EQ(world.alerts_in(attempt), (DigestWorld::Ids{"a", "b"}));
  EXPECT_EQ(world.all(Collection::webhook_deliveries).size(), 1U);
  world.end(attempt, 200);
  EXPECT_FALSE(world.claim());
  EXPECT_EQ(world.deliveries->waiting(), 0);
}

TEST(Digests, AreTriedAgainAndLaterNoticesWaitForTheNext) {
  DigestWorld world;
  world.hook();
  world.alert("a");
  world.clock.advance(std::chrono::minutes{30});
  const Attempt first = world.must_claim();
  world.alert("b");
  world.end(first, 500);
  EXPECT_FALSE(world.claim());
  world.clock.advance(std::chrono::seconds{10});
  const Attempt again = world.must_claim();
  EXPECT_EQ(again.delivery.id, first.delivery.id);
  EXPECT_EQ(again.body, first.body);
  world.end(again, 200);
  EXPECT_FALSE(world.claim());
  world.clock.advance(std::chrono::hours{1});
  EXPECT_EQ(world.alerts_in(world.must_claim()), DigestWorld::Ids{"b"});
}

TEST(Digests, SurviveACrashWithEveryNoticeOnce) {
  DigestWorld world;
  world.hook();
  world.alert("a");
  world.alert("b");
  world.restart();
  world.alert("c");
  world.clock.advance(std::chrono::minutes{30});
  const Attempt cut_off = world.must_claim();
  EXPECT_EQ(world.alerts_in(cut_off), (DigestWorld::Ids{"a", "b", "c"}));
  world.restart();
  const Attempt again = world.must_claim();
  EXPECT_EQ(again.delivery.id, cut_off.delivery.id);
  EXPECT_EQ(again.body, cut_off.body);
  world.end(again, 200);
  EXPECT_EQ(world.deliveries->waiting(), 0);
}

TEST(Digests, ATestDoesNotWait) {
  DigestWorld world;
  const std::string id = world.hook();
  world.alert("a");
  EXPECT_FALSE(world.claim());
  ASSERT_TRUE(world.deliveries->test(WebhookOwner::provider(), id));
  const Attempt test = world.must_claim();
  EXPECT_EQ(test.delivery.type, "webhook.test");
  world.end(test, 200);
  EXPECT_FALSE(world.claim());
  world.clock.advance(std::chrono::minutes{30});
  EXPECT_EQ(world.alerts_in(world.must_claim()), DigestWorld::Ids{"a"});
}

TEST(Digests, NoticesBecomeSingleOnceNoDigestIsWanted) {
  DigestWorld world;
  const std::string id = world.hook();
  world.alert("a");
  world.alert("b");
  EXPECT_FALSE(world.claim());
  WebhookPatch patch;
  patch.channel.digest = "none";
  ASSERT_TRUE(world.webhooks->change({WebhookOwner::provider(), id}, patch, world.actor));
  const Attempt first = world.must_claim();
  EXPECT_EQ(first.delivery.type, "alert.opened");
  world.end(first, 200);
  EXPECT_EQ(world.must_claim().delivery.type, "alert.opened");
}

TEST(Digests, AreBoundedAndLoseNothing) {
  DigestWorld world;
  world.hook();
  const std::int64_t count = Deliveries::kDigestMax + 3;
  for (std::int64_t i = 0; i < count; ++i) world.alert(std::to_string(i));
  world.clock.advance(std::chrono::minutes{30});
  const Attempt first = world.must_claim();
  EXPECT_EQ(world.alerts_in(first).size(), static_cast<std::size_t>(Deliveries::kDigestMax));
  world.end(first, 200);
  const Attempt rest = world.must_claim();
  EXPECT_EQ(world.alerts_in(rest).size(), 3U);
  world.end(rest, 200);
  EXPECT_EQ(world.deliveries->waiting(), 0);
}

TEST(Digests, AClockSetBackDoesNotHoldThem) {
  DigestWorld world;
  world.hook();
  world.alert("a");
  EXPECT_FALSE(world.claim());
  world.clock.advance(std::chrono::hours{-48});
  world.claim();
  world.clock.advance(std::chrono::minutes{31});
  EXPECT_EQ(world.alerts_in(world.must_claim()), DigestWorld::Ids{"a"});
}

TEST(Digests, HoldWhatWasAskedForAlone) {
  DigestWorld world;
  Channel channel;
  channel.severities = {"high"};
  world.hook(channel);
  world.alert("a", "low");
  world.alert("b", "high");
  world.clock.advance(std::chrono::minutes{30});
  EXPECT_EQ(world.alerts_in(world.must_claim()), DigestWorld::Ids{"b"});
}

}  // namespace
}  // namespace metergate
