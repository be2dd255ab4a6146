// Fields and shapes as JSON Schema 2020-12, as OpenAPI 3.1 has it. Functions of constant data; any
// thread.
#pragma once

#include "api/reference_words.h"
#include "base/json.h"

namespace metergate::api {

// { "$ref": "#/components/schemas/Tenant" }
Json reference_to(std::string_view schema);
Json schema_of(const Field& field);
// No other member is taken in a body; an answer may get further ones some day.
Json schema_of(const ListedShape& listed);
// A parameter of the query, or a header.
Json query_parameter(const Field& field);
Json header_parameter(const Field& field);
Json path_parameter(std::string_view name);

}  // namespace metergate::api
