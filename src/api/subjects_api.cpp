// /api/v1/subjects: the tenants in the format of OpenMeter's API, which calls them subjects.
#include <fmt/format.h>

#include "api/routes.h"
#include "service/shared/faults.h"
#include "service/tenants/directory.h"

namespace metergate::api {
namespace {

constexpr std::size_t kSubjectsWrittenMax = 100;
constexpr std::size_t kSubjectNameMax = 1024;

Json subject_json(const Tenant& tenant) {
  return Json::object({{"id", tenant.id.text()},
                       {"key", tenant.id.text()},
                       {"displayName", tenant.name},
                       {"metadata", Json()},
                       {"createdAt", tenant.created_at},
                       {"updatedAt", tenant.created_at}});
}

Answer subjects_answer(const Json& body) {
  Answer answer;
  http::Response& response = answer.whole.emplace();
  response.headers.emplace_back("Content-Type", "application/json");
  response.body = to_text(body);
  return answer;
}

Result<Answer> list_all_subjects(Call& call) {
  Json subjects = Json::array();
  for (const auto& record : call.services.directory.all_tenants())
    subjects.push_back(subject_json(record->tenant));
  return subjects_answer(subjects);
}

Result<Answer> get_subject(Call& call) {
  const TenantId id = TRY(TenantId::parse(call.path_value("key")));
  const auto record = TRY(call.services.directory.get(id));
  return subjects_answer(subject_json(record->tenant));
}

struct WantedSubject {
  TenantId id;
  std::optional<std::string> name;
};

// Renames an existing subject. A new one needs a plan, which only POST /provider/tenants can give.
std::optional<WantedSubject> read_subject_element(const Json& element, std::size_t index,
                                                  Call& call, Faults& faults) {
  const auto fault = [&](std::string field, std::string message) {
    faults.add(ErrorCode::invalid, Fault{index, std::move(field), std::move(message)});
    return std::nullopt;
  };
  if (!element.is_object()) return fault("", "must be an object with a key");
  for (const auto& [name, value] : element.as_object()) {
    const bool is_known = name == "key" || name == "displayName" || value.is_null();
    if (!is_known) return fault(name, "is not known here; leave it out");
  }
  const auto id = TenantId::parse(element.string_at("key").value_or(""));
  if (!id) return fault("key", id.error().message);
  if (!call.services.directory.get(*id))
    return fault("key", fmt::format("there is no tenant '{}': add it by POST /provider/tenants, "
                                    "which names its plan",
                                    id->text()));
  const Json* name = element.find("displayName");
  if (name == nullptr || name->is_null()) return WantedSubject{*id, std::nullopt};
  if (!name->is_string() || name->as_string().empty() || name->as_string().size() > kSubjectNameMax)
    return fault("displayName", "must be a text that is not empty");
  return WantedSubject{*id, name->as_string()};
}

Result<Answer> upsert_subjects(Call& call) {
  const Json body = TRY(parse_json(call.request.body));
  if (!body.is_array() || body.as_array().size() > kSubjectsWrittenMax)
    return fail(ErrorCode::invalid,
                fmt::format("the body must be a list of at most {} subjects", kSubjectsWrittenMax));
  Faults faults;
  std::vector<WantedSubject> wanted;
  for (std::size_t i = 0; i < body.as_array().size(); ++i) {
    if (auto subject = read_subject_element(body.as_array()[i], i, call, faults))
      wanted.push_back(*std::move(subject));
  }
  TRY(faults.result());
  Json subjects = Json::array();
  for (const WantedSubject& subject : wanted) {
    const auto record = TRY(call.services.directory.get(subject.id));
    Tenant tenant = record->tenant;
    if (subject.name && *subject.name != tenant.name) {
      TenantPatch patch;
      patch.name = subject.name;
      tenant = TRY(call.services.directory.change(subject.id, patch, call.actor));
    }
    subjects.push_back(subject_json(tenant));
  }
  return subjects_answer(subjects);
}

}  // namespace

std::vector<Route> subjects_routes() {
  const Access reading = provider_with(Permission::tenants_read);
  return {
      {"GET", "/api/v1/subjects", reading, list_all_subjects, {}, true, "The tenants, as subjects"},
      {"GET",
       "/api/v1/subjects/{key}",
       reading,
       get_subject,
       {},
       false,
       "One tenant, as a subject"},
      {"POST",
       "/api/v1/subjects",
       provider_with(Permission::tenants_update),
       upsert_subjects,
       {},
       false,
       "Name tenants that are there already"},
  };
}

}  // namespace metergate::api
