#include "http/net/tls_client.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/ssl/context.hpp>

#include "http/net/address_rule.h"

namespace metergate::http {

TlsContext::TlsContext()
    : context_(std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client)) {
  SSL_CTX_set_verify(context_->native_handle(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_min_proto_version(context_->native_handle(), TLS1_2_VERSION);
}
TlsContext::~TlsContext() = default;

ssl_ctx_st* TlsContext::handle() { return context_->native_handle(); }

Result<std::unique_ptr<TlsContext>> TlsContext::create(const std::string& ca_file) {
  std::unique_ptr<TlsContext> made{new TlsContext};
  boost::system::error_code error;
  made->context_->set_default_verify_paths(error);
  if (!error && !ca_file.empty()) made->context_->load_verify_file(ca_file, error);
  if (error) {
    return fail(ErrorCode::invalid,
                "certificates cannot be read from '" + ca_file + "': " + error.message());
  }
  return made;
}

Result<std::unique_ptr<TlsContext>> TlsContext::trusting(std::string_view certificates) {
  std::unique_ptr<TlsContext> made{new TlsContext};
  boost::system::error_code error;
  made->context_->add_certificate_authority({certificates.data(), certificates.size()}, error);
  const X509_STORE* store = SSL_CTX_get_cert_store(made->context_->native_handle());
  if (error || sk_X509_OBJECT_num(X509_STORE_get0_objects(store)) == 0)
    return fail(ErrorCode::invalid, "it holds no certificates in PEM");
  return made;
}

bool TlsContext::name_host(void* session, const std::string& host) {
  auto* ssl = static_cast<SSL*>(session);
  if (parse_ip(host)) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1;
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  // The same as the macro SSL_set_tlsext_host_name, without its cast.
  const long named = SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                              const_cast<char*>(host.c_str()));
  return named == 1 && SSL_set1_host(ssl, host.c_str()) == 1;
}

}  // namespace metergate::http
