#include "http/outbound/smtp_dialogue.h"

#include <gtest/gtest.h>

#include "base/crypto.h"

namespace metergate::http {
namespace {

constexpr std::string_view kGreeting = "220 mail.example ready\r\n";
constexpr std::string_view kOffers = "250-mail.example\r\n250-STARTTLS\r\n250 AUTH LOGIN PLAIN\r\n";
constexpr std::string_view kOffersLogin = "250-mail.example\r\n250 AUTH LOGIN\r\n";

class SmtpDialogueTest : public testing::Test {
 protected:
  SmtpDialogue& begin(MailTls tls, std::string_view message = "Subject: x\r\n\r\nhello\r\n") {
    return dialogue_.emplace(order_, message, tls);
  }
  // Our next words after the server's.
  std::string after(std::string_view said) {
    dialogue_->take(said);
    return dialogue_->take_output();
  }
  void expect_failed(std::string_view why) {
    EXPECT_TRUE(dialogue_->is_over());
    EXPECT_FALSE(dialogue_->is_accepted());
    EXPECT_TRUE(dialogue_->status() == 0 || dialogue_->status() >= 400) << dialogue_->status();
    EXPECT_NE(dialogue_->problem().find(why), std::string::npos) << dialogue_->problem();
    EXPECT_EQ(dialogue_->problem().find("hunter2"), std::string::npos);
    EXPECT_EQ(dialogue_->take_output(), "");
  }

