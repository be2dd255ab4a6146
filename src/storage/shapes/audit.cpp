#include "storage/shapes/audit.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/crypto.h"

namespace metergate {

Json to_document(const AuditRecord& record) {
  return Json::object({{"audit_id", record.audit_id},
                       {"actor", record.actor},
                       {"action", record.action},
                       {"tenant_id", record.tenant_id},
                       {"ip", record.ip},
                       {"user_agent", record.user_agent},
                       {"request_id", record.request_id},
                       {"reason", record.reason},
                       {"before", record.before},
                       {"after", record.after},
                       {"timestamp", record.timestamp}});
}

AuditHead head_before(const AuditLink& next) { return {next.sequence - 1, next.previous_hash}; }

std::string to_text(const AuditHead& head) {
  return fmt::format("{}@{}", head.hash, head.sequence);
}

Result<AuditHead> parse_audit_head(std::string_view text) {
  constexpr std::size_t kHashDigits = 64;
  AuditHead head;
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (text.size() > kHashDigits + 1 && text[kHashDigits] == '@' &&
      std::ranges::all_of(text.substr(0, kHashDigits), is_digit)) {
    head.hash = text.substr(0, kHashDigits);
    const char* end = text.data() + text.size();
    const auto [stop, code] = std::from_chars(text.data() + kHashDigits + 1, end, head.sequence);
    if (code == std::errc{} && stop == end && head.sequence >= 0) return head;
  }
  return fail(
      ErrorCode::invalid,
      fmt::format("the head of the audit trail '{:.100}' is not HASH@N: 64 digits of 0-9a-f, "
                  "then @ and the number of the record, as metergate verify prints it",
                  text));
}

Json to_chained_document(const AuditRecord& record, const AuditLink& link) {
  Json document = to_document(record);
  document.set("sequence", link.sequence);
  document.set("previous_hash", link.previous_hash);
  document.set("hash", to_hex(sha256(to_text(document))));
  return document;
}

Result<AuditLink> link_after(const Json& document) {
  const auto sequence = document.integer_at("sequence");
  auto hash = document.string_at("hash");
  if (!sequence || !hash)
    return fail(ErrorCode::corrupt, "an audit record has no sequence or no hash");
  return AuditLink{*sequence + 1, *std::move(hash)};
}

Result<AuditLink> check_link(const Json& document, const AuditLink& link) {
  const auto bad = [&](std::string_view what) {
    return fail(ErrorCode::corrupt, fmt::format("audit record {}: {}", link.sequence, what));
  };
  if (document.integer_at("sequence") != link.sequence)
    return bad("it is missing, or another stands in its place");
  if (document.string_at("previous_hash") != link.previous_hash)
    return bad("its previous_hash is not the hash of the record before");
  Json covered = document;
  const std::string hash = document.string_at("hash").value_or("");
  covered.remove("hash");
  covered.remove("revision");
  if (to_hex(sha256(to_text(covered))) != hash) return bad("its content does not match its hash");
  return AuditLink{link.sequence + 1, hash};
}

}  // namespace metergate
