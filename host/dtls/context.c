#include "dtls/context.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "dtls/fingerprint.h"
#include "dtls/openssl.h"

/* RFC 8827 section 6.5 asks for ECDHE_ECDSA_WITH_AES_128_GCM_SHA256; the RSA ones are for peers
 * whose certificate is RSA. All are AEADs with forward secrecy. */
static const char ciphers[] = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                              "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                              "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

/* The longest handshake message OpenSSL puts together; it keeps ten that came out of order. */
#define MESSAGE_MAX 16384

static const char groups[] = "X25519:P-256:P-384";

/* RFC 5764. No media flows here and the keys are never derived, but every browser offers a profile,
 * and implementations exist that take a handshake without one for a failure (werift). */
static const char srtp_profiles[] = "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80";

/* Takes the place of the chain's verification: no authority knows these certificates, the
 * description does. Runs within the handshake, before the peer's Finished. */
static int verify(X509_STORE_CTX *store, void *arg) {
  (void)arg;
  const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
  const X509 *leaf = X509_STORE_CTX_get0_cert(store);
  struct dtls_check *check = ssl ? SSL_get_app_data(ssl) : NULL;
  if (check && leaf && dtls_check_certificate(check, leaf)) return 1;
  X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED); /* alert bad_certificate */
  return 0;
}

static bool configure(SSL_CTX *ctx, X509 *cert, EVP_PKEY *key) {
  (void)SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_QUERY_MTU |
                                     SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  (void)SSL_CTX_set_max_cert_list(ctx, MESSAGE_MAX);
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
  SSL_CTX_set_cert_verify_callback(ctx, verify, NULL);
  return SSL_CTX_set_min_proto_version(ctx, DTLS1_2_VERSION) == 1 &&
         SSL_CTX_set_max_proto_version(ctx, DTLS1_2_VERSION) == 1 &&
         SSL_CTX_set_tlsext_use_srtp(ctx, srtp_profiles) == 0 && /* 0 is its success */
         SSL_CTX_set_cipher_list(ctx, ciphers) == 1 && SSL_CTX_set1_groups_list(ctx, groups) == 1 &&
         SSL_CTX_use_certificate(ctx, cert) == 1 && SSL_CTX_use_PrivateKey(ctx, key) == 1;
}

int dtls_context_new(SSL_CTX **ret, X509 *cert, EVP_PKEY *key) {
  SSL_CTX *ctx = SSL_CTX_new(DTLS_method());
  if (!ctx) return dtls_openssl_error();
  if (!configure(ctx, cert, key)) {
    SSL_CTX_free(ctx);
    return dtls_openssl_error();
  }
  *ret = ctx;
  return 0;
}

static int wire_write(BIO *bio, const char *data, int n) {
  struct dtls_wire *wire = BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  if (n <= 0) return 0;
  bool taken = wire->write(wire->ctx, (struct bytes){(const uint8_t *)data, (size_t)n});
  return taken ? n : -1;
}

static int wire_read(BIO *bio, char *buf, int cap) {
  struct dtls_wire *wire = BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  if (wire->in.n == 0 || cap <= 0) {
    BIO_set_retry_read(bio);
    return -1;
  }
  size_t n = wire->in.n < (size_t)cap ? wire->in.n : (size_t)cap;
  memcpy(buf, wire->in.p, n);
  wire->in = (struct bytes){0};
  return (int)n;
}

/* A datagram BIO without a clock or an MTU of its own: OpenSSL is told the MTU, and its timer is
 * not used. */
static long wire_ctrl(BIO *bio, int cmd, long num, void *ptr) {
  (void)bio;
  (void)num;
  (void)ptr;
  return cmd == BIO_CTRL_FLUSH || cmd == BIO_CTRL_DUP ? 1 : 0;
}

static int wire_create(BIO *bio) {
  BIO_set_init(bio, 1);
  return 1;
}

int dtls_context_bio_new(BIO_METHOD **ret) {
  BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "datagrams");
  if (!m) return dtls_openssl_error();
  if (BIO_meth_set_write(m, wire_write) != 1 || BIO_meth_set_read(m, wire_read) != 1 ||
      BIO_meth_set_ctrl(m, wire_ctrl) != 1 || BIO_meth_set_create(m, wire_create) != 1) {
    BIO_meth_free(m);
    return dtls_openssl_error();
  }
  *ret = m;
  return 0;
}
