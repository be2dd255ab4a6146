#include "app/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <streambuf>
#include <utility>
#include <vector>

#include "app/descriptors.h"

namespace metergate {
namespace {

constexpr int kGzipLevel = 6;
constexpr int kZstdLevel = 3;
constexpr std::size_t kPieceBytes = 64 * 1024;

// Compresses the command's text into the file.
class Packer {
 public:
  virtual ~Packer() = default;
  virtual bool write(const char* bytes, std::size_t count) = 0;
  virtual bool finish() = 0;
};

class PlainPacker final : public Packer {
 public:
  explicit PlainPacker(int file) : file_(file) {}
  bool write(const char* bytes, std::size_t count) override {
    return write_all(file_, bytes, count);
  }
  bool finish() override { return true; }

 private:
  int file_;
};

class GzipPacker final : public Packer {
 public:
  // gzdopen takes ownership of its descriptor, so it gets a duplicate.
  explicit GzipPacker(int file)
      : gzip_(gzdopen(::dup(file), fmt::format("wb{}", kGzipLevel).c_str())) {}
  ~GzipPacker() override {
    if (gzip_ != nullptr) gzclose(gzip_);
  }
  bool write(const char* bytes, std::size_t count) override {
    return gzip_ != nullptr && (count == 0 || gzwrite(gzip_, bytes, static_cast<unsigned>(count)) ==
                                                  static_cast<int>(count));
  }
  bool finish() override { return gzip_ != nullptr && gzclose(std::exchange(gzip_, {})) == Z_OK; }

 private:
  gzFile gzip_;
};

class ZstdPacker final : public Packer {
 public:
  explicit ZstdPacker(int file) : file_(file), context_(ZSTD_createCCtx()) {
    ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, kZstdLevel);
    ZSTD_CCtx_setParameter(context_, ZSTD_c_checksumFlag, 1);
  }
  ~ZstdPacker() override { ZSTD_freeCCtx(context_); }
  bool write(const char* bytes, std::size_t count) override {
    return compress({bytes, count, 0}, ZSTD_e_continue);
  }
  bool finish() override { return compress({nullptr, 0, 0}, ZSTD_e_end); }

 private:
  bool compress(ZSTD_inBuffer input, ZSTD_EndDirective directive) {
    while (true) {
      ZSTD_outBuffer output{piece_.data(), piece_.size(), 0};
      const std::size_t left = ZSTD_compressStream2(context_, &output, &input, directive);
      if (ZSTD_isError(left) != 0U) return false;
      if (!write_all(file_, piece_.data(), output.pos)) return false;
      const bool is_done = directive == ZSTD_e_end ? left == 0 : input.pos == input.size;
      if (is_done) return true;
    }
  }

  int file_;
  ZSTD_CCtx* context_;
  std::array<char, kPieceBytes> piece_;
};

class PackerBuffer final : public std::streambuf {
 public:
  explicit PackerBuffer(std::unique_ptr<Packer> packer)
      : packer_(std::move(packer)), piece_(kPieceBytes) {
    setp(piece_.data(), piece_.data() + piece_.size());
  }
  bool finish() {
    if (sync() == 0 && packer_->finish()) return true;
    if (reason_ == 0) reason_ = errno;
    return false;
  }
  int reason() const { return reason_; }  // errno of the first failed write

 protected:
  int_type overflow(int_type c) override {
    if (sync() != 0) return traits_type::eof();
    if (!traits_type::eq_int_type(c, traits_type::eof())) sputc(traits_type::to_char_type(c));
    return traits_type::not_eof(c);
  }
  int sync() override {
    const bool is_written = packer_->write(pbase(), static_cast<std::size_t>(pptr() - pbase()));
    if (!is_written && reason_ == 0) reason_ = errno;
    setp(piece_.data(), piece_.data() + piece_.size());
    return is_written ? 0 : -1;
  }

