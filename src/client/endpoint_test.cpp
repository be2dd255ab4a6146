#include "client/endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace metergate::client {
namespace {

using testing::HasSubstr;

Endpoint parsed(const std::string& url) {
  Endpoint endpoint;
  EXPECT_EQ(parse_endpoint(url, endpoint), "") << url;
  return endpoint;
}

TEST(Endpoint, HasAHostAPortAndAPath) {
  const Endpoint endpoint = parsed("http://metering.example:48080");
  EXPECT_EQ(endpoint.host, "metering.example");
  EXPECT_EQ(endpoint.port, "48080");
  EXPECT_EQ(endpoint.authority, "metering.example:48080");
  EXPECT_EQ(endpoint.path, "/api/v1/events");
}

TEST(Endpoint, ThePortMayBeLeftOutAndThePathHaveAPrefix) {
  EXPECT_EQ(parsed("http://a").port, "80");
  EXPECT_EQ(parsed("http://a/").path, "/api/v1/events");
  EXPECT_EQ(parsed("http://a/b/c/").path, "/b/c/api/v1/events");
}

TEST(Endpoint, HttpsHasAPortOfItsOwn) {
  EXPECT_FALSE(parsed("http://a").is_secure);
  EXPECT_TRUE(parsed("https://a").is_secure);
  EXPECT_EQ(parsed("https://a").port, "443");
  EXPECT_EQ(parsed("https://a").authority, "a");
  EXPECT_EQ(parsed("https://a:8443/b").port, "8443");
}

TEST(Endpoint, AnIpv6AddressStandsInBrackets) {
  const Endpoint endpoint = parsed("http://[::1]:80");
  EXPECT_EQ(endpoint.host, "::1");
  EXPECT_EQ(endpoint.authority, "[::1]:80");
  EXPECT_EQ(parsed("http://[::1]").port, "80");
}

TEST(Endpoint, AnythingElseIsRefusedWithAReason) {
  for (const std::string url : {"",
                                "a",
                                "ftp://a",
                                "http://",
                                "http://:80",
                                "http://a:",
                                "http://a:0",
                                "http://a:65536",
                                "http://a:8o",
                                "http://a b",
                                "http://a\r\nb",
                                "http://u@a",
                                "http://a?b",
                                "http://a/#c",
                                "http://[::1",
                                "http://[::1]80",
                                "http://[]",
                                "https://",
                                "https:/a",
                                "HTTPS://a"}) {
    Endpoint endpoint;
    const std::string why = parse_endpoint(url, endpoint);
    EXPECT_THAT(why, HasSubstr("use http://HOST")) << url;
  }
}

}  // namespace
}  // namespace metergate::client
