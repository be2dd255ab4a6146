#include "app/access_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace metergate {
namespace {

using testing::HasSubstr;

const TimeZone kLogUtc = TimeZone::utc();

LogCall read(LogFormat format, std::string_view line, const TimeZone& zone = kLogUtc) {
  auto call = read_log_line(format, line, zone);
  EXPECT_TRUE(call.has_value()) << line << (call ? "" : ": " + call.error().message);
  return call.value_or(LogCall{});
}

std::string refusal(LogFormat format, std::string_view line) {
  const auto call = read_log_line(format, line, kLogUtc);
  return call ? "(none)" : call.error().message;
}

constexpr std::string_view kCombined =
    R"(192.0.2.7 - ada [05/Mar/2026:10:30:00 +0100] "GET /api/tenants/acme/orders/7?x=1 HTTP/1.1" )"
    R"x(200 512 "https://shop.example/" "curl/8.0 (\x22quoted\x22)")x";
constexpr std::string_view kHaproxy =
    R"(Feb  6 12:14:14 localhost haproxy[14389]: 10.0.1.2:33317 [06/Feb/2026:12:14:14.655] web )"
    R"(static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {shop.example|acme} {} )"
    R"("GET /index.html HTTP/1.1")";
constexpr std::string_view kCaddy =
    R"({"level":"info","ts":1772706600.1234567,"logger":"http.log.access","msg":"handled request",)"
    R"("request":{"remote_ip":"10.0.0.1","remote_port":"41342","client_ip":"192.0.2.9",)"
    R"("proto":"HTTP/2.0","method":"POST","host":"acme.example:8443","uri":"/orders?a=b",)"
    R"("headers":{"User-Agent":["curl/7.82.0"],"X-Tenant":["acme"]}},"bytes_read":12,)"
    R"("user_id":"ada","duration":0.000929675,"size":10900,"status":201,"resp_headers":{}})";

TEST(AccessLog, ReadsNginxCombined) {
  const LogCall call = read(LogFormat::nginx, kCombined);
  EXPECT_EQ(to_text(call.at), "2026-03-05T09:30:00.000Z");
  EXPECT_EQ(call.method, "GET");
  EXPECT_EQ(call.target, "/api/tenants/acme/orders/7?x=1");
  EXPECT_EQ(call.status, 200);
  EXPECT_EQ(call.response_bytes, 512);
  EXPECT_EQ(call.ip, "192.0.2.7");
  EXPECT_EQ(call.field("user"), "ada");
  EXPECT_EQ(call.field("agent"), R"(curl/8.0 ("quoted"))");
  EXPECT_EQ(call.duration.count(), 0);
}

TEST(AccessLog, ReadsTheCommonVariationsOfCombined) {
  const std::string_view common = kCombined.substr(0, kCombined.find(" \"https"));
  EXPECT_EQ(read(LogFormat::nginx, common).response_bytes, 512);
  const LogCall with_host = read(LogFormat::nginx, "acme.example:443 " + std::string{common});
  EXPECT_EQ(with_host.field("host"), "acme.example");
  const std::string combined{kCombined};
  const LogCall timed = read(LogFormat::nginx, combined + R"( "203.0.113.1" 0.123)");
  EXPECT_EQ(timed.duration, Microseconds{123'000});
  EXPECT_EQ(timed.field("forwarded_for"), "203.0.113.1");
  const LogCall named =
      read(LogFormat::nginx, combined + R"( rt=1.5 uct="0.001" tenant="acme" request_length=90)");
  EXPECT_EQ(named.duration, Microseconds{1'500'000});
  EXPECT_EQ(named.field("tenant"), "acme");
  EXPECT_EQ(named.request_bytes, 90);
  EXPECT_EQ(read(LogFormat::nginx,
                 R"(::1 - - [2026-03-05T10:30:00+00:00] "GET / HTTP/2.0" 304 - "-" "-")")
                .response_bytes,
            0);
}

TEST(AccessLog, ReadsHaproxy) {
  for (const std::string_view line : {kHaproxy, kHaproxy.substr(kHaproxy.find("10.0.1.2"))}) {
    const LogCall call = read(LogFormat::haproxy, line);
    EXPECT_EQ(to_text(call.at), "2026-02-06T12:14:14.655Z");
    EXPECT_EQ(call.ip, "10.0.1.2");
    EXPECT_EQ(call.target, "/index.html");
    EXPECT_EQ(call.status, 200);
    EXPECT_EQ(call.response_bytes, 2750);
    EXPECT_EQ(call.duration, Milliseconds{109});
    EXPECT_EQ(call.field("frontend"), "web");
    EXPECT_EQ(call.field("backend"), "static");
    EXPECT_EQ(call.field("capture1"), "shop.example");
    EXPECT_EQ(call.field("capture2"), "acme");
  }
  const auto berlin = TimeZone::find("Europe/Berlin");
  EXPECT_EQ(to_text(read(LogFormat::haproxy, kHaproxy, *berlin).at), "2026-02-06T11:14:14.655Z");
}

TEST(AccessLog, ReadsCaddy) {
  const LogCall call = read(LogFormat::caddy, kCaddy);
  EXPECT_EQ(to_text(call.at), "2026-03-05T10:30:00.123Z");
  EXPECT_EQ(call.method, "POST");
  EXPECT_EQ(call.target, "/orders?a=b");
  EXPECT_EQ(call.status, 201);
  EXPECT_EQ(call.request_bytes, 12);
  EXPECT_EQ(call.response_bytes, 10'900);
  EXPECT_EQ(call.duration, Microseconds{930});
  EXPECT_EQ(call.ip, "192.0.2.9");
  EXPECT_EQ(call.field("host"), "acme.example");
  EXPECT_EQ(call.field("x-tenant"), "acme");
  EXPECT_EQ(call.field("user"), "ada");
}

TEST(AccessLog, ReadsCaddysOtherWaysOfTime) {
  for (const auto& [ts, text] : {std::pair{"1772706600123.5", "2026-03-05T10:30:00.123Z"},
                                 {"\"2026-03-05T10:30:00Z\"", "2026-03-05T10:30:00.000Z"},
                                 {"1772706600", "2026-03-05T10:30:00.000Z"}}) {
    const std::string line =
        std::string{R"({"ts":)"} + ts + R"(,"request":{"method":"GET","uri":"/"},"status":200})";
    EXPECT_EQ(to_text(read(LogFormat::caddy, line).at), text);
  }
}

TEST(AccessLog, RecognisesAFormatByMostOfItsLines) {
  EXPECT_EQ(recognise_log(kCombined), LogFormat::nginx);
  EXPECT_EQ(recognise_log(kHaproxy), LogFormat::haproxy);
  EXPECT_EQ(recognise_log(kCaddy), LogFormat::caddy);
  EXPECT_EQ(recognise_log("cut off\n\n" + std::string{kCombined} + "\n" + std::string{kCombined}),
            LogFormat::nginx);
  for (const std::string_view other :
       {"", "id,source,type\n1,a,b\n", R"({"id":"1","source":"a","type":"b"})", "hello\nworld\n"})
    EXPECT_FALSE(recognise_log(other)) << other;
}

TEST(AccessLog, SaysWhatALineLacks) {
  EXPECT_THAT(refusal(LogFormat::nginx, "nonsense"), HasSubstr("it is not: address"));
  EXPECT_THAT(refusal(LogFormat::nginx, R"(1.2.3.4 - - [05/Mar/2026:10:30:00 +0100] "GET)"),
              HasSubstr("does not end"));
  EXPECT_THAT(
      refusal(LogFormat::nginx, R"(1.2.3.4 - - [05/Mar/2026:10:30:00 +0100] "\x16\x03" 400 0)"),
      HasSubstr("no request line"));
  EXPECT_THAT(refusal(LogFormat::nginx,
                      R"(1.2.3.4 - - [05/Mxr/2026:10:30:00 +0100] "GET / HTTP/1.1" 200 0)"),
              HasSubstr("is no time"));
  EXPECT_THAT(refusal(LogFormat::haproxy,
                      R"(1.2.3.4:5 [06/Feb/2026:12:14:14.655] f b/s 1/2/3/4/5 -1 0 - - CR-- )"
                      R"(1/1/1/1/0 0/0 "GET / HTTP/1.1")"),
              HasSubstr("went away"));
  EXPECT_THAT(refusal(LogFormat::haproxy,
                      R"(1.2.3.4:5 [06/Feb/2026:12:14:14.655] f b/s 1/2/3/4/5 400 0 - - PR-- )"
                      R"(1/1/1/1/0 0/0 "<BADREQ>")"),
              HasSubstr("no request line"));
  EXPECT_THAT(refusal(LogFormat::caddy, R"({"request":{},"status":200})"), HasSubstr("\"ts\""));
  EXPECT_THAT(refusal(LogFormat::caddy, "{"), HasSubstr("no JSON object"));
}

}  // namespace
}  // namespace metergate
