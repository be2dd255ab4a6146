#include "http/net/address_rule.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace metergate::http {
namespace {

bool is_public_text(const std::string& text) {
  const auto address = parse_ip(text);
  EXPECT_TRUE(address) << text;
  return address && is_public(*address);
}

TEST(AddressRule, OrdinaryAddressesArePublic) {
  for (const char* text : {"1.1.1.1",
                           "8.8.8.8",
                           "9.255.255.255",
                           "11.0.0.0",
                           "100.63.255.255",
                           "100.128.0.0",
                           "126.255.255.255",
                           "128.0.0.1",
                           "169.253.255.255",
                           "169.255.0.0",
                           "172.15.255.255",
                           "172.32.0.0",
                           "192.0.1.0",
                           "192.0.3.0",
                           "192.88.98.255",
                           "192.88.100.0",
                           "192.167.255.255",
                           "192.169.0.0",
                           "198.17.255.255",
                           "198.20.0.0",
                           "198.51.99.255",
                           "198.51.101.0",
                           "203.0.112.255",
                           "203.0.114.0",
                           "223.255.255.255",
                           "168.63.129.15",
                           "168.63.129.17",
                           "2606:4700:4700::1111",
                           "2a00:1450:4001:81b::200e",
                           "2400:cb00::1",
                           "2001:200::1",
                           "2001:db7:ffff::1",
                           "2001:db9::1",
                           "3ffe::1",
                           "3fff:1000::1"}) {
    EXPECT_TRUE(is_public_text(text)) << text;
  }
}

TEST(AddressRule, SpecialIpv4AddressesAreNotUpToTheirBounds) {
  for (const char* text :
       {"0.0.0.0",         "0.255.255.255",   "10.0.0.0",        "10.255.255.255",
        "100.64.0.0",      "100.127.255.255", "127.0.0.1",       "127.255.255.255",
        "169.254.0.0",     "169.254.169.254", "169.254.255.255", "172.16.0.0",
        "172.31.255.255",  "192.0.0.0",       "192.0.0.170",     "192.0.0.255",
        "192.0.2.0",       "192.0.2.255",     "192.88.99.1",     "192.168.0.0",
        "192.168.255.255", "198.18.0.0",      "198.19.255.255",  "198.51.100.0",
        "198.51.100.255",  "203.0.113.0",     "203.0.113.255",   "224.0.0.0",
        "239.255.255.255", "240.0.0.0",       "255.255.255.254", "255.255.255.255",
        "168.63.129.16"}) {
    EXPECT_FALSE(is_public_text(text)) << text;
  }
}

TEST(AddressRule, Ipv6OutsideGlobalUnicastIsNot) {
  for (const char* text :
       {"::", "::1", "::2", "100::1", "1fff:ffff::1", "4000::1", "5f00::1", "fc00::1", "fd00::1",
        "fdff:ffff::1", "fe80::1", "febf::1", "fec0::1", "ff00::1", "ff02::1", "ff0e::1",
        "64:ff9b:1::1", "64:ff9b:1:fffe::808:808"}) {
    EXPECT_FALSE(is_public_text(text)) << text;
  }
}

TEST(AddressRule, SpecialBlocksOfGlobalUnicastAreNot) {
  for (const char* text :
       {"2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:2::1", "2001:10::1", "2001:20::1",
        "2001:1ff:ffff::1", "2001:db8::1", "2001:db8:ffff::1", "3fff::1", "3fff:fff:ffff::1"}) {
    EXPECT_FALSE(is_public_text(text)) << text;
  }
}

TEST(AddressRule, MappedAndCompatibleFormsAreNeverPublic) {
  for (const char* text : {"::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8",
                           "::ffff:0:127.0.0.1", "::127.0.0.1", "::8.8.8.8", "::ffff:7f00:1"}) {
    EXPECT_FALSE(is_public_text(text)) << text;
  }
}

TEST(AddressRule, AddressesThatHideAnIpv4AddressAreAsPublicAsThatOne) {
  EXPECT_TRUE(is_public_text("64:ff9b::8.8.8.8"));
  EXPECT_TRUE(is_public_text("2002:808:808::1"));
  EXPECT_TRUE(is_public_text("2a00:1450::5efe:808:808"));
  EXPECT_TRUE(is_public_text("2a00:1450::200:5efe:808:808"));
  for (const char* text :
       {"64:ff9b::127.0.0.1", "64:ff9b::10.1.2.3", "64:ff9b::169.254.169.254", "2002:7f00:1::1",
        "2002:a01:203::1", "2002:a9fe:a9fe::", "2002:c0a8:101::1", "2a00:1450::5efe:7f00:1",
        "2a00:1450::200:5efe:a9fe:a9fe"}) {
    EXPECT_FALSE(is_public_text(text)) << text;
  }
}

TEST(AddressRule, NoMappedAddressIsPublicWhateverItMaps) {
  rc::check([] {
    IpAddress address;
    address.bytes[10] = address.bytes[11] = 0xFF;
    for (std::size_t i = 12; i < 16; ++i) address.bytes[i] = *rc::gen::arbitrary<std::uint8_t>();
    RC_ASSERT(!is_public(address));
  });
}

TEST(AddressRule, ReadsAddressesInTheirFullFormOnly) {
  for (const char* text : {"", "127.1", "0x7f.0.0.1", "017700000001", "2130706433", "127.0.0.1 ",
                           " 127.0.0.1", "127.0.0.01", "127.0.0.256", "1.2.3", "1.2.3.4.5",
                           "fe80::1%eth0", "[::1]", ":::1", "12345::", "１２７.0.0.1"}) {
    EXPECT_FALSE(parse_ip(text)) << text;
  }
  EXPECT_FALSE(parse_ip(std::string_view{"127.0.0.1\0x", 11}));
  EXPECT_EQ(to_text(*parse_ip("2001:DB8:0:0::1")), "2001:db8::1");
  EXPECT_EQ(to_text(*parse_ip("192.0.2.1")), "192.0.2.1");
}

TEST(AllowList, HoldsNetworksAddressesAndNames) {
  const AllowList list = AllowList::parse("127.0.0.0/8, ::1,Hooks.Internal,fd00::/9").value();
  EXPECT_TRUE(list.has(*parse_ip("127.255.0.1")));
  EXPECT_FALSE(list.has(*parse_ip("128.0.0.1")));
  EXPECT_TRUE(list.has(*parse_ip("::1")));
  EXPECT_FALSE(list.has(*parse_ip("::2")));
  EXPECT_TRUE(list.has(*parse_ip("fd7f:ffff::1")));
  EXPECT_FALSE(list.has(*parse_ip("fd80::1")));
  EXPECT_TRUE(list.has_host("hooks.internal"));
  EXPECT_FALSE(list.has_host("x.hooks.internal"));
  // An IPv4 network does not cover IPv6 addresses that hide an address of it.
  EXPECT_FALSE(list.has(*parse_ip("::ffff:127.0.0.1")));
}

TEST(AllowList, WholeSpacesAndNothing) {
  const AllowList all = AllowList::parse("0.0.0.0/0,::/0").value();
  EXPECT_TRUE(all.has(*parse_ip("10.0.0.1")));
  EXPECT_TRUE(all.has(*parse_ip("fe80::1")));
  EXPECT_FALSE(AllowList::parse("").value().has(*parse_ip("127.0.0.1")));
}

TEST(AllowList, RefusesWhatItCannotRead) {
  for (const char* text : {"127.0.0.0/33", "127.0.0.0/", "127.0.0.0/-1", "127.0.0.0/+8", "::/129",
                           "10.0.0.0/8,,", "a b", "*.internal", "http://x", "127.1"}) {
    const auto list = AllowList::parse(text);
    EXPECT_FALSE(list) << text;
    if (!list) {
      EXPECT_EQ(list.error().code, ErrorCode::invalid);
    }
  }
  std::string many = "a";
  for (int i = 0; i < 300; ++i) many += ",a";
  EXPECT_FALSE(AllowList::parse(many));
}

TEST(HostName, IsWhatDnsNamesLookLike) {
  for (const char* text : {"a", "localhost", "example.com", "a-b.example", "xn--bcher-kva.example",
                           "_dmarc.example", "1.example", "3com.com", "0x.y"}) {
    EXPECT_TRUE(is_host_name(text)) << text;
  }
  for (const char* text : {"", ".", "a.", ".a", "a..b", "-a", "a-", "A.example", "a b", "bücher.de",
                           "1", "1.2", "127.0.0.1", "example.0x7f", "0x7f", "a.0x", "a%2e"}) {
    EXPECT_FALSE(is_host_name(text)) << text;
  }
  EXPECT_TRUE(is_host_name(std::string(63, 'a')));
  EXPECT_FALSE(is_host_name(std::string(64, 'a')));
}

}  // namespace
}  // namespace metergate::http
