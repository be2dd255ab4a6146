// AnswerReader: parses an answer to a request of ours, as far as needed: the status, Retry-After
// and the beginning of the body.
//
// The peer is a stranger: heads are bounded, and the body is counted but not kept. Interim answers
// (1xx) are skipped. One thread at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace metergate::http {

class AnswerReader {
 public:
  static constexpr std::size_t kHeadBytesMax = 16 * 1024;
  static constexpr std::size_t kExcerptBytesMax = 256;

  AnswerReader();
  ~AnswerReader();
  AnswerReader(const AnswerReader&) = delete;
  AnswerReader& operator=(const AnswerReader&) = delete;

  // ErrorCode::invalid if the bytes are not an HTTP answer.
  Result<> take(std::string_view bytes);
  bool has_head() const;
  bool is_complete() const;  // the answer has ended
  int status() const;        // once has_head()
  const std::optional<std::string>& retry_after() const;
  // The beginning of the body, printable ASCII only.
  const std::string& excerpt() const;

 private:
  class Machine;
  Result<> restart_after_interim();
  bool complete_status_line();
  std::unique_ptr<Machine> machine_;
  std::string waiting_;           // bytes of an incomplete head
  bool has_status_line_ = false;  // of the current answer, interim or final
  int interims_ = 0;
};

}  // namespace metergate::http
