#include "service/tenants/directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "domain/period.h"
#include "service/tenants/directory_documents.h"

namespace metergate {
namespace {

std::unexpected<Error> no_tenant(const TenantId& id) {
  return fail(ErrorCode::tenant_not_found, fmt::format("there is no tenant '{}'", id.text()));
}

}  // namespace

Directory::Directory(Store& store, const Catalog& catalog, const Clock& clock, TimeZone zone)
    : store_(store), catalog_(catalog), clock_(clock), zone_(std::move(zone)) {}

Result<std::unique_ptr<Directory>> Directory::open(Store& store, const Catalog& catalog,
                                                   const Clock& clock, const TimeZone& zone) {
  std::unique_ptr<Directory> directory(new Directory(store, catalog, clock, zone));
  TRY(directory->load());
  return directory;
}

std::shared_ptr<const TenantRecord> Directory::find(const TenantId& id) const {
  const std::shared_lock lock(mutex_);
  const auto found = tenants_.find(id);
  return found == tenants_.end() ? nullptr : found->second;
}

Result<std::shared_ptr<const TenantRecord>> Directory::get(const TenantId& id) const {
  std::shared_ptr<const TenantRecord> record = find(id);
  if (record == nullptr) return no_tenant(id);
  return record;
}

std::vector<std::shared_ptr<const TenantRecord>> Directory::all_tenants() const {
  const std::shared_lock lock(mutex_);
  const std::lock_guard sorting(sorting_);
  if (sorted_ == nullptr) {
    std::vector<std::shared_ptr<const TenantRecord>> all;
    all.reserve(tenants_.size());
    for (const auto& [id, record] : tenants_) all.push_back(record);
    std::ranges::sort(all, {},
                      [](const auto& record) -> const TenantId& { return record->tenant.id; });
    sorted_ = std::make_shared<const std::vector<std::shared_ptr<const TenantRecord>>>(all);
  }
  return *sorted_;
}

ChangedNames Directory::changed_tenants(ChangeMark after) const {
  const std::shared_lock lock(mutex_);
  return changed_.after(after);
}

std::size_t Directory::size() const {
  const std::shared_lock lock(mutex_);
  return tenants_.size();
}

Result<> Directory::load() {
  Query query;
  query.collection = Collection::tenants;
  for (const Json& document : TRY(store_.find(query))) {
    const Tenant tenant = TRY(tenant_from(document));
    TRY(reload(tenant.id));
  }
  const std::unique_lock lock(mutex_);
  changed_.note_all();  // all are new, so single names do not matter
  return {};
}

Result<> Directory::reload(const TenantId& id) {
  const std::optional<Json> tenant = TRY(store_.get(Collection::tenants, directory_key(id)));
  const std::optional<Json> subscription =
      TRY(store_.get(Collection::subscriptions, directory_key(id)));
  if (!tenant) return {};
  if (!subscription) {
    return fail(ErrorCode::corrupt, fmt::format("tenant '{}' has no subscription", id.text()));
  }
  auto record = std::make_shared<TenantRecord>();
  record->tenant = TRY(tenant_from(*tenant));
  record->subscription = TRY(subscription_from(*subscription));
  record->subscription_revision = subscription->integer_at("revision").value_or(0);
  record->renew_on = subscription->timestamp_at("renew_on").value_or(Timestamp{});
  record->plan_version = subscription->integer_at("plan_version").value_or(0);
  show(std::move(record));
  return {};
}

// Two changes of a tenant may arrive here in either order after their batches; the later revision
// wins.
void Directory::show(std::shared_ptr<const TenantRecord> record) {
  const auto age = [](const TenantRecord& of) {
    return of.tenant.revision + of.subscription_revision;
  };
  const std::unique_lock lock(mutex_);
  std::shared_ptr<const TenantRecord>& shown = tenants_[record->tenant.id];
  if (shown != nullptr && age(*shown) >= age(*record)) return;
  changed_.begin();
  changed_.note(record->tenant.id.text());
  shown = std::move(record);
  sorted_ = nullptr;  // only under the lock, so that no thread is sorting
}

Timestamp Directory::renewal_after(Timestamp now) const {
  return Period::of(now, zone_).next().window(zone_).start;
}

Result<> Directory::write(std::shared_ptr<TenantRecord> record, Changed changed, Batch batch) {
  const TenantId id = record->tenant.id;
  const auto expect = [&](Collection collection, Json document, std::int64_t& revision) {
    const Expect expected = revision == 0 ? Expect::absent : Expect::revision;
    batch.documents.push_back(
        {collection, directory_key(id), std::move(document), expected, revision});
    ++revision;
  };
  if (changed.tenant) {
    expect(Collection::tenants, tenant_document(record->tenant, batch.at), record->tenant.revision);
  }
  if (changed.subscription) {
    const Subscription& subscription = record->subscription;
    const auto plans = catalog_.plans();
    const InForce held = TRY(in_force_at(subscription, *plans, kTimestampMax));
    record->renew_on = renewal_after(batch.at);
    record->plan_version = held.plan.version;
    const SubscriptionStamp stamp{record->plan_version, record->renew_on, batch.at};
    expect(Collection::subscriptions, subscription_document(subscription, stamp),
           record->subscription_revision);
  }
  const Result<Commit> commit = store_.apply(std::move(batch));
  if (commit) {
    show(std::move(record));
    return {};
  }
  if (commit.error().code == ErrorCode::conflict) TRY(reload(id));
  return fail(commit.error());
}

// Uses the copy in memory, so that a round with nothing due reads nothing.
Result<std::size_t> Directory::renew(std::size_t max) {
  const Timestamp now = clock_.now();
  const auto plans = catalog_.plans();
  const auto is_due = [&](const TenantRecord& record) {
    const Plan* plan = plans->newest(record.subscription.plan());
    return record.renew_on <= now || (plan != nullptr && record.plan_version != plan->version);
  };
  std::size_t renewed = 0;
  for (const std::shared_ptr<const TenantRecord>& listed : all_tenants()) {
    if (!is_due(*listed)) continue;
    if (renewed == max) break;
    const std::lock_guard renewing{renewing_};
    const auto record = find(listed->tenant.id);
    if (record == nullptr || !is_due(*record)) continue;  // a change has just moved it
    Batch batch;
    batch.at = now;
    const Result<> written =
        write(std::make_shared<TenantRecord>(*record), Changed{false, true}, std::move(batch));
    ++renewed;
    // Another process has changed it, and read it again.
    if (!written && written.error().code != ErrorCode::conflict) return fail(written.error());
  }
  return renewed;
}

}  // namespace metergate
