#include "support/openssl_alloc.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

static void *take(size_t n, const char *file, int line) {
  (void)file;
  (void)line;
  return malloc(n);
}

static void *resize(void *p, size_t n, const char *file, int line) {
  (void)file;
  (void)line;
  return realloc(p, n);
}

static void give(void *p, const char *file, int line) {
  (void)file;
  (void)line;
  free(p);
}

void openssl_alloc_install(void) {
  if (CRYPTO_set_mem_functions(take, resize, give) == 1) return;
  (void)fputs("OpenSSL has allocated before openssl_alloc_install\n", stderr);
  abort();
}
