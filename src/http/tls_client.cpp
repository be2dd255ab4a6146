#include "http/tls_client.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/ssl/context.hpp>

namespace metergate::http {

TlsContext::TlsContext()
    : context_(std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client)) {}
TlsContext::~TlsContext() = default;

Result<std::unique_ptr<TlsContext>> TlsContext::create(const std::string& ca_file) {
  std::unique_ptr<TlsContext> made{new TlsContext};
  boost::system::error_code error;
  made->context_->set_default_verify_paths(error);
  if (!error && !ca_file.empty()) made->context_->load_verify_file(ca_file, error);
  if (error) {
    return fail(ErrorCode::invalid,
                "certificates cannot be read from '" + ca_file + "': " + error.message());
  }
  made->context_->set_verify_mode(asio::ssl::verify_peer, error);
  SSL_CTX_set_min_proto_version(made->context_->native_handle(), TLS1_2_VERSION);
  return made;
}

bool TlsContext::name_host(void* session, const Destination& destination) {
  auto* ssl = static_cast<SSL*>(session);
  if (destination.address) {
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), destination.host.c_str()) == 1;
  }
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  // What the macro SSL_set_tlsext_host_name does, without its cast.
  const long named = SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                              const_cast<char*>(destination.host.c_str()));
  return named == 1 && SSL_set1_host(ssl, destination.host.c_str()) == 1;
}

}  // namespace metergate::http
