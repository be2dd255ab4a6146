// Meters: the meters that there are: the five built in, and those that the provider defines. Writes
// go to the store with their audit record in the same batch. Any thread.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "domain/meter.h"
#include "service/shared/actor.h"
#include "service/tenants/catalog.h"
#include "storage/shapes/store.h"

namespace metergate {

struct KnownMeter {
  MeterRecord record;               // of a built-in one: its face, made up here
  std::optional<Meter> built_in{};  // nothing: the provider's own
  Json metadata{};                  // an object of texts of the provider's; null: none
};

struct NewMeter {
  OwnMeter meter;
  std::string name;  // empty: the slug
  std::string description;
  // The kept events from this instant on are counted as well; no closed period's.
  std::optional<Timestamp> counts_from{};
  Json metadata{};  // kept with it and shown again; null: none
};

// What making a meter would count at once.
struct MeterPreview {
  MeterRecord record;
  std::vector<MeterMonth> months;  // by tenant and period
};

// What may change of a meter that counts already; nothing: stays as it is.
struct MeterPatch {
  std::optional<std::string> name;
  std::optional<std::string> description;
  std::optional<std::vector<Dimension>> group_by;  // must be what it is: see Meters::change
  std::optional<Json> metadata{};                  // in place of what there is
};

class Meters {
 public:
  Meters(Store& store, const Catalog& catalog, const Clock& clock)
      : store_(store), catalog_(catalog), clock_(clock) {}

  // The built-in ones first, then the provider's own by slug.
  Result<std::vector<KnownMeter>> all() const;
  // By slug or id; ErrorCode::not_found.
  Result<KnownMeter> get(std::string_view slug_or_id) const;
  // ErrorCode::invalid with a fault for each field that is wrong, or where there are kOwnMetersMax
  // already; duplicate where the slug is taken. Counts what is recorded from now on, and what is
  // kept from NewMeter::counts_from on.
  Result<MeterRecord> add(const NewMeter& wanted, const Actor& actor);
  // ErrorCode::invalid with a fault for each field that is wrong, for a built-in one, and for other
  // groups than it has: what was counted is kept by its groups and cannot be counted anew. A patch
  // that changes nothing writes nothing.
  Result<MeterRecord> change(std::string_view slug_or_id, const MeterPatch& patch,
                             const Actor& actor);
  // What add() would do; changes nothing. The same errors.
  Result<MeterPreview> preview(const NewMeter& wanted) const;
  // What was counted goes with it. ErrorCode::invalid for a built-in one, conflict where a plan on
  // offer names it.
  Result<> remove(std::string_view slug_or_id, const Actor& actor);

 private:
  Result<MeterRecord> draft(const NewMeter& wanted, Timestamp now) const;
  Store& store_;
  const Catalog& catalog_;
  const Clock& clock_;
  std::mutex changing_;  // so that the bound on their number holds
};

// As OpenMeter's API shows a meter.
Json meter_json(const KnownMeter& meter);
// What is shown before a meter is made.
Json preview_json(const MeterPreview& preview);

}  // namespace metergate
