// Reports and statements as files for people, and the route of a tenant's statement. Any thread.
#pragma once

#include <string>

#include "api/routes.h"
#include "service/papers/papers.h"

namespace metergate::api {

inline constexpr std::string_view kCsvMedia = "text/csv; charset=utf-8";

// A download, sent piece by piece.
Answer file_answer(http::BodySource source, std::string_view media_type, const std::string& name);
Answer file_answer(ScratchFile file, PaperFormat format, const std::string& name);

Route statement_route();

}  // namespace metergate::api
