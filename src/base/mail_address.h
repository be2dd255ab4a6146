// Mail addresses as they are usually written. A pure function; safe from any thread.
#pragma once

#include <string_view>

namespace metergate {

// True for "billing@example.com": ASCII of at most 254 bytes without quotes, spaces, brackets or
// line ends, so that it can stand in a header and in a mail server's command as it is.
bool is_mail_address(std::string_view text);

}  // namespace metergate
