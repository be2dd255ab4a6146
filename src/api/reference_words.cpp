#include "api/reference_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "api/reader_faults.h"

namespace metergate::api {
namespace {

constexpr std::array<TopicRow, 14> kTopicRows = {{
    {"Events", "Usage that your systems report"},
    {"Meters", "What is counted, in the words of OpenMeter's API: answers without an envelope"},
    {"Tenant", "A tenant's stores, devices, sales, tickets and usage; each request is metered"},
    {"Billing", "Statements, plan changes, analytics and reports"},
    {"Alerts", "What needs somebody's eye"},
    {"Directory", "Tenants, plans and the audit trail"},
    {"Users and keys", "Who may come in"},
    {"Webhooks", "Where events and alerts are delivered to"},
    {"Corrections", "Events that were wrong, voided or replaced"},
    {"Raw events", "Each event as it was sent, and what became of it"},
    {"Subjects", "The tenants, in the words of OpenMeter's API"},
    {"Workers", "What runs by the clock"},
    {"System", "The server's own state, for people and for what watches it"},
    {"Reference", "This description"},
}};

constexpr std::array<PathValueRow, 11> kPathValues = {{
    {"tenant_id", "the tenant's id", "tenant_456"},
    {"alert_id", "the alert's id", "alert-2026-03-tenant_456"},
    {"email", "the user's address", "ada@example.com"},
    {"key_id", "the key's id", "01J0000000000000000000000A"},
    {"slug", "the meter's slug or id", "tokens_total"},
    {"name", "what the meter groups by", "model"},
    {"key", "the tenant's id", "tenant_456"},
    {"store_id", "the store's id", "store_1"},
    {"device_id", "the device's id", "device_1"},
    {"webhook_id", "the webhook's id", "01J0000000000000000000000A"},
    {"meter", "a built-in meter, or the slug of one of your own", "api_calls"},
}};

struct ErrorWords {
  ErrorCode code;
  std::string_view about;
};
constexpr std::array<ErrorWords, 23> kErrorWords = {{
    {ErrorCode::invalid, "a parameter, a field or the body is wrong; the errors name each"},
    {ErrorCode::period_closed, "the month is closed; a correction can change it"},
    {ErrorCode::unauthorized, "no token, or one that is not good here"},
    {ErrorCode::permission, "the token lacks the permission that details.required names"},
    {ErrorCode::disabled, "the tenant is suspended"},
    {ErrorCode::not_found, "there is nothing of this name"},
    {ErrorCode::tenant_not_found, "there is no such tenant"},
    {ErrorCode::alert_not_found, "there is no such alert"},
    {ErrorCode::method, "the path does not answer to this method; Allow names those that it does"},
    {ErrorCode::too_large, "the body is too large"},
    {ErrorCode::media_type, "the body is of a media type or coding that is not taken here"},
    {ErrorCode::headers_too_large, "the head of the request is too large"},
    {ErrorCode::duplicate, "there is one of this id or name already"},
    {ErrorCode::conflict, "what is there stands against it; the message says how"},
    {ErrorCode::alert_already_resolved, "the alert is resolved already"},
    {ErrorCode::rate_limit, "too many requests; Retry-After says when to try again"},
    {ErrorCode::limit_exceeded, "the tenant is over a hard limit of its plan"},
    {ErrorCode::upstream, "the upstream failed"},
    {ErrorCode::overloaded, "the server is full at the moment; Retry-After says when to try again"},
    {ErrorCode::storage, "nothing can be kept at the moment; nothing was changed"},
    {ErrorCode::upstream_timeout, "the upstream did not answer in time"},
    {ErrorCode::corrupt, "the server failed; its log says more under the request's id"},
    {ErrorCode::internal, "the server failed; its log says more under the request's id"},
}};
constexpr bool words_are_in_order() {
  for (std::size_t i = 0; i < kErrorWords.size(); ++i) {
    if (static_cast<std::size_t>(kErrorWords[i].code) != i) return false;
  }
  return true;
}
static_assert(words_are_in_order());

void add(std::vector<ErrorCode>& codes, std::initializer_list<ErrorCode> more) {
  for (const ErrorCode code : more) {
    if (std::ranges::find(codes, code) == codes.end()) codes.push_back(code);
  }
}

std::string bounds_text(const Field& field, std::string_view unit) {
  if (field.most == 0) return {};
  if (field.least == field.most) return fmt::format(", {}{}", field.least, unit);
  return fmt::format(", {} to {}{}", field.least, field.most, unit);
}

std::string element_text(const Field& field) {
  if (field.shape != nullptr) return std::string{field.shape->name};
  Field element;
  element.kind = field.element;
  return kind_text(element);
}

class ShapeList {
 public:
  void add(const Shape* shape, bool is_taken) {
    if (shape == nullptr) return;
    const auto found = std::ranges::find(shapes_, shape, &ListedShape::shape);
    if (found != shapes_.end()) {
      if (!is_taken || found->is_taken) return;
      found->is_taken = true;
    } else {
      shapes_.push_back({shape, is_taken});
    }
    for (const Field& field : shape->fields) add(field.shape, is_taken);
  }
  std::vector<ListedShape> take() {
    std::ranges::sort(shapes_, {}, [](const ListedShape& one) { return one.shape->name; });
    return std::move(shapes_);
  }

