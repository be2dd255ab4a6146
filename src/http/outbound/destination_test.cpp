#include "http/outbound/destination.h"

#include <gtest/gtest.h>

namespace metergate::http {
namespace {

DestinationRules rules_of(std::string_view allowed, bool http_allowed = false) {
  return {AllowList::parse(allowed).value(), http_allowed};
}

bool is_accepted(std::string_view url, const DestinationRules& rules = {}) {
  const auto destination = parse_destination(url);
  return destination && check_destination(*destination, rules);
}

TEST(Destination, TakesAUrlApart) {
  const Destination made = parse_destination("HTTPS://Hooks.Example:8443/a/b?c=d%20e").value();
  EXPECT_TRUE(made.is_secure);
  EXPECT_EQ(made.host, "hooks.example");
  EXPECT_EQ(made.port, 8443);
  EXPECT_EQ(made.target, "/a/b?c=d%20e");
  EXPECT_FALSE(made.address);
  EXPECT_EQ(made.host_field(), "hooks.example:8443");
}

TEST(Destination, FillsInWhatIsLeftOut) {
  const Destination made = parse_destination("https://hooks.example").value();
  EXPECT_EQ(made.port, 443);
  EXPECT_EQ(made.target, "/");
  EXPECT_EQ(made.host_field(), "hooks.example");
  EXPECT_EQ(parse_destination("https://hooks.example?x=1").value().target, "/?x=1");
  EXPECT_EQ(parse_destination("http://hooks.example").value().port, 80);
  const Destination v6 = parse_destination("https://[2606:4700::1]:8443/").value();
  EXPECT_EQ(v6.host, "2606:4700::1");
  EXPECT_EQ(v6.host_field(), "[2606:4700::1]:8443");
}

TEST(Destination, RefusesWhatIsNoUrlOrCanBeReadInTwoWays) {
  for (const char* url : {"",
                          "https",
                          "https:",
                          "https://",
                          "https:///path",
                          "ftp://a.example/",
                          "file:///etc/passwd",
                          "gopher://a.example",
                          "//a.example",
                          "a.example",
                          "javascript:alert(1)",
                          "https://user@a.example/",
                          "https://user:pass@a.example/",
                          "https://a.example@127.0.0.1/",
                          "https://127.0.0.1\\@a.example/",
                          "https://a.example#b",
                          "https://a.example/#b",
                          "https://a.example:0/",
                          "https://a.example:65536/",
                          "https://a.example:/",
                          "https://a.example:80:90/",
                          "https://a.example:+443/",
                          "https://a.example:4 43/",
                          "https://a example/",
                          "https://a.example/\r\nX: y",
                          "https://a.example/\x7f",
                          "https://%61.example/",
                          "https://a.example/%zz",
                          "https://a.example/%4",
                          "https://[::1/",
                          "https://[::1]x/",
                          "https://[127.0.0.1]/",
                          "https://[fe80::1%25eth0]/",
                          "https://::1/",
                          "https://a..example/",
                          "https://.example/",
                          "https://a.example./",
                          "https://b\xC3\xBC.de/",
                          "https://0x7f.0.0.1/",
                          "https://127.1/",
                          "https://2130706433/",
                          "https://017700000001/",
                          "https://0177.0.0.1/",
                          "https://127.0.0.1./",
                          "https://0/",
                          "https://a.1/",
                          "https://\xEF\xBC\x91\xEF\xBC\x92\xEF\xBC\x97.0.0.1/"}) {
    const auto destination = parse_destination(url);
    EXPECT_FALSE(destination) << url;
    if (!destination) {
      EXPECT_EQ(destination.error().code, ErrorCode::invalid) << url;
    }
  }
  EXPECT_FALSE(parse_destination("https://a.example/" + std::string(2048, 'a')));
  EXPECT_TRUE(parse_destination("https://a.example/" + std::string(2000, 'a')));
}

TEST(Destination, MustBeSecureUnlessHttpIsAllowed) {
  EXPECT_TRUE(is_accepted("https://hooks.example/"));
  EXPECT_FALSE(is_accepted("http://hooks.example/"));
  EXPECT_FALSE(is_accepted("http://127.0.0.1/", rules_of("127.0.0.1")));
  EXPECT_TRUE(is_accepted("http://hooks.example/", rules_of("", true)));
}

TEST(Destination, AnAddressMustBePublicOrAllowed) {
  for (const char* url : {"https://127.0.0.1/", "https://10.0.0.1/", "https://169.254.169.254/",
                          "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[fd00::1]/",
                          "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/"}) {
    EXPECT_FALSE(is_accepted(url)) << url;
    EXPECT_TRUE(is_accepted(url, rules_of("0.0.0.0/0,::/0"))) << url;
  }
  EXPECT_TRUE(is_accepted("https://8.8.8.8/"));
  EXPECT_TRUE(is_accepted("https://[2606:4700::1]/"));
}

TEST(Destination, PortIsTheUsualOneOrAboveTheReserved) {
  for (const char* url : {"https://a.example:80/", "https://a.example:443/",
                          "https://a.example:1024/", "https://a.example:65535/"}) {
    EXPECT_TRUE(is_accepted(url)) << url;
  }
  for (const char* url : {"https://a.example:1/", "https://a.example:22/", "https://a.example:25/",
                          "https://a.example:1023/"}) {
    EXPECT_FALSE(is_accepted(url)) << url;
    EXPECT_TRUE(is_accepted(url, rules_of("a.example"))) << url;
  }
}

TEST(Destination, WhatANameWasFoundAtIsHeldAgainstTheRulesToo) {
  const Destination made = parse_destination("https://a.example/").value();
  EXPECT_TRUE(may_connect(made, *parse_ip("8.8.8.8"), {}));
  EXPECT_FALSE(may_connect(made, *parse_ip("127.0.0.1"), {}));
  EXPECT_FALSE(may_connect(made, *parse_ip("::ffff:8.8.8.8"), {}));
  EXPECT_TRUE(may_connect(made, *parse_ip("127.0.0.1"), rules_of("127.0.0.0/8")));
  EXPECT_TRUE(may_connect(made, *parse_ip("127.0.0.1"), rules_of("a.example")));
  EXPECT_FALSE(may_connect(made, *parse_ip("127.0.0.1"), rules_of("b.example")));
}

TEST(Destination, OfAMailServerHasAHostAndAPort) {
  const Destination made = parse_mail_server("smtps://Mail.Example").value();
  EXPECT_TRUE(made.is_secure);
  EXPECT_TRUE(made.is_mail);
  EXPECT_EQ(made.host, "mail.example");
  EXPECT_EQ(made.port, 465);
  EXPECT_EQ(parse_mail_server("smtp://mail.example/").value().port, 587);
  EXPECT_FALSE(parse_mail_server("smtp://mail.example").value().is_secure);
  EXPECT_EQ(parse_mail_server("smtp://[2606:4700::1]:2525").value().port, 2525);
  for (const char* url :
       {"", "smtp", "smtp://", "https://mail.example", "smtp://a.example/inbox",
        "smtp://a.example?x", "smtp://a.example#x", "smtp://user:word@a.example", "smtp://a b",
        "smtp://a.example:0", "smtp://a.example:25:25", "smtp://a.example\r\nQUIT", "lmtp://a"}) {
    EXPECT_FALSE(parse_mail_server(url)) << url;
  }
}

TEST(Destination, OfAMailServerIsHeldAgainstTheSameRules) {
  const auto is_allowed = [](std::string_view url, const DestinationRules& rules = {}) {
    return check_destination(parse_mail_server(url).value(), rules).has_value();
  };
  for (const char* url :
       {"smtp://a.example", "smtps://a.example", "smtp://a.example:25", "smtp://a.example:2525"}) {
    EXPECT_TRUE(is_allowed(url)) << url;
  }
  for (const char* url :
       {"smtp://127.0.0.1", "smtps://10.0.0.1", "smtp://[::1]", "smtp://169.254.169.254",
        "smtp://a.example:22", "smtp://a.example:80", "smtp://0.0.0.0:2525", "smtps://[fd00::5]"}) {
    EXPECT_FALSE(is_allowed(url)) << url;
  }
  EXPECT_TRUE(is_allowed("smtp://127.0.0.1:24", rules_of("127.0.0.0/8")));
  EXPECT_FALSE(is_accepted("smtp://a.example"));
  EXPECT_FALSE(is_accepted("smtps://a.example"));
}

}  // namespace
}  // namespace metergate::http