  MailOrder order_{"from@a.example", {"to@b.example", "also@b.example"}, "ann", "hunter2"};
  std::optional<SmtpDialogue> dialogue_;
};

TEST_F(SmtpDialogueTest, UpgradesLogsInAndHandsTheMessageOver) {
  begin(MailTls::by_upgrade);
  EXPECT_EQ(after(kGreeting), "EHLO [127.0.0.1]\r\n");
  EXPECT_EQ(after(kOffers), "STARTTLS\r\n");
  EXPECT_EQ(after("220 go ahead\r\n"), "");
  ASSERT_TRUE(dialogue_->wants_tls());
  dialogue_->upgraded();
  EXPECT_EQ(dialogue_->take_output(), "EHLO [127.0.0.1]\r\n");
  const std::string login = std::string("\0ann\0hunter2", 12);
  EXPECT_EQ(after(kOffers), "AUTH PLAIN " + base64(login) + "\r\n");
  EXPECT_EQ(after("235 welcome\r\n"), "MAIL FROM:<from@a.example>\r\n");
  EXPECT_EQ(after("250 ok\r\n"), "RCPT TO:<to@b.example>\r\n");
  EXPECT_EQ(after("250 ok\r\n"), "RCPT TO:<also@b.example>\r\n");
  EXPECT_EQ(after("250 ok\r\n"), "DATA\r\n");
  EXPECT_EQ(after("354 go\r\n"), "Subject: x\r\n\r\nhello\r\n.\r\n");
  EXPECT_EQ(after("250 2.0.0 queued as 7\r\n"), "QUIT\r\n");
  EXPECT_TRUE(dialogue_->is_over());
  EXPECT_TRUE(dialogue_->is_accepted());
  EXPECT_EQ(dialogue_->status(), 250);
  EXPECT_EQ(dialogue_->answer(), "250 2.0.0 queued as 7");
  EXPECT_EQ(dialogue_->problem(), "");
}

TEST_F(SmtpDialogueTest, LogsInBySteps) {
  begin(MailTls::from_the_start);
  after(kGreeting);
  EXPECT_EQ(after(kOffersLogin), "AUTH LOGIN\r\n");
  EXPECT_EQ(after("334 VXNlcm5hbWU6\r\n"), base64("ann") + "\r\n");
  EXPECT_EQ(after("334 UGFzc3dvcmQ6\r\n"), base64("hunter2") + "\r\n");
  EXPECT_EQ(after("235 ok\r\n"), "MAIL FROM:<from@a.example>\r\n");
}

TEST_F(SmtpDialogueTest, BytesMayComeOneByOne) {
  order_.username.clear();
  begin(MailTls::from_the_start);
  std::string said;
  for (const char c : std::string{kGreeting} + "250-a\r\n250 b\r\n250 ok\r\n") {
    dialogue_->take({&c, 1});
    said += dialogue_->take_output();
  }
  EXPECT_EQ(said, "EHLO [127.0.0.1]\r\nMAIL FROM:<from@a.example>\r\nRCPT TO:<to@b.example>\r\n");
}

TEST_F(SmtpDialogueTest, NothingIsSentInTheClear) {
  begin(MailTls::by_upgrade);
  after(kGreeting);
  after("250 AUTH PLAIN\r\n");
  expect_failed("offers no STARTTLS");
}

TEST_F(SmtpDialogueTest, APasswordIsNotSentInTheClearEvenIfMessagesMay) {
  begin(MailTls::by_upgrade_if_there);
  after(kGreeting);
  after("250 AUTH PLAIN\r\n");
  expect_failed("a password is not sent without");
}

TEST_F(SmtpDialogueTest, AMessageMayGoInTheClearWhereTheOperatorSaysSo) {
  order_.username.clear();
  begin(MailTls::by_upgrade_if_there);
  after(kGreeting);
  EXPECT_EQ(after("250 mail.example\r\n"), "MAIL FROM:<from@a.example>\r\n");
}

// Someone between who cannot read TLS could put commands' replies in front of it.
TEST_F(SmtpDialogueTest, BytesBehindTheAnswerToStartTlsEndIt) {
  begin(MailTls::by_upgrade);
  after(kGreeting);
  after(kOffers);
  after("220 go\r\n250-evil\r\n250 AUTH PLAIN\r\n");
  expect_failed("someone stands between");
}

TEST_F(SmtpDialogueTest, OffersBeforeTlsAreForgotten) {
  begin(MailTls::by_upgrade);
  after(kGreeting);
  after(kOffers);
  after("220 go\r\n");
  dialogue_->upgraded();
  dialogue_->take_output();
  after("250 mail.example\r\n");
  expect_failed("no login that is known");
}

TEST_F(SmtpDialogueTest, ARefusedLoginSaysWhatToDoAndNotThePassword) {
  begin(MailTls::from_the_start);
  after(kGreeting);
  after(kOffers);
  after("535 5.7.8 hunter2 is wrong\r\n");
  expect_failed("check `username` and `password`");
  EXPECT_EQ(dialogue_->answer(), "535");
  EXPECT_EQ(dialogue_->status(), 535);
}

TEST_F(SmtpDialogueTest, OneReceiverThatIsRefusedDoesNotKeepItFromTheOthers) {
  order_.username.clear();
  begin(MailTls::from_the_start);
  after(kGreeting);
  after(kOffers);
  after("250 ok\r\n");
  EXPECT_EQ(after("550 no such user\r\n"), "RCPT TO:<also@b.example>\r\n");
  EXPECT_EQ(after("250 ok\r\n"), "DATA\r\n");
  after("354 go\r\n");
  after("250 ok\r\n");
  EXPECT_TRUE(dialogue_->is_accepted());
  EXPECT_NE(dialogue_->problem().find("to@b.example"), std::string::npos);
}

TEST_F(SmtpDialogueTest, ReceiversThatAreAllRefusedAreAFailure) {
  order_.username.clear();
  begin(MailTls::from_the_start);
  after(kGreeting);
  after(kOffers);
  after("250 ok\r\n");
  after("550 no such user\r\n");
  after("550 no such user\r\n");
  expect_failed("also@b.example");
}

TEST_F(SmtpDialogueTest, AReceiverThatIsNotTakenNowIsTriedAgainBeforeAnythingIsSent) {
  order_.username.clear();
  begin(MailTls::from_the_start);
  after(kGreeting);
  after(kOffers);
  after("250 ok\r\n");
  after("451 greylisted\r\n");
  expect_failed("tried again");
  EXPECT_EQ(dialogue_->status(), 451);
}

TEST_F(SmtpDialogueTest, DotsInAMessageDoNotEndIt) {
  order_.username.clear();
  order_.to.resize(1);
  begin(MailTls::from_the_start, "a\r\n.\r\n..b\r\nMAIL FROM:<x@y>");
  after(kGreeting);
  after(kOffers);
  after("250 ok\r\n");
  after("250 ok\r\n");
  EXPECT_EQ(after("354 go\r\n"), "a\r\n..\r\n...b\r\nMAIL FROM:<x@y>\r\n.\r\n");
}

TEST_F(SmtpDialogueTest, WhatIsNoMailServerIsRefused) {
  for (const std::string& said :
       {std::string{"HTTP/1.1 400 Bad Request\r\n\r\n"}, std::string{"hello\r\n"},
        std::string{"150 interim\r\n"}, std::string{"220-a\r\n250 b\r\n"}, std::string{"22\r\n"},
        std::string(5000, 'x'), std::string{"220*x\r\n"}}) {
    begin(MailTls::from_the_start);
    after(said);
    EXPECT_TRUE(dialogue_->is_over()) << said;
    EXPECT_FALSE(dialogue_->is_accepted());
    EXPECT_NE(dialogue_->problem(), "");
  }
}

TEST_F(SmtpDialogueTest, ServerThatNeverEndsAReplyIsLeft) {
  begin(MailTls::from_the_start);
  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += "220-still talking\r\n";
  after(lines);
  expect_failed("does not end");
}

TEST_F(SmtpDialogueTest, AnAnswerIsCutAndPrintable) {
  begin(MailTls::from_the_start);
  after("554 \x1B[31m" + std::string(1000, 'x') + "\r\n");
  EXPECT_EQ(dialogue_->answer().size(), SmtpDialogue::kAnswerBytesMax);
  EXPECT_EQ(dialogue_->answer().find('\x1B'), std::string::npos);
}

}  // namespace
}  // namespace metergate::http
