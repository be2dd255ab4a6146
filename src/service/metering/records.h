// Records: a tenant's stores, devices, sales and tickets.
//
// A record is a document with the field names of the collections. A deleted one stays with status
// "deleted", is neither listed nor counted, and is replaced by a new one with its id. No active
// device is without a store: a store with active devices is deleted with them or not at all.
// Changes by a provider are audited in the same batch; a tenant's own are not. Every verb takes the
// proof of a right to the tenant's data. Safe from any thread.
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
  bool has_status;             // it can be suspended and deleted
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
inline constexpr std::int64_t kDevicesRemovedMax = 1000;       // with a store, in one batch

// In all of these, the server makes a missing id.
struct NewStore {
  std::optional<std::string> id;
  std::string name;
};

struct NewDevice {
  std::optional<std::string> id;
  std::string store_id;  // an existing store's
  std::string name;
  std::string type;
};

// A sale or a ticket; only a sale has amount and currency, only a ticket a sale_id.
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
  std::int64_t total = 0;  // the number that match
  std::vector<Json> records;
};

class Records {
 public:
  struct Parts {
    Store& store;
    const Directory& directory;
    Enforcement& enforcement;
    Deliveries& deliveries;  // send changes to the tenant's webhooks
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

  // Each returns the record. ErrorCode::limit_exceeded if a hard limit leaves no room (also if a
  // change makes a record active); duplicate if a record with the id exists; invalid with all
  // faults of the fields.
  Result<Json> add_store(const TenantAccess& access, const NewStore& wanted, const Actor& actor);
  Result<Json> add_device(const TenantAccess& access, const NewDevice& wanted, const Actor& actor);
  Result<Json> add_sale(const TenantAccess& access, const NewTrade& wanted, const Actor& actor);
  Result<Json> add_ticket(const TenantAccess& access, const NewTrade& wanted, const Actor& actor);

  // ErrorCode::not_found if it does not exist or is deleted; also below.
  Result<Json> get(const TenantAccess& access, RecordKind kind, const std::string& id) const;
  Result<RecordPage> list(const TenantAccess& access, RecordKind kind,
                          const RecordQuery& query) const;

  struct Reference {
    RecordKind kind;  // store or device
    std::string id;
  };
  // ErrorCode::conflict if someone else changed it at the same time, or if a device would be active
  // without a store.
  Result<Json> change(const TenantAccess& access, const Reference& which, const RecordPatch& patch,
                      const Actor& actor);
  // The treatment of a store's devices when the store is deleted.
  enum class Devices : std::uint8_t {
    keep,   // ErrorCode::conflict if one is active; suspended ones stay
    remove  // all are deleted too; ErrorCode::conflict above kDevicesRemovedMax
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
    std::int64_t revision = 0;  // of the present document; 0: none
  };
  // Changes that are written together, with their consequences.
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
  // One of these locks, chosen by the tenant, is held while a device becomes active or a store is
  // deleted, so that each sees the other.
  static constexpr std::size_t kHousingLocks = 32;
  std::mutex& housing_of(const TenantAccess& access);
  std::array<std::mutex, kHousingLocks> housing_;
};

}  // namespace metergate
