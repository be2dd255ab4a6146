// AnswerReader: the bytes of an answer to a request of ours, taken apart as far as it matters: the
// status, Retry-After and the beginning of the body.
//
// The peer is a stranger: heads are bounded, the body is counted and not kept. Interim answers
// (1xx) are passed over. One thread at a time.
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

  // ErrorCode::invalid where these bytes are no HTTP answer.
  Result<> take(std::string_view bytes);
  bool has_head() const;
  bool is_complete() const;  // nothing more is to come
  int status() const;        // once has_head()
  const std::optional<std::string>& retry_after() const;
  // What the body begins with, printable ASCII only.
  const std::string& excerpt() const;

 private:
  class Machine;
  Result<> restart_after_interim();
  bool complete_status_line();
  std::unique_ptr<Machine> machine_;
  std::string waiting_;           // bytes of a head that is not whole yet
  bool has_status_line_ = false;  // of this answer or interim one
  int interims_ = 0;
};

}  // namespace metergate::http
