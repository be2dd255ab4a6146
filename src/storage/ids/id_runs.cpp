#include "storage/ids/id_runs.h"

#include <algorithm>
#include <bit>
#include <map>
#include <utility>

#include "base/check.h"
#include "storage/shapes/keys.h"

namespace metergate {
namespace {

constexpr std::size_t kRunsMerged = 4;
constexpr std::uint64_t kSmallRun = 4096;      // smaller runs count as one size
constexpr std::uint64_t kLargeRun = 16 << 20;  // larger runs are not merged any more
constexpr std::size_t kMergedAtOnce = 64 << 10;
constexpr std::size_t kMergedInStep = 2 << 20;  // ids; five times what a checkpoint adds
constexpr std::size_t kTakenOver = 1 << 20;     // ids of older builds in one run

// The size class: each is four times the one before, beginning with a small run.
unsigned size_class(std::uint64_t ids) {
  return static_cast<unsigned>(std::bit_width(ids / kSmallRun) + 1) / 2;
}

// A place where an id may be.
struct Candidate {
  std::string page;  // its key
  std::size_t which = 0;
};

// The pages that the filters do not rule out.
std::vector<Candidate> candidates_of(std::span<const EventId> ids, const IdRuns::Runs& runs) {
  constexpr std::size_t kAhead = 16;
  std::vector<Candidate> candidates;
  for (std::size_t i = 0; i < ids.size() + kAhead; ++i) {
    if (i < ids.size()) {
      for (const auto& run : runs) run->filter.prefetch(ids[i].hash);
    }
    if (i < kAhead || i - kAhead >= ids.size()) continue;
    const std::size_t which = i - kAhead;
    const Hash128& id = ids[which].hash;
    for (const auto& run : runs) {
      if (!run->filter.may_have(id)) continue;
      const auto behind = std::ranges::upper_bound(run->page_starts, id);
      if (behind == run->page_starts.begin()) continue;
      const auto page = static_cast<std::uint32_t>(behind - run->page_starts.begin() - 1);
      candidates.push_back({keys::run_page({run->period, run->number}, page), which});
    }
  }
  std::ranges::sort(candidates, {}, &Candidate::page);
  return candidates;
}

}  // namespace

struct IdRuns::Merge {
  std::vector<IdRunReader> inputs;
  IdRunBuilder output;

