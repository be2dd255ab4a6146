#include "service/webhooks/notice_text.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace metergate {
namespace {

Json alert(std::string_view name, std::string_view type = "billing.over_limit") {
  return Json::object(
      {{"alert_id", "alert-2026-03-acme"},
       {"type", type},
       {"severity", "medium"},
       {"status", "open"},
       {"tenant_id", "acme"},
       {"tenant_name", name},
       {"period", "2026-03"},
       {"meter", "api_calls"},
       {"threshold", 90},
       {"metadata",
        Json::object(
            {{"meters", Json::object({{"api_calls",
                                       Json::object({{"usage", 65000}, {"limit", 50000}})}})}})}});
}

Json payload(std::string_view event, Json data) {
  return Json::object(
      {{"type", event}, {"timestamp", "2026-03-05T10:30:00.000Z"}, {"data", std::move(data)}});
}

TEST(NoticeText, SaysWhatHappenedToWhomAndWhatToDo) {
  const NoticeText text = notice_text(payload("alert.opened", alert("Adventure Park")));
  EXPECT_EQ(text.subject, "[Metergate] Adventure Park is over its limit of api_calls (2026-03)");
  const std::string all = fmt::format("{}", fmt::join(text.lines, "\n"));
  EXPECT_NE(all.find("Tenant: acme"), std::string::npos);
  EXPECT_NE(all.find("api_calls: usage 65000 limit 50000"), std::string::npos) << all;
  EXPECT_NE(all.find("metergate alerts ack alert-2026-03-acme"), std::string::npos);
}

TEST(NoticeText, EachTypeHasItsClaim) {
  const auto subject = [](std::string_view event, std::string_view type) {
    return notice_text(payload(event, alert("A", type))).subject;
  };
  EXPECT_EQ(subject("alert.opened", "billing.near_limit"),
            "[Metergate] A has used 90 % of its limit of api_calls (2026-03)");
  EXPECT_EQ(subject("alert.opened", "billing.forecast_over"),
            "[Metergate] A is expected to pass its limit of api_calls (2026-03)");
  EXPECT_EQ(subject("alert.opened", "billing.error"), "[Metergate] A cannot be billed (2026-03)");
  EXPECT_EQ(subject("alert.resolved", "billing.error"),
            "[Metergate] Resolved: A cannot be billed (2026-03)");
  EXPECT_EQ(subject("webhook.test", ""), "[Metergate] A test: this destination can be reached");
}

TEST(NoticeText, ADigestHasALineForEach) {
  Json notices = Json::array();
  notices.push_back(payload("alert.opened", alert("A")));
  notices.push_back(payload("alert.resolved", alert("B")));
  const NoticeText text =
      notice_text(payload("alert.digest", Json::object({{"since", "2026-03-05T10:30:00.000Z"},
                                                        {"until", "2026-03-05T10:40:00.000Z"},
                                                        {"notices", std::move(notices)}})));
  EXPECT_EQ(text.subject, "[Metergate] 2 changes of alerts");
  ASSERT_EQ(text.lines.size(), 4U);
  EXPECT_EQ(text.lines[2],
            "2026-03-05T10:30:00.000Z  medium: A is over its limit of api_calls (2026-03)");
}

TEST(NoticeText, ANameIsOneLineWhateverItHolds) {
  for (const std::string& evil :
       {std::string{"a\r\nb"}, std::string{"a\x1B[31mb"}, std::string("a\0b", 3),
        std::string{"a\xC2\x85"
                    "b"},
        std::string{"a\xE2\x80\xA8"
                    "b"},
        std::string{"a\xFF"
                    "b"},
        std::string(10'000, 'x')}) {
    const NoticeText text = notice_text(payload("alert.opened", alert(evil)));
    EXPECT_LT(text.subject.size(), 400U);
    for (const std::string& line : text.lines) {
      for (const char c : line) EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
      EXPECT_EQ(line.find("\xC2\x85"), std::string::npos);
      EXPECT_EQ(line.find("\xE2\x80\xA8"), std::string::npos);
      EXPECT_EQ(line.find('\xFF'), std::string::npos);
    }
  }
}

TEST(NoticeText, AChatIsNotCalledByAName) {
  const std::string body =
      chat_body(notice_text(payload("alert.opened", alert("<!channel> & @all <http://x|y>"))));
  const Json read = parse_json(body).value();
  const std::string text = read.string_at("text").value();
  EXPECT_NE(text.find("&lt;!channel&gt; &amp; @\xE2\x80\x8B"
                      "all"),
            std::string::npos)
      << text;
  EXPECT_EQ(text.find('<'), std::string::npos);
  EXPECT_EQ(text.find("@all"), std::string::npos);
}

}  // namespace
}  // namespace metergate
