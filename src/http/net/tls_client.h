// TlsContext: the settings of our side of TLS: certificates of the system and the operator, TLS 1.2
// or later, the peer always verified. Safe from any thread once made.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/net/asio.h"

struct ssl_ctx_st;

namespace boost::asio::ssl {
class context;
}

namespace metergate::http {

class TlsContext {
 public:
  // Trusts the system's certificates and, if a file is named, the file's. ErrorCode::invalid if the
  // file has no certificates.
  static Result<std::unique_ptr<TlsContext>> create(const std::string& ca_file);
  // Trusts only these, in PEM. ErrorCode::invalid if there are none.
  static Result<std::unique_ptr<TlsContext>> trusting(std::string_view certificates);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  asio::ssl::context& context() { return *context_; }
  ssl_ctx_st* handle();  // the same, for users of OpenSSL without Asio

  // Sets the host, a name or an address, that the server chooses its certificate by and that the
  // certificate is checked against. `session` is OpenSSL's SSL. False if memory is short.
  static bool name_host(void* session, const std::string& host);

 private:
  TlsContext();
  std::unique_ptr<asio::ssl::context> context_;
};

}  // namespace metergate::http
