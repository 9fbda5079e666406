#ifndef SENSO_PROBE_CHAIN_H
#define SENSO_PROBE_CHAIN_H

#include <openssl/ssl.h>

#include "plan/result.h"

/*
 * The trust stores, and what they make of a server's chain of certificates: public roots alone,
 * this machine's roots (which may have others added), and the services file's pins.
 */
struct chain_stores;

/* roots: a file of the public ones in PEM; NULL: Mozilla's, where Debian's ca-certificates puts
 * them apart from what was added on this machine. 0, -ENOMEM, -ENOENT (no public root was found) or
 * -EINVAL. */
int chain_stores_new(struct chain_stores **ret, const char *roots);
struct chain_stores *chain_stores_free(struct chain_stores *s);

/* For attempts: no certificate ends the handshake. Borrowed. */
SSL_CTX *chain_context(const struct chain_stores *s);

struct chain_question {
  const char *host;
  const struct service *service;
  const char *prefix; /* before the ids: "" or "proxy." */
};

/* Adds chain.public, chain.system and (where it has roots of its own) chain.chrome: ok, time, name
 * or untrusted; chain.issuer, chain.top; and of a service with pins chain.pins (match, no-match),
 * with chain.expected, chain.dates (valid, invalid) and chain.name (match, other) where they
 * replace the roots. */
void chain_judge(const struct chain_stores *s, SSL *ssl, const struct chain_question *q,
                 struct evidence_list *to);

#endif
