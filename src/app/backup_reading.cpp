#include "app/backup_reading.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/backup_target.h"
#include "app/own_process.h"
#include "base/crypto.h"
#include "base/sha256_stream.h"
#include "storage/bytes/files.h"

namespace metergate {
namespace {

std::unexpected<Error> is_damaged(const std::string& backup, std::string_view how) {
  return fail(ErrorCode::corrupt,
              fmt::format("{} is damaged: {}; use another backup", backup, how));
}

class Reader {
 public:
  explicit Reader(const BackupReading& reading) : reading_(reading) {}

  Result<BackupContents> run() {
    const auto first = TRY(reading_.source.next());
    if (!first || first->name != kBackupAbout)
      return is_damaged(reading_.name, "it does not begin with backup.json");
    const std::string about = TRY(read_small(*first));
    contents_.about = TRY(read_about(about, reading_.name));
    auto entry = TRY(reading_.source.next());
    for (; entry && entry->name != kBackupManifest; entry = TRY(reading_.source.next()))
      TRY(take_file(*entry));
    if (!entry)
      return fail(ErrorCode::corrupt,
                  fmt::format("{} is not whole: it has no {}; use another backup", reading_.name,
                              kBackupManifest));
    const std::string manifest = TRY(read_small(*entry));
    contents_.manifest = TRY(read_manifest(manifest, reading_.name));
    if (contents_.manifest.about_sha256 != to_hex(sha256(about)))
      return is_damaged(reading_.name, "its backup.json is of another backup");
    TRY(compare());
    if (TRY(reading_.source.next())) return is_damaged(reading_.name, "something follows its end");
    return std::move(contents_);
  }

 private:
  Result<std::string> read_small(const TarEntry& entry) {
    if (entry.bytes > kBackupTextBytesMax)
      return is_damaged(reading_.name, entry.name + " is too long");
    std::string text;
    for (;;) {
      const std::string_view piece = TRY(reading_.source.read());
      if (piece.empty()) return text;
      text += piece;
    }
  }

  Result<> take_file(const TarEntry& entry) {
    if (!entry.name.starts_with(kBackupData) || !is_backup_path(entry.name))
      return is_damaged(reading_.name, fmt::format("{:.80} is no file of a backup", entry.name));
    const std::string path = entry.name.substr(kBackupData.size());
    std::optional<SparseFile> file;
    if (reading_.folder) {
      const std::filesystem::path target = *reading_.folder / path;
      TRY(make_folder(target.parent_path()));
      file.emplace(TRY(SparseFile::make(target)));
    }
    Sha256Stream hash;
    for (;;) {
      if (is_stop_wished())
        return fail(ErrorCode::conflict, "stopped by a signal; nothing was left behind");
      const std::string_view piece = TRY(reading_.source.read());
      if (piece.empty()) break;
      hash.add(piece);
      if (file) TRY(file->write(piece));
    }
    if (file) TRY(file->finish());
    found_.push_back({path, entry.bytes, to_hex(hash.finish())});
    contents_.bytes += entry.bytes;
    if (reading_.show) reading_.show(static_cast<std::int64_t>(found_.size()));
    return {};
  }

  Result<> compare() {
    std::ranges::sort(found_, {}, &BackupFile::path);
    const std::vector<BackupFile>& wanted = contents_.manifest.files;
    for (std::size_t at = 0; at < std::max(found_.size(), wanted.size()); ++at) {
      if (at == found_.size() || (at < wanted.size() && wanted[at].path < found_[at].path))
        return is_damaged(reading_.name, wanted[at].path + " is missing");
      if (at == wanted.size() || found_[at].path < wanted[at].path)
        return is_damaged(reading_.name, found_[at].path + " does not belong to it");
      if (found_[at].bytes != wanted[at].bytes || found_[at].sha256 != wanted[at].sha256)
        return is_damaged(reading_.name, wanted[at].path + " was changed");
    }
    return {};
  }

  const BackupReading& reading_;
  BackupContents contents_;
  std::vector<BackupFile> found_;
};

}  // namespace

Result<BackupContents> read_backup(const BackupReading& reading) { return Reader(reading).run(); }

Result<> read_back(const std::filesystem::path& folder, const BackupManifest& manifest) {
  for (const BackupFile& wanted : manifest.files) {
    const std::filesystem::path path = folder / wanted.path;
    const File file = TRY(File::open(path, File::Mode::read));
    TRY(file.forget_cached());
    Sha256Stream hash;
    for (std::int64_t done = 0; done < wanted.bytes;) {
      const auto size =
          static_cast<std::size_t>(std::min<std::int64_t>(kBackupPieceBytes, wanted.bytes - done));
      hash.add(TRY(file.read(done, size)).view());
      done += static_cast<std::int64_t>(size);
    }
    if (to_hex(hash.finish()) != wanted.sha256)
      return fail(ErrorCode::storage,
                  fmt::format("{} does not read as it was written; check that disk, or restore "
                              "into another folder",
                              path.string()));
  }
  return {};
}

}  // namespace metergate
