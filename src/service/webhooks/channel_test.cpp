#include "service/webhooks/channel.h"

#include <gtest/gtest.h>

namespace metergate {
namespace {

Json alert(std::string_view type, std::string_view severity, std::string_view tenant) {
  return Json::object({{"type", type}, {"severity", severity}, {"tenant_id", tenant}});
}

Channel mail() {
  Channel channel;
  channel.kind = ChannelKind::email;
  channel.from = "from@a.example";
  channel.to = {"to@b.example"};
  return channel;
}

std::string faults_of(const Channel& channel) {
  Faults faults;
  check_channel(channel, faults);
  return faults.is_empty() ? "" : faults.result().error().message;
}

TEST(Channel, WantsWhatItAskedFor) {
  Channel channel;
  const Json over = alert("billing.over_limit", "medium", "acme");
  EXPECT_TRUE(channel.wants(over));
  channel.types = {"billing.near_limit"};
  EXPECT_FALSE(channel.wants(over));
  channel.types = {"billing.near_limit", "billing.over_limit"};
  channel.severities = {"medium", "high"};
  channel.tenants = {"acme"};
  EXPECT_TRUE(channel.wants(over));
  EXPECT_FALSE(channel.wants(alert("billing.over_limit", "low", "acme")));
  EXPECT_FALSE(channel.wants(alert("billing.over_limit", "medium", "other")));
  EXPECT_FALSE(channel.wants(Json::object()));
}

TEST(Channel, ADigestIsDueWhenItsHourOrDayIsOver) {
  const Timestamp at = parse_timestamp("2026-03-05T10:30:00Z").value();
  const TimeZone zone = TimeZone::find("Asia/Kathmandu").value();
  Channel channel;
  EXPECT_EQ(channel.digest_due(at, zone), at);
  channel.digest = Digest::hourly;
  EXPECT_EQ(to_text(channel.digest_due(at, zone)), "2026-03-05T11:00:00.000Z");
  channel.digest = Digest::daily;
  EXPECT_EQ(to_text(channel.digest_due(at, zone)), "2026-03-05T18:15:00.000Z");
}

TEST(Channel, IsReadBackAsItWasWritten) {
  Channel channel = mail();
  channel.types = {"billing.error"};
  channel.digest = Digest::daily;
  channel.username = "ann";
  Json document = Json::object();
  write_channel(channel, document);
  EXPECT_EQ(channel_from(document).value(), channel);
  EXPECT_EQ(channel_from(Json::object()).value(), Channel{}) << "as earlier builds wrote it";
  document.set("kind", "pigeon");
  EXPECT_FALSE(channel_from(document));
}

TEST(Channel, SaysWhatIsWrong) {
  EXPECT_EQ(faults_of(mail()), "");
  Channel channel = mail();
  channel.from = "a@b.example\r\nBcc: x@y.example";
  EXPECT_NE(faults_of(channel).find("no mail address"), std::string::npos);
  channel = mail();
  channel.to.clear();
  EXPECT_NE(faults_of(channel).find("at least one"), std::string::npos);
  channel = {};
  channel.to = {"to@b.example"};
  EXPECT_NE(faults_of(channel).find("kind email"), std::string::npos);
  channel = {};
  channel.types = {"billing.over_limt"};
  EXPECT_NE(faults_of(channel).find("did you mean 'billing.over_limit'"), std::string::npos)
      << faults_of(channel);
  channel = {};
  channel.severities = {"urgent"};
  EXPECT_NE(faults_of(channel), "");
  channel = {};
  channel.tenants = {"a b"};
  EXPECT_NE(faults_of(channel), "");
}

TEST(Channel, AChatsUrlShowsItsHostAlone) {
  EXPECT_EQ(hidden_url("https://hooks.slack.com/services/T/B/x"), "https://hooks.slack.com/…");
  EXPECT_EQ(hidden_url("https://chat.example:8443?key=x"), "https://chat.example:8443/…");
  EXPECT_EQ(hidden_url("https://chat.example"), "https://chat.example/…");
}

}  // namespace
}  // namespace metergate
