#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <ostream>

#include "app/commands/collection_fields.h"
#include "app/commands/command.h"
#include "app/exit_status.h"
#include "app/loose_json.h"
#include "base/nearest.h"
#include "service/shared/audit_notes.h"
#include "storage/shapes/query.h"
#include "storage/shapes/store.h"

namespace metergate {
namespace {

Result<Collection> read_collection(const std::string& name) {
  if (const auto collection = find_collection(name)) return *collection;
  std::string names;
  std::vector<std::string_view> known;
  for (const CollectionRow& row : all_collections()) {
    names += (names.empty() ? "" : ", ") + std::string{row.name};
    known.push_back(row.name);
  }
  return fail(ErrorCode::invalid, fmt::format("there is no collection {:.80}; there are {}{}", name,
                                              names, did_you_mean(name, known)));
}

Result<Filter> read_filter(const std::string& text) {
  if (text.empty()) return Filter{};
  const auto json = parse_loose_json(text);
  if (!json) return fail(ErrorCode::invalid, fmt::format("the filter: {}", json.error().message));
  return parse_filter(*json);
}

// '{timestamp: -1}' as in MongoDB, or -timestamp as in the API.
Result<std::vector<SortField>> read_sort(const std::string& text) {
  if (text.empty()) return std::vector<SortField>{};
  if (!text.starts_with('{')) {
    const bool is_descending = text.starts_with('-');
    return std::vector<SortField>{{text.substr(is_descending ? 1 : 0), is_descending}};
  }
  const auto json = parse_loose_json(text);
  if (!json) return fail(ErrorCode::invalid, fmt::format("the sort: {}", json.error().message));
  return parse_sort(*json);
}

// A webhook's secret is shown only when it is created.
Json without_secrets(Json webhook) {
  for (const char* name : {"secret", "previous_secret"}) {
    if (webhook.find(name) != nullptr) webhook.set(name, "(set)");
  }
  return webhook;
}

Result<> print_documents(const Store& store, const Query& query, std::ostream& out) {
  const bool has_secrets = query.collection == Collection::webhooks;
  return store.for_each(query, [&](const Json& document) {
    out << to_extended_text(has_secrets ? without_secrets(document) : document) << '\n';
    return out.good();
  });
}

class Find final : public StoreCommand {
 public:
  void declare(CLI::App& options) override {
    options.add_option("COLLECTION", collection_)->required();
    options.add_option("FILTER", filter_, "a MongoDB filter: '{period: \"2026-03\"}'");
    options.add_option("--sort", sort_, "'{timestamp: -1}' or -timestamp");
    options.add_option("--limit", limit_, "at most so many")->check(CLI::Range(0LL, 1LL << 40));
    options.add_option("--skip", skip_, "not the first so many")->check(CLI::Range(0LL, 1LL << 40));
    options.add_flag("--count", counts_, "how many there are, instead of the documents");
  }

  Result<int> run(StoreContext& context) override {
    Query query{.collection = TRY(read_collection(collection_)),
                .filter = TRY(read_filter(filter_)),
                .sort = TRY(read_sort(sort_)),
                .skip = skip_,
                .limit = limit_ == 0 ? -1 : limit_};
    const Store& store = context.services.store;
    TRY(check_fields(store, query));
    if (counts_) {
      context.streams.out << TRY(store.count(query)) << '\n';
    } else {
      TRY(print_documents(store, query, context.streams.out));
    }
    return kExitDone;
  }

 private:
  std::string collection_;
  std::string filter_;
  std::string sort_;
  std::int64_t limit_ = 0;  // 0: all, as in MongoDB
  std::int64_t skip_ = 0;
  bool counts_ = false;
};

class Export final : public StoreCommand {
 public:
  void declare(CLI::App& options) override {
    options.add_option("COLLECTION", collection_)->required();
    options.add_option("FILTER", filter_, "as of metergate find");
    options.add_option("-o,--output", output_, "a file; .gz and .zst are compressed");
  }

  std::string output_file() const override { return output_; }

  Result<int> run(StoreContext& context) override {
    Query query;
    query.collection = TRY(read_collection(collection_));
    query.filter = TRY(read_filter(filter_));
    TRY(check_fields(context.services.store, query));
    context.services.audit_notes.keep(
        NoteKind::taken_out, context.actor,
        {.action = "documents.exported",
         .what = Json::object({{"collection", collection_}, {"filter", filter_}})});
    TRY(print_documents(context.services.store, query, context.streams.out));
    return kExitDone;
  }

 private:
  std::string collection_;
  std::string filter_;
  std::string output_;
};

class Indexes final : public StoreCommand {
 public:
  void declare(CLI::App&) override {}

  // The embedded engine keeps its indexes with every write, so there are never any to create.
  Result<int> run(StoreContext& context) override {
    std::int64_t count = 0;
    for (const CollectionRow& row : all_collections()) {
      for (const IndexRow& index : row.indexes) {
        context.streams.out << fmt::format("{}.{}{}: there\n", row.name, index.name,
                                           index.unique ? " (unique)" : "");
        ++count;
      }
    }
    context.streams.out << fmt::format("made 0 indexes, {} were there\n", count);
    return kExitDone;
  }
};

}  // namespace

std::unique_ptr<StoreCommand> make_find() { return std::make_unique<Find>(); }
std::unique_ptr<StoreCommand> make_export() { return std::make_unique<Export>(); }
std::unique_ptr<StoreCommand> make_indexes() { return std::make_unique<Indexes>(); }

}  // namespace metergate
