#include "storage/ids/id_run.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

namespace metergate {
namespace {

static_assert(std::endian::native == std::endian::little, "pages hold numbers least byte first");

constexpr std::size_t kPagesRead = 64;

std::unexpected<Error> damaged(const char* what) {
  return fail(ErrorCode::corrupt, std::string("the view's ids of events are damaged: ") + what);
}

std::vector<IdRecord> records_of(std::string_view page) {
  std::vector<IdRecord> records(page.size() / sizeof(IdRecord));
  std::memcpy(records.data(), page.data(), records.size() * sizeof(IdRecord));
  return records;
}

std::uint64_t take_number(std::string_view& bytes) {
  std::uint64_t number = 0;
  std::memcpy(&number, bytes.data(), sizeof number);
  bytes.remove_prefix(sizeof number);
  return number;
}

// ids:u64 pages * (high:u64 low:u64) filter
std::string head_of(const IdRun& run) {
  std::string bytes(sizeof run.ids + run.page_starts.size() * sizeof(Hash128), '\0');
  std::memcpy(bytes.data(), &run.ids, sizeof run.ids);
  std::memcpy(bytes.data() + sizeof run.ids, run.page_starts.data(),
              run.page_starts.size() * sizeof(Hash128));
  run.filter.append_to(bytes);
  return bytes;
}

}  // namespace

Result<std::shared_ptr<const IdRun>> parse_id_run(std::string_view key, std::string_view bytes) {
  const keys::RunName name = TRY(keys::run_of(key));
  if (bytes.size() < sizeof(std::uint64_t)) return damaged("a head is cut short");
  const std::uint64_t ids = take_number(bytes);
  if (ids > bytes.size() * 8) return damaged("a head names more ids than it can have");
  std::vector<Hash128> starts((ids + kIdsInPage - 1) / kIdsInPage);
  if (bytes.size() < starts.size() * sizeof(Hash128)) return damaged("a head is cut short");
  for (Hash128& start : starts) {
    start.high = take_number(bytes);
    start.low = take_number(bytes);
  }
  auto filter = IdFilter::parse(bytes);
  if (!filter) return damaged("a filter is cut short");
  return std::make_shared<const IdRun>(
      IdRun{name.period, name.number, ids, std::move(starts), *std::move(filter)});
}

std::optional<std::uint64_t> find_in_id_page(std::string_view page, const Hash128& id) {
  const std::vector<IdRecord> records = records_of(page);
  const auto at = std::ranges::lower_bound(records, id, {}, &IdRecord::id);
  if (at == records.end() || at->id != id) return std::nullopt;
  return at->fingerprint;
}

void IdRunBuilder::add(const IdRecord& record, KeyWriter& to) {
  if (page_.empty()) run_.page_starts.push_back(record.id);
  page_.push_back(record);
  run_.filter.add(record.id);
  ++run_.ids;
  if (page_.size() == kIdsInPage) put_page(to);
}

std::shared_ptr<const IdRun> IdRunBuilder::finish(KeyWriter& to) {
  if (!page_.empty()) put_page(to);
  to.put(keys::run_head({run_.period, run_.number}), head_of(run_));
  return std::make_shared<const IdRun>(std::move(run_));
}

void IdRunBuilder::put_page(KeyWriter& to) {
  const auto page = static_cast<std::uint32_t>(run_.page_starts.size() - 1);
  to.put(keys::run_page({run_.period, run_.number}, page),
         {reinterpret_cast<const char*>(page_.data()), page_.size() * sizeof(IdRecord)});
  page_.clear();
}

Result<const IdRecord*> IdRunReader::current(const KeyValues& base) {
  if (at_ == records_.size()) TRY(read_on(base));
  return at_ == records_.size() ? nullptr : &records_[at_];
}

Result<> IdRunReader::read_on(const KeyValues& base) {
  records_.clear();
  at_ = 0;
  std::vector<std::string> names;
  for (; next_page_ < run_->page_starts.size() && names.size() < kPagesRead; ++next_page_)
    names.push_back(
        keys::run_page({run_->period, run_->number}, static_cast<std::uint32_t>(next_page_)));
  for (const std::optional<std::string>& page : TRY(base.get_all(names))) {
    if (!page) return damaged("a page is missing");
    const std::vector<IdRecord> records = records_of(*page);
    records_.insert(records_.end(), records.begin(), records.end());
  }
  return {};
}

}  // namespace metergate
