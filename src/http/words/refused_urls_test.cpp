// URLs that try to reach a target forbidden to webhooks, or that two programs might read
// differently: each is refused before a name is looked up. tests/webhooks/rebinding_test.py covers
// the addresses of names.
#include <gtest/gtest.h>

#include <span>
#include <string_view>

#include "http/outbound/destination.h"

namespace metergate::http {
namespace {

using Row = std::string_view;

bool is_row_accepted(Row url, const DestinationRules& rules = {}) {
  const auto destination = parse_destination(url);
  return destination && check_destination(*destination, rules);
}

// Also refused if the operator allows plain HTTP, as in tests.
void expect_refused(std::span<const Row> rows) {
  const DestinationRules with_http{{}, true};
  for (const Row url : rows) {
    EXPECT_FALSE(is_row_accepted(url)) << url;
    EXPECT_FALSE(is_row_accepted(url, with_http)) << url;
    const auto destination = parse_destination(url);
    const Result<> why = destination ? check_destination(*destination, with_http)
                                     : Result<>(fail(destination.error()));
    if (why) continue;
    EXPECT_EQ(why.error().code, ErrorCode::invalid) << url;
    EXPECT_FALSE(why.error().message.empty()) << url;
  }
}

constexpr Row kPlainInside[] = {"https://127.0.0.1/",
                                "https://127.0.0.53:8080/",
                                "https://127.255.255.254/",
                                "https://0.0.0.0/",
                                "https://0.1.2.3/",
                                "https://10.0.0.1/",
                                "https://10.255.255.255/",
                                "https://100.64.0.1/",
                                "https://100.100.100.200/",
                                "https://169.254.169.254/",
                                "https://169.254.170.2/v2/credentials",
                                "https://172.16.0.1/",
                                "https://172.31.255.255/",
                                "https://192.0.0.8/",
                                "https://192.0.0.192/",
                                "https://192.0.2.1/",
                                "https://192.88.99.1/",
                                "https://192.168.0.1/",
                                "https://198.18.0.1/",
                                "https://198.51.100.1/",
                                "https://203.0.113.1/",
                                "https://168.63.129.16/",
                                "https://224.0.0.1/",
                                "https://239.255.255.250:1900/",
                                "https://240.0.0.1/",
                                "https://255.255.255.255/"};

constexpr Row kNumberForms[] = {
    // decimal
    "https://2130706433/", "https://2852039166/", "https://3232235521/", "https://167772161/",
    "https://0/", "https://1/", "https://134744072/", "https://4294967295/", "https://4294967296/",
    "https://6425673729/", "https://18446744073709551615/",
    // octal
    "https://017700000001/", "https://0177.0.0.1/", "https://0177.0000.0000.0001/",
    "https://00000177.0.0.1/", "https://0251.0376.0251.0376/", "https://012.0.0.1/",
    "https://127.0.0.01/", "https://127.00.0.1/", "https://0300.0250.0.1/", "https://00.0.0.0/",
    "https://025177524776/",
    // hexadecimal
    "https://0x7f000001/", "https://0X7F000001/", "https://0x7f.0x0.0x0.0x1/",
    "https://0x7f.0.0.1/", "https://127.0.0.0x1/", "https://0xa9fea9fe/",
    "https://0xA9.0xFE.0xA9.0xFE/", "https://0x00000000007f000001/", "https://0x/",
    "https://a.0x7f/", "https://0x7f.1/", "https://0x0/",
    // mixed
    "https://0177.0x0.0.1/", "https://0xa9.254.0251.254/", "https://10.0x000001/",
    "https://0x7f.0177.1/", "https://169.0376.43518/",
    // short
    "https://127.1/", "https://127.0.1/", "https://10.1/", "https://169.254.43518/",
    "https://169.16689662/", "https://192.168.257/", "https://127.65530/",
    // too large, too many, too few
    "https://127.0.0.257/", "https://256.0.0.1/", "https://383.0.0.1/", "https://127.0.0.1.1/",
    "https://1.2.3/", "https://127..0.1/", "https://127.0.0./", "https://.127.0.0.1/",
    "https://-127.0.0.1/", "https://+127.0.0.1/", "https://127.0.0.-1/", "https://127,0,0,1/",
    "https://0x7f000001.0x0/", "https://1e3.0/", "https://example.1/", "https://example.017/"};

constexpr Row kIpv6Forms[] = {
    "https://[::1]/", "https://[0:0:0:0:0:0:0:1]/", "https://[0000::0001]/", "https://[::]/",
    "https://[::0.0.0.1]/", "https://[::2]/", "https://[100::1]/", "https://[fc00::1]/",
    "https://[fd00:ec2::254]/", "https://[fdff:ffff::1]/", "https://[fe80::1]/",
    "https://[FE80::1]/", "https://[febf::1]/", "https://[fec0::1]/", "https://[ff02::1]/",
    "https://[ff0e::1]/", "https://[5f00::1]/", "https://[2001:db8::1]/", "https://[3fff::1]/",
    "https://[2001:2::1]/", "https://[2001:10::1]/", "https://[2001:20::1]/", "https://[4000::1]/",
    "https://[1fff::1]/",
    // malformed
    "https://[::1/", "https://::1]/", "https://::1/", "https://[::1]]/", "https://[[::1]]/",
    "https://[]/", "https://[:]/", "https://[:::1]/", "https://[::1::]/", "https://[1:2:3]/",
    "https://[::1]x/", "https://[::1].example/", "https://x[::1]/", "https://[::1]:/",
    "https://[::1%25lo]/", "https://[fe80::1%25eth0]/", "https://[fe80::1%eth0]/",
    "https://[::00001]/", "https://[::g]/", "https://[::1.2.3]/", "https://[::127.1]/",
    "https://[::ffff:0x7f.0.0.1]/", "https://[127.0.0.1]/", "https://[localhost]/",
    "https://[v1.x]/", "https://[a.example]/"};

constexpr Row kIpv6ThatHidesIpv4[] = {
    // mapped, as IPv6 and as IPv4, even of public addresses, since they are not needed
    "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[::FFFF:127.0.0.1]/",
    "https://[0:0:0:0:0:ffff:7f00:1]/", "https://[::ffff:169.254.169.254]/",
    "https://[::ffff:a9fe:a9fe]/", "https://[::ffff:10.0.0.1]/", "https://[::ffff:0.0.0.0]/",
    "https://[::ffff:8.8.8.8]/", "https://[::ffff:808:808]/", "https://[::ffff:0:127.0.0.1]/",
    // compatible
    "https://[::127.0.0.1]/", "https://[::7f00:1]/", "https://[::169.254.169.254]/",
    "https://[::8.8.8.8]/",
    // NAT64, and a network's own
    "https://[64:ff9b::127.0.0.1]/", "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b::169.254.169.254]/", "https://[64:ff9b::10.0.0.1]/",
    "https://[64:ff9b::192.168.1.1]/", "https://[64:ff9b::0.0.0.0]/", "https://[64:ff9b:1::1]/",
    "https://[64:ff9b:1::8.8.8.8]/",
    // 6to4
    "https://[2002:7f00:1::]/", "https://[2002:7f00:1::1]/", "https://[2002:a9fe:a9fe::]/",
    "https://[2002:a00:1::]/", "https://[2002:c0a8:101::1]/", "https://[2002:ac10:1::]/",
    "https://[2002::1]/",
    // Teredo
    "https://[2001::1]/", "https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
    "https://[2001:0:7f00:1::]/", "https://[2001:0:ffff::80ff:fffe]/",
    // ISATAP
    "https://[2a00:1450::5efe:127.0.0.1]/", "https://[2a00:1450::200:5efe:7f00:1]/",
    "https://[2a00:1450::5efe:a9fe:a9fe]/", "https://[2a00:1450::5efe:10.0.0.1]/"};

constexpr Row kUserTricks[] = {"https://user@hooks.example/",
                               "https://user:pass@hooks.example/",
                               "https://@hooks.example/",
                               "https://:@hooks.example/",
                               "https://hooks.example@127.0.0.1/",
                               "https://hooks.example:443@127.0.0.1/",
                               "https://127.0.0.1@hooks.example/",
                               "https://a@b@127.0.0.1/",
                               "https://hooks.example%40127.0.0.1/",
                               "https://a%3ab@127.0.0.1/",
                               "https://hooks.example\\@127.0.0.1/",
                               "https://127.0.0.1\\@hooks.example/",
                               "https://hooks.example#@127.0.0.1/",
                               "https://127.0.0.1#@hooks.example/",
                               "https://hooks.example/#@127.0.0.1/",
                               "https://[::1]@hooks.example/",
                               "https://hooks.example&@127.0.0.1/",
                               "https://hooks.example;@127.0.0.1/",
                               "https://hooks.example:@127.0.0.1/",
                               "https://hooks.example\xEF\xBC\xA0"
                               "127.0.0.1/"};

constexpr Row kDots[] = {
    "https://hooks.example./", "https://localhost./", "https://127.0.0.1./", "https://127.0.0.1../",
    "https://hooks..example/", "https://.hooks.example/", "https://./", "https://../",
    // full stops that IDN takes for dots: U+3002, U+FF0E, U+FF61; a leader U+2024
    "https://127\xE3\x80\x82"
    "0\xE3\x80\x82"
    "0\xE3\x80\x82"
    "1/",
    "https://127\xEF\xBC\x8E"
    "0\xEF\xBC\x8E"
    "0\xEF\xBC\x8E"
    "1/",
    "https://127\xEF\xBD\xA1"
    "0\xEF\xBD\xA1"
    "0\xEF\xBD\xA1"
    "1/",
    "https://hooks\xE2\x80\xA4"
    "example/",
    "https://hooks\xE3\x80\x82"
    "example/"};

constexpr Row kOtherLetters[] = {
    "https://b\xC3\xBC"
    "cher.example/",                                        // an umlaut
    "https://\xEF\xBC\x91\xEF\xBC\x92\xEF\xBC\x97.0.0.1/",  // full-width digits
    "https://\xE2\x91\xA0\xE2\x91\xA1\xE2\x91\xA6.0.0.1/",  // digits in circles
    "https://\xE2\x93\x9B\xE2\x93\x9E"
    "calhost/",  // letters in circles
    "https://\xEF\xBD\x8C"
    "ocalhost/",                                     // a full-width letter
    "https://local\xC2\xADhost/",                    // a soft hyphen
    "https://local\xE2\x80\x8Bhost/",                // no width
    "https://local\xE2\x80\x8Dhost/",                // a joiner
    "https://\xE2\x80\xAEhooks.example/",            // from right to left
    "https://hooks.ex\xD0\xB0mple/",                 // a Cyrillic a
    "https://127.0.0.1\xEF\xBC\x8Fhooks.example/",   // a full-width slash
    "https://127.0.0.1\xE2\x84\x80.hooks.example/",  // a/c in one letter
    "https://hooks.example\xEF\xBC\x9A"
    "443/",
    "https://hooks.example/\xC3\xA9",
    "\xEF\xBB\xBFhttps://hooks.example/",
    "https://hooks.example/\xFF",
    "https://\xC0\xAE/"};

constexpr Row kPercentEncodings[] = {"https://%31%32%37.0.0.1/",
                                     "https://127%2e0%2e0%2e1/",
                                     "https://127.0.0.1%2f/",
                                     "https://%6c%6f%63%61%6c%68%6f%73%74/",
                                     "https://hooks.example%00.evil.example/",
                                     "https://hooks.example%0d%0aX:y/",
                                     "https://hooks.example%2f@127.0.0.1/",
                                     "https://hooks.example%23.evil.example/",
                                     "https://hooks.example%5c@127.0.0.1/",
                                     "https://hooks%2eexample/",
                                     "https://%5b::1%5d/",
                                     "https://%E3%80%82/",
                                     "https://hooks.example%3a22/",
                                     "https://hooks.example:%34%34%33/",
                                     "https://%/",
                                     "https://hooks.example/%",
                                     "https://hooks.example/%4",
                                     "https://hooks.example/%zz",
                                     "https://hooks.example/?a=%",
                                     "https://hooks.example/%u002e",
                                     "https%3a//hooks.example/",
                                     "https:%2f%2fhooks.example/"};

constexpr Row kBlanksAndControls[] = {" https://hooks.example/",
                                      "https://hooks.example/ ",
                                      "\thttps://hooks.example/",
                                      "https://hooks.example/\n",
                                      "https://hooks.example\t/",
                                      "ht\ntps://hooks.example/",
                                      "https:/\t/hooks.example/",
                                      "https://\r\nhooks.example/",
                                      "https://127.0.0.1\t.example/",
                                      "https://hooks.example/ HTTP/1.1\r\nHost: x",
                                      "https://hooks.example/a\r\nX: y",
                                      "https://hooks.example/?a\nb",
                                      "https://hooks.example:4\t43/",
                                      "https:// 127.0.0.1/",
                                      "https://hooks. example/",
                                      "https://hooks.example/\x0b",
                                      "https://hooks.example/\x7f",
                                      "https://hooks.example/\x1b[0m",
                                      "https://hooks.example\xC2\xA0/",
                                      "https://hooks.example\xE3\x80\x80/",
                                      Row{"https://127.0.0.1\0.hooks.example/", 34},
                                      Row{"https://hooks.example/\0", 23},
                                      Row{"https://hooks.example\0/", 23}};

constexpr Row kPorts[] = {"https://hooks.example:0/",
                          "https://hooks.example:1/",
                          "https://hooks.example:7/",
                          "https://hooks.example:19/",
                          "https://hooks.example:21/",
                          "https://hooks.example:22/",
                          "https://hooks.example:23/",
                          "https://hooks.example:25/",
                          "https://hooks.example:53/",
                          "https://hooks.example:110/",
                          "https://hooks.example:111/",
                          "https://hooks.example:139/",
                          "https://hooks.example:143/",
                          "https://hooks.example:389/",
                          "https://hooks.example:445/",
                          "https://hooks.example:465/",
                          "https://hooks.example:587/",
                          "https://hooks.example:873/",
                          "https://hooks.example:993/",
                          "https://hooks.example:1023/",
                          "https://hooks.example:65536/",
                          "https://hooks.example:65979/",
                          "https://hooks.example:99999/",
                          "https://hooks.example:4294967739/",
                          "https://hooks.example:-1/",
                          "https://hooks.example:+443/",
                          "https://hooks.example:0x1bb/",
                          "https://hooks.example:443a/",
                          "https://hooks.example:1e3/",
                          "https://hooks.example:/",
                          "https://hooks.example::443/",
                          "https://hooks.example:443:22/",
                          "https://hooks.example:443.0/",
                          "https://8.8.8.8:22/",
                          "https://[2606:4700::1]:22/",
                          "https://[2606:4700::1]443/",
                          "https://2606:4700::1:443/",
                          "https://hooks.example:\xEF\xBC\x94\xEF\xBC\x94\xEF\xBC\x93/",
                          "https://:443/"};

constexpr Row kSchemes[] = {"",
                            "h",
                            "https",
                            "https:",
                            "https:/",
                            "https://",
                            "https:///",
                            "https:////hooks.example/",
                            "https:hooks.example/",
                            "https:/hooks.example/",
                            "https:\\\\hooks.example/",
                            "https:/\\hooks.example/",
                            "https//hooks.example/",
                            "://hooks.example/",
                            "//hooks.example/",
                            "/hooks",
                            "hooks.example",
                            "hooks.example:443/",
                            "?x",
                            "#x",
                            "httpss://hooks.example/",
                            "xhttps://hooks.example/",
                            "https+unix://hooks.example/",
                            "http+unix://%2ftmp%2fsocket/",
                            "ftp://hooks.example/",
                            "ftps://hooks.example/",
                            "sftp://hooks.example/",
                            "tftp://hooks.example/",
                            "gopher://hooks.example/_x",
                            "dict://hooks.example:11211/stat",
                            "ldap://hooks.example/",
                            "ldaps://hooks.example/",
                            "smb://hooks.example/share",
                            "ws://hooks.example/",
                            "wss://hooks.example/",
                            "redis://hooks.example/",
                            "netdoc:///etc/passwd",
                            "jar:https://hooks.example!/",
                            "view-source:https://hooks.example/",
                            "file:///etc/passwd",
                            "file://localhost/etc/passwd",
                            "file:/etc/passwd",
                            "data:text/html,x",
                            "javascript:alert(1)",
                            "javascript://hooks.example/%0aalert(1)",
                            "about:blank",
                            "blob:https://hooks.example/x",
                            "mailto:a@hooks.example",
                            "url:https://hooks.example/",
                            "http\xC5\xBF://hooks.example/",
                            "https;://hooks.example/",
                            "'https://hooks.example/'",
                            "<https://hooks.example/>",
                            "\"https://hooks.example/\""};

constexpr Row kOddities[] = {
    "https://hooks.example\\/",
    "https://hooks.example/\\..\\",
    "https://hooks^example/",
    "https://hooks|example/",
    "https://hooks`example/",
    "https://{hooks}.example/",
    "https://hooks.example/<x>",
    "https://-hooks.example/",
    "https://hooks-.example/",
    "https://hooks.-example/",
    "https://*.example/",
    "https://hooks,example/",
    "https://hooks+x.example/",
    "https://hooks!.example/",
    "https://hooks'.example/",
    "https://hooks(x).example/",
    "https://hooks=x.example/",
    "https://hooks~x.example/",
    "https://hooks$x.example/",
    "https://hooks;x.example/",
    "https://hooks&x.example/",
    "https://a123456789b123456789c123456789d123456789e123456789f123456789g123.example/",
    "https://hooks.example/#",
    "https://hooks.example#",
    "https://?hooks.example/",
    "https://#/",
    "https://?/",
    "https:///hooks.example/"};

constexpr std::size_t kRows = std::size(kPlainInside) + std::size(kNumberForms) +
                              std::size(kIpv6Forms) + std::size(kIpv6ThatHidesIpv4) +
                              std::size(kUserTricks) + std::size(kDots) + std::size(kOtherLetters) +
                              std::size(kPercentEncodings) + std::size(kBlanksAndControls) +
                              std::size(kPorts) + std::size(kSchemes) + std::size(kOddities);
static_assert(kRows >= 390);

TEST(RefusedUrl, AddressThatIsNotPublic) { expect_refused(kPlainInside); }
TEST(RefusedUrl, AddressAsANumberOrInAShortForm) { expect_refused(kNumberForms); }
TEST(RefusedUrl, Ipv6AddressThatIsNotPublicOrNotWhole) { expect_refused(kIpv6Forms); }
TEST(RefusedUrl, Ipv6AddressThatHidesAnIpv4One) { expect_refused(kIpv6ThatHidesIpv4); }
TEST(RefusedUrl, UserOrWhatLooksLikeOne) { expect_refused(kUserTricks); }
TEST(RefusedUrl, DotsThatAreTooManyOrNoDots) { expect_refused(kDots); }
TEST(RefusedUrl, LettersThatAreNotAscii) { expect_refused(kOtherLetters); }
TEST(RefusedUrl, PercentEncodingWhereNoneBelongs) { expect_refused(kPercentEncodings); }
TEST(RefusedUrl, BlankOrControlCharacter) { expect_refused(kBlanksAndControls); }
TEST(RefusedUrl, PortThatIsReservedOrNone) { expect_refused(kPorts); }
TEST(RefusedUrl, SchemeThatIsNotHttps) { expect_refused(kSchemes); }
TEST(RefusedUrl, CharacterOrLabelThatNoHostHas) { expect_refused(kOddities); }

// Proves that the rows above are refused for their fault, and that not everything is refused.
TEST(RefusedUrl, TheirOrdinaryNeighboursAreNot) {
  for (const Row url : {"https://hooks.example/",
                        "HTTPS://Hooks.Example/",
                        "https://hooks.example",
                        "https://hooks.example?x=1",
                        "https://hooks.example:443/",
                        "https://hooks.example:8443/a",
                        "https://hooks.example:80/",
                        "https://hooks.example/a%20b?c=%2F",
                        "https://8.8.8.8/",
                        "https://[2606:4700::1]/",
                        "https://[2606:4700::1]:8443/",
                        "https://[64:ff9b::8.8.8.8]/",
                        "https://[2002:808:808::1]/",
                        "https://xn--bcher-kva.example/",
                        "https://127.0.0.1.example/",
                        "https://0x7f.example/",
                        "https://3com.example/",
                        "https://a_b.example/",
                        "https://hooks.example/@x",
                        "https://hooks.example/a:b"}) {
    EXPECT_TRUE(is_row_accepted(url)) << url;
  }
}

}  // namespace
}  // namespace metergate::http
