#include "app/spool.h"

#include <cstdio>

namespace metergate {
namespace {

constexpr std::size_t kSpooledPieceBytes = 64 * 1024;

// Passes everything to the file, which has a buffer of its own.
class FileBuffer final : public std::streambuf {
 public:
  explicit FileBuffer(std::FILE* file) : file_(file) {}

 protected:
  int_type overflow(int_type c) override {
    if (traits_type::eq_int_type(c, traits_type::eof())) return traits_type::not_eof(c);
    return std::fputc(c, file_) == EOF ? traits_type::eof() : c;
  }
  std::streamsize xsputn(const char* bytes, std::streamsize count) override {
    return static_cast<std::streamsize>(
        std::fwrite(bytes, 1, static_cast<std::size_t>(count), file_));
  }
  int sync() override { return std::fflush(file_); }

 private:
  std::FILE* file_;
};

class FileSpool final : public Spool {
 public:
  explicit FileSpool(std::FILE* file) : file_(file), buffer_(file), stream_(&buffer_) {}
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
    std::string piece(kSpooledPieceBytes, '\0');
    piece.resize(std::fread(piece.data(), 1, piece.size(), file_));
    if (std::ferror(file_) != 0) return fail(ErrorCode::storage, "a temporary file was not read");
    if (piece.empty()) return std::optional<std::string>{};
    return std::optional{std::move(piece)};
  }

 private:
  std::FILE* file_;
  FileBuffer buffer_;
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
