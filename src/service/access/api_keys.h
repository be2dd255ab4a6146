// ApiKeys: keys for servers that send events or read figures without a person. A key is shown once;
// only its hash is stored. Safe from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "service/access/sessions.h"
#include "service/shared/actor.h"
#include "storage/shapes/store.h"

namespace metergate {

inline constexpr std::string_view kKeyPrefix = "mg_live_";

class ApiKeys {
 public:
  ApiKeys(Store& store, const Clock& clock) : store_(store), clock_(clock) {}

  Result<MadeKey> add(const NewKey& key, const Actor& actor);
  Result<> revoke(const std::string& key_id, const Actor& actor);
  Result<std::vector<Json>> list() const;
  // ErrorCode::unauthorized if the key is unknown, revoked or expired.
  Result<Caller> authenticate(std::string_view key) const;

 private:
  Store& store_;
  const Clock& clock_;
};

}  // namespace metergate
