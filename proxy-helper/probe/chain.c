#include "probe/chain.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "probe/nss.h"

#define MOZILLA       "/usr/share/ca-certificates/mozilla"
#define NAME_MAX_TEXT 256

struct chain_stores {
  X509_STORE *public, *system, *chrome;
  size_t added; /* roots that Chrome has besides the public ones */
  SSL_CTX *tls;
};

/* --- loading --- */

static size_t load_file(X509_STORE *store, const char *path) {
  FILE *f = fopen(path, "re");
  size_t n = 0;
  if (!f) return 0;
  for (X509 *x; (x = PEM_read_X509(f, NULL, NULL, NULL));) {
    n += X509_STORE_add_cert(store, x) == 1;
    X509_free(x);
  }
  ERR_clear_error(); /* the end of the file is one */
  (void)fclose(f);
  return n;
}

static size_t load_folder(X509_STORE *store, const char *path) {
  DIR *d = opendir(path);
  size_t n = 0;
  if (!d) return 0;
  for (struct dirent *e; (e = readdir(d));) {
    char file[600];
    if (e->d_name[0] == '.') continue;
    (void)snprintf(file, sizeof file, "%s/%s", path, e->d_name);
    n += load_file(store, file);
  }
  (void)closedir(d);
  return n;
}

static size_t load_public(X509_STORE *store, const char *roots) {
  return roots ? load_file(store, roots) : load_folder(store, MOZILLA);
}

/* Chrome on Linux trusts public roots, and what is in the user's NSS database. */
static void load_chrome(struct chain_stores *s, const char *roots) {
  const char *home = getenv("HOME");
  char path[600];
  if (!home || snprintf(path, sizeof path, "%s/.pki/nssdb/cert9.db", home) >= (int)sizeof path)
    return;
  s->added = nss_load(s->chrome, path);
  if (s->added > 0) (void)load_public(s->chrome, roots);
}

int chain_stores_new(struct chain_stores **ret, const char *roots) {
  struct chain_stores *s = calloc(1, sizeof *s);
  if (!s) return -ENOMEM;
  s->public = X509_STORE_new();
  s->system = X509_STORE_new();
  s->chrome = X509_STORE_new();
  s->tls = SSL_CTX_new(TLS_client_method());
  int r = s->public && s->system && s->chrome && s->tls ? 0 : -ENOMEM;
  if (r == 0) {
    if (load_public(s->public, roots) == 0) r = -ENOENT;
    load_chrome(s, roots);
  }
  if (r == 0 && X509_STORE_set_default_paths(s->system) != 1) r = -ENOMEM;
  if (r < 0) {
    chain_stores_free(s);
    return r;
  }
  SSL_CTX_set_verify(s->tls, SSL_VERIFY_NONE, NULL); /* chain_judge looks at what came */
  (void)SSL_CTX_set_min_proto_version(s->tls, TLS1_2_VERSION);
  (void)SSL_CTX_set_options(s->tls, SSL_OP_IGNORE_UNEXPECTED_EOF);
  *ret = s;
  return 0;
}

struct chain_stores *chain_stores_free(struct chain_stores *s) {
  if (!s) return NULL;
  X509_STORE_free(s->public);
  X509_STORE_free(s->system);
  X509_STORE_free(s->chrome);
  SSL_CTX_free(s->tls);
  free(s);
  return NULL;
}

SSL_CTX *chain_context(const struct chain_stores *s) {
  return s->tls;
}

/* --- verifying --- */

/* All that is wrong is collected: a chain may be old and of nobody. */
struct faults {
  bool time, trust;
  int first;
};

static int on_fault(int ok, X509_STORE_CTX *ctx) {
  struct faults *f = X509_STORE_CTX_get_app_data(ctx);
  int e = X509_STORE_CTX_get_error(ctx);
  if (ok) return 1;
  bool dates = e == X509_V_ERR_CERT_HAS_EXPIRED || e == X509_V_ERR_CERT_NOT_YET_VALID;
  f->time |= dates;
  f->trust |= !dates;
  if (f->first == X509_V_OK || (!dates && f->time)) f->first = e;
  return 1;
}

static struct faults verify(X509_STORE *store, X509 *leaf, STACK_OF(X509) * chain) {
  struct faults f = {.first = X509_V_OK};
  X509_STORE_CTX *ctx = X509_STORE_CTX_new();
  if (!ctx || X509_STORE_CTX_init(ctx, store, leaf, chain) != 1) {
    f.trust = true;
    f.first = X509_V_ERR_OUT_OF_MEM;
  } else {
    (void)X509_STORE_CTX_set_default(ctx, "ssl_server");
    X509_STORE_CTX_set_app_data(ctx, &f);
    X509_STORE_CTX_set_verify_cb(ctx, on_fault);
    if (X509_verify_cert(ctx) != 1 && f.first == X509_V_OK) f.trust = true;
  }
  X509_STORE_CTX_free(ctx);
  ERR_clear_error();
  return f;
}

static bool is_named(X509 *leaf, const char *host) {
  struct addr literal;
  if (addr_parse_ip(host, 0, &literal)) return X509_check_ip_asc(leaf, host, 0) == 1;
  /* As Chrome: the subject's common name counts for nothing. */
  return X509_check_host(leaf, host, 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) == 1;
}

static bool has_pin(X509 *x, const struct service *s) {
  uint8_t digest[EVP_MAX_MD_SIZE], text[64 + 8] = "sha256/";
  unsigned n = 0;
  uint8_t *der = NULL;
  int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);
  bool hashed = size > 0 && EVP_Digest(der, (size_t)size, digest, &n, EVP_sha256(), NULL) == 1;
  OPENSSL_free(der);
  if (!hashed) return false;
  (void)EVP_EncodeBlock(text + 7, digest, (int)n);
  for (size_t i = 0; i < s->n_pins; i++)
    if (strcmp(s->pins[i], (const char *)text) == 0) return true;
  return false;
}

