// The caller of a request: found through trusted proxies, and through no others.
#include "http/wire/caller.h"

#include <gtest/gtest.h>

namespace metergate::http {
namespace {

CallerRules trusting(std::string_view proxies, RecordedAddress recorded = RecordedAddress::full) {
  return {.proxies = NetworkList::parse(proxies).value(), .recorded = recorded};
}

Request found(std::vector<Header> fields, std::string_view peer, const CallerRules& rules) {
  Request request;
  request.headers = std::move(fields);
  find_caller(request, peer, rules);
  return request;
}

TEST(Caller, IsThePeerWhereNoProxyIsTrusted) {
  const Request request = found({{"host", "api.example"},
                                 {"x-forwarded-for", "198.51.100.1"},
                                 {"x-forwarded-proto", "https"},
                                 {"x-forwarded-host", "evil.example"},
                                 {"forwarded", "for=198.51.100.2;proto=https"},
                                 {"x-real-ip", "198.51.100.3"}},
                                "203.0.113.9", trusting("10.0.0.0/8"));
  EXPECT_EQ(request.remote_ip, "203.0.113.9");
  EXPECT_EQ(request.scheme, "http");
  EXPECT_EQ(request.host, "api.example");
  EXPECT_FALSE(request.is_from_proxy);
}

TEST(Caller, IsWhoATrustedProxyNames) {
  const Request request = found({{"host", "10.0.0.9"},
                                 {"x-forwarded-for", "203.0.113.7"},
                                 {"x-forwarded-proto", "https"},
                                 {"x-forwarded-host", "api.example"}},
                                "10.1.2.3", trusting("10.0.0.0/8"));
  EXPECT_EQ(request.remote_ip, "203.0.113.7");
  EXPECT_EQ(request.scheme, "https");
  EXPECT_EQ(request.host, "api.example");
  EXPECT_TRUE(request.is_from_proxy);
}

// Text that the caller wrote itself is left of the proxies' entries.
TEST(Caller, IsReadFromTheRight) {
  const CallerRules rules = trusting("10.0.0.0/8, 2001:db8:1::/48");
  EXPECT_EQ(
      found({{"x-forwarded-for", "1.1.1.1, 203.0.113.7, 10.9.9.9"}}, "10.1.2.3", rules).remote_ip,
      "203.0.113.7");
  EXPECT_EQ(
      found({{"x-forwarded-for", "10.0.0.1"}, {"x-forwarded-for", "203.0.113.7,2001:db8:1::5"}},
            "2001:db8:1::1", rules)
          .remote_ip,
      "203.0.113.7");
  EXPECT_EQ(found({{"x-forwarded-for", "10.0.0.1, 10.0.0.2"}}, "10.1.2.3", rules).remote_ip,
            "10.0.0.1");
  EXPECT_EQ(found({{"x-forwarded-for", " , 203.0.113.7 ,, "}}, "10.1.2.3", rules).remote_ip,
            "203.0.113.7");
}

TEST(Caller, TakesTheSchemeAndHostThatStandBesideItsAddress) {
  const Request request = found({{"x-forwarded-for", "6.6.6.6, 203.0.113.7, 10.0.0.2"},
                                 {"x-forwarded-proto", "http, https, http"},
                                 {"x-forwarded-host", "evil.example, api.example, inner"}},
                                "10.1.2.3", trusting("10.0.0.0/8"));
  EXPECT_EQ(request.remote_ip, "203.0.113.7");
  EXPECT_EQ(request.scheme, "https");
  EXPECT_EQ(request.host, "api.example");
}

TEST(Caller, DoesNotGoPastAnEntryThatIsNoAddress) {
  const CallerRules rules = trusting("10.0.0.0/8");
  for (const std::string_view entry : {"unknown", "_hidden", "203.0.113.7.evil", "1.2.3.4:x",
                                       "[203.0.113.7]", "[::1", "0x7f.1", "203.0.113.07"}) {
    const std::string list = "9.9.9.9, " + std::string{entry};
    EXPECT_EQ(found({{"x-forwarded-for", list}}, "10.1.2.3", rules).remote_ip, "10.1.2.3") << entry;
  }
}

TEST(Caller, TakesTheFormsThatProxiesWrite) {
  const CallerRules rules = trusting("10.0.0.1,::ffff:10.0.0.2");
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"203.0.113.7:4711", "203.0.113.7"},
      {"2001:db8::7", "2001:db8::7"},
      {"[2001:DB8::7]", "2001:db8::7"},
      {"[2001:db8::7]:443", "2001:db8::7"},
      {"::ffff:203.0.113.7", "203.0.113.7"}};
  for (const auto& [entry, address] : rows)
    EXPECT_EQ(found({{"x-forwarded-for", std::string{entry}}}, "10.0.0.1", rules).remote_ip,
              address);
}

