#include "storage/archive/archive.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "storage/archive/archive_cursor.h"
#include "storage/archive/archive_file.h"
#include "storage/archive/packed_events.h"
#include "storage/bytes/files.h"

namespace metergate {
namespace {

using FilePointer = std::shared_ptr<ArchiveFile>;

std::filesystem::path beside(const std::filesystem::path& path) {
  return std::filesystem::path{path.string() + std::string{kUnfinishedSuffix}};
}

// Writes a file beside its final name and reads it back completely.
Result<> write_beside(const std::filesystem::path& path, SequenceSpan span,
                      const PackedEvents& events) {
  TRY(ArchiveFile::write(beside(path), span, events));
  const FilePointer written = TRY(ArchiveFile::open(beside(path), span));
  return written->verify();
}

// Renames the file to its final name.
Result<FilePointer> publish(const std::filesystem::path& path, SequenceSpan span) {
  TRY(rename_file(beside(path), path));
  TRY(sync_folder(path.parent_path()));
  return ArchiveFile::open(path, span);
}

class FolderArchive final : public Archive {
 public:
  FolderArchive(std::filesystem::path folder, std::vector<FilePointer> files)
      : folder_(std::move(folder)), files_(std::move(files)) {}

  Result<> add(std::uint64_t first_sequence, std::uint64_t last_sequence,
               PackedEvents events) override;
  std::uint64_t archived_through() const override;
  Result<std::unique_ptr<EventCursor>> newest_first(const EventRange& range) const override {
    return make_newest_first(files(), range);
  }
  Result<> for_each(const EventRange& range,
                    const std::function<bool(const ArchivedEvent&)>& visit) const override;
  Result<std::int64_t> count(const EventRange& range, const Counted& counted) const override;
  std::int64_t event_count() const override;
  std::int64_t bytes() const override;
  Result<std::int64_t> remove_before(Timestamp at, std::size_t files_max) override;

 private:
  std::vector<FilePointer> files() const {
    const std::lock_guard lock{mutex_};
    return files_;
  }
  Result<> remove(const FilePointer& file);
  Result<std::int64_t> write_since(const FilePointer& file, Timestamp at);
  void replace(const FilePointer& file, FilePointer with);

  const std::filesystem::path folder_;
  mutable std::mutex mutex_;
  std::vector<FilePointer> files_;  // by sequence, without overlap
};

Result<> FolderArchive::add(std::uint64_t first_sequence, std::uint64_t last_sequence,
                            PackedEvents events) {
  const SequenceSpan span{first_sequence, last_sequence};
  for (const FilePointer& file : files()) {
    if (file->span().first == span.first && file->span().last == span.last) return {};
  }
  if (first_sequence > last_sequence || first_sequence <= archived_through()) {
    return fail(ErrorCode::invalid, fmt::format("batches {} to {} cannot be archived behind {}",
                                                first_sequence, last_sequence, archived_through()));
  }
  events.sort();
  const std::filesystem::path path = ArchiveFile::path_of(folder_, span);
  TRY(write_beside(path, span, events));
  FilePointer file = TRY(publish(path, span));
  const std::lock_guard lock{mutex_};
  files_.push_back(std::move(file));
  return {};
}

std::uint64_t FolderArchive::archived_through() const {
  const std::lock_guard lock{mutex_};
  return files_.empty() ? 0 : files_.back()->span().last;
}

std::int64_t FolderArchive::event_count() const {
  std::int64_t events = 0;
  for (const FilePointer& file : files()) events += file->event_count();
  return events;
}

std::int64_t FolderArchive::bytes() const {
  std::int64_t bytes = 0;
  for (const FilePointer& file : files()) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file->path(), error);
    if (!error) bytes += static_cast<std::int64_t>(size);
  }
  return bytes;
}

