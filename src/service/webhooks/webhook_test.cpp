#include "service/webhooks/webhook.h"

#include <gtest/gtest.h>

namespace metergate {
namespace {

constexpr std::string_view kHookSecret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
constexpr std::string_view kOlderHookSecret = "whsec_MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1u";

Timestamp moment(std::string_view text) { return parse_timestamp(text).value(); }

Webhook whole() {
  Webhook webhook;
  webhook.key = {"tenant_1", "w1"};
  webhook.url = "https://hooks.example/";
  webhook.events = {"sale.created", "store.*"};
  webhook.secret = kHookSecret;
  webhook.previous_secret = kOlderHookSecret;
  webhook.previous_secret_until = moment("2026-03-06T00:00:00Z");
  webhook.is_active = false;
  webhook.disabled_reason = "why";
  webhook.given_up_at = moment("2026-03-05T00:00:00Z");
  webhook.created_at = webhook.updated_at = moment("2026-03-01T00:00:00Z");
  return webhook;
}

TEST(WebhookPattern, StandsForItsTypes) {
  EXPECT_TRUE(is_of_pattern("sale.created", "sale.created"));
  EXPECT_TRUE(is_of_pattern("store.updated", "store.*"));
  EXPECT_TRUE(is_of_pattern("anything", "*"));
  EXPECT_FALSE(is_of_pattern("sale.created", "ticket.created"));
  EXPECT_FALSE(is_of_pattern("storey.created", "store.*"));
  EXPECT_FALSE(is_of_pattern("store", "store.*"));
  EXPECT_FALSE(is_of_pattern("sale.created", "sale.create"));
}

TEST(Webhook, WantsWhatAnyOfItsPatternsStandsFor) {
  EXPECT_TRUE(whole().wants("store.deleted", Json::object()));
  EXPECT_FALSE(whole().wants("device.created", Json::object()));
}

TEST(Webhook, OlderSecretSignsUntilItsTimeIsOver) {
  const Webhook webhook = whole();
  EXPECT_EQ(webhook.secrets_at(moment("2026-03-05T23:59:59.999Z")),
            (std::vector<std::string>{std::string{kHookSecret}, std::string{kOlderHookSecret}}));
  EXPECT_EQ(webhook.secrets_at(moment("2026-03-06T00:00:00Z")),
            std::vector<std::string>{std::string{kHookSecret}});
}

TEST(Webhook, ComesBackFromItsDocumentAsItWas) {
  const Webhook webhook = whole();
  EXPECT_EQ(to_text(to_document(webhook_from(to_document(webhook, {})).value(), {})),
            to_text(to_document(webhook, {})));
}

TEST(Webhook, ShowsNoSecret) {
  const std::string shown = to_text(webhook_json(whole()));
  EXPECT_EQ(shown.find("whsec_"), std::string::npos);
  EXPECT_EQ(shown,
            R"({"tenant_id":"tenant_1","webhook_id":"w1","url":"https://hooks.example/",)"
            R"("events":["sale.created","store.*"],"is_active":false,"disabled_reason":"why",)"
            R"("created_at":"2026-03-01T00:00:00.000Z","updated_at":"2026-03-01T00:00:00.000Z"})");
  Webhook providers = whole();
  providers.key.owner.clear();
  EXPECT_EQ(webhook_json(providers).find("tenant_id"), nullptr);
}

TEST(Webhook, DocumentThatLacksWhatItNeedsIsCorrupt) {
  for (const char* name : {"webhook_id", "url", "events", "secret"}) {
    Json document = to_document(whole(), {});
    document.remove(name);
    const auto webhook = webhook_from(document);
    ASSERT_FALSE(webhook) << name;
    EXPECT_EQ(webhook.error().code, ErrorCode::corrupt);
  }
}

}  // namespace
}  // namespace metergate
