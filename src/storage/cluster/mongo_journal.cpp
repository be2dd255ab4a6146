#include "storage/cluster/mongo_journal.h"

#include <fmt/format.h>

#ifdef METERGATE_MONGODB
#include <dlfcn.h>
#include <mongoc/mongoc.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include "base/compression.h"
#include "storage/journal/journal_frame.h"
#endif

namespace metergate {

#ifdef METERGATE_MONGODB

// The driver is loaded when the first URI is given, so that the program runs on machines without
// it.
namespace {

// Each is the library's function of that name.
#define METERGATE_DRIVER_FUNCTIONS(X)      \
  X(bson_append_binary)                    \
  X(bson_append_date_time)                 \
  X(bson_append_document)                  \
  X(bson_append_int32)                     \
  X(bson_append_int64)                     \
  X(bson_append_utf8)                      \
  X(bson_destroy)                          \
  X(bson_iter_binary)                      \
  X(bson_iter_init_find)                   \
  X(bson_iter_int32)                       \
  X(bson_iter_int64)                       \
  X(bson_iter_type)                        \
  X(bson_iter_utf8)                        \
  X(bson_new)                              \
  X(mongoc_client_destroy)                 \
  X(mongoc_client_get_collection)          \
  X(mongoc_client_new_from_uri_with_error) \
  X(mongoc_client_set_appname)             \
  X(mongoc_client_set_error_api)           \
  X(mongoc_collection_destroy)             \
  X(mongoc_collection_find_with_opts)      \
  X(mongoc_collection_insert_one)          \
  X(mongoc_collection_set_read_concern)    \
  X(mongoc_collection_set_read_prefs)      \
  X(mongoc_collection_set_write_concern)   \
  X(mongoc_cursor_destroy)                 \
  X(mongoc_cursor_error)                   \
  X(mongoc_cursor_next)                    \
  X(mongoc_init)                           \
  X(mongoc_log_set_handler)                \
  X(mongoc_read_concern_destroy)           \
  X(mongoc_read_concern_new)               \
  X(mongoc_read_concern_set_level)         \
  X(mongoc_read_prefs_destroy)             \
  X(mongoc_read_prefs_new)                 \
  X(mongoc_uri_destroy)                    \
  X(mongoc_uri_get_database)               \
  X(mongoc_uri_get_hosts)                  \
  X(mongoc_uri_get_password)               \
  X(mongoc_uri_get_option_as_int32)        \
  X(mongoc_uri_new_with_error)             \
  X(mongoc_uri_set_option_as_bool)         \
  X(mongoc_uri_set_option_as_int32)        \
  X(mongoc_write_concern_destroy)          \
  X(mongoc_write_concern_new)              \
  X(mongoc_write_concern_set_journal)      \
  X(mongoc_write_concern_set_wmajority)

struct Driver {
#define METERGATE_MEMBER(name) decltype(&::name) name = nullptr;
  METERGATE_DRIVER_FUNCTIONS(METERGATE_MEMBER)
#undef METERGATE_MEMBER
};

constexpr const char* kLibrary = "libmongoc-1.0.so.0";
constexpr std::int32_t kVersion = 1;
constexpr Milliseconds kWriteTimeout{10'000};
constexpr std::int64_t kFrameBytesMax = 15 << 20;
constexpr int kDuplicateKey = 11000;

Result<Driver> load_driver() {
  void* const library = ::dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    return fail(ErrorCode::invalid,
                fmt::format("MONGO_URI is set, but the MongoDB driver {} is not installed: install "
                            "Debian's libmongoc-1.0-0, or leave out MONGO_URI",
                            kLibrary));
  Driver driver;
  const char* missing = nullptr;
  const auto find = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::decay_t<decltype(function)>>(::dlsym(library, name));
    if (function == nullptr) missing = name;
  };
#define METERGATE_FIND(name) find(driver.name, #name);
  METERGATE_DRIVER_FUNCTIONS(METERGATE_FIND)
#undef METERGATE_FIND
  if (missing != nullptr)
    return fail(ErrorCode::invalid,
                fmt::format("the MongoDB driver {} has no {}: install version 1.23 or newer",
                            kLibrary, missing));
  driver.mongoc_init();
  // The driver's own lines would go to standard error; callers tell what fails.
  driver.mongoc_log_set_handler(nullptr, nullptr);
  return driver;
}

const Result<Driver>& loaded_driver() {
  static const Result<Driver> kDriver = load_driver();
  return kDriver;
}

// A document under construction; of typed values only.
class Document {
 public:
  explicit Document(const Driver& driver) : driver_(driver), bson_(driver.bson_new()) {}
  ~Document() { driver_.bson_destroy(bson_); }
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;
  void int32(const char* name, std::int32_t value) {
    driver_.bson_append_int32(bson_, name, -1, value);
  }
  void int64(const char* name, std::int64_t value) {
    driver_.bson_append_int64(bson_, name, -1, value);
  }
  void date(const char* name, Timestamp at) {
    driver_.bson_append_date_time(bson_, name, -1, at.time_since_epoch().count());
  }
  void text(const char* name, std::string_view value) {
    driver_.bson_append_utf8(bson_, name, -1, value.data(), static_cast<int>(value.size()));
  }
  void binary(const char* name, std::string_view value) {
    driver_.bson_append_binary(bson_, name, -1, BSON_SUBTYPE_BINARY,
                               reinterpret_cast<const std::uint8_t*>(value.data()),
                               static_cast<std::uint32_t>(value.size()));
  }
  void document(const char* name, const Document& value) {
    driver_.bson_append_document(bson_, name, -1, value.get());
  }
  const bson_t* get() const { return bson_; }

