#include "probe/nss.h"

#include <openssl/err.h>
#include <sqlite3.h>
#include <sys/stat.h>

#define STEPS_MAX 20000000 /* of SQLite's machine: a fraction of a second */

/* PKCS #11 attributes are columns, named by their number: 0 is the class (1: a certificate,
 * 0xce534353: NSS's word on trust), 11 the DER, 81 and 82 issuer and serial number, 0xce536358 the
 * trust as a server's authority, and 0xce534352 says that there is some. */
static const char trusted_roots[] =
    "SELECT c.a11 FROM nssPublic c JOIN nssPublic t ON c.a81 = t.a81 AND c.a82 = t.a82 "
    "WHERE c.a0 = x'00000001' AND t.a0 = x'ce534353' AND t.ace536358 = x'ce534352'";

static size_t add(X509_STORE *store, const unsigned char *der, int n) {
  X509 *x = der && n > 0 ? d2i_X509(NULL, &der, n) : NULL;
  size_t added = x && X509_STORE_add_cert(store, x) == 1;
  X509_free(x);
  ERR_clear_error();
  return added;
}

static int on_steps(void *ctx) {
  (void)ctx;
  return 1;
}

size_t nss_load(X509_STORE *store, const char *path) {
  sqlite3 *db = NULL;
  sqlite3_stmt *rows = NULL;
  size_t n = 0;
  struct stat s;
  if (stat(path, &s) < 0 || !S_ISREG(s.st_mode)) return 0;
  int r = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL);
  if (r == SQLITE_OK) {
    sqlite3_progress_handler(db, STEPS_MAX, on_steps, NULL); /* whatever the table is, it ends */
    r = sqlite3_prepare_v2(db, trusted_roots, -1, &rows, NULL);
  }
  while (r == SQLITE_OK && sqlite3_step(rows) == SQLITE_ROW)
    n += add(store, sqlite3_column_blob(rows, 0), sqlite3_column_bytes(rows, 0));
  (void)sqlite3_finalize(rows);
  (void)sqlite3_close(db);
  return n;
}
