#include "service/webhooks/notice_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"

namespace metergate {
namespace {

constexpr std::size_t kNameBytesMax = 200;
constexpr std::string_view kMark = "[Metergate] ";

std::string text_at(const Json& object, std::string_view name) {
  return object.string_at(name).value_or("");
}

// A text from outside on one line: control characters, those of C1 and the separators of lines
// among them, are spaces, and what is no UTF-8 is question marks.
std::string one_line(std::string text) {
  if (!is_well_formed_utf8(text)) {
    std::ranges::replace_if(
        text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  }
  std::string made;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const std::string_view rest = std::string_view{text}.substr(i);
    const bool is_c1 =
        byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    const bool is_separator = rest.starts_with("\xE2\x80\xA8") || rest.starts_with("\xE2\x80\xA9");
    if (is_c1) i += 1;
    if (is_separator) i += 2;
    made += byte < 0x20 || byte == 0x7F || is_c1 || is_separator ? ' ' : text[i];
  }
  if (made.size() <= kNameBytesMax) return made;
  std::size_t size = kNameBytesMax;
  while (size > 0 && (made[size] & 0xC0) == 0x80) --size;
  return made.substr(0, size) + "…";
}

std::string value_text(const Json& value) {
  if (value.is_null()) return "unlimited";
  return one_line(value.is_string() ? value.as_string() : to_text(value));
}

std::string meters_of(const Json& alert) {
  const Json* metadata = alert.find("metadata");
  const Json* meters = metadata == nullptr ? nullptr : metadata->find("meters");
  std::string names;
  if (meters == nullptr || !meters->is_object()) return names;
  for (const auto& [meter, figures] : meters->as_object())
    names += (names.empty() ? "" : ", ") + one_line(meter);
  return names;
}

std::string claim_of(const Json& alert) {
  const std::string type = text_at(alert, "type");
  const std::string meter = one_line(text_at(alert, "meter"));
  if (type == "billing.near_limit") {
    return fmt::format("has used {} % of its limit of {}",
                       alert.integer_at("threshold").value_or(0), meter);
  }
  if (type == "billing.forecast_over") return "is expected to pass its limit of " + meter;
  if (type == "billing.error") return "cannot be billed";
  return "is over its limit of " + meters_of(alert);
}

std::string alert_subject(std::string_view event, const Json& alert) {
  std::string name = one_line(text_at(alert, "tenant_name"));
  if (name.empty()) name = one_line(text_at(alert, "tenant_id"));
  const std::string_view verb = event == "alert.acknowledged" ? "Acknowledged: "
                                : event == "alert.resolved"   ? "Resolved: "
                                                              : "";
  return fmt::format("{}{} {} ({})", verb, name, claim_of(alert),
                     one_line(text_at(alert, "period")));
}

void add_figures(const Json& alert, std::vector<std::string>& lines) {
  const Json* metadata = alert.find("metadata");
  const Json* meters = metadata == nullptr ? nullptr : metadata->find("meters");
  if (meters == nullptr || !meters->is_object()) return;
  for (const auto& [meter, figures] : meters->as_object()) {
    std::string line = one_line(meter) + ":";
    if (figures.is_object()) {
      for (const auto& [name, value] : figures.as_object())
        line += fmt::format(" {} {}", one_line(name), value_text(value));
    }
    lines.push_back(std::move(line));
  }
}

NoticeText alert_text(std::string_view event, const Json& alert) {
  NoticeText made{alert_subject(event, alert), {}};
  const auto add = [&](std::string_view what, std::string_view name) {
    const std::string value = one_line(text_at(alert, name));
    if (!value.empty()) made.lines.push_back(fmt::format("{}: {}", what, value));
  };
  made.lines.push_back(made.subject + ".");
  made.lines.emplace_back();
  add("Tenant", "tenant_id");
  add("Severity", "severity");
  add("Status", "status");
  add_figures(alert, made.lines);
  add("Acknowledged by", "acknowledged_by");
  add("Resolved by", "resolved_by");
  add("Reason", "resolution_reason");
  const std::string id = one_line(text_at(alert, "alert_id"));
  if (event == "alert.opened" && !id.empty()) {
    made.lines.emplace_back();
    made.lines.push_back(fmt::format("metergate alerts ack {}", id));
    made.lines.push_back(fmt::format("metergate alerts resolve {} --reason '…'", id));
  }
  return made;
}

NoticeText digest_text(const Json& data) {
  const Json* notices = data.find("notices");
  const std::size_t count =
      notices == nullptr || !notices->is_array() ? 0 : notices->as_array().size();
  NoticeText made{fmt::format("{} change{} of alerts", count, count == 1 ? "" : "s"), {}};
  made.lines.push_back(fmt::format("{} from {} to {}:", made.subject, text_at(data, "since"),
                                   text_at(data, "until")));
  made.lines.emplace_back();
  if (count == 0) return made;
  for (const Json& notice : notices->as_array()) {
    const Json* alert = notice.find("data");
    if (alert == nullptr) continue;
    made.lines.push_back(fmt::format("{}  {}: {}", text_at(notice, "timestamp"),
                                     one_line(text_at(*alert, "severity")),
                                     alert_subject(text_at(notice, "type"), *alert)));
  }
  return made;
}

// Mattermost and others read @all in any text; & < > are what Slack asks to be escaped.
std::string for_chat(std::string_view text) {
  std::string made;
  for (const char c : text) {
    switch (c) {
      case '&':
        made += "&amp;";
        break;
      case '<':
        made += "&lt;";
        break;
      case '>':
        made += "&gt;";
        break;
      case '@':
        made += "@\xE2\x80\x8B";
        break;
      default:
        made += c;
    }
  }
  return made;
}

}  // namespace

NoticeText notice_text(const Json& payload) {
  const std::string type = text_at(payload, "type");
  const Json nothing = Json::object();
  const Json* data = payload.find("data");
  if (data == nullptr || !data->is_object()) data = &nothing;
  NoticeText made;
  if (type == "alert.digest") {
    made = digest_text(*data);
  } else if (type.starts_with("alert.")) {
    made = alert_text(type, *data);
  } else {
    made.subject = "A test: this destination can be reached";
    made.lines = {made.subject + "."};
  }
  made.subject.insert(0, kMark);
  return made;
}

std::string chat_body(const NoticeText& text) {
  std::string body;
  for (const std::string& line : text.lines) body += for_chat(line) + "\n";
  if (!body.empty()) body.pop_back();
  return to_text(Json::object({{"text", body}, {"unfurl_links", false}, {"unfurl_media", false}}));
}

}  // namespace metergate
