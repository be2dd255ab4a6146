// TlsContext: what our side of TLS trusts and asks for: certificates of the system and of the
// operator's, TLS 1.2 or later, the peer always verified. Any thread once made.
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
  // Trusts the system's, and the file's where one is named. ErrorCode::invalid where the file holds
  // no certificates.
  static Result<std::unique_ptr<TlsContext>> create(const std::string& ca_file);
  // Trusts these alone, in PEM. ErrorCode::invalid where there are none.
  static Result<std::unique_ptr<TlsContext>> trusting(std::string_view certificates);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  asio::ssl::context& context() { return *context_; }
  ssl_ctx_st* handle();  // the same, to who uses the library without Asio

  // The host, a name or an address, for the server to choose a certificate by, and for us to hold
  // it against. `session` is the library's own SSL. False: it has no room.
  static bool name_host(void* session, const std::string& host);

 private:
  TlsContext();
  std::unique_ptr<asio::ssl::context> context_;
};

}  // namespace metergate::http
