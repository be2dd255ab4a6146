#include "app/input_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <streambuf>
#include <utility>
#include <vector>

namespace metergate {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;
constexpr int kGzipWithHeader = 15 + 16;  // zlib's largest window, with gzip's header
constexpr int kZstdWindowLogMax = 27;     // 128 MiB, which zstd's default levels need

// A source of compressed bytes.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Reads into `room`; returns the number of bytes, 0 at the end. ErrorCode::storage if reading
  // fails.
  virtual Result<std::size_t> read(char* room, std::size_t size) = 0;
  virtual std::int64_t bytes_total() const { return 0; }
};

class DescriptorSource final : public ByteSource {
 public:
  DescriptorSource(int file, std::int64_t bytes_total) : file_(file), bytes_total_(bytes_total) {}
  ~DescriptorSource() override { ::close(file_); }
  DescriptorSource(const DescriptorSource&) = delete;
  DescriptorSource& operator=(const DescriptorSource&) = delete;

  Result<std::size_t> read(char* room, std::size_t size) override {
    while (true) {
      const ssize_t count = ::read(file_, room, size);
      if (count >= 0) return static_cast<std::size_t>(count);
      if (errno != EINTR) return fail(ErrorCode::storage, std::strerror(errno));
    }
  }
  std::int64_t bytes_total() const override { return bytes_total_; }

 private:
  int file_;
  std::int64_t bytes_total_;
};

class StreamSource final : public ByteSource {
 public:
  explicit StreamSource(std::istream& in) : in_(in) {}
  Result<std::size_t> read(char* room, std::size_t size) override {
    const auto count = in_.rdbuf()->sgetn(room, static_cast<std::streamsize>(size));
    return static_cast<std::size_t>(std::max<std::streamsize>(count, 0));
  }

 private:
  std::istream& in_;
};

// Unpacks the source's bytes: takes from `packed`, writes to `room`.
class Unpacker {
 public:
  struct Step {
    std::size_t taken = 0;
    std::size_t put = 0;
  };
  virtual ~Unpacker() = default;
  virtual Result<Step> step(std::string_view packed, char* room, std::size_t size) = 0;
  // True if the input may end here.
  virtual bool is_whole() const = 0;
};

class PlainUnpacker final : public Unpacker {
 public:
  Result<Step> step(std::string_view packed, char* room, std::size_t size) override {
    const std::size_t count = packed.copy(room, size);
    return Step{count, count};
  }
  bool is_whole() const override { return true; }
};

class GzipUnpacker final : public Unpacker {
 public:
  GzipUnpacker() { is_ready_ = inflateInit2(&zlib_, kGzipWithHeader) == Z_OK; }
  ~GzipUnpacker() override { inflateEnd(&zlib_); }
  GzipUnpacker(const GzipUnpacker&) = delete;
  GzipUnpacker& operator=(const GzipUnpacker&) = delete;

  // Several members in a row are one text.
  Result<Step> step(std::string_view packed, char* room, std::size_t size) override {
    if (is_at_end_ && !packed.empty()) is_ready_ = inflateReset(&zlib_) == Z_OK;
    zlib_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    zlib_.avail_in = static_cast<uInt>(packed.size());
    zlib_.next_out = reinterpret_cast<Bytef*>(room);
    zlib_.avail_out = static_cast<uInt>(size);
    const int code = is_ready_ ? inflate(&zlib_, Z_NO_FLUSH) : Z_MEM_ERROR;
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
      return fail(ErrorCode::storage, fmt::format("its gzip data is damaged ({})", zError(code)));
    }
    is_at_end_ = code == Z_STREAM_END;
    return Step{packed.size() - zlib_.avail_in, size - zlib_.avail_out};
  }
  bool is_whole() const override { return is_at_end_; }

 private:
  z_stream zlib_{};
  bool is_ready_ = false;
  bool is_at_end_ = false;
};

class ZstdUnpacker final : public Unpacker {
 public:
  ZstdUnpacker() : context_(ZSTD_createDCtx()) {
    ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, kZstdWindowLogMax);
  }
  ~ZstdUnpacker() override { ZSTD_freeDCtx(context_); }
  ZstdUnpacker(const ZstdUnpacker&) = delete;
  ZstdUnpacker& operator=(const ZstdUnpacker&) = delete;

  Result<Step> step(std::string_view packed, char* room, std::size_t size) override {
    ZSTD_inBuffer input{packed.data(), packed.size(), 0};
    ZSTD_outBuffer output{room, size, 0};
    const std::size_t wanted = ZSTD_decompressStream(context_, &output, &input);
    if (ZSTD_isError(wanted) != 0U) {
      return fail(ErrorCode::storage,
                  fmt::format("its zstd data is damaged ({})", ZSTD_getErrorName(wanted)));
    }
    // Without input at the end of a frame, zstd expects the next frame's header.
    if (!packed.empty() || output.pos > 0) is_at_end_ = wanted == 0;
    return Step{input.pos, output.pos};
  }
  bool is_whole() const override { return is_at_end_; }

 private:
  ZSTD_DCtx* context_;
  bool is_at_end_ = false;
};

