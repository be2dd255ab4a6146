#include "service/tenants/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "service/shared/actor.h"
#include "service/tenants/limit_shapes.h"
#include "service/tenants/own_lines.h"

namespace metergate {
namespace {

std::unexpected<Error> corrupt_plan(const Json& document) {
  return fail(ErrorCode::corrupt,
              fmt::format("the stored plan '{}' cannot be read",
                          document.string_at("plan").value_or("without a name")));
}

Json effects_json(const Plan& plan) {
  Json effects = Json::object();
  for (const MeterRow& row : kMeters) {
    if (plan.limits[row.meter].effect == LimitEffect::hard) effects.set(row.name, "hard");
  }
  for (const OwnTerm& term : plan.own) {
    if (term.effect == LimitEffect::hard) effects.set(term.meter, "hard");
  }
  return effects;
}

Json rates_json(const RateCard& rates) {
  Json json = Json::object();
  for (const MeterRow& row : kMeters) {
    json.set(row.name, trimmed(Decimal{rates[row.meter].price.micros, 6}));
  }
  return json;
}

// Reads one meter's limit, effect and rate from the document into the plan; false if one is missing
// or unreadable.
bool read_meter(const Json& document, const MeterRow& row, Plan& plan) {
  const Json* limits = document.find("limits");
  const Json* rates = document.find("rates");
  const Json* effects = document.find("effects");
  if (limits == nullptr || rates == nullptr || effects == nullptr) return false;
  const Json* limit = limits->find(row.limit_name);
  const Json* rate = rates->find(row.name);
  if (limit == nullptr || rate == nullptr || !rate->is_number()) return false;
  const Result<Limit> read = limit_from(row.meter, *limit);
  const Result<Money> price = to_money(*rate->number());
  if (!read || !price) return false;
  plan.limits[row.meter] = *read;
  if (effects->string_at(row.name) == "hard") plan.limits[row.meter].effect = LimitEffect::hard;
  plan.rates[row.meter] = UnitPrice{*price, row.units_per_display};
  return true;
}

Json request_rate_json(const RequestRate& rate) {
  return Json::object({{"per_second", rate.per_second}, {"burst", rate.burst}});
}

// False if it is present and unreadable; plans of older builds have none.
bool read_request_rate(const Json& document, Plan& plan) {
  const Json* stored = document.find("request_rate");
  if (stored == nullptr) return true;
  const auto per_second = stored->integer_at("per_second");
  const auto burst = stored->integer_at("burst");
  if (!per_second || !burst || *per_second < 1 || *burst < 1) return false;
  plan.request_rate = RequestRate{*per_second, *burst};
  return true;
}

bool is_same_offer(const Plan& a, const Plan& b) {
  return a.limits == b.limits && a.rates == b.rates && a.request_rate == b.request_rate &&
         a.own == b.own;
}

// The members of an object that differ from the other's; nested objects member by member.
Json difference(const Json& of, const Json& from) {
  Json found = Json::object();
  for (const auto& [name, value] : of.as_object()) {
    const Json* other = from.find(name);
    if (other != nullptr && *other == value) continue;
    const bool are_objects = other != nullptr && value.is_object() && other->is_object();
    found.set(name, are_objects ? difference(value, *other) : value);
  }
  return found;
}

Json offer_json(const Plan& plan) {
  Json offer = to_document(plan);
  for (const std::string_view name : {"plan", "version", "valid_from", "created_at", "updated_at"})
    offer.remove(name);
  return offer;
}

PlanRevision revision_of(const Plan* before, const Plan& made) {
  PlanRevision revision{made.name, made.version, {}, offer_json(made)};
  if (before == nullptr) return revision;
  const Json old = offer_json(*before);
  revision.before = difference(old, revision.after);
  revision.after = difference(revision.after, old);
  return revision;
}

AuditRecord audit_of_revision(const PlanRevision& revision, Timestamp now) {
  const auto said = [&](const Json& offer) {
    return Json::object({{"plan", revision.plan}, {"version", revision.version}, {"offer", offer}});
  };
  AuditRecord audit = audit_of({"system:catalogue", "", "", ""},
                               revision.before.is_null() ? "plan.added" : "plan.changed", now);
  if (!revision.before.is_null()) {
    audit.before = said(revision.before);
    audit.before.set("version", revision.version - 1);
  }
  audit.after = said(revision.after);
  return audit;
}

DocumentKey key_of(const Plan& plan) {
  return DocumentKey{"", fmt::format("{}:{}", plan.name, plan.version)};
}

using Versions = std::map<std::string, std::vector<Plan>>;  // by name, oldest first

Result<Versions> stored_versions(const Store& store) {
  Query query;
  query.collection = Collection::plans;
  query.sort = {{"plan", false}, {"version", false}};
  Versions versions;
  for (const Json& document : TRY(store.find(query))) {
    Plan plan = TRY(plan_from(document));
    versions[plan.name].push_back(std::move(plan));
  }
  return versions;
}

// The file's plan as the next version of the stored ones, or nothing if it equals the newest.
std::optional<Plan> next_version(const std::vector<Plan>& stored, Plan offered, Timestamp now) {
  if (stored.empty()) {
    offered.version = 1;
    offered.valid_from = now;
    return offered;
  }
  const Plan& newest = stored.back();
  if (is_same_offer(newest, offered)) return std::nullopt;
  offered.version = newest.version + 1;
  offered.valid_from = std::max(now, newest.valid_from + Milliseconds{1});
  return offered;
}

void move_into(std::vector<Plan>& all, std::vector<Plan>& versions) {
  std::ranges::move(versions, std::back_inserter(all));
  versions.clear();
}

}  // namespace

Json to_document(const Plan& plan) {
  Json document = Json::object({{"plan", plan.name},
                                {"version", plan.version},
                                {"limits", limits_json(plan.limits)},
                                {"effects", effects_json(plan)},
                                {"rates", rates_json(plan.rates)},
                                {"valid_from", plan.valid_from},
                                {"created_at", plan.valid_from},
                                {"updated_at", plan.valid_from}});
  if (plan.request_rate) document.set("request_rate", request_rate_json(*plan.request_rate));
  if (!plan.own.empty()) document.set("meters", own_terms_json(plan.own));
  return document;
}

Result<Plan> plan_from(const Json& document) {
  const auto name = document.string_at("plan");
  const auto version = document.integer_at("version");
  const auto valid_from = document.timestamp_at("valid_from");
  if (!name || !version || !valid_from) return corrupt_plan(document);
  Plan plan;
  plan.name = *name;
  plan.version = *version;
  plan.valid_from = *valid_from;
  for (const MeterRow& row : kMeters) {
    if (!read_meter(document, row, plan)) return corrupt_plan(document);
  }
  if (!read_request_rate(document, plan)) return corrupt_plan(document);
  if (const Json* own = document.find("meters")) {
    Result<std::vector<OwnTerm>> terms = own_terms_from(*own);
    if (!terms) return corrupt_plan(document);
    plan.own = *std::move(terms);
  }
  for (OwnTerm& term : plan.own) {
    if (document.find("effects")->string_at(term.meter) == "hard") term.effect = LimitEffect::hard;
  }
  return plan;
}

Catalog::Catalog(Store& store, Catalogue all, std::vector<std::string> offered,
                 std::vector<PlanRevision> revisions)
    : store_(store),
      all_(std::make_shared<const Catalogue>(std::move(all))),
      offered_(std::move(offered)),
      revisions_(std::move(revisions)) {}

Result<std::unique_ptr<Catalog>> Catalog::open(Store& store, const Clock& clock,
                                               std::string_view toml,
                                               IfFileDiffers if_file_differs) {
  const std::vector<Plan> file = TRY(parse_catalogue(toml));
  Versions versions = TRY(stored_versions(store));
  const Timestamp now = clock.now();
  Batch batch;
  batch.at = now;
  std::vector<std::string> offered;
  std::vector<Plan> all;
  std::vector<PlanRevision> revisions;
  const bool is_first_start = versions.empty();
  const bool makes_versions = is_first_start || if_file_differs == IfFileDiffers::make_versions;
  for (const Plan& plan : file) {
    if (!makes_versions && !versions.contains(plan.name)) continue;
    std::vector<Plan>& stored = versions[plan.name];
    std::optional<Plan> made;
    if (makes_versions) made = next_version(stored, plan, now);
    if (made) {
      batch.documents.push_back(
          {Collection::plans, key_of(*made), to_document(*made), Expect::absent, 0});
      if (!is_first_start) {
        revisions.push_back(revision_of(stored.empty() ? nullptr : &stored.back(), *made));
        batch.audits.push_back(audit_of_revision(revisions.back(), now));
      }
      stored.push_back(*std::move(made));
    }
    offered.push_back(plan.name);
    move_into(all, stored);
  }
  // Plans that left the file come last; their versions still price their periods.
  for (auto& [name, retired] : versions) move_into(all, retired);
  Catalogue catalogue = TRY(Catalogue::create(std::move(all)));
  if (!batch.documents.empty()) TRY(store.apply(std::move(batch)));
  return std::unique_ptr<Catalog>(
      new Catalog(store, std::move(catalogue), std::move(offered), std::move(revisions)));
}

Result<> Catalog::reload() {
  Versions versions = TRY(stored_versions(store_));
  std::vector<Plan> all;
  // The file's order, then the plans that only the store knows.
  for (const std::string& name : offered_) move_into(all, versions[name]);
  for (auto& [name, others] : versions) move_into(all, others);
  all_ = std::make_shared<const Catalogue>(TRY(Catalogue::create(std::move(all))));
  return {};
}

std::shared_ptr<const Catalogue> Catalog::plans() const { return all_.load(); }

bool Catalog::is_offered(std::string_view plan) const {
  return std::ranges::find(offered_, plan) != offered_.end();
}

std::vector<Plan> Catalog::offered() const {
  std::vector<Plan> plans;
  const auto all = this->plans();
  for (const std::string& name : offered_) plans.push_back(*all->newest(name));
  return plans;
}

Result<> Catalog::check_offered(std::string_view plan) const {
  if (is_offered(plan)) return {};
  const std::string message =
      fmt::format("Invalid plan. Must be one of: {}", fmt::join(offered_, ", "));
  return fail(Error{ErrorCode::invalid, message, {Fault{std::nullopt, "plan", message}}});
}

}  // namespace metergate
