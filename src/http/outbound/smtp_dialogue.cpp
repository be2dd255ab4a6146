#include "http/outbound/smtp_dialogue.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto.h"
#include "http/words/characters.h"

namespace metergate::http {
namespace {

constexpr std::size_t kLineBytesMax = 2048;
constexpr std::size_t kReplyLinesMax = 128;
constexpr std::size_t kBytesMax = 64 * 1024;  // of the whole conversation
constexpr int kReady = 220;
constexpr int kLoggedIn = 235;
constexpr int kOk = 250;
constexpr int kOkElsewhere = 251;
constexpr int kGoOn = 334;
constexpr int kSendMessage = 354;

std::string upper(std::string_view text) {
  std::string made{text};
  std::ranges::transform(made, made.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return made;
}

// A line that begins with a dot gets another, since a dot alone ends the message (RFC 5321, 4.5.2).
std::string with_dots(std::string_view message) {
  std::string made;
  made.reserve(message.size() + 8);
  bool begins_line = true;
  for (const char c : message) {
    if (begins_line && c == '.') made += '.';
    made += c;
    begins_line = c == '\n';
  }
  if (!made.ends_with("\r\n")) made += "\r\n";
  return made + ".\r\n";
}

}  // namespace

SmtpDialogue::SmtpDialogue(const MailOrder& order, std::string_view message, MailTls tls)
    : order_(order), message_(message), tls_(tls), is_encrypted_(tls == MailTls::from_the_start) {}

void SmtpDialogue::take(std::string_view bytes) {
  taken_ += bytes.size();
  if (taken_ > kBytesMax) return end("the mail server talks without an end: check that it is one");
  while (!bytes.empty() && !is_over()) {
    if (wants_tls()) {
      return end("bytes came in the clear behind the answer to STARTTLS: someone stands between");
    }
    const std::size_t line_end = bytes.find('\n');
    line_ += bytes.substr(0, line_end);
    if (line_.size() > kLineBytesMax) return end("what answers is no mail server: check the URL");
    if (line_end == std::string_view::npos) return;
    bytes.remove_prefix(line_end + 1);
    if (line_.ends_with('\r')) line_.pop_back();
    if (take_line(std::exchange(line_, {}))) take_reply();
  }
}

// True if it was a reply's last line: "250 text" after any number of "250-text".
bool SmtpDialogue::take_line(std::string_view line) {
  const bool has_code = line.size() >= 3 && std::ranges::all_of(line.substr(0, 3), is_digit) &&
                        line[0] >= '2' && line[0] <= '5';
  const bool is_last = line.size() == 3 || (line.size() > 3 && line[3] == ' ');
  if (!has_code || (!is_last && line[3] != '-')) {
    end("what answers is no mail server: check the URL and its port");
    return false;
  }
  const int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
  if (!reply_.lines.empty() && code != reply_.code) {
    end("the mail server's reply has two codes: check that it is one");
    return false;
  }
  if (reply_.lines.size() >= kReplyLinesMax) {
    end("the mail server's reply does not end");
    return false;
  }
  reply_.code = code;
  reply_.lines.emplace_back(line.size() > 4 ? line.substr(4) : std::string_view{});
  return is_last;
}

void SmtpDialogue::keep_answer() {
  status_ = reply_.code;
  answer_ = std::to_string(reply_.code);
  const bool is_login = step_ == Step::plain || step_ == Step::login || step_ == Step::login_name ||
                        step_ == Step::login_password;
  // A server may say again what it was told: the password.
  if (is_login) return;
  for (const std::string& line : reply_.lines) answer_ += " " + line;
  for (char& c : answer_) {
    if (c < 0x20 || c > 0x7E) c = '?';
  }
  answer_.resize(std::min(answer_.size(), kAnswerBytesMax));
}

void SmtpDialogue::end(std::string problem) {
  if (is_over()) return;
  problem_ = std::move(problem);
  step_ = Step::over;
  // A reply that accepted some step is no success of the whole.
  constexpr int kFirstFailure = 400;
  if (!is_accepted_ && status_ < kFirstFailure) status_ = 0;
}

void SmtpDialogue::say(std::string_view command) { output_ += fmt::format("{}\r\n", command); }

void SmtpDialogue::take_reply() {
  keep_answer();
  switch (step_) {
    case Step::greeting:
      if (reply_.code != kReady) {
        end("the mail server takes nothing now; it is tried again");
        break;
      }
      say_hello();
      break;
    case Step::hello:
      take_hello();
      break;
    case Step::start_tls:
      if (reply_.code != kReady) {
        end("the mail server refused STARTTLS: use smtps:// with its port for TLS");
        break;
      }
      step_ = Step::tls;
      break;
    case Step::plain:
    case Step::login:
    case Step::login_name:
    case Step::login_password:
      take_login();
      break;
    case Step::sender:
      if (reply_.code != kOk) {
        end(
            fmt::format("the mail server refused the sender {}: check `from`, and whether the "
                        "server wants a login",
                        order_.from));
        break;
      }
      send_next_receiver();
      break;
    case Step::receiver:
      take_receiver();
      break;
    case Step::data:
      if (reply_.code != kSendMessage) {
        end("the mail server refused the message before it was sent");
        break;
      }
      output_ += with_dots(message_);
      step_ = Step::message;
      break;
    case Step::message:
      take_message_reply();
      break;
    case Step::tls:
    case Step::over:
      break;
  }
  reply_ = {};
}

// The name is a literal that every server takes: our own host's name is nobody's business.
void SmtpDialogue::say_hello() {
  say("EHLO [127.0.0.1]");
  step_ = Step::hello;
}

void SmtpDialogue::take_hello() {
  if (reply_.code != kOk) return end("the mail server does not know EHLO: use another one");
  offered_.clear();
  for (const std::string& line : reply_.lines) offered_.push_back(upper(line));
  after_hello();
}

bool SmtpDialogue::offers(std::string_view word) const {
  return std::ranges::find(offered_, word) != offered_.end();
}

bool SmtpDialogue::offers_login(std::string_view mechanism) const {
  return std::ranges::any_of(offered_, [&](const std::string& line) {
    return line.starts_with("AUTH ") &&
           (line + " ").find(fmt::format(" {} ", mechanism)) != std::string::npos;
  });
}

void SmtpDialogue::after_hello() {
  if (!is_encrypted_ && offers("STARTTLS")) {
    say("STARTTLS");
    step_ = Step::start_tls;
    return;
  }
  if (!is_encrypted_ && tls_ == MailTls::by_upgrade) {
    return end(
        "the mail server offers no STARTTLS, and nothing is sent in the clear: use smtps://");
  }
  if (!order_.username.empty()) return log_in();
  say(fmt::format("MAIL FROM:<{}>", order_.from));
  step_ = Step::sender;
}

void SmtpDialogue::upgraded() {
  is_encrypted_ = true;
  line_.clear();
  offered_.clear();
  say_hello();
}

void SmtpDialogue::log_in() {
  if (!is_encrypted_) {
    return end("the mail server offers no TLS, and a password is not sent without: use smtps://");
  }
  if (offers_login("PLAIN")) {
    std::string secret;
    secret.append(1, '\0').append(order_.username).append(1, '\0').append(order_.password);
    say("AUTH PLAIN " + base64(secret));
    step_ = Step::plain;
  } else if (offers_login("LOGIN")) {
    say("AUTH LOGIN");
    step_ = Step::login;
  } else {
    end("the mail server offers no login that is known here, PLAIN or LOGIN: leave `username` out");
  }
}

void SmtpDialogue::take_login() {
  if (reply_.code == kLoggedIn) {
    say(fmt::format("MAIL FROM:<{}>", order_.from));
    step_ = Step::sender;
  } else if (reply_.code == kGoOn && step_ == Step::login) {
    say(base64(order_.username));
    step_ = Step::login_name;
  } else if (reply_.code == kGoOn && step_ == Step::login_name) {
    say(base64(order_.password));
    step_ = Step::login_password;
  } else {
    end("the mail server refused the login: check `username` and `password`");
  }
}

void SmtpDialogue::send_next_receiver() {
  if (receiver_ < order_.to.size()) {
    say(fmt::format("RCPT TO:<{}>", order_.to[receiver_++]));
    step_ = Step::receiver;
    return;
  }
  if (accepted_ == 0) return end(refused_);
  say("DATA");
  step_ = Step::data;
}

// One that is refused for good must not keep the message from the others for three days.
void SmtpDialogue::take_receiver() {
  const std::string& address = order_.to[receiver_ - 1];
  if (reply_.code == kOk || reply_.code == kOkElsewhere) {
    ++accepted_;
  } else if (is_permanent()) {
    refused_ = fmt::format("the mail server refused the receiver {}: check `to`", address);
  } else {
    return end(
        fmt::format("the mail server does not take mail for {} now; it is tried again", address));
  }
  send_next_receiver();
}

void SmtpDialogue::take_message_reply() {
  is_accepted_ = reply_.code == kOk;
  if (is_accepted_) say("QUIT");
  end(is_accepted_ ? refused_ : "the mail server refused the message: its answer says why");
}

}  // namespace metergate::http
