#include "service/webhooks/webhooks.h"

#include "base/crypto.h"
#include "service/testing/core_world_test.h"
#include "service/webhooks/webhook_secret.h"

namespace metergate {
namespace {

using namespace core_world;

constexpr std::string_view kUrl = "https://hooks.example/in";

struct HookWorld : TestWorld {
  WebhookOwner own = owner("tenant_1");
  WebhookOwner provider = WebhookOwner::provider();

  static WebhookOwner owner(std::string_view id) {
    return WebhookOwner::of(Caller::of_tenant("till", tenant_id(id))
                                .access(tenant_id(id), Permission::tenants_update)
                                .value());
  }
  Json add(std::vector<std::string> events = {"*"}) {
    return webhooks->add(own, {std::string{kUrl}, std::move(events), {}}, actor).value();
  }
  std::string add_id() { return add().string_at("webhook_id").value(); }
  std::shared_ptr<const Webhook> kept(const std::string& id) const {
    return webhooks->find({"tenant_1", id});
  }
};

TEST(Webhooks, SecretIsShownWhenItIsMadeAndNeverAgain) {
  HookWorld world;
  const Json made = world.add();
  const std::string id = made.string_at("webhook_id").value();
  EXPECT_TRUE(webhook_secret_bytes(made.string_at("secret").value()));
  EXPECT_EQ(world.webhooks->get(world.own, id).value().find("secret"), nullptr);
  EXPECT_EQ(world.webhooks->list(world.own).at(0).find("secret"), nullptr);
  for (const Json& audit : world.all(Collection::provider_audits)) {
    EXPECT_EQ(to_text(audit).find("whsec_"), std::string::npos);
  }
}

SecretKeys keys_of(const std::string& fills) {
  std::string text;
  for (const char fill : fills) text += base64(std::string(32, fill)) + "\n";
  return *SecretKeys::parse(text);
}

// The secrets as they lie in the store, in one text.
std::string kept_text(const HookWorld& world) {
  std::string text;
  for (const Json& document : world.all(Collection::webhooks)) text += to_text(document);
  return text;
}

// The same store after a start.
std::unique_ptr<Webhooks> opened_again(HookWorld& world) {
  return Webhooks::open(*world.store, world.clock, [](std::string_view) { return Result<>{}; })
      .value();
}

TEST(Webhooks, SecretsAreKeptEncryptedFromTheFirstKeyOn) {
  HookWorld world;
  const std::string id = world.add_id();
  const std::string secret = world.kept(id)->secret;
  EXPECT_NE(kept_text(world).find("whsec_"), std::string::npos);
  EXPECT_EQ(world.webhooks->kept_secrets(), (std::map<std::string, std::size_t>{{"", 1}}));
  EXPECT_EQ(world.webhooks->use_keys(keys_of("a")).value(), 1U);
  world.add();
  EXPECT_EQ(kept_text(world).find("whsec_"), std::string::npos);
  const std::string name = keys_of("a").names()[0];
  EXPECT_EQ(world.webhooks->kept_secrets(), (std::map<std::string, std::size_t>{{name, 2}}));
  EXPECT_EQ(world.webhooks->use_keys(keys_of("a")).value(), 0U) << "they are there already";

  const auto again = opened_again(world);
  ASSERT_TRUE(again->use_keys(keys_of("a")));
  EXPECT_EQ(again->find({"tenant_1", id})->secret, secret);
}

TEST(Webhooks, ANewFirstKeyTakesAllOver) {
  HookWorld world;
  const std::string id = world.add_id();
  const std::string before = world.kept(id)->secret;
  ASSERT_TRUE(world.webhooks->use_keys(keys_of("a")));
  ASSERT_TRUE(world.webhooks->change({world.own, id}, {.rotates_secret = true}, world.actor));
  const auto secrets = world.kept(id)->secrets_at(world.clock.now());
  EXPECT_EQ(secrets.size(), 2U);
  EXPECT_EQ(secrets[1], before);
  EXPECT_FALSE(world.webhooks->use_keys(keys_of("b"))) << "the old key is needed once more";
  EXPECT_EQ(world.webhooks->use_keys(keys_of("ba")).value(), 1U);
  const auto again = opened_again(world);
  ASSERT_TRUE(again->use_keys(keys_of("b"))) << "the old key is needed no more";
  EXPECT_EQ(again->find({"tenant_1", id})->secrets_at(world.clock.now()), secrets);
}

TEST(Webhooks, AMissingKeyIsNamedAndChangesNothing) {
  HookWorld world;
  const std::string id = world.add_id();
  ASSERT_TRUE(world.webhooks->use_keys(keys_of("a")));
  const std::string kept = kept_text(world);
  const auto again = opened_again(world);
  for (const SecretKeys& wrong : {SecretKeys{}, keys_of("b")}) {
    const auto used = again->use_keys(wrong);
    expect_error(used, ErrorCode::invalid);
    EXPECT_NE(used.error().message.find(id), std::string::npos);
    EXPECT_NE(used.error().message.find(keys_of("a").names()[0]), std::string::npos);
  }
  EXPECT_EQ(kept_text(world), kept);
  // A command that does not send changes a webhook without its key.
  ASSERT_TRUE(again->disable({"tenant_1", id}, "gone"));
  ASSERT_TRUE(again->use_keys(keys_of("a")));
  EXPECT_EQ(again->find({"tenant_1", id})->secret, world.kept(id)->secret);
}

TEST(Webhooks, TakesASecretThatIsGiven) {
  HookWorld world;
  const std::string secret = make_webhook_secret();
  const Json made =
      world.webhooks->add(world.own, {std::string{kUrl}, {"*"}, secret}, world.actor).value();
  EXPECT_EQ(made.string_at("secret"), secret);
}

TEST(Webhooks, SaysAllThatIsWrongWithANewOne) {
  HookWorld world;
  const auto bad =
      world.webhooks->add(world.own, {"http://x", {"sale.created", "sales"}, "x"}, world.actor);
  expect_error(bad, ErrorCode::invalid, "url");
  ASSERT_EQ(bad.error().faults.size(), 3U);
  EXPECT_EQ(bad.error().faults[1].field, "events");
  EXPECT_EQ(bad.error().faults[2].field, "secret");
  expect_error(world.webhooks->add(world.own, {std::string{kUrl}, {}, {}}, world.actor),
               ErrorCode::invalid, "events");
  EXPECT_TRUE(world.webhooks->list(world.own).empty());
}

TEST(Webhooks, TenantsAndTheProviderAskForDifferentThings) {
  HookWorld world;
  const NewWebhook of_alerts{std::string{kUrl}, {"alert.opened"}, {}};
  expect_error(world.webhooks->add(world.own, of_alerts, world.actor), ErrorCode::invalid,
               "events");
  EXPECT_TRUE(world.webhooks->add(world.provider, of_alerts, world.actor));
  expect_error(
      world.webhooks->add(world.provider, {std::string{kUrl}, {"sale.created"}, {}}, world.actor),
      ErrorCode::invalid, "events");
}

TEST(Webhooks, AreSeenByTheirOwnerOnly) {
  HookWorld world;
  const std::string id = world.add_id();
  for (const WebhookOwner& other : {HookWorld::owner("tenant_2"), world.provider}) {
    EXPECT_TRUE(world.webhooks->list(other).empty());
    expect_error(world.webhooks->get(other, id), ErrorCode::not_found);
    expect_error(world.webhooks->change({other, id}, {.is_active = false}, world.actor),
                 ErrorCode::not_found);
    expect_error(world.webhooks->remove({other, id}, world.actor), ErrorCode::not_found);
  }
  EXPECT_TRUE(world.kept(id)->is_active);
}

TEST(Webhooks, ChangeKeepsWhatItDoesNotName) {
  HookWorld world;
  const std::string id = world.add_id();
  const Json changed =
      world.webhooks
          ->change({world.own, id}, {.events = std::vector<std::string>{"store.*", "store.*"}},
                   world.actor)
          .value();
  EXPECT_EQ(changed.string_at("url"), kUrl);
  EXPECT_EQ(to_text(*changed.find("events")), R"(["store.*"])");
  EXPECT_EQ(changed.find("secret"), nullptr);
  expect_error(world.webhooks->change({world.own, id}, {}, world.actor), ErrorCode::invalid);
  expect_error(world.webhooks->change({world.own, id}, {.url = "ftp://x"}, world.actor),
               ErrorCode::invalid, "url");
}

TEST(Webhooks, OldSecretSignsBesideTheNewForADay) {
  HookWorld world;
  const Json made = world.add();
  const std::string id = made.string_at("webhook_id").value();
  const std::string old = made.string_at("secret").value();
  const Json changed =
      world.webhooks->change({world.own, id}, {.rotates_secret = true}, world.actor).value();
  const std::string fresh = changed.string_at("secret").value();
  EXPECT_NE(fresh, old);
  EXPECT_EQ(world.kept(id)->secrets_at(world.clock.now()), (std::vector<std::string>{fresh, old}));
  world.clock.advance(std::chrono::hours{24});
  EXPECT_EQ(world.kept(id)->secrets_at(world.clock.now()), std::vector<std::string>{fresh});
  EXPECT_EQ(world.audits("webhook.secret_changed").size(), 1U);
}

TEST(Webhooks, EveryChangeIsAudited) {
  HookWorld world;
  const std::string id = world.add_id();
  EXPECT_TRUE(world.webhooks->change({world.own, id}, {.is_active = false}, world.actor));
  EXPECT_TRUE(world.webhooks->remove({world.own, id}, world.actor));
  for (const char* action : {"webhook.created", "webhook.updated", "webhook.deleted"}) {
    const auto audits = world.audits(action);
    ASSERT_EQ(audits.size(), 1U) << action;
    EXPECT_EQ(audits[0].string_at("tenant_id"), "tenant_1");
    EXPECT_EQ(audits[0].string_at("actor"), "ann@example.com");
  }
  EXPECT_TRUE(world.webhooks->add(world.provider, {std::string{kUrl}, {"*"}, {}}, world.actor));
  EXPECT_EQ(world.audits("provider_webhook.created").size(), 1U);
}

TEST(Webhooks, AreThereAfterARestart) {
  HookWorld world;
  const std::string id = world.add_id();
  ASSERT_TRUE(world.webhooks->change({world.own, id}, {.rotates_secret = true}, world.actor));
  const auto again =
      Webhooks::open(*world.store, world.clock, [](std::string_view) { return Result<>(); });
  ASSERT_TRUE(again);
  const auto webhook = again.value()->find({"tenant_1", id});
  ASSERT_NE(webhook, nullptr);
  EXPECT_EQ(webhook->secrets_at(world.clock.now()), world.kept(id)->secrets_at(world.clock.now()));
  EXPECT_TRUE(again.value()->change({world.own, id}, {.is_active = false}, world.actor));
}

TEST(Webhooks, AnOwnerHasABoundedNumber) {
  HookWorld world;
  for (std::size_t i = 0; i < Webhooks::kPerOwnerMax; ++i) world.add();
  expect_error(world.webhooks->add(world.own, {std::string{kUrl}, {"*"}, {}}, world.actor),
               ErrorCode::conflict);
  EXPECT_TRUE(world.webhooks->add(world.provider, {std::string{kUrl}, {"*"}, {}}, world.actor));
}

TEST(Webhooks, NothingIsShownThatTheStoreRefused) {
  HookWorld world;
  const std::string id = world.add_id();
  world.store->faults().refuse_writes = true;
  expect_error(world.webhooks->change({world.own, id}, {.is_active = false}, world.actor),
               ErrorCode::storage);
  expect_error(world.webhooks->remove({world.own, id}, world.actor), ErrorCode::storage);
  EXPECT_TRUE(world.kept(id)->is_active);
}

TEST(Webhooks, DisablingSaysWhyAndActivatingForgetsIt) {
  HookWorld world;
  const std::string id = world.add_id();
  ASSERT_TRUE(world.webhooks->note_given_up({"tenant_1", id}));
  ASSERT_TRUE(world.webhooks->disable({"tenant_1", id}, "no answer"));
  EXPECT_EQ(world.webhooks->get(world.own, id).value().string_at("disabled_reason"), "no answer");
  const auto audits = world.audits("webhook.disabled");
  ASSERT_EQ(audits.size(), 1U);
  EXPECT_EQ(audits[0].string_at("actor"), "system:delivery");
  ASSERT_TRUE(world.webhooks->change({world.own, id}, {.is_active = true}, world.actor));
  EXPECT_TRUE(world.kept(id)->disabled_reason.empty());
  EXPECT_FALSE(world.kept(id)->given_up_at);
}

TEST(Webhooks, NotesOfOneThatIsGoneAreNone) {
  HookWorld world;
  const std::size_t audits = world.all(Collection::provider_audits).size();
  EXPECT_TRUE(world.webhooks->disable({"tenant_1", "nobody"}, "x"));
  EXPECT_TRUE(world.webhooks->note_success({"tenant_1", "nobody"}));
  EXPECT_TRUE(world.webhooks->note_given_up({"tenant_1", "nobody"}));
  EXPECT_EQ(world.all(Collection::provider_audits).size(), audits);
}

TEST(Webhooks, AnUnchangedPatchWritesNothing) {
  HookWorld world;
  const Json made = world.add();
  const std::string id = made.string_at("webhook_id").value();
  const Json shown = world.webhooks->get(world.own, id).value();
  std::vector<std::string> events;
  for (const Json& event : shown.find("events")->as_array()) events.push_back(event.as_string());
  const Sequence before = world.store->head();
  world.clock.advance(std::chrono::hours{1});
  EXPECT_EQ(world.webhooks->change({world.own, id}, {.url = std::string{kUrl}}, {}).value(), shown);
  EXPECT_EQ(
      world.webhooks->change({world.own, id}, {.events = events, .is_active = true}, {}).value(),
      shown);
  EXPECT_EQ(world.store->head(), before);
  EXPECT_TRUE(world.audits("webhook.updated").empty());
}

TEST(Webhooks, TheSecretThatThereIsAlreadyDoesNotPushOutTheOneBeforeIt) {
  HookWorld world;
  const Json made = world.add();
  const std::string id = made.string_at("webhook_id").value();
  const std::string fresh =
      world.webhooks->change({world.own, id}, {.rotates_secret = true}, world.actor)
          .value()
          .string_at("secret")
          .value();
  const Sequence before = world.store->head();
  ASSERT_TRUE(world.webhooks->change({world.own, id}, {.secret = fresh}, world.actor));
  EXPECT_EQ(world.store->head(), before);
  EXPECT_EQ(world.kept(id)->secrets_at(world.clock.now()).size(), 2U);
}

NewWebhook mail_to(std::string to) {
  NewWebhook wanted{"smtps://mail.example", {"alert.opened"}, {}, "email", {}};
  wanted.channel.from = "from@a.example";
  wanted.channel.to = {std::move(to)};
  wanted.channel.username = "ann";
  wanted.channel.password = "hunter2";
  return wanted;
}

TEST(Webhooks, APasswordIsNeverShown) {
  HookWorld world;
  const Json made =
      world.webhooks->add(world.provider, mail_to("to@b.example"), world.actor).value();
  const std::string id = made.string_at("webhook_id").value();
  EXPECT_EQ(made.string_at("username"), "ann");
  WebhookPatch patch;
  patch.channel.password = "hunter3";
  const Json changed = world.webhooks->change({world.provider, id}, patch, world.actor).value();
  std::string told =
      to_text(made) + to_text(changed) + to_text(world.webhooks->get(world.provider, id).value());
  for (const Json& audit : world.all(Collection::provider_audits)) told += to_text(audit);
  EXPECT_EQ(told.find("hunter"), std::string::npos) << told;
  EXPECT_EQ(world.webhooks->find({"", id})->secret, "hunter3");
  // Nor is it told to a server that it was not given for.
  WebhookPatch moved;
  moved.url = "smtps://mail.elsewhere";
  expect_error(world.webhooks->change({world.provider, id}, moved, world.actor), ErrorCode::invalid,
               "password");
  moved.channel.password = "hunter4";
  EXPECT_TRUE(world.webhooks->change({world.provider, id}, moved, world.actor));
}

TEST(Webhooks, AChatsUrlIsItsSecret) {
  HookWorld world;
  NewWebhook wanted{"https://hooks.slack.com/services/T/B/x", {"alert.*"}, {}, "slack", {}};
  const Json made = world.webhooks->add(world.provider, wanted, world.actor).value();
  EXPECT_EQ(made.string_at("url"), "https://hooks.slack.com/…");
  EXPECT_EQ(made.find("secret"), nullptr);
  const std::string id = made.string_at("webhook_id").value();
  EXPECT_EQ(world.webhooks->find({"", id})->url_to_send_to(), wanted.url);
  for (const Json& audit : world.all(Collection::provider_audits))
    EXPECT_EQ(to_text(audit).find("services"), std::string::npos);
}

TEST(Webhooks, AKindHasItsOwnUrlsAndLogins) {
  HookWorld world;
  const auto refused = [&](const NewWebhook& wanted, std::string_view field) {
    expect_error(world.webhooks->add(world.provider, wanted, world.actor), ErrorCode::invalid,
                 field);
  };
  NewWebhook wanted = mail_to("to@b.example");
  wanted.url = kUrl;
  refused(wanted, "url");
  refused({"smtps://mail.example", {"alert.*"}, {}}, "url");
  refused({"smtps://mail.example", {"alert.*"}, {}, "slack", {}}, "url");
  refused({std::string{kUrl}, {"alert.*"}, {}, "pigeon", {}}, "kind");
  refused(mail_to("to@b.example\r\nRCPT TO:<x@y.example>"), "to");
  wanted = mail_to("to@b.example");
  wanted.channel.password.reset();
  refused(wanted, "password");
  wanted = mail_to("to@b.example");
  wanted.channel.username = "ann\r\nQUIT";
  refused(wanted, "username");
  wanted = mail_to("to@b.example");
  wanted.secret = make_webhook_secret();
  refused(wanted, "secret");
}

}  // namespace
}  // namespace metergate