std::unique_ptr<Unpacker> unpacker_for(std::string_view packed) {
  if (packed.starts_with("\x1F\x8B")) return std::make_unique<GzipUnpacker>();
  if (packed.starts_with("\x28\xB5\x2F\xFD")) return std::make_unique<ZstdUnpacker>();
  return std::make_unique<PlainUnpacker>();
}

class UnpackingBuffer final : public std::streambuf {
 public:
  explicit UnpackingBuffer(std::unique_ptr<ByteSource> source)
      : source_(std::move(source)), packed_(kReadBytes), text_(kReadBytes) {}

  std::int64_t bytes_read() const { return bytes_read_; }
  std::int64_t bytes_total() const { return source_->bytes_total(); }
  const std::optional<Error>& error() const { return error_; }
  std::string_view ready() const { return {gptr(), static_cast<std::size_t>(egptr() - gptr())}; }

 protected:
  int_type underflow() override {
    if (gptr() != egptr()) return traits_type::to_int_type(*gptr());
    while (!error_) {
      const auto count = unpack();
      if (!count) {
        error_ = count.error();
      } else if (*count > 0) {
        setg(text_.data(), text_.data(), text_.data() + *count);
        return traits_type::to_int_type(*gptr());
      } else if (has_ended_) {
        break;
      }
    }
    return traits_type::eof();
  }

 private:
  // The number of bytes unpacked; 0 if only input was read, or at the end.
  Result<std::size_t> unpack() {
    if (unpacker_ != nullptr) {
      const Unpacker::Step step = TRY(unpacker_->step(left_, text_.data(), text_.size()));
      left_.remove_prefix(step.taken);
      if (step.put > 0) return step.put;
    }
    if (left_.empty()) TRY(read_more());
    return std::size_t{0};
  }

  Result<> read_more() {
    const std::size_t count = TRY(source_->read(packed_.data(), packed_.size()));
    bytes_read_ += static_cast<std::int64_t>(count);
    left_ = {packed_.data(), count};
    if (unpacker_ == nullptr) {
      TRY(gather_magic());
      unpacker_ = unpacker_for(left_);
    }
    has_ended_ = left_.empty();
    if (has_ended_ && bytes_read_ > 0 && !unpacker_->is_whole()) {
      return fail(ErrorCode::storage, "it ends in the middle of its packed data");
    }
    return {};
  }

  // A pipe may first deliver fewer bytes than are needed to recognize the format.
  Result<> gather_magic() {
    while (!left_.empty() && left_.size() < 4) {
      const std::size_t count =
          TRY(source_->read(packed_.data() + left_.size(), packed_.size() - left_.size()));
      if (count == 0) break;
      bytes_read_ += static_cast<std::int64_t>(count);
      left_ = {packed_.data(), left_.size() + count};
    }
    return {};
  }

  std::unique_ptr<ByteSource> source_;
  std::unique_ptr<Unpacker> unpacker_;
  std::vector<char> packed_;
  std::string_view left_;  // the rest of packed_ to be unpacked
  std::vector<char> text_;
  std::int64_t bytes_read_ = 0;
  bool has_ended_ = false;
  std::optional<Error> error_;
};

class UnpackedInput final : public InputFile {
 public:
  UnpackedInput(std::unique_ptr<ByteSource> source, std::string name)
      : name_(std::move(name)), buffer_(std::move(source)), stream_(&buffer_) {
    buffer_.sgetc();
  }

  std::istream& stream() override { return stream_; }
  std::string_view head() const override { return buffer_.ready(); }
  std::int64_t bytes_read() const override { return buffer_.bytes_read(); }
  std::int64_t bytes_total() const override { return buffer_.bytes_total(); }
  Result<> finish() const override {
    if (!buffer_.error()) return {};
    return fail(buffer_.error()->code,
                fmt::format("{} cannot be read to its end: {}", name_, buffer_.error()->message));
  }

 private:
  std::string name_;
  UnpackingBuffer buffer_;
  std::istream stream_;
};

}  // namespace

Result<std::unique_ptr<InputFile>> InputFile::open(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    return fail(ErrorCode::invalid,
                fmt::format("{} cannot be read: {}", path, std::strerror(errno)));
  }
  struct stat status {};
  const bool is_known = ::fstat(file, &status) == 0;
  const auto bytes = is_known && S_ISREG(status.st_mode) ? std::int64_t{status.st_size} : 0;
  auto source = std::make_unique<DescriptorSource>(file, bytes);
  if (is_known && S_ISDIR(status.st_mode)) {
    return fail(ErrorCode::invalid, fmt::format("{} is a folder; name the files in it", path));
  }
  auto input = std::make_unique<UnpackedInput>(std::move(source), path);
  TRY(input->finish());
  return input;
}

Result<std::unique_ptr<InputFile>> InputFile::over(std::istream& in, const std::string& name) {
  auto input = std::make_unique<UnpackedInput>(std::make_unique<StreamSource>(in), name);
  TRY(input->finish());
  return input;
}

}  // namespace metergate
