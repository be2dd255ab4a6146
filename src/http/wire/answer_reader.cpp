#include "http/wire/answer_reader.h"

#include "http/wire/head.h"
#include "http/wire/scan.h"
#include "http/words/characters.h"

namespace metergate::http {
namespace {

constexpr std::size_t kRetryAfterBytesMax = 64;

bool is_interim(int status) { return status < 200; }

std::unexpected<Error> no_answer(const std::string& why) {
  return fail(ErrorCode::invalid, "no HTTP answer: " + why);
}

// Refuses the beginning of a head whose end would be waited for in vain.
Result<> check_beginning(std::string_view bytes) {
  constexpr std::string_view kVersion = "HTTP/1.";
  if (!kVersion.starts_with(bytes.substr(0, kVersion.size())))
    return no_answer("it does not begin with an HTTP/1 status line");
  if (has_bare_line_end(bytes)) return no_answer("a line of its head does not end in CRLF");
  return {};
}

}  // namespace

Result<> AnswerReader::take(std::string_view bytes) {
  waiting_.append(bytes);
  if (!has_head_) TRY(take_heads());
  return has_head_ ? take_body() : Result<>{};
}

Result<> AnswerReader::take_heads() {
  while (!has_head_) {
    const std::size_t end = find_head_end(waiting_, 0);
    const bool is_whole = end != std::string::npos;
    if ((is_whole ? end : waiting_.size()) > kHeadBytesMax)
      return no_answer("its head is longer than 16 KiB");
    if (!is_whole) return check_beginning(waiting_);
    TRY(take_head(std::string_view{waiting_}.substr(0, end)));
    waiting_.erase(0, end);
  }
  return {};
}

Result<> AnswerReader::take_head(std::string_view bytes) {
  ResponseHead head;
  const Result<> parsed = parse_response_head(bytes, head);
  if (!parsed) return no_answer(parsed.error().message);
  if (is_interim(head.status)) {
    if (++interims_ > kInterimsMax) return no_answer("too many interim answers");
    return {};
  }
  const Result<ResponseFraming> framing = framing_of(head, false);
  if (!framing) return no_answer(framing.error().message);
  for (const FieldView& field : head.fields) {
    const bool is_wanted = equals_ignoring_case(field.name, "retry-after");
    if (is_wanted && field.value.size() <= kRetryAfterBytesMax) retry_after_.emplace(field.value);
  }
  status_ = head.status;
  body_ = BodyDecoder(*framing);
  has_head_ = true;
  return {};
}

Result<> AnswerReader::take_body() {
  std::string_view rest = waiting_;
  while (!body_.is_complete()) {
    const Result<BodyDecoder::Step> step = body_.take(rest);
    if (!step) return no_answer(step.error().message);
    if (step->taken == 0) break;
    keep(step->data);
    rest.remove_prefix(step->taken);
  }
  waiting_.erase(0, waiting_.size() - rest.size());
  return {};
}

void AnswerReader::keep(std::string_view bytes) {
  for (const char c : bytes) {
    if (excerpt_.size() >= kExcerptBytesMax) return;
    excerpt_.push_back(is_visible(c) || c == ' ' ? c : '.');
  }
}

}  // namespace metergate::http
