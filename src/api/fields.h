// The parameters and answers of routes as tables. A Field is one parameter or one member of an
// object, a Shape is an object with its fields.
//
// The readers of bodies and queries, openapi.json, docs/api.md and the page at /docs read the same
// rows, so what is refused is what is written. The bounds are the service's own constants. Constant
// data; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace metergate::api {

enum class Kind : std::uint8_t {
  any,      // any JSON value
  text,     // `least` to `most` characters
  integer,  // `least` to `most`
  number,   // an exact decimal
  flag,
  choice,       // one of `words`
  choices,      // one or several of `words`, with commas between; in a query
  sort,         // one of `words`, or one with - before it; in a query
  texts,        // a list of at most `most` texts; in a query with commas between
  time,         // an instant, RFC 3339
  day_or_time,  // a day of the billing time zone, or an instant
  day,          // 2026-03-05
  month,        // 2026-03
  object,       // of `shape`
  list,         // of `shape`, or of `element`
  map           // from names to `shape`, or to `element`
};

using Words = std::span<const std::string_view>;

struct Shape;

struct Field {
  std::string_view name;
  Kind kind = Kind::text;
  std::string_view about{};  // a clause for the documents
  std::int64_t least = 0;
  std::int64_t most = 0;  // 0: the table sets no bound
  Words words{};
  bool is_required = false;
  bool is_nullable = false;        // in answers; a body's null is as good as nothing
  bool is_repeated = false;        // a parameter that may stand in the query several times
  bool has_more_words = false;     // of which `words` are those that every server knows
  const Shape* shape = nullptr;    // of objects, lists and maps
  Kind element = Kind::any;        // of lists and maps without a shape
  bool has_null_elements = false;  // lists and maps may hold null
  std::string_view otherwise{};    // the value where nothing is said
  std::string_view example{};      // a value as it stands in a query, or in JSON
};

struct Shape {
  std::string_view name;  // in the documents
  std::span<const Field> fields;
  std::string_view about{};
  bool is_open = false;  // further members may come: the provider's own meters, a caller's data
};

// Fields of answers: there in every answer, unless they say otherwise.
constexpr Field given(std::string_view name, Kind kind, std::string_view about = {}) {
  Field field;
  field.name = name;
  field.kind = kind;
  field.about = about;
  field.is_required = true;
  return field;
}
constexpr Field given(std::string_view name, Kind kind, const Shape& shape,
                      std::string_view about = {}) {
  Field field = given(name, kind, about);
  field.shape = &shape;
  return field;
}
constexpr Field given(std::string_view name, Words words, std::string_view about = {}) {
  Field field = given(name, Kind::choice, about);
  field.words = words;
  return field;
}
constexpr Field given_list(std::string_view name, Kind element, std::string_view about = {}) {
  Field field = given(name, Kind::list, about);
  field.element = element;
  return field;
}
constexpr Field given_map(std::string_view name, Kind element, std::string_view about = {}) {
  Field field = given(name, Kind::map, about);
  field.element = element;
  return field;
}
constexpr Field or_null(Field field) {
  field.is_nullable = true;
  return field;
}
constexpr Field with_nulls(Field field) {
  field.has_null_elements = true;
  return field;
}
// Left out where there is nothing to say.
constexpr Field at_times(Field field) {
  field.is_required = false;
  return field;
}
constexpr Field required(Field field) {
  field.is_required = true;
  return field;
}

// The fields of one table, then those of another.
template <std::size_t N, std::size_t M>
constexpr std::array<Field, N + M> joined_fields(const std::array<Field, N>& first,
                                                 const std::array<Field, M>& more) {
  std::array<Field, N + M> all{};
  for (std::size_t i = 0; i < N; ++i) all[i] = first[i];
  for (std::size_t i = 0; i < M; ++i) all[N + i] = more[i];
  return all;
}

// One column of another table as words: names_in(kFoldings, &FoldingRow::name).
template <class Row, std::size_t N>
constexpr std::array<std::string_view, N> names_in(const std::array<Row, N>& rows,
                                                   std::string_view Row::*name) {
  std::array<std::string_view, N> names{};
  for (std::size_t i = 0; i < N; ++i) names[i] = rows[i].*name;
  return names;
}

const Field* find_field(std::span<const Field> fields, std::string_view name);

}  // namespace metergate::api
