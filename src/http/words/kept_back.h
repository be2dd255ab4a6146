// Request fields that an application behind the gateway may trust as set by a proxy: the origin of
// the request, the caller's identity, another URL or method. From a caller they are an attempt at
// impersonation, so they are removed unless the operator names them. Plain functions; safe from any
// thread.
#pragma once

#include <string_view>

namespace metergate::http {

// `name` is in lower case; '_' counts as '-', since many programs treat both alike.
bool is_kept_back(std::string_view name);

}  // namespace metergate::http