TEST(Caller, ReadsForwardedWhereNothingElseIsThere) {
  const CallerRules rules = trusting("10.0.0.0/8");
  const std::string field =
      "for=9.9.9.9;proto=http, For=\"[2001:db8::7]:4711\";Proto=https;host=\"api.example:8443\", "
      "for=10.0.0.3;by=\"a,b;c\"";
  const Request request = found({{"forwarded", field}}, "10.1.2.3", rules);
  EXPECT_EQ(request.remote_ip, "2001:db8::7");
  EXPECT_EQ(request.scheme, "https");
  EXPECT_EQ(request.host, "api.example:8443");
  // A proxy that writes X-Forwarded-For may pass on a caller's Forwarded field.
  EXPECT_EQ(
      found({{"forwarded", "for=9.9.9.9"}, {"x-forwarded-for", "203.0.113.7"}}, "10.1.2.3", rules)
          .remote_ip,
      "203.0.113.7");
}

TEST(Caller, KeepsTheHostWhereTheForwardedOneIsNone) {
  const CallerRules rules = trusting("10.0.0.0/8");
  for (const std::string_view host : {"a b", "a/b", "u@a", "a\"b", ":80"}) {
    const Request request = found(
        {{"host", "api.example"}, {"x-forwarded-host", std::string{host}}}, "10.1.2.3", rules);
    EXPECT_EQ(request.host, "api.example") << host;
  }
}

TEST(Caller, SaysItInAForwardedField) {
  const CallerRules rules = trusting("10.0.0.1");
  Request request = found(
      {{"host", "api.example"}, {"x-forwarded-for", "2001:db8::7"}, {"x-forwarded-proto", "https"}},
      "10.0.0.1", rules);
  EXPECT_EQ(forwarded_value(request), "for=\"[2001:db8::7]\";host=\"api.example\";proto=https");
  request = found({}, "local", rules);
  EXPECT_EQ(forwarded_value(request), "for=unknown;proto=http");
}

TEST(Caller, IsRecordedAsFarAsTheOperatorWants) {
  EXPECT_EQ(recorded_address("203.0.113.7", RecordedAddress::full), "203.0.113.7");
  EXPECT_EQ(recorded_address("203.0.113.7", RecordedAddress::network), "203.0.113.0");
  EXPECT_EQ(recorded_address("2001:db8:1:2::3", RecordedAddress::network), "2001:db8:1::");
  EXPECT_EQ(recorded_address("::ffff:203.0.113.7", RecordedAddress::network), "203.0.113.0");
  EXPECT_EQ(recorded_address("local", RecordedAddress::network), "local");
  EXPECT_EQ(recorded_address("203.0.113.7", RecordedAddress::none), "");
  const Request request = found({{"x-forwarded-for", "203.0.113.7"}}, "10.0.0.1",
                                trusting("10.0.0.1", RecordedAddress::network));
  EXPECT_EQ(request.remote_ip, "203.0.113.7");
  EXPECT_EQ(request.recorded_ip, "203.0.113.0");
}

TEST(Networks, AreReadStrictly) {
  EXPECT_TRUE(NetworkList::parse("")->is_empty());
  EXPECT_TRUE(NetworkList::parse("10.0.0.0/8, ::1 ,192.0.2.1"));
  for (const std::string_view text : {"proxy.example", "10.0.0.0/33", "10.0.0", "10.0.0.0/8;::1",
                                      "::1/129", "10.0.0.0/-1", "1.2.3.4,,5.6.7.8"})
    EXPECT_FALSE(NetworkList::parse(text)) << text;
}

}  // namespace
}  // namespace metergate::http
