#include "support/virtual_openssl.h"

/* The simple interface for replacing RAND is deprecated, and still the one that reaches all of it.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/rand.h>
#include <stdbool.h>
#include <sys/time.h>
#include <time.h>

#include "support/seeded_rng.h"

static struct seeded_rng rng;
static uint64_t drawn;
static bool virtual_time;
static uint64_t time_us;

static int draw(unsigned char *buf, int n) {
  rng.rng.fill(rng.rng.ctx, buf, (size_t)n);
  drawn += (uint64_t)n;
  return 1;
}

static int seed_nothing(const void *buf, int n) {
  (void)buf;
  (void)n;
  return 1;
}

static int add_nothing(const void *buf, int n, double entropy) {
  (void)buf;
  (void)n;
  (void)entropy;
  return 1;
}

static int ready(void) {
  return 1;
}

static const RAND_METHOD method = {
    .seed = seed_nothing,
    .bytes = draw,
    .add = add_nothing,
    .pseudorand = draw,
    .status = ready,
};

void virtual_openssl_seed(uint64_t seed) {
  seeded_rng_init(&rng, seed);
  drawn = 0;
  (void)RAND_set_rand_method(&method);
}

void virtual_openssl_time(uint64_t unix_us) {
  virtual_time = true;
  time_us = unix_us;
}

void virtual_openssl_end(void) {
  virtual_time = false;
  (void)RAND_set_rand_method(RAND_OpenSSL());
}

uint64_t virtual_openssl_drawn(void) {
  return drawn;
}

/* The names are the C library's. */
int gettimeofday(struct timeval *restrict __tv, void *restrict __tz) {
  (void)__tz;
  uint64_t us = time_us;
  if (!virtual_time) {
    struct timespec ts;
    if (clock_gettime(CLOCK_REALTIME, &ts) != 0) return -1;
    us = (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
  }
  __tv->tv_sec = (time_t)(us / 1000000);
  __tv->tv_usec = (suseconds_t)(us % 1000000);
  return 0;
}
