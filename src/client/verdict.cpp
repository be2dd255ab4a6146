#include "client/verdict.h"

#include <algorithm>

#include "client/json_scanner.h"

namespace metergate::client {
namespace {

std::string message_of(const Answer& answer) {
  if (answer.status == 0) return "no answer";
  const std::string detail = detail_of(answer.body);
  return "status " + std::to_string(answer.status) + (detail.empty() ? "" : ": " + detail);
}

bool is_passing(int status) {
  return status == 0 || status == 408 || status == 425 || status == 429 || status >= 500;
}

// The token, the address or the server's settings are wrong, so sending less does not help.
bool is_about_the_sender(int status) {
  return status < 400 || status == 401 || status == 403 || status == 404 || status == 405 ||
         status == 407 || status == 415 || status == 431;
}

// One element of `errors`; nothing if it names no event.
std::optional<NamedFault> read_fault(JsonScanner& json) {
  std::optional<std::int64_t> index;
  std::string field;
  std::string message;
  json.members([&](const std::string& name) {
    if (name == "index") {
      index = json.integer();
    } else if (name == "field") {
      field = json.text().value_or("");
    } else if (name == "message") {
      message = json.text().value_or("");
    } else {
      json.skip();
    }
  });
  if (!index || *index < 0) return std::nullopt;
  if (!field.empty()) message = field + ": " + message;
  return NamedFault{static_cast<std::size_t>(*index), std::move(message)};
}

}  // namespace

std::vector<NamedFault> named_faults(std::string_view body) {
  std::vector<NamedFault> faults;
  JsonScanner json(body);
  json.members([&](const std::string& name) {
    if (name != "errors") return json.skip();
    json.elements([&] {
      if (auto fault = read_fault(json)) faults.push_back(*std::move(fault));
    });
  });
  if (!json.is_good()) return {};
  const auto index = [](const NamedFault& fault) { return fault.index; };
  std::ranges::stable_sort(faults, {}, index);
  const auto repeated = std::ranges::unique(faults, {}, index);
  faults.erase(repeated.begin(), repeated.end());
  return faults;
}

std::string detail_of(std::string_view body) {
  std::string detail;
  JsonScanner json(body);
  json.members([&](const std::string& name) {
    if (name != "detail") return json.skip();
    detail = json.text().value_or("");
  });
  return json.is_good() ? detail : "";
}

Verdict judge(const Answer& answer, std::size_t events) {
  Verdict verdict{Verdict::Kind::again, {}, answer.retry_after, message_of(answer)};
  // No other 2xx counts: a captive proxy's 200 must not pass for "on disk".
  if (answer.status == 204) {
    verdict.kind = Verdict::Kind::recorded;
    return verdict;
  }
  if (is_passing(answer.status)) return verdict;
  verdict.faults = named_faults(answer.body);
  std::erase_if(verdict.faults, [&](const NamedFault& fault) { return fault.index >= events; });
  if (!verdict.faults.empty()) {
    verdict.kind = Verdict::Kind::drop_named;
  } else {
    verdict.kind =
        is_about_the_sender(answer.status) ? Verdict::Kind::much_later : Verdict::Kind::halve;
  }
  return verdict;
}

}  // namespace metergate::client
