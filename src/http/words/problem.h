// Error → response: the only place that knows statuses, E_ names, the envelope and problem+json.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "http/words/message.h"

namespace metergate::http {

struct ProblemRow {
  ErrorCode code;
  int status;
  std::string_view name;        // "E_VALIDATION"
  int retry_after_seconds = 0;  // above 0: a Retry-After header
};

const ProblemRow& row_of(ErrorCode code);

struct EnvelopeContext {
  Timestamp now{};
  const TimeZone* zone = nullptr;
  std::string_view request_id;
};

// { server_time, request_id, data, error: null }
Response success(Json data, const EnvelopeContext& context, int status = 200);
// The same, but the last member of `data`, an empty array, is filled from `elements`: JSON text
// with the commas between elements, piece by piece, so that a long answer is never in memory as a
// whole.
Response success_with(Json data, BodySource elements, const EnvelopeContext& context);
// { server_time, request_id, data: null, error: { code, message, details } }
Response problem(const Error& error, const EnvelopeContext& context);
// RFC 9457, application/problem+json, for routes under /api/v1/. Adds the members of the object
// `extension`.
Response problem_json(const Error& error, const EnvelopeContext& context, std::string_view instance,
                      Json extension = Json::object());

}  // namespace metergate::http
