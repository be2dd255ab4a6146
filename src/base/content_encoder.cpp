#include "base/content_encoder.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>

#include "base/characters.h"
#include "base/check.h"

namespace metergate {
namespace {

constexpr std::size_t kOutputPiece = 64 * 1024;
constexpr int kGzipLargestWindow = 15 + 16;  // 16 asks for gzip's own frame
constexpr int kGzipLevel = 4;
constexpr int kZstdLevel = 1;  // smaller than gzip's 4 on our answers, in a third of the time
constexpr int kWeightMax = 1000;

std::string_view without_spaces(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// "q=0.5" in thousandths (RFC 9110, 12.4.2); nothing if the text is not a weight.
std::optional<int> weight_of(std::string_view parameter) {
  if (parameter.size() < 3 || (parameter[0] != 'q' && parameter[0] != 'Q') || parameter[1] != '=')
    return std::nullopt;
  const std::string_view digits = parameter.substr(2);
  if (digits[0] != '0' && digits[0] != '1') return std::nullopt;
  int weight = (digits[0] - '0') * kWeightMax;
  if (digits.size() > 1 && (digits[1] != '.' || digits.size() > 5)) return std::nullopt;
  int unit = kWeightMax / 10;
  for (const char c : digits.substr(std::min<std::size_t>(2, digits.size()))) {
    if (c < '0' || c > '9') return std::nullopt;
    weight += (c - '0') * unit;
    unit /= 10;
  }
  return std::min(weight, kWeightMax);
}

// The weights that the field gives to each coding; the last one wins if a coding is named twice.
struct Weights {
  std::optional<int> gzip;
  std::optional<int> zstd;
  std::optional<int> identity;
  std::optional<int> others;
};

void read_element(std::string_view element, Weights& weights) {
  const std::size_t semicolon = std::min(element.find(';'), element.size());
  const std::string_view name = without_spaces(element.substr(0, semicolon));
  int weight = kWeightMax;
  if (semicolon < element.size()) {
    const auto said = weight_of(without_spaces(element.substr(semicolon + 1)));
    if (!said) return;
    weight = *said;
  }
  if (equals_ignoring_case(name, "gzip") || equals_ignoring_case(name, "x-gzip"))
    weights.gzip = weight;
  if (equals_ignoring_case(name, "zstd")) weights.zstd = weight;
  if (equals_ignoring_case(name, "identity")) weights.identity = weight;
  if (name == "*") weights.others = weight;
}

}  // namespace

std::string_view name_of(ContentCoding coding) {
  return coding == ContentCoding::gzip ? "gzip" : "zstd";
}

std::optional<ContentCoding> wanted_coding(std::string_view accept_encoding) {
  Weights weights;
  while (!accept_encoding.empty()) {
    const std::size_t end = std::min(accept_encoding.find(','), accept_encoding.size());
    read_element(accept_encoding.substr(0, end), weights);
    accept_encoding.remove_prefix(std::min(end + 1, accept_encoding.size()));
  }
  const int others = weights.others.value_or(0);
  const int zstd = weights.zstd.value_or(others);
  const int gzip = weights.gzip.value_or(others);
  const int plain = weights.identity.value_or(0);
  if (std::max(zstd, gzip) == 0 || plain > std::max(zstd, gzip)) return std::nullopt;
  return zstd >= gzip ? ContentCoding::zstd : ContentCoding::gzip;
}

struct ContentEncoder::State {
  ContentCoding coding;
  z_stream gzip{};
  ZSTD_CCtx* zstd = nullptr;

  explicit State(ContentCoding wanted) : coding(wanted) {
    if (coding == ContentCoding::gzip) {
      CHECK(deflateInit2(&gzip, kGzipLevel, Z_DEFLATED, kGzipLargestWindow, 8,
                         Z_DEFAULT_STRATEGY) == Z_OK);
    } else {
      zstd = ZSTD_createCCtx();
      CHECK(zstd != nullptr);
      ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, kZstdLevel);
    }
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (coding == ContentCoding::gzip) deflateEnd(&gzip);
    ZSTD_freeCCtx(zstd);
  }

  void run_gzip(std::string_view bytes, bool is_last, std::string& out) {
    std::string input{bytes};  // zlib's interface takes a pointer to writable bytes
    gzip.next_in = reinterpret_cast<Bytef*>(input.data());
    gzip.avail_in = static_cast<uInt>(input.size());
    std::string piece(kOutputPiece, '\0');
    int state = Z_OK;
    do {
      gzip.next_out = reinterpret_cast<Bytef*>(piece.data());
      gzip.avail_out = static_cast<uInt>(piece.size());
      state = deflate(&gzip, is_last ? Z_FINISH : Z_NO_FLUSH);
      CHECK(state == Z_OK || state == Z_STREAM_END || state == Z_BUF_ERROR);
      out.append(piece, 0, piece.size() - gzip.avail_out);
    } while (gzip.avail_out == 0 || (is_last && state != Z_STREAM_END));
  }

  void run_zstd(std::string_view bytes, bool is_last, std::string& out) {
    ZSTD_inBuffer input = {bytes.data(), bytes.size(), 0};
    std::string piece(kOutputPiece, '\0');
    bool is_done = false;
    while (!is_done) {
      ZSTD_outBuffer output = {piece.data(), piece.size(), 0};
      const std::size_t left =
          ZSTD_compressStream2(zstd, &output, &input, is_last ? ZSTD_e_end : ZSTD_e_continue);
      CHECK(ZSTD_isError(left) == 0);
      out.append(piece, 0, output.pos);
      is_done = is_last ? left == 0 : input.pos == input.size;
    }
  }
};

ContentEncoder::ContentEncoder(ContentCoding coding) : state_(std::make_unique<State>(coding)) {}
ContentEncoder::ContentEncoder(ContentEncoder&&) noexcept = default;
ContentEncoder& ContentEncoder::operator=(ContentEncoder&&) noexcept = default;
ContentEncoder::~ContentEncoder() = default;

std::string ContentEncoder::run(std::string_view bytes, bool is_last) {
  std::string out;
  if (state_->coding == ContentCoding::gzip) {
    state_->run_gzip(bytes, is_last, out);
  } else {
    state_->run_zstd(bytes, is_last, out);
  }
  return out;
}

std::string ContentEncoder::add(std::string_view bytes) {
  return bytes.empty() ? std::string{} : run(bytes, false);
}

std::string ContentEncoder::finish() { return run({}, true); }

}  // namespace metergate
