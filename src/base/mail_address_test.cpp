#include "base/mail_address.h"

#include <gtest/gtest.h>

#include <string>

namespace metergate {
namespace {

TEST(MailAddress, IsTakenAsItIsUsuallyWritten) {
  for (const char* text : {"billing@example.com", "a.b+c@mail.example.co.uk", "root@localhost",
                           "o'neil@example.com", "A_1@EXAMPLE.com", "x@xn--bcher-kva.example"}) {
    EXPECT_TRUE(is_mail_address(text)) << text;
  }
}

TEST(MailAddress, NothingThatCouldEndACommandOrAHeaderIsOne) {
  const std::vector<std::string> bad = {"",
                                        "@",
                                        "a@",
                                        "@example.com",
                                        "billing",
                                        "a b@example.com",
                                        "a@example.com\r\nBcc: x@example.com",
                                        "a\n@example.com",
                                        "a@example.com>",
                                        "<a@example.com>",
                                        "a@example.com, b@example.com",
                                        "\"a b\"@example.com",
                                        "Ann <a@example.com>",
                                        "a@b@example.com",
                                        ".a@example.com",
                                        "a.@example.com",
                                        "a..b@example.com",
                                        "a@-example.com",
                                        "a@example..com",
                                        "a@example.com.",
                                        "a@[127.0.0.1]",
                                        "b\xC3\xBCro@example.com",
                                        std::string("a@example.com\0x", 15),
                                        std::string(65, 'a') + "@example.com",
                                        "a@" + std::string(300, 'b')};
  for (const std::string& text : bad) EXPECT_FALSE(is_mail_address(text)) << text;
}

}  // namespace
}  // namespace metergate
