#include "app/spool.h"

#include <cstdio>
#include <ext/stdio_filebuf.h>

namespace metergate {
namespace {

constexpr std::size_t kPieceBytes = 64 * 1024;

class FileSpool final : public Spool {
 public:
  explicit FileSpool(std::FILE* file)
      : file_(file), buffer_(file, std::ios::out | std::ios::binary), stream_(&buffer_) {}
  ~FileSpool() override { std::fclose(file_); }
  FileSpool(const FileSpool&) = delete;
  FileSpool& operator=(const FileSpool&) = delete;

  std::ostream& stream() override { return stream_; }

  Result<> finish() override {
    stream_.flush();
    if (!stream_.good() || std::fflush(file_) != 0) {
      return fail(ErrorCode::storage, "the folder for temporary files is full");
    }
    std::rewind(file_);
    return {};
  }

  Result<std::optional<std::string>> read() override {
    std::string piece(kPieceBytes, '\0');
    piece.resize(std::fread(piece.data(), 1, piece.size(), file_));
    if (std::ferror(file_) != 0) return fail(ErrorCode::storage, "a temporary file was not read");
    if (piece.empty()) return std::optional<std::string>{};
    return std::optional{std::move(piece)};
  }

 private:
  std::FILE* file_;
  __gnu_cxx::stdio_filebuf<char> buffer_;
  std::ostream stream_;
};

}  // namespace

Result<std::unique_ptr<Spool>> Spool::create() {
  std::FILE* file = std::tmpfile();
  if (file == nullptr) {
    return fail(ErrorCode::storage, "no temporary file can be made: is /tmp full or read-only?");
  }
  return std::unique_ptr<Spool>(new FileSpool(file));
}

}  // namespace metergate