 private:
  std::vector<ListedShape> shapes_;
};

}  // namespace

std::span<const TopicRow> reference_topics() { return kTopicRows; }

const PathValueRow* find_path_value(std::string_view name) {
  const auto* found = std::ranges::find(kPathValues, name, &PathValueRow::name);
  return found == kPathValues.end() ? nullptr : found;
}

std::vector<std::string_view> path_value_names(std::string_view path) {
  std::vector<std::string_view> names;
  for (std::size_t open = path.find('{'); open != path.npos; open = path.find('{', open + 1))
    names.push_back(path.substr(open + 1, path.find('}', open) - open - 1));
  return names;
}

std::vector<ErrorCode> errors_of(const Route& route) {
  std::vector<ErrorCode> codes = {ErrorCode::invalid};
  const Audience audience = route.access.audience;
  if (audience != Audience::everybody) add(codes, {ErrorCode::unauthorized, ErrorCode::permission});
  if (audience == Audience::tenant)
    add(codes, {ErrorCode::disabled, ErrorCode::tenant_not_found, ErrorCode::rate_limit,
                ErrorCode::limit_exceeded});
  if (audience == Audience::sender) add(codes, {ErrorCode::disabled, ErrorCode::rate_limit});
  for (const ErrorCode code : route.errors) add(codes, {code});
  add(codes, {ErrorCode::too_large});
  if (route.body.shape != nullptr) add(codes, {ErrorCode::media_type});
  add(codes, {ErrorCode::headers_too_large, ErrorCode::internal, ErrorCode::overloaded});
  if (!route.is_vital) add(codes, {ErrorCode::storage});
  std::ranges::sort(codes);
  return codes;
}

std::string_view about_error(ErrorCode code) {
  return kErrorWords[static_cast<std::size_t>(code)].about;
}

std::string access_text(const Route& route) {
  const auto name = [&route]() -> std::string {
    for (const PermissionRow& row : kPermissions) {
      if (row.permission == route.access.permission) return "`" + std::string{row.name} + "`";
    }
    return {};
  };
  switch (route.access.audience) {
    case Audience::everybody:
      return "No token";
    case Audience::provider:
      return "A provider's token with " + name();
    case Audience::tenant:
      return "The tenant's token, or a provider's with " + name();
    case Audience::sender:
      return "A tenant's token, for itself, or a provider's with " + name();
  }
  return {};
}

std::string kind_text(const Field& field) {
  switch (field.kind) {
    case Kind::any:
      return "any JSON";
    case Kind::text:
      return "text" + bounds_text(field, " characters");
    case Kind::integer:
      return "whole number" + bounds_text(field, "");
    case Kind::number:
      return "number";
    case Kind::flag:
      return "true or false";
    case Kind::choice:
      return "one of: " + joined(field.words);
    case Kind::choices:
      return "one or several, with commas: " + joined(field.words);
    case Kind::sort:
      return "one of: " + joined(field.words) +
             (field.has_more_words ? ", or a meter of your own" : "");
    case Kind::texts:
      return field.most == 0 ? std::string{"texts, with commas between"}
                             : fmt::format("list of up to {} texts", field.most);
    case Kind::time:
      return "time";
    case Kind::day_or_time:
      return "day or time";
    case Kind::day:
      return "day";
    case Kind::month:
      return "month";
    case Kind::object:
      return element_text(field);
    case Kind::list:
      return "list of " + element_text(field);
    case Kind::map:
      return "by name: " + element_text(field);
  }
  return {};
}

std::string_view media_type_of(Form form) {
  switch (form) {
    case Form::envelope:
    case Form::bare:
    case Form::bare_list:
    case Form::json_text:
      return "application/json";
    case Form::text:
      return "text/plain";
    case Form::csv:
      return "text/csv";
    case Form::xlsx:
      return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    case Form::pdf:
      return "application/pdf";
    case Form::html:
      return "text/html";
    case Form::nothing:
      return {};
  }
  return {};
}

std::vector<ListedShape> shapes_of(std::span<const Route> routes) {
  ShapeList list;
  for (const Route& route : routes) {
    list.add(route.body.shape, true);
    for (const ShownAnswer& answer : route.answers) list.add(answer.shape, false);
  }
  return list.take();
}

}  // namespace metergate::api
