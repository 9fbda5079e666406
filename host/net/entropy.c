#include "net/entropy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static void from_kernel(uint8_t *p, size_t n) {
  while (n > 0) {
    ssize_t got = getrandom(p, n, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) abort(); /* no keys without randomness */
    p += got;
    n -= (size_t)got;
  }
}

static void fill(void *ctx, void *buf, size_t n) {
  struct net_entropy *e = ctx;
  if (n > sizeof e->block) {
    from_kernel(buf, n);
    return;
  }
  if (n > e->left) {
    from_kernel(e->block, sizeof e->block);
    e->left = sizeof e->block;
  }
  uint8_t *from = e->block + (sizeof e->block - e->left);
  if (n > 0) memcpy(buf, from, n);
  explicit_bzero(from, n);
  e->left -= n;
}

void net_entropy_init(struct net_entropy *e) {
  *e = (struct net_entropy){.rng = {fill, e}};
}

void net_entropy_wipe(struct net_entropy *e) {
  explicit_bzero(e->block, sizeof e->block);
  e->left = 0;
}
