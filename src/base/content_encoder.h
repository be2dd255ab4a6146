// Content codings of answers (RFC 9110): gzip and zstd, made piece by piece as the bytes come. What
// undoes them is base/content_coding. One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace metergate {

enum class ContentCoding : std::uint8_t { gzip, zstd };

std::string_view name_of(ContentCoding coding);

// The coding that an Accept-Encoding field asks for most; of those asked for alike, zstd. Nothing
// where the plain content is wanted as much or more, or the field asks for neither.
std::optional<ContentCoding> wanted_coding(std::string_view accept_encoding);

class ContentEncoder {
 public:
  explicit ContentEncoder(ContentCoding coding);
  ContentEncoder(ContentEncoder&&) noexcept;
  ContentEncoder& operator=(ContentEncoder&&) noexcept;
  ~ContentEncoder();

  // What of the coded content is ready; may be empty.
  std::string add(std::string_view bytes);
  // The rest of it. Called once, last.
  std::string finish();

 private:
  struct State;
  std::string run(std::string_view bytes, bool is_last);
  std::unique_ptr<State> state_;
};

}  // namespace metergate
