// Record documents: the stored and shown forms of a tenant's records. Plain functions; safe from
// any thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "domain/identity.h"
#include "storage/shapes/store.h"

namespace metergate {

inline constexpr std::string_view kDeleted = "deleted";

inline DocumentKey record_key(const TenantAccess& access, std::string id) {
  return DocumentKey{access.tenant().text(), std::move(id)};
}

inline bool is_deleted(const Json& record) { return record.string_at("status") == kDeleted; }
inline bool is_active_record(const Json& record) { return record.string_at("status") == "active"; }

// The shown form lacks the revision, which only the store uses.
inline Json shown_record(Json document) {
  document.remove("revision");
  return document;
}

}  // namespace metergate