  // The next ids of all inputs together, in order; none at the end.
  Result<std::vector<IdRecord>> next(const KeyValues& base) {
    std::vector<IdRecord> merged;
    while (merged.size() < kMergedAtOnce) {
      IdRunReader* least = nullptr;
      const IdRecord* first = nullptr;
      for (IdRunReader& input : inputs) {
        const IdRecord* record = TRY(input.current(base));
        if (record == nullptr || (first != nullptr && first->id <= record->id)) continue;
        least = &input;
        first = record;
      }
      if (least == nullptr) break;
      merged.push_back(*first);
      least->next();
    }
    return merged;
  }
};

IdRuns::IdRuns(KeyValues& base) : base_(base), runs_(std::make_shared<const Runs>()) {}
IdRuns::~IdRuns() = default;

Result<std::unique_ptr<IdRuns>> IdRuns::open(KeyValues& base) {
  std::unique_ptr<IdRuns> runs(new IdRuns(base));
  TRY(runs->load());
  return runs;
}

std::shared_ptr<const IdRuns::Runs> IdRuns::snapshot() const {
  const std::scoped_lock lock(mutex_);
  return runs_;
}

Result<> IdRuns::load() {
  Runs runs;
  const std::string heads(1, keys::kIdRunHead);
  const auto head = base_.walk({heads, keys::after_prefix(heads)}, false);
  for (; head->is_valid(); head->next())
    runs.push_back(TRY(parse_id_run(head->key(), head->value())));
  TRY(head->status());
  // One seek for each run with pages, then to the key after them.
  const std::string pages(1, keys::kIdRunPage);
  for (std::string from = pages;;) {
    const auto page = base_.walk({from, keys::after_prefix(pages)}, false);
    TRY(page->status());
    if (!page->is_valid()) break;
    const keys::RunName name = TRY(keys::run_of(page->key()));
    next_number_ = std::max(next_number_, name.number + 1);
    const KeyRange all = keys::run_pages(name);
    const bool has_head = std::ranges::any_of(runs, [&](const auto& run) {
      return run->period == name.period && run->number == name.number;
    });
    if (!has_head) TRY(base_.write([&](KeyWriter& to) { to.remove_range(all); }));
    from = all.end;
  }
  publish(runs);
  return {};
}

Result<> IdRuns::take_over_single_ids() {
  const std::string prefix(1, keys::kEventId);
  const auto cursor = base_.walk({prefix, keys::after_prefix(prefix)}, false);
  EventIds ids;
  const auto write_run = [&]() -> Result<> {
    Runs written;
    TRY(base_.write([&](KeyWriter& to) { written = write(std::exchange(ids, {}), to); }));
    publish(written);
    return {};
  };
  for (; cursor->is_valid(); cursor->next()) {
    const keys::SingleId single = TRY(keys::single_id_of(cursor->key()));
    std::string_view value = cursor->value();
    const auto fingerprint = static_cast<std::uint64_t>(TRY(keys::take_u64(value)));
    ids.add({single.id, fingerprint}, single.period);
    if (ids.size() == kTakenOver) TRY(write_run());
  }
  TRY(cursor->status());
  return write_run();
}

IdRuns::Runs IdRuns::write(const EventIds& ids, KeyWriter& to) {
  std::map<std::int32_t, std::vector<IdRecord>> by_period;
  ids.for_each([&](const EventIds::Entry& entry) {
    by_period[entry.period].push_back({entry.id.hash, entry.id.fingerprint});
  });
  Runs written;
  for (auto& [period, records] : by_period) {
    std::ranges::sort(records, {}, &IdRecord::id);
    IdRunBuilder run({period, next_number_++}, records.size());
    for (const IdRecord& record : records) run.add(record, to);
    written.push_back(run.finish(to));
  }
  return written;
}

void IdRuns::publish(const Runs& written) { replace({}, written); }

void IdRuns::replace(const Runs& removed, const Runs& added) {
  const std::scoped_lock lock(mutex_);
  Runs runs = *runs_;
  std::erase_if(runs,
                [&](const auto& run) { return std::ranges::find(removed, run) != removed.end(); });
  // The period may have been closed meanwhile.
  std::ranges::copy_if(added, std::back_inserter(runs),
                       [this](const auto& run) { return run->period > closed_through_; });
  runs_ = std::make_shared<const Runs>(std::move(runs));
}

void IdRuns::close_through(std::int32_t period) {
  const std::scoped_lock lock(mutex_);
  closed_through_ = std::max(closed_through_, period);
  Runs runs = *runs_;
  std::erase_if(runs, [this](const auto& run) { return run->period <= closed_through_; });
  runs_ = std::make_shared<const Runs>(std::move(runs));
}

Result<> IdRuns::recall(const EventIds& ids) {
  return base_.write([&](KeyWriter& to) { write(ids, to); });
}

Result<> IdRuns::reopen_from(std::int32_t period) {
  {
    const std::scoped_lock lock(mutex_);
    closed_through_ = std::min(closed_through_, period - 1);
  }
  Runs found;
  const std::string heads(1, keys::kIdRunHead);
  const auto head = base_.walk({heads, keys::after_prefix(heads)}, false);
  for (; head->is_valid(); head->next()) {
    auto run = TRY(parse_id_run(head->key(), head->value()));
    const auto known = snapshot();
    const bool is_known = std::ranges::any_of(*known, [&](const auto& one) {
      return one->period == run->period && one->number == run->number;
    });
    if (!is_known) found.push_back(std::move(run));
  }
  TRY(head->status());
  publish(found);
  return {};
}

void IdRuns::remove_through(std::int32_t period, KeyWriter& to) {
  for (const char tag : {keys::kIdRunHead, keys::kIdRunPage})
    to.remove_range({std::string(1, tag), keys::ids_of_period(tag, period + 1)});
}

Result<std::vector<std::optional<std::uint64_t>>> IdRuns::find(std::span<const EventId> ids) const {
  for (auto runs = snapshot();;) {
    std::vector<std::optional<std::uint64_t>> found(ids.size());
    const std::vector<Candidate> candidates = candidates_of(ids, *runs);
    std::vector<std::string> names;
    for (const Candidate& candidate : candidates) {
      if (names.empty() || names.back() != candidate.page) names.push_back(candidate.page);
    }
    if (names.empty()) return found;
    const auto pages = TRY(base_.get_all(names));
    bool is_whole = true;
    std::size_t page = 0;
    for (const Candidate& candidate : candidates) {
      while (names[page] != candidate.page) ++page;
      is_whole = is_whole && pages[page];
      if (!is_whole) break;
      if (const auto fingerprint = find_in_id_page(*pages[page], ids[candidate.which].hash))
        found[candidate.which] = fingerprint;
    }
    if (is_whole) return found;
    // A merge has moved the page, or its period was closed.
    const auto before = std::exchange(runs, snapshot());
    if (runs == before)
      return fail(ErrorCode::corrupt, "the view's ids of events are damaged: a page is missing");
  }
}

void IdRuns::choose_merge() {
  const auto runs = snapshot();
  for (const auto& first : *runs) {
    if (first->ids > kLargeRun) continue;
    Runs alike;
    std::uint64_t ids = 0;
    for (const auto& run : *runs) {
      if (alike.size() == kRunsMerged) break;
      if (run->period != first->period || size_class(run->ids) != size_class(first->ids)) continue;
      alike.push_back(run);
      ids += run->ids;
    }
    if (alike.size() < kRunsMerged) continue;
    merge_ = std::make_unique<Merge>(
        Merge{{alike.begin(), alike.end()}, IdRunBuilder({first->period, next_number_++}, ids)});
    return;
  }
}

// A failed merge begins anew next time; the next start removes what it wrote.
Result<> IdRuns::merge_some() {
  const Result<> merged = merge_until(kMergedInStep);
  if (!merged) merge_.reset();
  return merged;
}

Result<> IdRuns::merge_until(std::size_t ids_max) {
  for (std::size_t merged = 0; merged < ids_max;) {
    // If the period was closed meanwhile, the write before this one removed the pages.
    if (merge_ != nullptr && !is_open(merge_->output.period())) merge_.reset();
    if (merge_ == nullptr) choose_merge();
    if (merge_ == nullptr) return {};
    const std::vector<IdRecord> records = TRY(merge_->next(base_));
    merged += records.size();
    if (records.empty()) {
      TRY(finish_merge());
      continue;
    }
    TRY(base_.write([&](KeyWriter& to) {
      for (const IdRecord& record : records) merge_->output.add(record, to);
    }));
  }
  return {};
}

Result<> IdRuns::finish_merge() {
  const std::unique_ptr<Merge> merge = std::move(merge_);
  Runs inputs;
  for (const IdRunReader& input : merge->inputs) inputs.push_back(input.run());
  std::shared_ptr<const IdRun> output;
  TRY(base_.write([&](KeyWriter& to) { output = merge->output.finish(to); }));
  // Readers now find the new run; only then may the pages of the old ones be removed. If a crash
  // leaves some of them, they are merged again.
  replace(inputs, {output});
  std::map<std::string, std::string> dead;  // overlapping ranges are the same
  for (const auto& input : inputs) {
    KeyRange pages = dead_pages_around(*input);
    dead.emplace(std::move(pages.start), std::move(pages.end));
  }
  return base_.write([&](KeyWriter& to) {
    for (const auto& input : inputs) to.remove(keys::run_head({input->period, input->number}));
    for (const auto& [start, end] : dead) to.remove_range({start, end});
  });
}

// The range from the run before it to the one after it, where all other runs have been merged. The
// whole range is removed again, since the base frees space only for a whole range, and files are
// larger than runs.
KeyRange IdRuns::dead_pages_around(const IdRun& run) const {
  std::uint64_t first = 0;
  std::uint64_t end = UINT64_MAX;
  for (const auto& other : *snapshot()) {
    if (other->period != run.period) continue;
    if (other->number < run.number) {
      first = std::max(first, other->number + 1);
    } else {
      end = std::min(end, other->number);
    }
  }
  // Further runs may follow the last one.
  if (end == UINT64_MAX) end = run.number + 1;
  return {keys::run_page({run.period, first}, 0), keys::run_page({run.period, end}, 0)};
}

bool IdRuns::is_open(std::int32_t period) const {
  const std::scoped_lock lock(mutex_);
  return period > closed_through_;
}

}  // namespace metergate
