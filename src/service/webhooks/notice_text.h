// NoticeText: what a person is told by mail or in a chat about an alert, a digest of alerts, or a
// test, made from the payload that a webhook would get. Pure functions; safe from any thread.
//
// Names come from outside: each text is one line of well-formed UTF-8 without control characters,
// and a chat never reads a name as a mention or a link's brackets.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"

namespace metergate {

struct NoticeText {
  std::string subject;
  std::vector<std::string> lines;
};

NoticeText notice_text(const Json& payload);

// The JSON body of a Slack-compatible incoming hook.
std::string chat_body(const NoticeText& text);

}  // namespace metergate
