// Meters: the five built-in meters and those that the provider defines. Writes go to the store with
// their audit record in the same batch. Safe from any thread.
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
  MeterRecord record;               // for a built-in one: made here
  std::optional<Meter> built_in{};  // nothing: an own meter
  Json metadata{};                  // an object of texts of the provider's; null: none
};

inline constexpr std::size_t kMeterNameMax = 256;          // characters
inline constexpr std::size_t kMeterDescriptionMax = 1024;  // characters

struct NewMeter {
  OwnMeter meter;
  std::string name;  // empty: the slug
  std::string description;
  // Kept events from this instant on are counted too; never those of a closed period.
  std::optional<Timestamp> counts_from{};
  Json metadata{};  // kept with it and shown again; null: none
};

// The figures that creating a meter would count at once.
struct MeterPreview {
  MeterRecord record;
  std::vector<MeterMonth> months;  // by tenant and period
};

// The changes to an existing meter; nothing: unchanged.
struct MeterPatch {
  std::optional<std::string> name;
  std::optional<std::string> description;
  std::optional<std::vector<Dimension>> group_by;  // must not differ: see Meters::change
  std::optional<Json> metadata{};                  // in place of what there is
};

class Meters {
 public:
  Meters(Store& store, const Catalog& catalog, const Clock& clock)
      : store_(store), catalog_(catalog), clock_(clock) {}

  // The built-in ones, then the provider's own by slug.
  Result<std::vector<KnownMeter>> all() const;
  // By slug or id; ErrorCode::not_found.
  Result<KnownMeter> get(std::string_view slug_or_id) const;
  // ErrorCode::invalid with a fault for each wrong field, or if there are kOwnMetersMax already;
  // duplicate if the slug is taken. Counts events recorded from now on, and kept events from
  // NewMeter::counts_from on.
  Result<MeterRecord> add(const NewMeter& wanted, const Actor& actor);
  // ErrorCode::invalid with a fault for each wrong field, for a built-in meter, and for other
  // groups, since the counted figures are kept by group and cannot be recounted. A patch without a
  // difference writes nothing.
  Result<MeterRecord> change(std::string_view slug_or_id, const MeterPatch& patch,
                             const Actor& actor);
  // The result of add(), without changing anything. The same errors.
  Result<MeterPreview> preview(const NewMeter& wanted) const;
  // Its figures are removed with it. ErrorCode::invalid for a built-in meter, conflict if a plan on
  // offer names it.
  Result<> remove(std::string_view slug_or_id, const Actor& actor);

 private:
  Result<MeterRecord> draft(const NewMeter& wanted, Timestamp now) const;
  Store& store_;
  const Catalog& catalog_;
  const Clock& clock_;
  std::mutex changing_;  // keeps the number within its bound
};

// A meter as in OpenMeter's API.
Json meter_json(const KnownMeter& meter);
// The preview before a meter is created.
Json preview_json(const MeterPreview& preview);

}  // namespace metergate