Result<> FolderArchive::for_each(const EventRange& range,
                                 const std::function<bool(const ArchivedEvent&)>& visit) const {
  for (const FilePointer& file : files()) {
    const auto blocks = file->blocks_of(range);
    if (blocks.empty()) continue;
    const std::optional<File> opened = TRY(file->open_to_read());
    if (!opened) continue;
    for (const std::uint32_t which : blocks) {
      const BlockEntry& block = file->blocks()[which];
      const BlockKeys keys = TRY(file->read_keys(*opened, block));
      const std::vector<std::uint32_t> positions = positions_of(keys, range);
      if (positions.empty()) continue;
      for (const auto& event : TRY(file->read_events(*opened, block, keys, positions))) {
        if (!visit(event)) return {};
      }
    }
  }
  return {};
}

Result<std::int64_t> FolderArchive::count(const EventRange& range, const Counted& counted) const {
  std::int64_t events = 0;
  for (const FilePointer& file : files()) {
    if (file->span().last > counted.through) break;
    events += TRY(file->count(range, counted.kind));
  }
  return events;
}

void FolderArchive::replace(const FilePointer& file, FilePointer with) {
  const std::lock_guard lock{mutex_};
  const auto at = std::ranges::find(files_, file);
  if (with) {
    *at = std::move(with);
  } else {
    files_.erase(at);
  }
}

Result<> FolderArchive::remove(const FilePointer& file) {
  const bool is_newest = file->span().last == archived_through();
  FilePointer emptied;
  // The newest file records how far the archive goes, so it is emptied instead of removed.
  if (is_newest) {
    TRY(write_beside(file->path(), file->span(), PackedEvents{}));
    file->retire();
    emptied = TRY(publish(file->path(), file->span()));
  } else {
    file->retire();
    TRY(remove_file(file->path()));
  }
  replace(file, std::move(emptied));
  return {};
}

// Replaces the file by one with its remaining events; returns the number of events removed.
Result<std::int64_t> FolderArchive::write_since(const FilePointer& file, Timestamp at) {
  TRY(ArchiveFile::write_since(beside(file->path()), *file, at));
  const FilePointer written = TRY(ArchiveFile::open(beside(file->path()), file->span()));
  TRY(written->verify());
  TRY(file->retire_readable());
  FilePointer left = TRY(publish(file->path(), file->span()));
  const std::int64_t gone = file->event_count() - left->event_count();
  replace(file, std::move(left));
  return gone;
}

// Whole files first: removing them frees the space that rewriting others may need.
Result<std::int64_t> FolderArchive::remove_before(Timestamp at, std::size_t files_max) {
  std::int64_t events = 0;
  std::size_t changed = 0;
  for (const FilePointer& file : files()) {
    if (changed == files_max) break;
    const bool is_empty = file->event_count() == 0;
    if (is_empty && file->span().last == archived_through()) continue;
    if (!is_empty && file->newest() >= at) continue;
    TRY(remove(file));
    events += file->event_count();
    if (!is_empty) ++changed;
  }
  for (const FilePointer& file : files()) {
    if (changed == files_max) break;
    if (file->event_count() == 0 || file->newest() < at || file->oldest() >= at) continue;
    events += TRY(write_since(file, at));
    ++changed;
  }
  TRY(sync_folder(folder_));
  return events;
}

}  // namespace

Result<std::unique_ptr<Archive>> Archive::open(const std::filesystem::path& folder) {
  TRY(make_folder(folder));
  std::vector<FilePointer> files;
  for (const std::string& name : TRY(list_folder(folder))) {
    if (name.ends_with(kUnfinishedSuffix)) TRY(remove_file(folder / name));
    const auto span = ArchiveFile::span_of(name);
    if (!span) continue;
    if (span->first > span->last || (!files.empty() && span->first <= files.back()->span().last)) {
      return fail(ErrorCode::corrupt,
                  fmt::format("the archive is damaged: {} at byte 0: its batches overlap those of "
                              "another file. Restore the folder from a backup",
                              (folder / name).string()));
    }
    files.push_back(TRY(ArchiveFile::open(folder / name, *span)));
  }
  return std::make_unique<FolderArchive>(folder, std::move(files));
}

}  // namespace metergate
