// The parameters and answers of the routes of events and corrections. Constant data; any thread.
#pragma once

#include "api/usual_fields.h"
#include "service/corrections/corrections.h"

namespace metergate::api {

inline constexpr std::size_t kEventTextMax = 256;

inline constexpr std::array<Field, 8> kEventFields = {
    of_kind("specversion", Kind::text, "1.0, where the media type is of CloudEvents"),
    required(text_of("id", 1, kEventTextMax, "one event has one id within its source")),
    required(text_of("source", 1, kEventTextMax, "which system sends it")),
    required(text_of("type", 1, kEventTextMax,
                     "api.call, webhook.call, storage.usage, "
                     "device.count, store.count, or a type of your own")),
    required(id_of("subject", "the tenant's id")),
    of_kind("time", Kind::time, "when it happened; now, where it is left out"),
    of_kind("datacontenttype", Kind::text, "application/json"),
    of_kind("data", Kind::any, "what the type asks for"),
};
inline constexpr Shape kEventBody = {.name = "Event",
                                     .fields = kEventFields,
                                     .about = "A usage event, as CloudEvents 1.0 has it",
                                     .is_open = true};
inline constexpr std::array<std::string_view, 4> kEventMediaTypes = {
    "application/cloudevents+json", "application/cloudevents-batch+json", "application/json",
    "application/x-ndjson"};
inline constexpr std::array<Field, 1> kPreferHeaders = {
    Field{.name = "Prefer",
          .about = "return=representation: say of each event what became of it",
          .example = "return=representation"}};
inline constexpr std::array<std::string_view, 5> kReceiptStatuses = {
    "accepted", "duplicate", "unmatched", "conflict", "rejected"};
inline constexpr std::array<Field, 6> kReceiptFields = {
    given("index", Kind::integer, "of the event in the batch"),
    at_times(or_null(given("id", Kind::text))),
    at_times(or_null(given("source", Kind::text))),
    at_times(or_null(given("subject", Kind::text))),
    given("status", kReceiptStatuses, "unmatched: kept, and no meter counts its type"),
    at_times(given("sequence", Kind::integer)),
};
inline constexpr Shape kReceipt = {.name = "Receipt", .fields = kReceiptFields};
inline constexpr std::array<Field, 1> kReceiptListFields = {
    given("receipts", Kind::list, kReceipt)};
inline constexpr Shape kReceiptList = {.name = "ReceiptList", .fields = kReceiptListFields};

inline constexpr std::array<std::string_view, 3> kFateWords = {"counted", "unmatched", "voided"};
inline constexpr std::array<Field, 9> kRawEventsQuery = {
    filter_of("tenant_id", "the tenant's id, or several"),
    filter_of("type", "the event's type, or several"),
    filter_of("source", "the event's source, or several"),
    filter_of("id", "the event's id, or several"),
    range_end("from", "from this day or instant on"),
    range_end("to", "up to this day, included, or before this instant"),
    filter_of("outcome", kFateWords, "what became of it"),
    kLimitField,
    of_kind("cursor", Kind::text, "next_cursor of the page before, with the same filters"),
};
inline constexpr std::array<Field, 9> kRawEventFields = {
    given("source", Kind::text),   given("id", Kind::text),      given("type", Kind::text),
    given("time", Kind::time),     given("data", Kind::any),     given("tenant_id", Kind::text),
    given("billable", Kind::flag), given("outcome", kFateWords), given("sequence", Kind::integer),
};
inline constexpr Shape kRawEvent = {.name = "RawEvent", .fields = kRawEventFields};
inline constexpr std::array<Field, 2> kRawEventListFields = {
    given("events", Kind::list, kRawEvent),
    or_null(given("next_cursor", Kind::text, "null on the last page"))};
inline constexpr Shape kRawEventList = {.name = "RawEventList", .fields = kRawEventListFields};

inline constexpr std::array<Field, 8> kIngestedQuery = {
    of_kind("clientId", Kind::text, "taken and not looked at"),
    of_kind("ingestedAtFrom", Kind::text, "refused: use from, which is of the event's own time"),
    of_kind("ingestedAtTo", Kind::text, "refused: use to, which is of the event's own time"),
    of_kind("id", Kind::text, "a part of the event's id"),
    of_kind("subject", Kind::text, "a part of the tenant's id"),
    range_end("from", "from this day or instant on"),
    range_end("to", "up to this day, included, or before this instant"),
    Field{.name = "limit",
          .kind = Kind::integer,
          .about = "how many events",
          .least = 1,
          .most = 100,
          .otherwise = "100"},
};
inline constexpr std::array<Field, 7> kCloudEventFields = {
    given("source", Kind::text),
    given("id", Kind::text),
    given("type", Kind::text),
    given("time", Kind::time),
    given("data", Kind::any),
    given("specversion", Kind::text),
    given("subject", Kind::text, "the tenant's id")};
inline constexpr Shape kCloudEvent = {.name = "CloudEvent", .fields = kCloudEventFields};
inline constexpr std::array<Field, 4> kIngestedEventFields = {
    given("event", Kind::object, kCloudEvent),
    given("ingestedAt", Kind::time, "the event's own time"),
    given("storedAt", Kind::time, "the event's own time"),
    at_times(given("validationError", Kind::text, "why no meter counts it")),
};
inline constexpr Shape kIngestedEvent = {.name = "IngestedEvent", .fields = kIngestedEventFields};

inline constexpr std::array<std::string_view, 2> kCorrectionActions = {"void", "replace"};
inline constexpr std::array<Field, 3> kReplacementFields = {
    of_kind("type", Kind::text, "as it was"), of_kind("time", Kind::time, "as it was"),
    of_kind("data", Kind::any, "as it was")};
inline constexpr Shape kReplacement = {.name = "Replacement",
                                       .fields = kReplacementFields,
                                       .about = "What the event should have been"};
inline constexpr std::array<Field, 7> kCorrectionBodyFields = {
    required(text_of("tenant_id", 1, kEventTextMax)),
    required(text_of("source", 1, kEventTextMax)),
    required(text_of("id", 1, kEventTextMax, "of the event that was wrong")),
    required(choice_of("action", kCorrectionActions)),
    required(kReasonField),
    of_kind("time", Kind::time, "of the event, where several have this id"),
    Field{.name = "event",
          .kind = Kind::object,
          .about = "what stands in its place, with the action replace",
          .shape = &kReplacement},
};
inline constexpr Shape kCorrectionBody = {.name = "NewCorrection", .fields = kCorrectionBodyFields};
inline constexpr std::array<Field, 4> kCorrectionsQuery = {
    of_kind("tenant_id", Kind::text, "the tenant's id, or several"), kPageField, kLimitField,
    sort_by(kCorrectionSorts, "")};
inline constexpr std::array<Field, 5> kKeptEventFields = {
    given("source", Kind::text), given("id", Kind::text), given("type", Kind::text),
    given("time", Kind::time), given("data", Kind::any)};
inline constexpr Shape kKeptEventShape = {.name = "KeptEvent", .fields = kKeptEventFields};
inline constexpr std::array<Field, 4> kLateLineFields = {
    given("meter", Kind::text), given("quantity", Kind::number), given("cost", Kind::number),
    given("currency", Kind::text)};
inline constexpr Shape kLateLineShape = {.name = "LateLine", .fields = kLateLineFields};
inline constexpr std::array<Field, 13> kCorrectionFields = {
    given("correction_id", Kind::text),
    given("tenant_id", Kind::text),
    given("source", Kind::text),
    given("event_id", Kind::text),
    given("action", kCorrectionActions),
    given("reason", Kind::text),
    given("period", Kind::month),
    given("event", Kind::object, kKeptEventShape),
    or_null(given("replacement", Kind::object, kKeptEventShape)),
    given("created_by", Kind::text),
    given("created_at", Kind::time),
    at_times(given("billed_in", Kind::month, "where the event's own month was closed")),
    at_times(given("late_lines", Kind::list, kLateLineShape)),
};
inline constexpr Shape kCorrectionShape = {.name = "Correction", .fields = kCorrectionFields};
inline constexpr std::array<Field, 2> kCorrectionListFields = {
    given("corrections", Kind::list, kCorrectionShape), kPaginationField};
inline constexpr Shape kCorrectionList = {.name = "CorrectionList",
                                          .fields = kCorrectionListFields};

}  // namespace metergate::api
