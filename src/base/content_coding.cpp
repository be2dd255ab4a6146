#include "base/content_coding.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <limits>
#include <memory>

#include "base/characters.h"

namespace metergate {
namespace {

constexpr std::size_t kPieceBytes = 64 * 1024;
constexpr int kGzipWindow = 15 + 16;  // the largest window; 16 asks for gzip and nothing else
constexpr int kZstdWindowLog = 23;    // 8 MiB, which RFC 8878 asks every decoder to take

std::unexpected<Error> damaged(std::string_view coding) {
  return fail(ErrorCode::invalid, "the body is not one whole " + std::string(coding) +
                                      " stream, as its Content-Encoding says");
}

std::unexpected<Error> too_large(std::size_t size_max) {
  return fail(ErrorCode::too_large,
              "the decoded body is longer than " + std::to_string(size_max) + " bytes");
}

Result<std::string> gunzip(std::string_view bytes, std::size_t size_max) {
  if (bytes.size() > std::numeric_limits<uInt>::max()) return damaged("gzip");
  z_stream stream = {};
  if (inflateInit2(&stream, kGzipWindow) != Z_OK) {
    return fail(ErrorCode::overloaded, "no memory to decode the body with");
  }
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, inflateEnd);
  std::string input(bytes);  // zlib's interface takes a pointer to writable bytes
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  std::string content;
  std::string piece(kPieceBytes, '\0');
  int state = Z_OK;
  while (state == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    state = inflate(&stream, Z_NO_FLUSH);
    content.append(piece, 0, piece.size() - stream.avail_out);
    if (content.size() > size_max) return too_large(size_max);
  }
  if (state != Z_STREAM_END || stream.avail_in != 0) return damaged("gzip");
  return content;
}

Result<std::string> unzstd(std::string_view bytes, std::size_t size_max) {
  const std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(),
                                                                        ZSTD_freeDCtx);
  if (context == nullptr) return fail(ErrorCode::overloaded, "no memory to decode the body with");
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kZstdWindowLog);
  ZSTD_inBuffer input = {bytes.data(), bytes.size(), 0};
  std::string content;
  std::string piece(kPieceBytes, '\0');
  std::size_t left = 1;  // bytes that the decoder still expects; 0: the frame is complete
  while (left != 0) {
    ZSTD_outBuffer output = {piece.data(), piece.size(), 0};
    left = ZSTD_decompressStream(context.get(), &output, &input);
    if (ZSTD_isError(left) != 0) return damaged("zstd");
    content.append(piece, 0, output.pos);
    if (content.size() > size_max) return too_large(size_max);
    const bool is_stuck = input.pos == input.size && output.pos < output.size;
    if (left != 0 && is_stuck) return damaged("zstd");
  }
  if (input.pos != input.size) return damaged("zstd");
  return content;
}

}  // namespace

Result<std::string> decode_content(std::string_view coding, std::string_view bytes,
                                   std::size_t size_max) {
  const std::string name = to_lower(coding);
  if (name == "gzip" || name == "x-gzip") return gunzip(bytes, size_max);
  if (name == "zstd") return unzstd(bytes, size_max);
  if (name != "identity") {
    return fail(ErrorCode::media_type, "Content-Encoding must be gzip, zstd or identity, not '" +
                                           std::string(coding) + "'");
  }
  if (bytes.size() > size_max) return too_large(size_max);
  return std::string(bytes);
}

}  // namespace metergate
