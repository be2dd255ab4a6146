// Answers a query from a source of documents; see documents.h.
#include <fmt/format.h>

#include <algorithm>

#include "storage/view/documents.h"

namespace metergate {
namespace {

bool is_before(const Json& a, const Json& b, const std::vector<SortField>& sort) {
  static const Json kNothing;
  for (const auto& [field, descending] : sort) {
    const Json* left = member_at(a, field);
    const Json* right = member_at(b, field);
    const auto order =
        compare(left == nullptr ? kNothing : *left, right == nullptr ? kNothing : *right);
    if (order != 0) return descending ? order > 0 : order < 0;
  }
  return false;
}

// Passes the documents after the skipped ones and within the limit.
class Page {
 public:
  Page(const Query& query, const std::function<bool(const Json&)>& visit)
      : skip_(query.skip), left_(query.limit), visit_(visit) {}
  bool is_full() const { return left_ == 0; }
  // False if no more documents are needed.
  bool pass(const Json& document) {
    if (skip_ > 0) {
      --skip_;
      return true;
    }
    if (is_full()) return false;
    if (left_ > 0) --left_;
    return visit_(document) && !is_full();
  }

 private:
  std::int64_t skip_;
  std::int64_t left_;  // negative: no limit
  const std::function<bool(const Json&)>& visit_;
};

// Keeps the first documents of the sort that the page can reach, with at most twice as many in
// between.
class Sorted {
 public:
  explicit Sorted(const Query& query) : sort_(query.sort) {
    constexpr auto kMax = static_cast<std::int64_t>(kSortedMax);
    if (query.limit >= 0 && query.limit <= kMax && query.skip <= kMax - query.limit)
      wanted_ = static_cast<std::size_t>(query.skip + query.limit);
  }
  Result<> add(Json document) {
    documents_.push_back(std::move(document));
    if (wanted_ && documents_.size() >= 2 * *wanted_ + 1024) trim();
    if (documents_.size() <= (wanted_ ? SIZE_MAX : kSortedMax)) return {};
    return fail(ErrorCode::invalid,
                fmt::format("this sort would have to hold more than {} documents; narrow the "
                            "filter, sort by an index, or give a limit",
                            kSortedMax));
  }
  std::vector<Json> take() {
    trim();
    return std::move(documents_);
  }

 private:
  void trim() {
    std::ranges::stable_sort(
        documents_, [this](const Json& a, const Json& b) { return is_before(a, b, sort_); });
    if (wanted_ && documents_.size() > *wanted_) documents_.resize(*wanted_);
  }

  const std::vector<SortField>& sort_;
  std::optional<std::size_t> wanted_;  // nothing: all
  std::vector<Json> documents_;
};

Result<> run_sorted(DocumentSource& source, const Query& query, Page& page) {
  Sorted sorted(query);
  for (auto chunk = TRY(source.next()); !chunk.empty(); chunk = TRY(source.next())) {
    for (Json& document : chunk) {
      if (query.filter.matches(document)) TRY(sorted.add(std::move(document)));
    }
  }
  for (const Json& document : sorted.take()) {
    if (!page.pass(document)) break;
  }
  return {};
}

}  // namespace

Result<> run_query(DocumentSource& source, const Query& query, bool is_sorted,
                   const std::function<bool(const Json&)>& visit) {
  Page page(query, visit);
  if (page.is_full()) return {};
  if (!is_sorted) return run_sorted(source, query, page);
  for (auto chunk = TRY(source.next()); !chunk.empty(); chunk = TRY(source.next())) {
    for (const Json& document : chunk) {
      if (query.filter.matches(document) && !page.pass(document)) return {};
    }
  }
  return {};
}

}  // namespace metergate