 private:
  int reason_ = 0;
  std::unique_ptr<Packer> packer_;
  std::vector<char> piece_;
};

std::unique_ptr<Packer> packer_for(const std::string& path, int file) {
  if (path.ends_with(".gz")) return std::make_unique<GzipPacker>(file);
  if (path.ends_with(".zst")) return std::make_unique<ZstdPacker>(file);
  return std::make_unique<PlainPacker>(file);
}

// The kind of file that the name has at present.
enum class Place : std::uint8_t {
  file,    // or missing: a new file takes the name
  stream,  // a terminal, /dev/null, a FIFO: written into
  refused
};

struct FoundPlace {
  Place place = Place::file;
  std::string why{};  // the reason for a refusal
};

FoundPlace look_at(const std::string& path) {
  struct stat named = {};
  if (::lstat(path.c_str(), &named) != 0) return {};
  struct stat target = named;
  const bool is_link = S_ISLNK(named.st_mode);
  if (is_link && ::stat(path.c_str(), &target) != 0)
    return {Place::refused, "it is a link to a place where nothing is"};
  if (S_ISCHR(target.st_mode) || S_ISFIFO(target.st_mode)) return {Place::stream};
  if (is_link) return {Place::refused, "it is a link; name what it leads to"};
  if (S_ISREG(target.st_mode)) return {};
  return {Place::refused, S_ISDIR(target.st_mode) ? "it is a folder" : "it is no plain file"};
}

// Creates a file beside the name. Removes the left-over of a killed command, but never the target
// of a link.
int make_part(const std::string& part) {
  struct stat left = {};
  const bool is_left_over =
      ::lstat(part.c_str(), &left) == 0 && (S_ISREG(left.st_mode) || S_ISLNK(left.st_mode));
  if (is_left_over) ::unlink(part.c_str());
  return ::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

class PackedFile final : public OutputFile {
 public:
  // `part`: the file's name until it is complete; empty for a stream.
  PackedFile(std::string path, std::string part, int file)
      : path_(std::move(path)),
        part_(std::move(part)),
        file_(file),
        buffer_(packer_for(path_, file)),
        stream_(&buffer_) {}
  ~PackedFile() override {
    ::close(file_);
    if (!is_finished_ && !part_.empty()) ::unlink(part_.c_str());
  }
  PackedFile(const PackedFile&) = delete;
  PackedFile& operator=(const PackedFile&) = delete;

  std::ostream& stream() override { return stream_; }
  Result<> finish() override {
    stream_.flush();
    const bool is_whole = stream_.good() && buffer_.finish() && take_name();
    if (!is_whole) {
      const int reason = buffer_.reason() != 0 ? buffer_.reason() : errno;
      return fail(ErrorCode::storage,
                  fmt::format("{} could not be written whole: {}", path_, std::strerror(reason)));
    }
    is_finished_ = true;
    return {};
  }

 private:
  bool take_name() const {
    if (part_.empty()) return true;
    return ::fsync(file_) == 0 && ::rename(part_.c_str(), path_.c_str()) == 0;
  }

  std::string path_;
  std::string part_;
  int file_;
  PackerBuffer buffer_;
  std::ostream stream_;
  bool is_finished_ = false;
};

}  // namespace

Result<std::unique_ptr<OutputFile>> OutputFile::open(const std::string& path) {
  const FoundPlace found = look_at(path);
  if (found.place == Place::refused) {
    return fail(ErrorCode::storage,
                fmt::format("{} is not written over: {}. Name another file", path, found.why));
  }
  const std::string part = found.place == Place::stream ? "" : path + ".part";
  const int file = part.empty() ? ::open(path.c_str(), O_WRONLY | O_CLOEXEC) : make_part(part);
  if (file < 0) {
    return fail(ErrorCode::storage, fmt::format("{} cannot be written: {}",
                                                part.empty() ? path : part, std::strerror(errno)));
  }
  return std::unique_ptr<OutputFile>(new PackedFile(path, part, file));
}

}  // namespace metergate
