#include "base/compression.h"

#include <fmt/format.h>
#include <zstd.h>

#include <memory>

#include "base/check.h"

namespace metergate {
namespace {

constexpr int kLevel = 3;  // zstd's own default: the knee between size and time

ZSTD_CCtx* compressing() {
  thread_local const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context{ZSTD_createCCtx(),
                                                                                  &ZSTD_freeCCtx};
  CHECK(context != nullptr);
  return context.get();
}

ZSTD_DCtx* decompressing() {
  thread_local const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context{ZSTD_createDCtx(),
                                                                                  &ZSTD_freeDCtx};
  CHECK(context != nullptr);
  return context.get();
}

}  // namespace

std::string zstd_compress(std::string_view bytes, ZstdChecksum checksum) {
  ZSTD_CCtx* const context = compressing();
  const int within = checksum == ZstdChecksum::within ? 1 : 0;
  CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, kLevel)));
  CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, within)));
  std::string frame(ZSTD_compressBound(bytes.size()), '\0');
  const std::size_t size =
      ZSTD_compress2(context, frame.data(), frame.size(), bytes.data(), bytes.size());
  CHECK(!ZSTD_isError(size));
  frame.resize(size);
  return frame;
}

Result<std::string> zstd_decompress(std::string_view bytes, std::size_t size_max) {
  if (ZSTD_findFrameCompressedSize(bytes.data(), bytes.size()) != bytes.size())
    return fail(ErrorCode::corrupt, "the compressed text is not one whole zstd frame");
  const unsigned long long size = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN)
    return fail(ErrorCode::corrupt, "the compressed text does not say its size");
  if (size > size_max) {
    return fail(ErrorCode::too_large,
                fmt::format("the compressed text has {} bytes; {} are allowed", size, size_max));
  }
  std::string text(size, '\0');
  const std::size_t written =
      ZSTD_decompressDCtx(decompressing(), text.data(), text.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(written) || written != size) {
    return fail(ErrorCode::corrupt, fmt::format("the compressed text is damaged: {}",
                                                ZSTD_isError(written) ? ZSTD_getErrorName(written)
                                                                      : "it is too short"));
  }
  return text;
}

Result<std::string> zstd_decompress_exactly(std::string_view bytes, std::size_t size) {
  std::string text(size, '\0');
  const std::size_t written =
      ZSTD_decompressDCtx(decompressing(), text.data(), text.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(written) != 0 || written != size)
    return fail(ErrorCode::corrupt, "the compressed bytes are damaged");
  return text;
}

}  // namespace metergate
