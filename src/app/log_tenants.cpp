#include "app/log_tenants.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "base/csv.h"
#include "http/words/path_readings.h"
#include "http/words/url.h"

namespace metergate {
namespace {

constexpr std::string_view kTenantMark = "{tenant}";
constexpr std::string_view kTenantPlace = "{tenant_id}";  // as in the routes of our own

// Without the query, and without the host that a target in absolute form names (RFC 9112, 3.2.2).
std::string_view path_of_target(std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  const std::size_t scheme = path.find("://");
  if (path.starts_with('/') || scheme == path.npos) return path;
  const std::size_t slash = path.find('/', scheme + 3);
  return slash == path.npos ? std::string_view{"/"} : path.substr(slash);
}

}  // namespace

Result<LogTenants::Pattern> LogTenants::read_pattern(std::string_view option,
                                                     const std::string& text) {
  const std::size_t mark = text.find(kTenantMark);
  if (mark == text.npos || text.find(kTenantMark, mark + 1) != text.npos)
    return fail(ErrorCode::invalid,
                fmt::format("{} must have {{tenant}} once, where the tenant stands, such as "
                            "/api/tenants/{{tenant}}/; not '{:.80}'",
                            option, text));
  return Pattern{text.substr(0, mark), text.substr(mark + kTenantMark.size())};
}

Result<LogTenants> LogTenants::create(const LogTenantOptions& options) {
  LogTenants made;
  made.tenant_ = options.tenant;
  for (const std::string& path : options.paths)
    made.paths_.push_back(TRY(read_pattern("--tenant-path", path)));
  const std::size_t colon = options.field.find(':');
  made.field_ = options.field.substr(0, colon);
  if (colon != std::string::npos)
    made.field_pattern_ = TRY(read_pattern("--tenant-field", options.field.substr(colon + 1)));
  std::istringstream in(options.map);
  CsvReader reader(in);
  for (;;) {
    const auto row = TRY(reader.next());
    if (!row) return made;
    if (row->size() != 2)
      return fail(ErrorCode::invalid,
                  fmt::format("line {} of --tenant-map must be two cells: a value of the log, and "
                              "the tenant's id",
                              reader.line()));
    made.map_[(*row)[0]] = (*row)[1];
  }
}

Result<std::string> LogTenants::mapped(std::string value) const {
  if (map_.empty()) return value;
  const auto found = map_.find(value);
  if (found == map_.end())
    return fail(ErrorCode::not_found, fmt::format("'{:.80}' is not in --tenant-map", value));
  return found->second;
}

std::optional<LogTenants::Found> LogTenants::find_in(std::string_view path) const {
  for (const Pattern& pattern : paths_) {
    if (!path.starts_with(pattern.before)) continue;
    const std::size_t end = std::min(path.find('/', pattern.before.size()), path.size());
    const std::string value{path.substr(pattern.before.size(), end - pattern.before.size())};
    const std::string_view rest = path.substr(end);
    // "/x/{tenant}/" fits "/x/acme" too.
    const bool fits = rest.starts_with(pattern.after) || (rest.empty() && pattern.after == "/");
    if (value.empty() || !fits) continue;
    return Found{value, fmt::format("{}{}{}", pattern.before, kTenantPlace, rest)};
  }
  return std::nullopt;
}

// The upstream answered the path as it read it, so a path that names another tenant, or none, in
// another reading is nobody's.
Result<std::optional<LogTenants::Found>> LogTenants::find_by_path(std::string_view target) const {
  const std::string_view path = path_of_target(target);
  const auto refuse = [&](std::string_view why) {
    return fail(ErrorCode::invalid, fmt::format("its path {:.80} is unclear: {}", path, why));
  };
  const auto plain = http::parse_passing_path(path);
  if (!plain) return refuse(plain.error().message);
  const auto readings = http::readings_of(*plain);
  if (!readings) return refuse(readings.error().message);
  std::optional<Found> found = find_in(readings->front());
  for (const std::string& reading : *readings) {
    const auto other = find_in(reading);
    if (other.has_value() != found.has_value() || (found && other->tenant != found->tenant))
      return refuse(fmt::format("it may also be read as {:.80}", reading));
  }
  if (found) found->tenant = TRY(mapped(found->tenant));
  return found;
}

Result<LogTenants::Found> LogTenants::find(const LogCall& call) const {
  if (!paths_.empty()) {
    if (auto found = TRY(find_by_path(call.target))) return *std::move(found);
  }
  const std::string path{path_of_target(call.target)};
  if (!field_.empty()) {
    const auto value = call.field(field_);
    if (value && !field_pattern_) return Found{TRY(mapped(std::string{*value})), path};
    if (value && value->starts_with(field_pattern_->before) &&
        value->ends_with(field_pattern_->after) &&
        value->size() > field_pattern_->before.size() + field_pattern_->after.size()) {
      const std::size_t length =
          value->size() - field_pattern_->before.size() - field_pattern_->after.size();
      return Found{TRY(mapped(std::string{value->substr(field_pattern_->before.size(), length)})),
                   path};
    }
  }
  if (!tenant_.empty()) return Found{tenant_, path};
  if (field_.empty())
    return fail(ErrorCode::not_found, fmt::format("no --tenant-path fits {:.80}", path));
  return fail(ErrorCode::not_found, fmt::format("its field {} names no tenant ('{:.80}')", field_,
                                                call.field(field_).value_or("none")));
}

}  // namespace metergate
