#include "app/backup_format.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto.h"
#include "base/json.h"

namespace metergate {
namespace {

std::unexpected<Error> damaged_part(std::string_view backup, std::string_view part) {
  return fail(ErrorCode::corrupt,
              fmt::format("{} is damaged: its {} was changed; use another backup", backup, part));
}

// The text with its own hash as the last member.
std::string sealed(Json value) {
  value.set("checksum", to_hex(sha256(to_text(value))));
  return to_text(value) + "\n";
}

Result<Json> unsealed(std::string_view text, std::string_view backup, std::string_view part) {
  auto value = parse_json(text);
  if (!value || !value->is_object()) return damaged_part(backup, part);
  const std::string checksum = value->string_at("checksum").value_or("");
  value->remove("checksum");
  if (checksum != to_hex(sha256(to_text(*value)))) return damaged_part(backup, part);
  return *std::move(value);
}

}  // namespace

std::string about_text(const BackupAbout& about) {
  return sealed(Json::object({{"backup_format", kBackupFormat},
                              {"version", about.version},
                              {"taken_at", to_text(about.taken_at)},
                              {"time_zone", about.time_zone},
                              {"currency", about.currency},
                              {"sequence", about.sequence},
                              {"audit_head", about.audit_head}}));
}

Result<BackupAbout> read_about(std::string_view text, std::string_view backup) {
  const auto parsed = parse_json(text);
  const auto format = parsed ? parsed->integer_at("backup_format") : std::optional<std::int64_t>{};
  // Before the checksum, whose rule a newer format may change.
  if (format && *format > kBackupFormat)
    return fail(ErrorCode::invalid,
                fmt::format("{} is a backup of format {}, made by metergate {:.40}; this version "
                            "reads format {}: restore it with that version or a newer one",
                            backup, *format, parsed->string_at("version").value_or("of later"),
                            kBackupFormat));
  const Json value = TRY(unsealed(text, backup, kBackupAbout));
  const auto version = value.string_at("version");
  const auto taken_at = parse_timestamp(value.string_at("taken_at").value_or(""));
  const auto time_zone = value.string_at("time_zone");
  const auto currency = value.string_at("currency");
  const auto sequence = value.integer_at("sequence");
  const auto audit_head = value.string_at("audit_head");
  if (format != kBackupFormat || !version || !taken_at || !time_zone || !currency || !sequence ||
      !audit_head)
    return damaged_part(backup, kBackupAbout);
  return BackupAbout{.version = *version,
                     .taken_at = *taken_at,
                     .time_zone = *time_zone,
                     .currency = *currency,
                     .sequence = *sequence,
                     .audit_head = *audit_head};
}

std::string manifest_text(const BackupManifest& manifest) {
  Json files = Json::array();
  for (const BackupFile& file : manifest.files)
    files.push_back(
        Json::object({{"path", file.path}, {"bytes", file.bytes}, {"sha256", file.sha256}}));
  return sealed(Json::object({{"about_sha256", manifest.about_sha256}, {"files", files}}));
}

Result<BackupManifest> read_manifest(std::string_view text, std::string_view backup) {
  const Json value = TRY(unsealed(text, backup, kBackupManifest));
  const Json* files = value.find("files");
  auto about = value.string_at("about_sha256");
  if (files == nullptr || !files->is_array() || !about)
    return damaged_part(backup, kBackupManifest);
  BackupManifest manifest{.about_sha256 = *std::move(about), .files = {}};
  for (const Json& entry : files->as_array()) {
    auto path = entry.string_at("path");
    const auto bytes = entry.integer_at("bytes");
    auto hash = entry.string_at("sha256");
    if (!path || !bytes || !hash || !is_backup_path(*path))
      return damaged_part(backup, kBackupManifest);
    manifest.files.push_back({*std::move(path), *bytes, *std::move(hash)});
  }
  return manifest;
}

bool is_backup_path(std::string_view path) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '/';
  };
  if (path.empty() || !std::ranges::all_of(path, is_plain)) return false;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    if (end == at || path[at] == '.') return false;
    at = end + 1;
  }
  return true;
}

}  // namespace metergate
