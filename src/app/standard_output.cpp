#include "app/standard_output.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <streambuf>
#include <vector>

#include "app/descriptors.h"

namespace metergate {
namespace {

constexpr std::size_t kOutputPieceBytes = 64 * 1024;

}  // namespace

class StandardOutput::Buffer final : public std::streambuf {
 public:
  explicit Buffer(int descriptor) : descriptor_(descriptor), piece_(kOutputPieceBytes) {
    setp(piece_.data(), piece_.data() + piece_.size());
  }
  int reason() const { return reason_; }

 protected:
  int_type overflow(int_type c) override {
    if (sync() != 0) return traits_type::eof();
    if (!traits_type::eq_int_type(c, traits_type::eof())) sputc(traits_type::to_char_type(c));
    return traits_type::not_eof(c);
  }
  int sync() override {
    if (reason_ == 0 &&
        !write_all(descriptor_, pbase(), static_cast<std::size_t>(pptr() - pbase())))
      reason_ = errno;
    setp(piece_.data(), piece_.data() + piece_.size());
    return reason_ == 0 ? 0 : -1;
  }

 private:
  int descriptor_;
  int reason_ = 0;  // errno of the first failed write; later text is dropped
  std::vector<char> piece_;
};

StandardOutput::StandardOutput(int descriptor)
    : buffer_(std::make_unique<Buffer>(descriptor)), stream_(buffer_.get()) {}
StandardOutput::~StandardOutput() = default;

Result<> StandardOutput::finish() {
  stream_.flush();
  if (stream_.good()) return {};
  return fail(ErrorCode::storage,
              fmt::format("not all of the output arrived: {}; make room or keep "
                          "the reader open, and run it again",
                          std::strerror(buffer_->reason())));
}

}  // namespace metergate
