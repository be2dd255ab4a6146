// The parameters and answers of the routes of webhooks, for tenants and for the provider. Constant
// data; any thread.
#pragma once

#include "api/usual_fields.h"
#include "service/webhooks/deliveries.h"

namespace metergate::api {

inline constexpr std::size_t kUrlMax = 2048;
inline constexpr std::size_t kEventNamesMax = 16;
inline constexpr std::size_t kSecretMax = 128;

inline constexpr std::array<std::string_view, 7> kWebhookSorts = {
    "webhook_id", "tenant_id", "url", "is_active", "disabled_reason", "created_at", "updated_at"};
inline constexpr std::array<Field, 3> kWebhooksQuery = {kPageField, kLimitField,
                                                        sort_by(kWebhookSorts, "webhook_id")};
inline constexpr std::array<std::string_view, 3> kDeliveryStatuses = {"waiting", "delivered",
                                                                      "given_up"};
inline constexpr std::array<Field, 4> kDeliveriesQuery = {
    filter_of("status", kDeliveryStatuses, "how far the delivery has come"), kPageField,
    kLimitField, sort_by(kDeliverySorts, "")};

inline constexpr Field kUrlField = text_of("url", 1, kUrlMax, "where deliveries go, by https");
inline constexpr Field kEventNamesField =
    texts_of("events", kEventNamesMax, "which events are delivered; * is all of them");
inline constexpr Field kSecretField =
    text_of("secret", 1, kSecretMax, "what deliveries are signed with: whsec_ and base64");
inline constexpr std::array<Field, 3> kNewWebhookFields = {required(kUrlField), kEventNamesField,
                                                           kSecretField};
inline constexpr Shape kNewWebhookBody = {.name = "NewWebhook", .fields = kNewWebhookFields};
inline constexpr std::array<Field, 5> kWebhookPatchFields = {
    kUrlField, kEventNamesField,
    of_kind("is_active", Kind::flag, "false: nothing is delivered; true: it is tried again"),
    kSecretField, of_kind("rotate_secret", Kind::flag, "make a new secret, which is shown once")};
inline constexpr Shape kWebhookPatchBody = {.name = "WebhookPatch", .fields = kWebhookPatchFields};

// Fields of the provider's destinations alone.
inline constexpr std::size_t kMailAddressMax = 254;
inline constexpr std::size_t kLoginMax = 256;
inline constexpr std::array<Field, 8> kChannelFields = {
    texts_of("types", kAlertTypes.size(), "of these types of alerts alone; none: of all"),
    texts_of("severities", kSeverities.size(), "of these severities alone; none: of all"),
    texts_of("tenants", Channel::kTenantsMax, "of these tenants alone; none: of all"),
    choice_of("digest", kDigests, "all of an hour or a day in one message, not each at once"),
    text_of("from", 1, kMailAddressMax, "kind email: the sender's address"),
    texts_of("to", Channel::kReceiversMax, "kind email: the receivers' addresses"),
    text_of("username", 0, kLoginMax, "kind email: the login at the mail server"),
    text_of("password", 0, kLoginMax, "kind email: its password, which is never shown again")};
inline constexpr std::array<Field, 1> kKindFields = {
    choice_of("kind", kChannelKinds, "a signed webhook, a Slack-compatible hook, or mail")};
inline constexpr auto kNewDestinationFields =
    joined_fields(joined_fields(kNewWebhookFields, kKindFields), kChannelFields);
inline constexpr Shape kNewDestinationBody = {.name = "NewDestination",
                                              .fields = kNewDestinationFields};
inline constexpr auto kDestinationPatchFields = joined_fields(kWebhookPatchFields, kChannelFields);
inline constexpr Shape kDestinationPatchBody = {.name = "DestinationPatch",
                                                .fields = kDestinationPatchFields};

inline constexpr std::array<Field, 2> kReplayFields = {
    id_of("delivery_id", "this delivery only"),
    of_kind("since", Kind::time, "those made from this instant on")};
inline constexpr Shape kReplayBody = {
    .name = "Replay",
    .fields = kReplayFields,
    .about = "Which deliveries are sent again; those that were given up where nothing is said"};

inline constexpr std::array<Field, 9> kWebhookFields = {
    at_times(given("tenant_id", Kind::text, "of a tenant's webhook")),
    given("webhook_id", Kind::text),
    given("url", Kind::text),
    given_list("events", Kind::text),
    given("is_active", Kind::flag),
    or_null(given("disabled_reason", Kind::text)),
    given("created_at", Kind::time),
    given("updated_at", Kind::time),
    at_times(given("secret", Kind::text, "shown only when it was made or changed")),
};
inline constexpr Shape kWebhookShape = {.name = "Webhook", .fields = kWebhookFields};
inline constexpr std::array<Field, 8> kShownChannelFields = {
    given("kind", kChannelKinds),
    given_list("types", Kind::text),
    given_list("severities", Kind::text),
    given_list("tenants", Kind::text),
    given("digest", kDigests),
    at_times(given("from", Kind::text, "of mail")),
    at_times(given_list("to", Kind::text, "of mail")),
    at_times(or_null(given("username", Kind::text, "of mail"))),
};
inline constexpr auto kDestinationFields = joined_fields(kWebhookFields, kShownChannelFields);
inline constexpr Shape kDestinationShape = {.name = "Destination", .fields = kDestinationFields};
inline constexpr std::array<Field, 2> kDestinationListFields = {
    given("webhooks", Kind::list, kDestinationShape), kPaginationField};
inline constexpr Shape kDestinationList = {.name = "DestinationList",
                                           .fields = kDestinationListFields};
inline constexpr std::array<Field, 2> kWebhookListFields = {
    given("webhooks", Kind::list, kWebhookShape), kPaginationField};
inline constexpr Shape kWebhookList = {.name = "WebhookList", .fields = kWebhookListFields};
inline constexpr std::array<Field, 13> kDeliveryFields = {
    given("delivery_id", Kind::text),
    given("webhook_id", Kind::text),
    given("type", Kind::text),
    given("status", kDeliveryStatuses),
    given("attempts", Kind::integer),
    or_null(given("next_attempt_at", Kind::time)),
    or_null(given("held_because", Kind::text)),
    or_null(given("last_attempt_at", Kind::time)),
    or_null(given("last_status", Kind::integer, "the receiver's status, of HTTP or SMTP")),
    or_null(given("last_problem", Kind::text)),
    or_null(given("last_answer", Kind::text, "the beginning of the receiver's answer")),
    given("created_at", Kind::time),
    or_null(given("completed_at", Kind::time)),
};
inline constexpr Shape kDeliveryShape = {.name = "Delivery", .fields = kDeliveryFields};
inline constexpr std::array<Field, 2> kDeliveryListFields = {
    given("deliveries", Kind::list, kDeliveryShape), kPaginationField};
inline constexpr Shape kDeliveryList = {.name = "DeliveryList", .fields = kDeliveryListFields};
inline constexpr std::array<Field, 2> kReplayedFields = {
    given("replayed", Kind::integer), given("more", Kind::flag, "there are more: ask again")};
inline constexpr Shape kReplayedShape = {.name = "Replayed", .fields = kReplayedFields};

}  // namespace metergate::api
