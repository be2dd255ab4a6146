// The parameters and answers of a tenant's own routes: stores, devices, sales, tickets and its
// usage. Constant data; any thread.
#pragma once

#include "api/billing_fields.h"
#include "service/metering/records.h"

namespace metergate::api {

inline constexpr std::size_t kCurrencyLength = 3;

inline constexpr std::array<std::string_view, 5> kStoreSorts = {"store_id", "name", "status",
                                                                "created_at", "updated_at"};
inline constexpr std::array<std::string_view, 7> kDeviceSorts = {
    "device_id", "store_id", "name", "type", "status", "created_at", "updated_at"};
inline constexpr std::array<std::string_view, 4> kSaleSorts = {"timestamp", "sale_id", "amount",
                                                               "created_at"};
inline constexpr std::array<std::string_view, 3> kTicketSorts = {"timestamp", "ticket_id",
                                                                 "created_at"};
inline constexpr Field kStatusFilter = filter_of("status", kRecordStatuses, "whether it is in use");
inline constexpr Field kStoreFilter = of_kind("store_id", Kind::text, "of this store");
inline constexpr Field kDeviceFilter = of_kind("device_id", Kind::text, "of this device");
inline constexpr Field kFromField = range_end("from", "from this day or instant on");
inline constexpr Field kToField = range_end("to", "up to this day, or before this instant");

inline constexpr std::array<Field, 4> kStoresQuery = {
    kPageField, kLimitField, sort_by(kStoreSorts, "store_id"), kStatusFilter};
inline constexpr std::array<Field, 6> kDevicesQuery = {
    kPageField,
    kLimitField,
    sort_by(kDeviceSorts, "device_id"),
    kStatusFilter,
    filter_of("type", kDeviceTypes, "what it is"),
    kStoreFilter};
inline constexpr std::array<Field, 7> kSalesQuery = {
    kPageField, kLimitField, sort_by(kSaleSorts, "-timestamp"), kStoreFilter, kDeviceFilter,
    kFromField, kToField};
inline constexpr std::array<Field, 8> kTicketsQuery = {
    kPageField,   kLimitField,   sort_by(kTicketSorts, "-timestamp"),
    kStoreFilter, kDeviceFilter, of_kind("sale_id", Kind::text, "of this sale"),
    kFromField,   kToField};
inline constexpr std::array<std::string_view, 1> kDeleteWords = {"delete"};
inline constexpr std::array<Field, 1> kDeleteStoreQuery = {
    choice_of("devices", kDeleteWords, "delete: its devices are deleted, too")};

inline constexpr std::array<Field, 2> kNewStoreFields = {
    id_of("store_id", "made by the server where it is left out"),
    required(text_of("name", 1, kNameLengthMax))};
inline constexpr Shape kNewStoreBody = {.name = "NewStore", .fields = kNewStoreFields};
inline constexpr std::array<Field, 4> kNewDeviceFields = {
    id_of("device_id", "made by the server where it is left out"),
    required(id_of("store_id", "the store that it stands in")),
    required(text_of("name", 1, kNameLengthMax)), required(choice_of("type", kDeviceTypes))};
inline constexpr Shape kNewDeviceBody = {.name = "NewDevice", .fields = kNewDeviceFields};
inline constexpr std::array<Field, 2> kRecordPatchFields = {
    text_of("name", 1, kNameLengthMax),
    choice_of("status", kRecordStatuses, "a suspended one does not count")};
inline constexpr Shape kRecordPatchBody = {.name = "RecordPatch", .fields = kRecordPatchFields};
inline constexpr std::array<Field, 6> kNewSaleFields = {
    id_of("sale_id", "made by the server where it is left out"),
    id_of("store_id", "where it was sold"),
    id_of("device_id", "what sold it"),
    of_kind("timestamp", Kind::time, "when it was; now, where it is left out"),
    required(Field{.name = "amount",
                   .kind = Kind::integer,
                   .about = "in minor units",
                   .least = 0,
                   .most = kAmountMax}),
    text_of("currency", kCurrencyLength, kCurrencyLength, "ISO 4217; the server's own")};
inline constexpr Shape kNewSaleBody = {.name = "NewSale", .fields = kNewSaleFields};
inline constexpr std::array<Field, 5> kNewTicketFields = {
    id_of("ticket_id", "made by the server where it is left out"),
    id_of("store_id", "where it was given out"), id_of("device_id", "what gave it out"),
    of_kind("timestamp", Kind::time, "when it was; now, where it is left out"),
    id_of("sale_id", "the sale that it belongs to")};
inline constexpr Shape kNewTicketBody = {.name = "NewTicket", .fields = kNewTicketFields};

inline constexpr std::array<std::string_view, 3> kShownStatuses = {kRecordStatuses[0],
                                                                   kRecordStatuses[1], "deleted"};
inline constexpr std::array<Field, 6> kStoreFields = {
    given("tenant_id", Kind::text),  given("store_id", Kind::text),
    given("name", Kind::text),       given("status", kShownStatuses),
    given("created_at", Kind::time), given("updated_at", Kind::time)};
inline constexpr Shape kStoreShape = {.name = "Store", .fields = kStoreFields};
inline constexpr std::array<Field, 8> kDeviceFields = {
    given("tenant_id", Kind::text),  given("device_id", Kind::text),
    given("store_id", Kind::text),   given("name", Kind::text),
    given("type", kDeviceTypes),     given("status", kShownStatuses),
    given("created_at", Kind::time), given("updated_at", Kind::time)};
inline constexpr Shape kDeviceShape = {.name = "Device", .fields = kDeviceFields};
inline constexpr std::array<Field, 9> kSaleFields = {
    given("tenant_id", Kind::text),
    given("sale_id", Kind::text),
    at_times(or_null(given("store_id", Kind::text))),
    at_times(or_null(given("device_id", Kind::text))),
    given("amount", Kind::integer, "in minor units"),
    given("currency", Kind::text),
    given("timestamp", Kind::time),
    given("created_at", Kind::time),
    given("updated_at", Kind::time)};
inline constexpr Shape kSaleShape = {.name = "Sale", .fields = kSaleFields};
inline constexpr std::array<Field, 8> kTicketFields = {
    given("tenant_id", Kind::text),
    given("ticket_id", Kind::text),
    at_times(or_null(given("sale_id", Kind::text))),
    at_times(or_null(given("store_id", Kind::text))),
    at_times(or_null(given("device_id", Kind::text))),
    given("timestamp", Kind::time),
    given("created_at", Kind::time),
    given("updated_at", Kind::time)};
inline constexpr Shape kTicketShape = {.name = "Ticket", .fields = kTicketFields};
inline constexpr std::array<Field, 2> kStoreListFields = {given("stores", Kind::list, kStoreShape),
                                                          kPaginationField};
inline constexpr Shape kStoreList = {.name = "StoreList", .fields = kStoreListFields};
inline constexpr std::array<Field, 2> kDeviceListFields = {
    given("devices", Kind::list, kDeviceShape), kPaginationField};
inline constexpr Shape kDeviceList = {.name = "DeviceList", .fields = kDeviceListFields};
inline constexpr std::array<Field, 2> kSaleListFields = {given("sales", Kind::list, kSaleShape),
                                                         kPaginationField};
inline constexpr Shape kSaleList = {.name = "SaleList", .fields = kSaleListFields};
inline constexpr std::array<Field, 2> kTicketListFields = {
    given("tickets", Kind::list, kTicketShape), kPaginationField};
inline constexpr Shape kTicketList = {.name = "TicketList", .fields = kTicketListFields};

inline constexpr std::array<std::string_view, 2> kEffectWords = {"hard", "soft"};
inline constexpr std::array<Field, 8> kAllowanceFields = {
    given("meter", Kind::text),
    given("period", Kind::month),
    or_null(given("used", Kind::number)),
    or_null(given("limit", Kind::number)),
    or_null(given("remaining", Kind::number)),
    or_null(given("effect", kEffectWords)),
    given("allowed", Kind::flag, "whether one more would be let through now"),
    given("resets_at", Kind::time),
};
inline constexpr Shape kAllowanceShape = {.name = "Allowance", .fields = kAllowanceFields};

}  // namespace metergate::api
