// SmtpDialogue: our side of the conversation that hands one message to a mail server (RFC 5321,
// STARTTLS of RFC 3207, AUTH PLAIN and LOGIN of RFC 4954). It reads and writes no socket: bytes go
// in, bytes come out, and the caller upgrades the connection to TLS when it is told to.
//
// The server is a stranger: its lines and their number are bounded, and bytes that came in the
// clear are never read as if TLS had brought them. A password is never written in the clear, and
// never told of. One thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace metergate::http {

// The sender, the receivers and the login of a message. Addresses are of is_mail_address
// (base/mail_address.h); the others are never in a command as they are.
struct MailOrder {
  std::string from;
  std::vector<std::string> to;
  std::string username;  // empty: no login
  std::string password;
};

enum class MailTls : std::uint8_t {
  from_the_start,
  by_upgrade,           // STARTTLS, or nothing is sent
  by_upgrade_if_there,  // the operator allows messages in the clear; passwords never are
};

class SmtpDialogue {
 public:
  static constexpr std::size_t kAnswerBytesMax = 256;

  // `message` has lines that end in CRLF. Both are lent for as long as this lives.
  SmtpDialogue(const MailOrder& order, std::string_view message, MailTls tls);

  void take(std::string_view bytes);
  // The bytes to send now; what was taken is gone.
  std::string take_output() { return std::exchange(output_, {}); }
  // True once the server waits for TLS; call upgraded() when it stands.
  bool wants_tls() const { return step_ == Step::tls; }
  void upgraded();
  bool is_over() const { return step_ == Step::over; }

  int status() const { return status_; }                 // of the deciding reply; 0: there was none
  const std::string& answer() const { return answer_; }  // its beginning, printable ASCII only
  // The reason why it failed and what to do; after a success, who was refused.
  const std::string& problem() const { return problem_; }
  bool is_accepted() const { return is_accepted_; }

 private:
  enum class Step : std::uint8_t {
    greeting,
    hello,
    start_tls,
    tls,
    plain,
    login,
    login_name,
    login_password,
    sender,
    receiver,
    data,
    message,
    over
  };
  struct Reply {
    int code = 0;
    std::vector<std::string> lines;
  };

  bool take_line(std::string_view line);
  void take_reply();
  void say_hello();
  void take_hello();
  void after_hello();
  void log_in();
  void take_login();
  void send_next_receiver();
  void take_receiver();
  void take_message_reply();
  void say(std::string_view command);
  bool offers(std::string_view word) const;
  bool offers_login(std::string_view mechanism) const;
  void end(std::string problem);
  void keep_answer();
  bool is_permanent() const { return reply_.code >= 500; }

  const MailOrder& order_;
  const std::string_view message_;
  const MailTls tls_;
  Step step_ = Step::greeting;
  bool is_encrypted_ = false;
  bool is_accepted_ = false;
  std::string line_;  // the beginning of one
  std::size_t taken_ = 0;
  Reply reply_;
  std::vector<std::string> offered_;  // after EHLO, in upper case
  std::size_t receiver_ = 0;
  std::size_t accepted_ = 0;
  std::string refused_;
  std::string output_;
  int status_ = 0;
  std::string answer_;
  std::string problem_;
};

}  // namespace metergate::http
