// AnswerReader: parses an answer to a request of ours, as far as needed: the status, Retry-After
// and the beginning of the body.
//
// The peer is a stranger: heads are bounded and as strict as an upstream's, and the body is counted
// but not kept. Interim answers (1xx) are skipped. One thread at a time.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/wire/body_decoder.h"

namespace metergate::http {

class AnswerReader {
 public:
  static constexpr std::size_t kHeadBytesMax = 16 * 1024;
  static constexpr std::size_t kExcerptBytesMax = 256;

  // ErrorCode::invalid if the bytes are not an HTTP answer.
  Result<> take(std::string_view bytes);
  bool has_head() const { return has_head_; }
  bool is_complete() const { return has_head_ && body_.is_complete(); }  // the answer has ended
  int status() const { return status_; }                                 // once has_head()
  const std::optional<std::string>& retry_after() const { return retry_after_; }
  // The beginning of the body, printable ASCII only.
  const std::string& excerpt() const { return excerpt_; }

 private:
  Result<> take_heads();
  Result<> take_head(std::string_view bytes);
  Result<> take_body();
  void keep(std::string_view bytes);

  std::string waiting_;  // bytes of an incomplete head, or of a line of the body
  int interims_ = 0;
  bool has_head_ = false;  // of the final answer
  int status_ = 0;
  std::optional<std::string> retry_after_;
  BodyDecoder body_;
  std::string excerpt_;
};

}  // namespace metergate::http
