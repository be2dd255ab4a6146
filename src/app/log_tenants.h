// LogTenants: whose call a line of an access log is: by its path, a field, or for all lines one.
// Immutable once made; safe from any thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/access_log.h"
#include "base/result.h"

namespace metergate {

struct LogTenantOptions {
  std::string tenant;              // all lines are this tenant's
  std::vector<std::string> paths;  // "/api/tenants/{tenant}/": the first that fits
  std::string field;               // "host", "user", "x-tenant", "host:{tenant}.example.com"
  std::string map;                 // the text of a CSV file: value, tenant
  bool is_empty() const { return tenant.empty() && paths.empty() && field.empty(); }
};

class LogTenants {
 public:
  // ErrorCode::invalid names the option and its fault.
  static Result<LogTenants> create(const LogTenantOptions& options);

  // ErrorCode::not_found says why the line is nobody's; invalid, that its path is unclear.
  struct Found {
    std::string tenant;
    // The path with {tenant_id} in place of the tenant, if it was found there.
    std::string path;
  };
  Result<Found> find(const LogCall& call) const;

 private:
  struct Pattern {
    std::string before;  // {tenant}
    std::string after;
  };
  static Result<Pattern> read_pattern(std::string_view option, const std::string& text);
  Result<std::string> mapped(std::string value) const;
  std::optional<Found> find_in(std::string_view path) const;  // the tenant not mapped yet
  Result<std::optional<Found>> find_by_path(std::string_view target) const;

  std::string tenant_;
  std::vector<Pattern> paths_;
  std::string field_;
  std::optional<Pattern> field_pattern_;
  std::map<std::string, std::string> map_;  // empty: values are tenants' ids
};

}  // namespace metergate
