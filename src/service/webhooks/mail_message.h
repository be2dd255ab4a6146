// MailMessage: a notice as a message for a mail server (RFC 5322, MIME). A pure function; safe from
// any thread.
//
// A subject may hold anything that a tenant is named: it is written as encoded words (RFC 2047)
// unless it is plain ASCII, so it can never begin another header. The text is base64, so no line of
// it is long, or a dot.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace metergate {

struct MailMessage {
  std::string from;  // addresses of is_mail_address
  std::vector<std::string> to;
  std::string id;  // the delivery's: the same at every attempt, so that a mailbox shows it once
  Timestamp at{};
  std::string subject;
  std::vector<std::string> lines;
};

std::string mail_text(const MailMessage& message);

// A header's text: as it is, or as encoded words, folded; never with a line end of its own.
std::string header_text(std::string_view text);

}  // namespace metergate
