#ifndef SENSO_PROBE_NSS_H
#define SENSO_PROBE_NSS_H

#include <openssl/x509.h>

/* Adds the roots that a person gave to Chrome: those of an NSS database (cert9.db, SQLite) that are
 * trusted for servers. Returns how many; 0 also when there is no such file. */
size_t nss_load(X509_STORE *store, const char *path);

#endif
