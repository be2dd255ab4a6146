// TlsContext: what our side of TLS trusts and asks for: certificates of the system and of a file of
// the operator's, TLS 1.2 or later, the peer always verified. Any thread once made.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "http/asio.h"
#include "http/destination.h"

namespace boost::asio::ssl {
class context;
}

namespace metergate::http {

class TlsContext {
 public:
  // ErrorCode::invalid where the file holds no certificates.
  static Result<std::unique_ptr<TlsContext>> create(const std::string& ca_file);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  asio::ssl::context& context() { return *context_; }

  // The host's name for the server to choose a certificate by, and for us to hold it against.
  // `session` is the library's own SSL. False: it has no room.
  static bool name_host(void* session, const Destination& destination);

 private:
  TlsContext();
  std::unique_ptr<asio::ssl::context> context_;
};

}  // namespace metergate::http
