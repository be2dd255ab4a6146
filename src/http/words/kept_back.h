// Fields of a request that an application behind the gateway may take for the word of a proxy:
// where the request came from, who asks, which URL or method is meant. From a caller they are an
// attempt to be somebody else or to reach something else, so they do not pass unless the operator
// names them. Functions; any thread.
#pragma once

#include <string_view>

namespace metergate::http {

// `name` in lower case; '_' counts as '-', since many programs read both alike.
bool is_kept_back(std::string_view name);

}  // namespace metergate::http
