#include "api/openapi_schema.h"

#include <fmt/format.h>

#include <charconv>

#include "base/check.h"

namespace metergate::api {
namespace {

Json words_json(Words words) {
  Json json = Json::array();
  for (const std::string_view word : words) json.push_back(word);
  return json;
}

// Each word, and each with - before it.
Json both_ways_json(Words words) {
  Json json = Json::array();
  for (const std::string_view word : words) {
    json.push_back(word);
    json.push_back(fmt::format("-{}", word));
  }
  return json;
}

Json typed(std::string_view type) { return Json::object({{"type", type}}); }

Json typed(std::string_view type, std::string_view format) {
  return Json::object({{"type", type}, {"format", format}});
}

Json text_schema(const Field& field) {
  Json schema = typed("string");
  if (field.most == 0) return schema;
  schema.set("minLength", field.least);
  schema.set("maxLength", field.most);
  return schema;
}

Json integer_schema(const Field& field) {
  Json schema = typed("integer", "int64");
  if (field.most == 0) return schema;
  schema.set("minimum", field.least);
  schema.set("maximum", field.most);
  return schema;
}

Json choice_schema(Words words) {
  Json schema = typed("string");
  schema.set("enum", words_json(words));
  return schema;
}

Json list_schema(Json items) {
  Json schema = typed("array");
  schema.set("items", std::move(items));
  return schema;
}

Json month_schema() {
  Json schema = typed("string");
  schema.set("pattern", "^\\d{4}-(0[1-9]|1[0-2])$");
  return schema;
}

Json sort_schema(const Field& field) {
  Json schema = typed("string");
  if (!field.has_more_words) schema.set("enum", both_ways_json(field.words));
  return schema;
}

Json null_too(Json schema) {
  if (const Json* known = schema.find("type"); known != nullptr && known->is_string()) {
    Json types = Json::array();
    types.push_back(*known);
    types.push_back("null");
    schema.set("type", std::move(types));
    if (const Json* words = schema.find("enum"); words != nullptr) {
      Json more = *words;
      more.push_back(Json());
      schema.set("enum", std::move(more));
    }
    return schema;
  }
  if (schema.find("$ref") == nullptr) return schema;  // any value, null among them
  Json either = Json::array();
  either.push_back(std::move(schema));
  either.push_back(typed("null"));
  return Json::object({{"anyOf", std::move(either)}});
}

Json element_schema(const Field& field) {
  Json schema;
  if (field.shape != nullptr) {
    schema = reference_to(field.shape->name);
  } else {
    Field element;
    element.kind = field.element;
    schema = schema_of(element);
  }
  return field.has_null_elements ? null_too(std::move(schema)) : schema;
}

Json map_schema(const Field& field) {
  Json schema = typed("object");
  schema.set("additionalProperties", element_schema(field));
  return schema;
}

Json day_or_time_schema() {
  Json either = Json::array();
  either.push_back(typed("string", "date"));
  either.push_back(typed("string", "date-time"));
  return Json::object({{"anyOf", std::move(either)}});
}

Json texts_schema(const Field& field) {
  Json schema = list_schema(typed("string"));
  if (field.most > 0) schema.set("maxItems", field.most);
  return schema;
}

Json schema_of_kind(const Field& field) {
  switch (field.kind) {
    case Kind::any:
      return Json::object();
    case Kind::text:
      return text_schema(field);
    case Kind::integer:
      return integer_schema(field);
    case Kind::number:
      return typed("number");
    case Kind::flag:
      return typed("boolean");
    case Kind::choice:
      return choice_schema(field.words);
    case Kind::choices:
      return list_schema(choice_schema(field.words));
    case Kind::sort:
      return sort_schema(field);
    case Kind::texts:
      return texts_schema(field);
    case Kind::time:
      return typed("string", "date-time");
    case Kind::day_or_time:
      return day_or_time_schema();
    case Kind::day:
      return typed("string", "date");
    case Kind::month:
      return month_schema();
    case Kind::object:
      return reference_to(field.shape->name);
    case Kind::list:
      return list_schema(element_schema(field));
    case Kind::map:
      return map_schema(field);
  }
  return Json::object();
}

// The table's text as the value that it is of.
Json value_json(const Field& field, std::string_view text) {
  if (field.kind == Kind::flag) return text == "true";
  if (field.kind != Kind::integer) return text;
  std::int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  CHECK(read.ec == std::errc{});  // the table is wrong
  return number;
}

bool is_comma_list(const Field& field) {
  return field.kind == Kind::choices || field.kind == Kind::texts;
}

std::string described(const Field& field) {
  std::string text{field.about};
  if (field.kind == Kind::sort && field.has_more_words) text += "; " + kind_text(field);
  return text;
}

}  // namespace

Json reference_to(std::string_view schema) {
  return Json::object({{"$ref", fmt::format("#/components/schemas/{}", schema)}});
}

Json schema_of(const Field& field) {
  Json schema = schema_of_kind(field);
  if (field.is_nullable) schema = null_too(std::move(schema));
  if (!field.about.empty()) schema.set("description", field.about);
  if (!field.otherwise.empty()) schema.set("default", value_json(field, field.otherwise));
  return schema;
}

Json schema_of(const ListedShape& listed) {
  const Shape& shape = *listed.shape;
  Json schema = typed("object");
  if (!shape.about.empty()) schema.set("description", shape.about);
  Json required = Json::array();
  Json properties = Json::object();
  for (const Field& field : shape.fields) {
    properties.set(field.name, schema_of(field));
    if (field.is_required) required.push_back(field.name);
  }
  if (!required.as_array().empty()) schema.set("required", std::move(required));
  if (!shape.fields.empty()) schema.set("properties", std::move(properties));
  if (shape.is_open) {
    schema.set("additionalProperties", true);
  } else if (listed.is_taken) {
    schema.set("additionalProperties", false);
  }
  return schema;
}

Json query_parameter(const Field& field) {
  Json parameter = Json::object({{"name", field.name}, {"in", "query"}});
  if (!field.about.empty()) parameter.set("description", described(field));
  parameter.set("required", field.is_required);
  Json schema = schema_of(field);
  schema.remove("description");
  if (is_comma_list(field)) {
    parameter.set("style", "form");
    parameter.set("explode", false);
  } else if (field.name.ends_with("[]")) {  // name[KEY]=VALUE
    parameter.set("name", field.name.substr(0, field.name.size() - 2));
    parameter.set("style", "deepObject");
    parameter.set("explode", true);
    schema = Json::object({{"type", "object"}, {"additionalProperties", std::move(schema)}});
  } else if (field.is_repeated) {
    parameter.set("style", "form");
    parameter.set("explode", true);
    schema = list_schema(std::move(schema));
  }
  parameter.set("schema", std::move(schema));
  if (!field.example.empty()) parameter.set("example", value_json(field, field.example));
  return parameter;
}

Json header_parameter(const Field& field) {
  return Json::object({{"name", field.name},
                       {"in", "header"},
                       {"description", field.about},
                       {"required", false},
                       {"schema", typed("string")},
                       {"example", field.example}});
}

Json path_parameter(std::string_view name) {
  const PathValueRow* row = find_path_value(name);
  CHECK(row != nullptr);  // a value without a row in the table
  return Json::object({{"name", name},
                       {"in", "path"},
                       {"description", row->about},
                       {"required", true},
                       {"schema", typed("string")},
                       {"example", row->example}});
}

}  // namespace metergate::api