/* Whether the leaf is signed, over whatever others, by a certificate that is pinned, or is one.
 * What is sent besides proves nothing: anyone has the public certificates. */
static struct faults verify_pins(X509 *leaf, STACK_OF(X509) * chain, const struct service *s) {
  struct faults none = {.trust = true, .first = X509_V_ERR_CERT_UNTRUSTED};
  X509_STORE *pinned = X509_STORE_new();
  size_t n = 0;
  for (int i = 0; pinned && i < sk_X509_num(chain); i++) {
    X509 *x = sk_X509_value(chain, i);
    if (has_pin(x, s)) n += X509_STORE_add_cert(pinned, x) == 1;
  }
  if (n > 0) {
    (void)X509_STORE_set_flags(pinned, X509_V_FLAG_PARTIAL_CHAIN);
    none = verify(pinned, leaf, chain);
  }
  X509_STORE_free(pinned);
  return none;
}

static void name_text(const X509_NAME *name, char to[NAME_MAX_TEXT]) {
  BIO *b = BIO_new(BIO_s_mem());
  int n = 0;
  if (b && X509_NAME_print_ex(b, name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB) >= 0)
    n = BIO_read(b, to, NAME_MAX_TEXT - 1);
  to[n > 0 ? n : 0] = '\0';
  BIO_free(b);
}

/* --- evidence --- */

static const char *outcome(const struct faults *f, bool named) {
  if (f->trust) return "untrusted";
  if (f->time) return "time";
  return named ? "ok" : "name";
}

static void add(struct evidence_list *to, const struct chain_question *q, const char *id,
                const char *value, const char *saw) {
  char full[64];
  (void)snprintf(full, sizeof full, "%schain.%s", q->prefix, id);
  evidence_add(to, full, value, "%s", saw);
}

static void say_store(struct evidence_list *to, const struct chain_question *q, const char *id,
                      const struct faults *f, bool named) {
  char saw[240];
  const char *which = strcmp(id, "public") == 0   ? "public roots"
                      : strcmp(id, "system") == 0 ? "this machine's roots"
                                                  : "Chrome's roots (NSS)";
  if (f->first != X509_V_OK)
    (void)snprintf(saw, sizeof saw, "by %s the certificate is not good: %s", which,
                   X509_verify_cert_error_string(f->first));
  else
    (void)snprintf(saw, sizeof saw, "by %s the certificate is %s", which,
                   named ? "good" : "good, but for another name");
  add(to, q, id, outcome(f, named), saw);
}

/* Pins of a public root that is not sent: it is in the store that verified the chain. */
static bool root_has_pin(X509_STORE *store, X509 *leaf, STACK_OF(X509) * chain,
                         const struct service *s) {
  X509_STORE_CTX *ctx = X509_STORE_CTX_new();
  bool found = false;
  if (ctx && X509_STORE_CTX_init(ctx, store, leaf, chain) == 1 && X509_verify_cert(ctx) == 1) {
    STACK_OF(X509) *good = X509_STORE_CTX_get0_chain(ctx);
    for (int i = 0; i < sk_X509_num(good); i++) found |= has_pin(sk_X509_value(good, i), s);
  }
  X509_STORE_CTX_free(ctx);
  ERR_clear_error();
  return found;
}

static void say_pins(struct evidence_list *to, const struct chain_question *q, bool match) {
  add(to, q, "pins", match ? "match" : "no-match",
      match ? "the certificate is one that was pinned"
            : "no certificate that signs this one is one that was pinned");
  if (q->service->pinned) add(to, q, "expected", "pinned", "a private root is expected");
}

void chain_judge(const struct chain_stores *s, SSL *ssl, const struct chain_question *q,
                 struct evidence_list *to) {
  char issuer[NAME_MAX_TEXT], top[NAME_MAX_TEXT], saw[NAME_MAX_TEXT + 40];
  X509 *leaf = SSL_get0_peer_certificate(ssl);
  STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);
  if (!leaf || !chain || sk_X509_num(chain) == 0) return;
  bool named = is_named(leaf, q->host);
  struct faults public = verify(s->public, leaf, chain), system = verify(s->system, leaf, chain);
  name_text(X509_get_issuer_name(leaf), issuer);
  name_text(X509_get_subject_name(sk_X509_value(chain, sk_X509_num(chain) - 1)), top);
  (void)snprintf(saw, sizeof saw, "the certificate was issued by %s", issuer);
  add(to, q, "issuer", issuer, saw);
  (void)snprintf(saw, sizeof saw, "the chain that was sent ends with %s", top);
  add(to, q, "top", top, saw);
  say_store(to, q, "public", &public, named);
  say_store(to, q, "system", &system, named);
  if (s->added > 0) {
    struct faults chrome = verify(s->chrome, leaf, chain);
    say_store(to, q, "chrome", &chrome, named);
  }
  if (q->service->n_pins == 0) return;
  struct faults pins = verify_pins(leaf, chain, q->service);
  if (q->service->pinned) {
    add(to, q, "dates", pins.time ? "invalid" : "valid",
        pins.time ? "the certificate's dates are not valid now" : "the dates are valid now");
    add(to, q, "name", named ? "match" : "other",
        named ? "the name is the right one" : "the certificate is for another name");
  }
  bool match = !pins.trust || root_has_pin(s->public, leaf, chain, q->service);
  say_pins(to, q, match);
}
