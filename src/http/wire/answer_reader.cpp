#include "http/wire/answer_reader.h"

#include "http/net/asio.h"
#include "http/wire/head.h"
// Beast's parser is built on Asio's buffers.
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <utility>

#include "http/words/characters.h"

namespace metergate::http {
namespace {

namespace beast = boost::beast;
constexpr std::size_t kRetryAfterBytesMax = 64;

bool is_interim(int status) { return status >= 100 && status < 200; }

}  // namespace

class AnswerReader::Machine final : public beast::http::basic_parser<false> {
 public:
  Machine() {
    header_limit(kHeadBytesMax);
    body_limit(boost::none);  // the reader of the socket stops in time
    eager(true);
  }
  int answer_status = 0;
  bool is_past_head = false;
  std::optional<std::string> retry_after;
  std::string excerpt;

 private:
  using Text = beast::string_view;
  using Code = beast::error_code;

  void on_request_impl(beast::http::verb, Text, Text, int, Code& error) override { error = {}; }
  void on_response_impl(int status, Text, int, Code& error) override {
    error = status < 100 ? make_error_code(beast::http::error::bad_status) : Code{};
    answer_status = status;
  }
  void on_field_impl(beast::http::field name, Text, Text value, Code& error) override {
    error = {};
    const bool is_wanted = name == beast::http::field::retry_after && !is_past_head;
    if (is_wanted && value.size() <= kRetryAfterBytesMax) retry_after.emplace(value);
  }
  void on_header_impl(Code& error) override {
    error = {};
    is_past_head = true;
  }
  void on_body_init_impl(boost::optional<std::uint64_t> const&, Code& error) override {
    error = {};
  }
  std::size_t on_body_impl(Text bytes, Code& error) override {
    error = {};
    keep(bytes);
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t, Text, Code& error) override { error = {}; }
  std::size_t on_chunk_body_impl(std::uint64_t, Text bytes, Code& error) override {
    error = {};
    keep(bytes);
    return bytes.size();
  }
  void on_finish_impl(Code& error) override { error = {}; }

  void keep(Text bytes) {
    for (const char c : bytes) {
      if (excerpt.size() >= kExcerptBytesMax) return;
      excerpt.push_back(is_visible(c) || c == ' ' ? c : '.');
    }
  }
};

AnswerReader::AnswerReader() : machine_(std::make_unique<Machine>()) {}
AnswerReader::~AnswerReader() = default;

bool AnswerReader::has_head() const {
  return machine_->is_past_head && !is_interim(machine_->answer_status);
}
bool AnswerReader::is_complete() const { return has_head() && machine_->is_done(); }
int AnswerReader::status() const { return machine_->answer_status; }
const std::optional<std::string>& AnswerReader::retry_after() const {
  return machine_->retry_after;
}
const std::string& AnswerReader::excerpt() const { return machine_->excerpt; }

Result<> AnswerReader::restart_after_interim() {
  if (++interims_ > kInterimsMax) return fail(ErrorCode::invalid, "too many interim answers");
  machine_ = std::make_unique<Machine>();
  has_status_line_ = false;
  return {};
}

// Completes "HTTP/1.1 204" to "HTTP/1.1 204 ", the form that the parser requires. False if the line
// is not complete yet.
bool AnswerReader::complete_status_line() {
  if (has_status_line_) return true;
  constexpr std::size_t kShortLineBytes = std::string_view{"HTTP/1.1 204"}.size();
  const std::size_t end = waiting_.find("\r\n");
  if (end == std::string::npos && waiting_.size() <= kShortLineBytes + 1) return false;
  has_status_line_ = true;
  if (end == kShortLineBytes) waiting_.insert(end, 1, ' ');
  return true;
}

Result<> AnswerReader::take(std::string_view bytes) {
  waiting_.append(bytes);
  while (!waiting_.empty() && !machine_->is_done() && complete_status_line()) {
    beast::error_code error;
    const std::size_t taken =
        machine_->put(boost::asio::const_buffer{waiting_.data(), waiting_.size()}, error);
    waiting_.erase(0, taken);
    if (error == beast::http::error::need_more) return {};
    if (error) return fail(ErrorCode::invalid, "no HTTP answer: " + error.message());
    if (machine_->is_done() && is_interim(machine_->answer_status)) TRY(restart_after_interim());
  }
  return {};
}

}  // namespace metergate::http
