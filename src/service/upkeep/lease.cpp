#include "service/upkeep/lease.h"

namespace metergate {
namespace {

// Before the others take over, so that work under way ends.
constexpr Milliseconds kHeldFor{6000};

const DocumentKey kLeaseKey{"", "worker_lease"};

}  // namespace

bool Lease::is_held() const { return clock_.steady().count() < held_until_; }

Result<> Lease::tick() {
  const std::optional<Json> stored = TRY(store_.get(Collection::settings, kLeaseKey));
  const Microseconds now = clock_.steady();
  if (!stored) return write(name_, 1, nullptr);
  const std::int64_t epoch = stored->integer_at("epoch").value_or(0);
  const std::string holder = stored->string_at("holder").value_or("");
  if (holder == name_) return write(name_, epoch, &*stored);
  if (holder.empty()) return write(name_, epoch + 1, &*stored);
  held_until_ = 0;
  const std::int64_t revision = stored->integer_at("revision").value_or(0);
  if (revision != seen_revision_) {
    seen_revision_ = revision;
    seen_at_ = now;
    return {};
  }
  if (now - seen_at_ < kOverAfter) return {};
  return write(name_, epoch + 1, &*stored);
}

Result<> Lease::release() {
  const std::optional<Json> stored = TRY(store_.get(Collection::settings, kLeaseKey));
  if (!stored || stored->string_at("holder") != name_) return {};
  const Result<> released = write("", stored->integer_at("epoch").value_or(0), &*stored);
  held_until_ = 0;
  return released;
}

Result<> Lease::write(std::string_view holder, std::int64_t epoch, const Json* stored) {
  const Microseconds now = clock_.steady();
  Batch batch;
  batch.at = clock_.now();
  DocumentWrite write;
  write.collection = Collection::settings;
  write.key = kLeaseKey;
  write.document =
      Json::object({{"holder", holder}, {"epoch", epoch}, {"renewed_at", clock_.now()}});
  write.expect = stored == nullptr ? Expect::absent : Expect::revision;
  write.revision = stored == nullptr ? 0 : stored->integer_at("revision").value_or(0);
  batch.documents.push_back(std::move(write));
  const Result<Commit> commit = store_.apply(std::move(batch));
  if (commit) {
    // From before the write: the others count from when they saw it.
    held_until_ = (now + kHeldFor).count();
    return {};
  }
  // Another node was first.
  if (commit.error().code == ErrorCode::conflict) {
    held_until_ = 0;
    return {};
  }
  return std::unexpected(commit.error());
}

}  // namespace metergate
