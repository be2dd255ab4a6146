// Content codings of answers (RFC 9110): gzip and zstd, encoded piece by piece as the bytes come.
// base/content_coding decodes them. One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace metergate {

enum class ContentCoding : std::uint8_t { gzip, zstd };

std::string_view name_of(ContentCoding coding);

// The coding with the highest weight in an Accept-Encoding field; zstd if both have the same.
// Nothing if the plain content has the same weight or a higher one, or the field allows neither.
std::optional<ContentCoding> wanted_coding(std::string_view accept_encoding);

class ContentEncoder {
 public:
  explicit ContentEncoder(ContentCoding coding);
  ContentEncoder(ContentEncoder&&) noexcept;
  ContentEncoder& operator=(ContentEncoder&&) noexcept;
  ~ContentEncoder();

  // The coded bytes that are ready; may be empty.
  std::string add(std::string_view bytes);
  // The remaining coded bytes. Called once, last.
  std::string finish();

 private:
  struct State;
  std::string run(std::string_view bytes, bool is_last);
  std::unique_ptr<State> state_;
};

}  // namespace metergate
