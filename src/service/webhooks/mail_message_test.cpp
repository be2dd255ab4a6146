#include "service/webhooks/mail_message.h"

#include <gtest/gtest.h>

#include "base/crypto.h"

namespace metergate {
namespace {

MailMessage message(std::string subject) {
  return {.from = "from@a.example",
          .to = {"to@b.example", "also@b.example"},
          .id = "msg_1",
          .at = Timestamp{Milliseconds{1'772'706'600'000}},
          .subject = std::move(subject),
          .lines = {"hello", "."}};
}

TEST(MailMessage, HasTheHeadersOfOne) {
  EXPECT_EQ(mail_text(message("Adventure Park is over")),
            "From: Metergate <from@a.example>\r\n"
            "To: to@b.example,\r\n also@b.example\r\n"
            "Subject: Adventure Park is over\r\n"
            "Date: Thu, 05 Mar 2026 10:30:00 +0000\r\n"
            "Message-ID: <msg_1@a.example>\r\n"
            "Auto-Submitted: auto-generated\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: base64\r\n\r\n" +
                base64("hello\r\n.\r\n") + "\r\n");
}

// The text that a reader of RFC 2047 shows.
std::string decoded(std::string_view header) {
  std::string text;
  while (!header.empty()) {
    EXPECT_TRUE(header.starts_with("=?UTF-8?B?")) << header;
    header.remove_prefix(10);
    const std::size_t end = header.find("?=");
    text += parse_base64(header.substr(0, end)).value();
    header.remove_prefix(end + 2);
    if (header.starts_with("\r\n ")) header.remove_prefix(3);
  }
  return text;
}

TEST(MailMessage, NamesOfAllScriptsAreEncodedWords) {
  std::string long_name;
  for (int i = 0; i < 40; ++i) long_name += "\xE6\x9D\xB1\xE4\xBA\xAC";
  for (const std::string& name : {std::string{"K\xC3\xB6ln"}, std::string{"=?UTF-8?Q?x?="},
                                  std::string(200, 'a'), long_name}) {
    const std::string header = header_text(name);
    EXPECT_EQ(decoded(header), name);
    for (std::size_t at = 0; at < header.size();) {
      const std::size_t end = std::min(header.find("\r\n", at), header.size());
      EXPECT_LE(end - at, 75U);
      at = end + 2;
    }
  }
}

TEST(MailMessage, NoSubjectBeginsAnotherHeader) {
  for (const std::string& evil :
       {std::string{"x\r\nBcc: all@evil.example"}, std::string{"x\nBcc: y"},
        std::string{"x\rBcc: y"}, std::string{"x\r\n\r\nbody"}, std::string("x\0y", 3),
        std::string{"\x7F\x01"}, std::string{"x\xE2\x80\xA8y"}, std::string{"\xFF\xFE"}}) {
    const std::string text = mail_text(message(evil));
    const std::string head = text.substr(0, text.find("\r\n\r\n"));
    EXPECT_EQ(head.find("Bcc"), std::string::npos);
    int headers = 0;
    for (std::size_t at = 0; at < head.size();) {
      const std::size_t end = std::min(head.find("\r\n", at), head.size());
      if (head[at] != ' ') ++headers;
      at = end + 2;
    }
    EXPECT_EQ(headers, 9) << text;
    for (const char c : head) EXPECT_TRUE((c >= 0x20 && c < 0x7F) || c == '\r' || c == '\n');
  }
}

}  // namespace
}  // namespace metergate
