#include "support/openssl_peer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

static X509 *self_signed(EVP_PKEY *key) {
  static const unsigned char name[] = "other";
  X509 *cert = X509_new();
  assert_non_null(cert);
  X509_NAME *subject = X509_get_subject_name(cert);
  assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), 7), 1);
  assert_int_equal(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, name, -1, -1, 0), 1);
  assert_int_equal(X509_set_issuer_name(cert, subject), 1);
  assert_non_null(ASN1_TIME_set(X509_getm_notBefore(cert), 1760000000));
  assert_non_null(ASN1_TIME_set(X509_getm_notAfter(cert), 1760000000 + 86400));
  assert_int_equal(X509_set_pubkey(cert, key), 1);
  assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
  return cert;
}

static void use_certificate(struct openssl_peer *p, bool rsa) {
  EVP_PKEY *key = rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
  assert_non_null(key);
  X509 *cert = self_signed(key);
  unsigned n = 0;
  assert_int_equal(SSL_CTX_use_certificate(p->ctx, cert), 1);
  assert_int_equal(SSL_CTX_use_PrivateKey(p->ctx, key), 1);
  assert_int_equal(X509_digest(cert, EVP_sha256(), p->fingerprint.value, &n), 1);
  p->fingerprint.hash = DTLS_SHA256;
  p->fingerprint.n = n;
  X509_free(cert);
  EVP_PKEY_free(key);
}

static int accept_any(int ok, X509_STORE_CTX *store) {
  (void)ok;
  (void)store;
  return 1;
}

void openssl_peer_init(struct openssl_peer *p, const struct openssl_peer_cfg *cfg) {
  *p = (struct openssl_peer){.ctx = SSL_CTX_new(DTLS_method())};
  assert_non_null(p->ctx);
  SSL_CTX_set_verify(p->ctx, SSL_VERIFY_PEER, accept_any);
  (void)SSL_CTX_set_options(p->ctx, SSL_OP_NO_QUERY_MTU);
  if (cfg->ciphers) assert_int_equal(SSL_CTX_set_cipher_list(p->ctx, cfg->ciphers), 1);
  if (cfg->srtp) assert_int_equal(SSL_CTX_set_tlsext_use_srtp(p->ctx, cfg->srtp), 0);
  if (!cfg->no_certificate) use_certificate(p, cfg->rsa);
  p->ssl = SSL_new(p->ctx);
  p->in = BIO_new(BIO_s_mem());
  p->out = BIO_new(BIO_s_mem());
  assert_true(p->ssl && p->in && p->out);
  (void)BIO_set_mem_eof_return(p->in, -1);
  (void)BIO_set_mem_eof_return(p->out, -1);
  SSL_set_bio(p->ssl, p->in, p->out);
  (void)SSL_set_mtu(p->ssl, 1200);
  if (cfg->server) {
    SSL_set_accept_state(p->ssl);
  } else {
    SSL_set_connect_state(p->ssl);
    openssl_peer_give(p, (struct bytes){0});
  }
}

void openssl_peer_clear(struct openssl_peer *p) {
  SSL_free(p->ssl);
  SSL_CTX_free(p->ctx);
  ERR_clear_error();
}

void openssl_peer_give(struct openssl_peer *p, struct bytes datagram) {
  if (datagram.n > 0) assert_int_equal(BIO_write(p->in, datagram.p, (int)datagram.n), datagram.n);
  ERR_clear_error();
  if (!SSL_is_init_finished(p->ssl)) (void)SSL_do_handshake(p->ssl);
  ERR_clear_error();
}

size_t openssl_peer_take(struct openssl_peer *p, uint8_t *buf, size_t cap) {
  int n = BIO_read(p->out, buf, (int)cap);
  return n > 0 ? (size_t)n : 0;
}
