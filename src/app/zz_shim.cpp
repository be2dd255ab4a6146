#include "service/audit_log.h"
#include "storage/memory_store.h"
#include "storage/open_store.h"
namespace metergate {
Result<std::unique_ptr<Store>> open_embedded_store(const EmbeddedOptions& o, const Clock&,
                                                   const Log&) {
  std::filesystem::create_directories(o.folder);
  return std::unique_ptr<Store>(make_memory_store(o.zone, o.formula));
}
bool is_folder_in_use(const std::filesystem::path& f) {
  return std::filesystem::exists(f / "control.sock");
}
Result<AuditVerdict> AuditLog::verify() const { return AuditVerdict{}; }
Result<AuditPage> AuditLog::list(const AuditFilter&, std::int64_t, std::int64_t) const {
  return AuditPage{};
}
}  // namespace metergate