 private:
  const Driver& driver_;
  bson_t* bson_;
};

// The fields of a document that was read; nothing where one is of another type.
class Fields {
 public:
  Fields(const Driver& driver, const bson_t* bson) : driver_(driver), bson_(bson) {}
  std::optional<std::int64_t> number(const char* name) const {
    bson_iter_t at;
    if (!find(at, name)) return std::nullopt;
    if (driver_.bson_iter_type(&at) == BSON_TYPE_INT64) return driver_.bson_iter_int64(&at);
    if (driver_.bson_iter_type(&at) == BSON_TYPE_INT32) return driver_.bson_iter_int32(&at);
    return std::nullopt;
  }
  std::optional<std::string> text(const char* name) const {
    bson_iter_t at;
    if (!find(at, name) || driver_.bson_iter_type(&at) != BSON_TYPE_UTF8) return std::nullopt;
    std::uint32_t size = 0;
    const char* const text = driver_.bson_iter_utf8(&at, &size);
    return std::string(text, size);
  }
  std::optional<std::string> binary(const char* name) const {
    bson_iter_t at;
    if (!find(at, name) || driver_.bson_iter_type(&at) != BSON_TYPE_BINARY) return std::nullopt;
    bson_subtype_t subtype{};
    std::uint32_t size = 0;
    const std::uint8_t* bytes = nullptr;
    driver_.bson_iter_binary(&at, &subtype, &size, &bytes);
    return std::string(reinterpret_cast<const char*>(bytes), size);
  }

 private:
  bool find(bson_iter_t& at, const char* name) const {
    return driver_.bson_iter_init_find(&at, bson_, name);
  }
  const Driver& driver_;
  const bson_t* bson_;
};

class MongoJournal final : public SharedJournal {
 public:
  MongoJournal(const Driver& driver, const Clock& clock, const Log& log)
      : driver_(driver), clock_(clock), log_(log) {}
  ~MongoJournal() override {
    if (collection_ != nullptr) driver_.mongoc_collection_destroy(collection_);
    if (client_ != nullptr) driver_.mongoc_client_destroy(client_);
  }
  MongoJournal(const MongoJournal&) = delete;
  MongoJournal& operator=(const MongoJournal&) = delete;

  Result<> connect(const std::string& uri_text);
  Result<JournalHead> open(const JournalHead& ours) override;
  Result<std::vector<JournalEntry>> read_after(EntrySlot slot) override;
  Result<std::optional<JournalEntry>> read(EntrySlot slot) override;
  Result<Appended> append(const JournalEntry& entry) override;

