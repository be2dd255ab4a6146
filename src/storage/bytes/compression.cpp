#include "storage/bytes/compression.h"

#include <zstd.h>

#include <memory>

#include "base/check.h"

namespace metergate {
namespace {

constexpr int kLevel = 3;

// Making a context costs more than compressing a block, so each thread keeps one.
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

std::string compress(std::string_view bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  const std::size_t size =
      ZSTD_compressCCtx(compressing(), out.data(), out.size(), bytes.data(), bytes.size(), kLevel);
  CHECK(ZSTD_isError(size) == 0);
  out.resize(size);
  return out;
}

Result<std::string> decompress(std::string_view bytes, std::size_t size) {
  std::string out(size, '\0');
  const std::size_t got =
      ZSTD_decompressDCtx(decompressing(), out.data(), out.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(got) != 0 || got != size) {
    return fail(ErrorCode::corrupt, "the compressed bytes are damaged");
  }
  return out;
}

}  // namespace metergate
