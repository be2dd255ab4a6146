#include "service/webhooks/mail_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/crypto.h"
#include "base/mail_address.h"

namespace metergate {
namespace {

// "=?UTF-8?B?" and "?=" around 60 characters of base64: below the 75 of RFC 2047, 2.
constexpr std::size_t kWordBytesMax = 45;
constexpr std::size_t kPlainMax = 60;
constexpr std::size_t kBodyColumns = 76;

// "Thu, 05 Mar 2026 10:30:00 +0000".
std::string mail_date(Timestamp at) {
  constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed",
                                                     "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{std::chrono::floor<std::chrono::seconds>(at - day)};
  return fmt::format(
      "{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000", kDays[std::chrono::weekday{day}.c_encoding()],
      static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
      static_cast<int>(date.year()), time.hours().count(), time.minutes().count(),
      time.seconds().count());
}

bool is_plain(std::string_view text) {
  return text.size() <= kPlainMax && text.find("=?") == std::string_view::npos &&
         std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7F; });
}

std::string in_columns(std::string_view text) {
  std::string made;
  for (; !text.empty(); text.remove_prefix(std::min(text.size(), kBodyColumns)))
    made += fmt::format("{}\r\n", text.substr(0, kBodyColumns));
  return made;
}

}  // namespace

std::string header_text(std::string_view text) {
  if (is_plain(text)) return std::string{text};
  std::string made;
  while (!text.empty()) {
    std::size_t size = std::min(text.size(), kWordBytesMax);
    // A character stands in one word as a whole.
    while (size < text.size() && size > 1 && (text[size] & 0xC0) == 0x80) --size;
    if (!made.empty()) made += "\r\n ";
    made += fmt::format("=?UTF-8?B?{}?=", base64(text.substr(0, size)));
    text.remove_prefix(size);
  }
  return made;
}

std::string mail_text(const MailMessage& message) {
  CHECK(is_mail_address(message.from) && std::ranges::all_of(message.to, is_mail_address));
  std::string body;
  for (const std::string& line : message.lines) body += line + "\r\n";
  std::string to;
  for (const std::string& address : message.to) to += (to.empty() ? "" : ",\r\n ") + address;
  const std::string_view domain =
      std::string_view{message.from}.substr(message.from.rfind('@') + 1);
  return fmt::format(
      "From: Metergate <{}>\r\nTo: {}\r\nSubject: {}\r\nDate: {}\r\nMessage-ID: <{}@{}>\r\n"
      "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
      "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
      message.from, to, header_text(message.subject), mail_date(message.at), message.id, domain,
      in_columns(base64(body)));
}

}  // namespace metergate
