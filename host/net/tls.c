#include "net/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/addr.h"

#define PIECE 16384 /* a TLS record's plaintext */

struct net_tls_context {
  SSL_CTX *ssl;
};

struct net_tls {
  SSL *ssl;
  BIO *in, *out; /* owned by ssl */
  net_tls_bytes_fn *write;
  void *ctx;
  char failure[120];
};

int net_tls_context_new(struct net_tls_context **ret) {
  struct net_tls_context *c = calloc(1, sizeof *c);
  if (!c) return -ENOMEM;
  c->ssl = SSL_CTX_new(TLS_client_method());
  if (!c->ssl || SSL_CTX_set_default_verify_paths(c->ssl) != 1 ||
      SSL_CTX_set_min_proto_version(c->ssl, TLS1_2_VERSION) != 1) {
    net_tls_context_free(c);
    return -ENOMEM;
  }
  SSL_CTX_set_verify(c->ssl, SSL_VERIFY_PEER, NULL);
  *ret = c;
  return 0;
}

struct net_tls_context *net_tls_context_free(struct net_tls_context *c) {
  if (!c) return NULL;
  SSL_CTX_free(c->ssl);
  free(c);
  return NULL;
}

/* A literal address has no SNI (RFC 6066 section 3). */
static bool expect_name(SSL *ssl, const char *name) {
  struct addr literal;
  if (addr_parse_ip(name, 0, &literal))
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1;
  return SSL_set1_host(ssl, name) == 1 && SSL_set_tlsext_host_name(ssl, name) == 1;
}

int net_tls_new(struct net_tls **ret, struct net_tls_context *c, const char *name,
                net_tls_bytes_fn *write, void *ctx) {
  struct net_tls *t = calloc(1, sizeof *t);
  if (!t) return -ENOMEM;
  t->write = write;
  t->ctx = ctx;
  t->ssl = SSL_new(c->ssl);
  t->in = BIO_new(BIO_s_mem());
  t->out = BIO_new(BIO_s_mem());
  if (!t->ssl || !t->in || !t->out || !expect_name(t->ssl, name)) {
    BIO_free(t->in);
    BIO_free(t->out);
    SSL_free(t->ssl);
    free(t);
    return -ENOMEM;
  }
  SSL_set_bio(t->ssl, t->in, t->out);
  SSL_set_connect_state(t->ssl);
  *ret = t;
  return 0;
}

struct net_tls *net_tls_free(struct net_tls *t) {
  if (!t) return NULL;
  SSL_free(t->ssl);
  free(t);
  return NULL;
}

static void flush(struct net_tls *t) {
  uint8_t *p;
  long n = BIO_get_mem_data(t->out, &p);
  if (n <= 0) return;
  t->write(t->ctx, (struct bytes){p, (size_t)n});
  (void)BIO_reset(t->out);
}

static void say_failure(struct net_tls *t) {
  long verify = SSL_get_verify_result(t->ssl);
  unsigned long e = ERR_get_error();
  if (verify != X509_V_OK)
    (void)snprintf(t->failure, sizeof t->failure, "the certificate is not trusted: %s",
                   X509_verify_cert_error_string(verify));
  else if (e)
    (void)snprintf(t->failure, sizeof t->failure, "%s", ERR_reason_error_string(e));
  else
    (void)snprintf(t->failure, sizeof t->failure, "closed by the other side");
  ERR_clear_error();
}

/* What a call of OpenSSL means: true while the session goes on. */
static bool goes_on(struct net_tls *t, int r) {
  int e = SSL_get_error(t->ssl, r);
  return r > 0 || e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE;
}

static int step(struct net_tls *t, int r) {
  bool on = goes_on(t, r);
  if (!on) say_failure(t);
  flush(t); /* an alert too */
  return on ? 0 : -EPROTO;
}

void net_tls_begin(struct net_tls *t) {
  ERR_clear_error();
  (void)step(t, SSL_do_handshake(t->ssl));
}

int net_tls_feed(struct net_tls *t, struct bytes bytes, net_tls_bytes_fn *plain, void *ctx) {
  uint8_t piece[PIECE];
  ERR_clear_error();
  if (BIO_write(t->in, bytes.p, (int)bytes.n) != (int)bytes.n) return -EPROTO;
  if (!SSL_is_init_finished(t->ssl)) {
    int r = step(t, SSL_do_handshake(t->ssl));
    if (r < 0 || !SSL_is_init_finished(t->ssl)) return r;
  }
  for (;;) {
    int n = SSL_read(t->ssl, piece, sizeof piece);
    if (n <= 0) return step(t, n);
    plain(ctx, (struct bytes){piece, (size_t)n});
  }
}

bool net_tls_is_up(const struct net_tls *t) {
  return SSL_is_init_finished(t->ssl);
}

void net_tls_write(struct net_tls *t, struct bytes bytes) {
  ERR_clear_error();
  (void)step(t, SSL_write(t->ssl, bytes.p, (int)bytes.n));
}

const char *net_tls_failure(const struct net_tls *t) {
  return t->failure;
}