 private:
  void take_uri(const mongoc_uri_t& uri);
  void set_concerns();
  using Visit = std::function<Result<>(const Fields& fields)>;
  struct Look {
    const Document& filter;
    std::int64_t limit;
  };
  Result<> find(const Look& look, const Visit& visit);
  Result<std::optional<JournalHead>> find_head();
  Result<bool> has_any();
  Result<JournalEntry> entry_of(const Fields& fields) const;
  Result<JournalHead> head_of(const Fields& fields) const;
  Appended insert(const Document& document);
  std::unexpected<Error> not_ours(std::string_view what) const;
  Error error_of(const bson_error_t& error) const;

  const Driver& driver_;
  const Clock& clock_;
  const Log& log_;
  mongoc_client_t* client_ = nullptr;
  mongoc_collection_t* collection_ = nullptr;
  std::string place_;     // hosts and database, without user and password
  std::string password_;  // looked for in messages
};

Result<> MongoJournal::connect(const std::string& uri_text) {
  bson_error_t error{};
  mongoc_uri_t* const uri = driver_.mongoc_uri_new_with_error(uri_text.c_str(), &error);
  // The driver's words may repeat parts of the URI, which has a password.
  if (uri == nullptr)
    return fail(ErrorCode::invalid,
                "MONGO_URI cannot be read: it is to be like "
                "mongodb://user:password@host1:27017,host2:27017/metergate?replicaSet=rs0, with "
                "the characters : / ? # [ ] @ in user or password written as %3A and so on");
  take_uri(*uri);
  const char* const named = driver_.mongoc_uri_get_database(uri);
  const std::string database = named != nullptr && *named != '\0' ? named : "metergate";
  place_ += "/" + database;
  driver_.mongoc_uri_set_option_as_bool(uri, MONGOC_URI_RETRYWRITES, false);
  client_ = driver_.mongoc_client_new_from_uri_with_error(uri, &error);
  driver_.mongoc_uri_destroy(uri);
  if (client_ == nullptr)
    return fail(ErrorCode::invalid,
                fmt::format("MONGO_URI cannot be used: {}", error_of(error).message));
  driver_.mongoc_client_set_error_api(client_, MONGOC_ERROR_API_VERSION_2);
  driver_.mongoc_client_set_appname(client_, "metergate");
  collection_ = driver_.mongoc_client_get_collection(client_, database.c_str(), "journal");
  set_concerns();
  return {};
}

// Keeps what messages need, and sets the time limits that the URI leaves open.
void MongoJournal::take_uri(const mongoc_uri_t& uri) {
  for (const auto* host = driver_.mongoc_uri_get_hosts(&uri); host != nullptr; host = host->next)
    place_ += (place_.empty() ? "" : ",") + std::string(host->host_and_port);
  if (const char* password = driver_.mongoc_uri_get_password(&uri)) password_ = password;
  constexpr std::array<std::pair<const char*, std::int32_t>, 3> kLimits = {
      {{MONGOC_URI_SOCKETTIMEOUTMS, 15'000},
       {MONGOC_URI_CONNECTTIMEOUTMS, 3'000},
       {MONGOC_URI_SERVERSELECTIONTIMEOUTMS, 5'000}}};
  auto& changed = const_cast<mongoc_uri_t&>(uri);
  for (const auto& [name, milliseconds] : kLimits) {
    if (driver_.mongoc_uri_get_option_as_int32(&uri, name, 0) == 0)
      driver_.mongoc_uri_set_option_as_int32(&changed, name, milliseconds);
  }
}

void MongoJournal::set_concerns() {
  mongoc_write_concern_t* const writes = driver_.mongoc_write_concern_new();
  driver_.mongoc_write_concern_set_wmajority(writes, static_cast<int>(kWriteTimeout.count()));
  driver_.mongoc_write_concern_set_journal(writes, true);
  driver_.mongoc_collection_set_write_concern(collection_, writes);
  driver_.mongoc_write_concern_destroy(writes);
  mongoc_read_concern_t* const reads = driver_.mongoc_read_concern_new();
  driver_.mongoc_read_concern_set_level(reads, MONGOC_READ_CONCERN_LEVEL_MAJORITY);
  driver_.mongoc_collection_set_read_concern(collection_, reads);
  driver_.mongoc_read_concern_destroy(reads);
  mongoc_read_prefs_t* const from = driver_.mongoc_read_prefs_new(MONGOC_READ_PRIMARY);
  driver_.mongoc_collection_set_read_prefs(collection_, from);
  driver_.mongoc_read_prefs_destroy(from);
}

Error MongoJournal::error_of(const bson_error_t& error) const {
  std::string told = error.message;
  if (!password_.empty() && told.find(password_) != std::string::npos)
    told = fmt::format("error {} of domain {}", error.code, error.domain);
  return {ErrorCode::overloaded,
          fmt::format("the database at {} does not answer: {}; start it, or correct MONGO_URI",
                      place_, told),
          {}};
}

std::unexpected<Error> MongoJournal::not_ours(std::string_view what) const {
  return fail(ErrorCode::corrupt,
              fmt::format("the collection journal in {} {}: name a database of Metergate's own in "
                          "MONGO_URI, or an empty one",
                          place_, what));
}

Result<> MongoJournal::find(const Look& look, const Visit& visit) {
  Document order(driver_);
  order.int32("_id", 1);
  Document options(driver_);
  options.document("sort", order);
  options.int64("limit", look.limit);
  mongoc_cursor_t* const cursor = driver_.mongoc_collection_find_with_opts(
      collection_, look.filter.get(), options.get(), nullptr);
  Result<> visited;
  const bson_t* document = nullptr;
  while (visited && driver_.mongoc_cursor_next(cursor, &document))
    visited = visit(Fields(driver_, document));
  bson_error_t error{};
  const bool has_failed = driver_.mongoc_cursor_error(cursor, &error);
  driver_.mongoc_cursor_destroy(cursor);
  if (has_failed) return std::unexpected(error_of(error));
  return visited;
}

Result<JournalHead> MongoJournal::head_of(const Fields& fields) const {
  const auto version = fields.number("v");
  if (!version) return not_ours("has an entry 0 that Metergate did not write");
  if (*version != kVersion)
    return fail(ErrorCode::invalid,
                fmt::format("the journal in {} has format {}, this version of metergate reads {}: "
                            "use the version that made it, or a newer one",
                            place_, *version, kVersion));
  const auto zone = fields.text("zone");
  const auto key = fields.binary("id_key");
  JournalHead head;
  if (!zone || !key || key->size() != sizeof(head.id_key.bytes))
    return not_ours("has a damaged entry 0");
  head.zone = *zone;
  std::ranges::copy(*key, std::begin(head.id_key.bytes));
  return head;
}

Result<std::optional<JournalHead>> MongoJournal::find_head() {
  Document filter(driver_);
  filter.int64("_id", 0);
  std::optional<JournalHead> head;
  const auto take = [&](const Fields& fields) -> Result<> {
    head = TRY(head_of(fields));
    return {};
  };
  TRY(find({filter, 1}, take));
  return head;
}

Result<bool> MongoJournal::has_any() {
  const Document all(driver_);
  bool is_any = false;
  TRY(find({all, 1}, [&is_any](const Fields&) -> Result<> {
    is_any = true;
    return {};
  }));
  return is_any;
}

Result<JournalHead> MongoJournal::open(const JournalHead& ours) {
  constexpr int kTriesMax = 100;
  for (int tries = 0; tries < kTriesMax; ++tries) {
    if (const auto head = TRY(find_head())) return *head;
    if (tries == 0 && TRY(has_any()))
      return not_ours("has documents that Metergate did not write, and no entry 0");
    Document document(driver_);
    document.int64("_id", 0);
    document.int32("v", kVersion);
    document.text("zone", ours.zone);
    document.binary("id_key",
                    {reinterpret_cast<const char*>(ours.id_key.bytes), sizeof(ours.id_key.bytes)});
    document.date("at", clock_.now());
    // The head that is read counts, be it this node's or another's.
    insert(document);
  }
  return fail(ErrorCode::overloaded,
              fmt::format("the database at {} takes the journal's first entry, and does not show "
                          "it: look whether a majority of its members is there",
                          place_));
}

Result<JournalEntry> MongoJournal::entry_of(const Fields& fields) const {
  const auto slot = fields.number("_id");
  const auto version = fields.number("v");
  if (!slot || *slot < 1 || !version)
    return not_ours(fmt::format("has a document {} that Metergate did not write",
                                slot ? std::to_string(*slot) : "whose _id is no number"));
  if (*version != kVersion)
    return fail(ErrorCode::corrupt,
                fmt::format("entry {} of the journal in {} has format {}, this version of "
                            "metergate reads {}: start the newer version here too",
                            *slot, place_, *version, kVersion));
  const auto by = fields.text("by");
  const auto bytes = fields.number("bytes");
  const auto packed = fields.binary("frame");
  if (!by || !bytes || *bytes < 0 || *bytes > kFrameBytesMax || !packed)
    return not_ours(fmt::format("has a damaged entry {}", *slot));
  JournalEntry entry{static_cast<EntrySlot>(*slot), *by, {}};
  entry.frame = TRY(zstd_decompress_exactly(*packed, static_cast<std::size_t>(*bytes)));
  return entry;
}

Result<std::vector<JournalEntry>> MongoJournal::read_after(EntrySlot slot) {
  Document after(driver_);
  after.int64("$gt", static_cast<std::int64_t>(slot));
  Document filter(driver_);
  filter.document("_id", after);
  std::vector<JournalEntry> read;
  bool has_gap = false;
  const auto take = [&](const Fields& fields) -> Result<> {
    // Entries after a gap are read once it is filled.
    const auto at = fields.number("_id");
    has_gap = has_gap || (at && *at != static_cast<std::int64_t>(slot + 1 + read.size()));
    if (!has_gap) read.push_back(TRY(entry_of(fields)));
    return {};
  };
  TRY(find({filter, kReadMax}, take));
  return read;
}

Result<std::optional<JournalEntry>> MongoJournal::read(EntrySlot slot) {
  Document filter(driver_);
  filter.int64("_id", static_cast<std::int64_t>(slot));
  std::optional<JournalEntry> entry;
  const auto take = [&](const Fields& fields) -> Result<> {
    entry = TRY(entry_of(fields));
    return {};
  };
  TRY(find({filter, 1}, take));
  return entry;
}

Result<Appended> MongoJournal::append(const JournalEntry& entry) {
  Frame frame;
  if (decode(entry.frame, frame) != Soundness::good)
    return fail(ErrorCode::internal, "an entry is appended that is none");
  Document document(driver_);
  document.int64("_id", static_cast<std::int64_t>(entry.slot));
  document.int32("v", kVersion);
  document.text("by", entry.by);
  document.int64("first", static_cast<std::int64_t>(frame.header.first_sequence));
  document.int64("batches", frame.header.batch_count);
  document.date("at", clock_.now());
  document.int64("bytes", static_cast<std::int64_t>(entry.frame.size()));
  document.binary("frame", zstd_compress(entry.frame));
  return insert(document);
}

// Only a duplicate key says that it is not there; every other error leaves it open.
Appended MongoJournal::insert(const Document& document) {
  bson_error_t error{};
  if (driver_.mongoc_collection_insert_one(collection_, document.get(), nullptr, nullptr, &error))
    return Appended::won;
  if (error.domain == MONGOC_ERROR_SERVER && error.code == kDuplicateKey) return Appended::taken;
  log_.warn("cluster.insert_unknown", {{"problem", error_of(error).message},
                                       {"code", static_cast<std::int64_t>(error.code)}});
  return Appended::unknown;
}

}  // namespace

Result<std::unique_ptr<SharedJournal>> make_mongo_journal(const std::string& uri,
                                                          const Clock& clock, const Log& log) {
  const Result<Driver>& driver = loaded_driver();
  if (!driver) return std::unexpected(driver.error());
  auto journal = std::make_unique<MongoJournal>(*driver, clock, log);
  TRY(journal->connect(uri));
  return journal;
}

#else

Result<std::unique_ptr<SharedJournal>> make_mongo_journal(const std::string&, const Clock&,
                                                          const Log&) {
  return fail(ErrorCode::invalid,
              "MONGO_URI is set, but this build of metergate has no MongoDB engine: build it where "
              "Debian's libmongoc-dev is installed, or leave out MONGO_URI");
}

#endif

}  // namespace metergate
