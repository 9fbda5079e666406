#ifndef SENSO_DTLS_OPENSSL_H
#define SENSO_DTLS_OPENSSL_H

#include <errno.h>
#include <openssl/err.h>
#include <stdbool.h>

/* Whether an allocation failed among the errors OpenSSL has queued. Empties the queue. */
static inline bool dtls_openssl_oom(void) {
  bool oom = false;
  for (unsigned long e; (e = ERR_get_error()) != 0;) {
    if (ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE) oom = true;
  }
  return oom;
}

/* The queued errors as -ENOMEM or -EIO. Empties the queue. */
static inline int dtls_openssl_error(void) {
  return dtls_openssl_oom() ? -ENOMEM : -EIO;
}

#endif
