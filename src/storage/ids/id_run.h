// One sorted run of ids in the base: its pages and its head, written by a builder, read by a
// reader. The layout is in docs/storage-format.md. A run does not change, so any thread may read
// it; a builder and a reader are used by one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/crypto.h"
#include "base/result.h"
#include "storage/ids/id_filter.h"
#include "storage/kv/kv.h"
#include "storage/shapes/keys.h"

namespace metergate {

inline constexpr std::size_t kIdsInPage = 170;

// A record in a page.
struct IdRecord {
  Hash128 id;
  std::uint64_t fingerprint = 0;
};
static_assert(sizeof(IdRecord) == 24);

struct IdRun {
  std::int32_t period = 0;
  std::uint64_t number = 0;  // unique; rising
  std::uint64_t ids = 0;
  std::vector<Hash128> page_starts;
  IdFilter filter;
};

// Parses a run's head. ErrorCode::corrupt if it is damaged.
Result<std::shared_ptr<const IdRun>> parse_id_run(std::string_view key, std::string_view head);
// The fingerprint of an id, if the page has the id.
std::optional<std::uint64_t> find_in_id_page(std::string_view page, const Hash128& id);

// Takes ids in order and writes their pages, then the head.
class IdRunBuilder {
 public:
  // `ids`: the number of ids to come.
  IdRunBuilder(keys::RunName name, std::uint64_t ids)
      : run_{name.period, name.number, 0, {}, IdFilter(ids)} {}

  std::int32_t period() const { return run_.period; }
  void add(const IdRecord& record, KeyWriter& to);
  std::shared_ptr<const IdRun> finish(KeyWriter& to);

 private:
  void put_page(KeyWriter& to);
  IdRun run_;
  std::vector<IdRecord> page_;
};

// Returns a run's ids one after another.
class IdRunReader {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): a reader is made from a run.
  IdRunReader(std::shared_ptr<const IdRun> run) : run_(std::move(run)) {}

  // nullptr at the end.
  Result<const IdRecord*> current(const KeyValues& base);
  void next() { ++at_; }
  const std::shared_ptr<const IdRun>& run() const { return run_; }

 private:
  Result<> read_on(const KeyValues& base);
  std::shared_ptr<const IdRun> run_;
  std::size_t next_page_ = 0;
  std::vector<IdRecord> records_;
  std::size_t at_ = 0;
};

}  // namespace metergate
