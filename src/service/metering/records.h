// Records: a tenant's own stores, devices, sales and tickets.
//
// A record is a document with the field names of the collections; a deleted one stays as a document
// with status "deleted", is neither listed nor counted, and gives way to a new one with its id. No
// active device is without a store: one that has them is deleted with them or not at all. What a
// provider changes here is audited in the same batch; a tenant's own book-keeping is not. Every
// verb takes the proof of a right to the tenant's data. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/identity.h"
#include "service/metering/enforcement.h"
#include "service/shared/actor.h"
#include "service/shared/rules.h"
#include "service/tenants/directory.h"
#include "service/webhooks/deliveries.h"
#include "storage/shapes/store.h"

namespace metergate {

enum class RecordKind : std::uint8_t { store, device, sale, ticket };

struct RecordRow {
  RecordKind kind;
  Collection collection;
  std::string_view name;       // "store": in audit actions and messages
  std::string_view list_name;  // "stores": in paths and lists
  std::string_view id_name;    // "store_id"
  bool has_status;             // can be suspended and deleted
};

inline constexpr std::array<RecordRow, 4> kRecordKinds = {{
    {RecordKind::store, Collection::stores, "store", "stores", "store_id", true},
    {RecordKind::device, Collection::devices, "device", "devices", "device_id", true},
    {RecordKind::sale, Collection::sales, "sale", "sales", "sale_id", false},
    {RecordKind::ticket, Collection::tickets, "ticket", "tickets", "ticket_id", false},
}};

constexpr const RecordRow& row_of(RecordKind kind) {
  return kRecordKinds[static_cast<std::size_t>(kind)];
}

inline constexpr std::array<std::string_view, 4> kDeviceTypes = {"POS", "GATE", "KIOSK", "ADMIN"};
inline constexpr std::array<std::string_view, 2> kRecordStatuses = {"active", "suspended"};
inline constexpr std::int64_t kAmountMax = 1'000'000'000'000;  // minor units
inline constexpr std::int64_t kDevicesRemovedMax = 1000;       // with their store, in one batch

// In all of these an id that is left out is made by the server.
struct NewStore {
  std::optional<std::string> id;
  std::string name;
};

struct NewDevice {
  std::optional<std::string> id;
  std::string store_id;  // of a store that exists
  std::string name;
  std::string type;
};

// A sale or a ticket; amount and currency are a sale's, sale_id is a ticket's.
struct NewTrade {
  std::optional<std::string> id;
  std::optional<std::string> sale_id;
  std::optional<std::string> store_id;
  std::optional<std::string> device_id;
  std::int64_t amount = 0;               // minor units, 0 to 10^12
  std::optional<std::string> currency;   // nothing: the billing currency
  std::optional<Timestamp> occurred_at;  // nothing: now
};

struct RecordPatch {
  std::optional<std::string> name;
  std::optional<std::string> status;
};

struct RecordQuery {
  std::vector<std::pair<std::string, std::string>> equal{};  // field and value
  std::optional<Timestamp> from{};                           // of `timestamp`; half-open
  std::optional<Timestamp> to{};
  std::string sort{};  // "field" or "-field"; empty: by id
  std::int64_t page = 1;
  std::int64_t limit = 50;
};

struct RecordPage {
  std::int64_t total = 0;  // that match
  std::vector<Json> records;
};

class Records {
 public:
  struct Parts {
    Store& store;
    const Directory& directory;
    Enforcement& enforcement;
    Deliveries& deliveries;  // what happens here is told to the tenant's webhooks
    const BillingRules& rules;
    const Clock& clock;
  };
  explicit Records(const Parts& parts)
      : store_(parts.store),
        directory_(parts.directory),
        enforcement_(parts.enforcement),
        deliveries_(parts.deliveries),
        rules_(parts.rules),
        clock_(parts.clock) {}

  // Each answers the record. ErrorCode::limit_exceeded: a hard limit of the plan leaves no room,
  // likewise where a change makes a record active; ErrorCode::duplicate: the id is that of a record
  // that is there; ErrorCode::invalid: all that is wrong with the fields.
  Result<Json> add_store(const TenantAccess& access, const NewStore& wanted, const Actor& actor);
  Result<Json> add_device(const TenantAccess& access, const NewDevice& wanted, const Actor& actor);
  Result<Json> add_sale(const TenantAccess& access, const NewTrade& wanted, const Actor& actor);
  Result<Json> add_ticket(const TenantAccess& access, const NewTrade& wanted, const Actor& actor);

  // ErrorCode::not_found where there is none or it is deleted; likewise below.
  Result<Json> get(const TenantAccess& access, RecordKind kind, const std::string& id) const;
  Result<RecordPage> list(const TenantAccess& access, RecordKind kind,
                          const RecordQuery& query) const;

  struct Reference {
    RecordKind kind;  // store or device
    std::string id;
  };
  // ErrorCode::conflict where somebody else changed it at the same time, or where a device would be
  // active without a store.
  Result<Json> change(const TenantAccess& access, const Reference& which, const RecordPatch& patch,
                      const Actor& actor);
  // What a store's removal does with its devices.
  enum class Devices : std::uint8_t {
    keep,   // ErrorCode::conflict where one is active; suspended ones stay as they are
    remove  // all of them go with it; ErrorCode::conflict above kDevicesRemovedMax
  };
  Result<Json> remove(const TenantAccess& access, const Reference& which, const Actor& actor,
                      Devices devices = Devices::keep);

 private:
  struct Change {
    const RecordRow& row;
    std::string id;
    Json before;
    Json after;
    std::string_view verb;      // "created", "updated", "deleted"
    std::int64_t revision = 0;  // of the document in its place; 0: there is none
  };
  // Changes that are written together, with what follows from each.
  struct Pending {
    Batch batch;
    Announced announced;
  };
  Result<Json> add(const TenantAccess& access, RecordKind kind, Json document, const Actor& actor);
  Result<Json> write(const TenantAccess& access, Change change, const Actor& actor);
  Json stage(const TenantAccess& access, Change change, const Actor& actor, Pending& pending);
  Change deletion_of(RecordKind kind, Json before, Timestamp now) const;
  Result<std::vector<Json>> devices_of(const TenantAccess& access, const std::string& store_id,
                                       Devices devices) const;
  Result<Json> remove_store(const TenantAccess& access, Json store, const Actor& actor,
                            Devices devices);
  Result<> check_has_store(const TenantAccess& access, const Json& device) const;
  Result<Enforcement::Hold> hold_room(const TenantAccess& access, const Change& change);
  Result<Json> add_trade(const TenantAccess& access, RecordKind kind, const NewTrade& wanted,
                         const Actor& actor);
  Result<Json> find(const TenantAccess& access, const Reference& which) const;
  Result<bool> has_store(const TenantAccess& access, const std::string& store_id) const;
  Store& store_;
  const Directory& directory_;
  Enforcement& enforcement_;
  Deliveries& deliveries_;
  const BillingRules& rules_;
  const Clock& clock_;
  // One of them, by the tenant, is held where a device becomes active or a store is deleted, so
  // that neither misses the other.
  static constexpr std::size_t kHousingLocks = 32;
  std::mutex& housing_of(const TenantAccess& access);
  std::array<std::mutex, kHousingLocks> housing_;
};

}  // namespace metergate
