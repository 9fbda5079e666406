/* Seals and opens records in one process: MB/s for one direction, and for both. The time of a
 * handshake, and the heap a connected association takes. Times are of the CPU. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "dtls/dtls.h"

#define RECORDS 400000
#define PAIRS   200

static struct dtls_identity *identity[2];

static double seconds(void) {
  struct timespec ts;
  (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
  return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Passes what one end has to send on to the other. Returns the datagrams. */
static int pump(struct dtls *from, struct dtls *to) {
  uint8_t buf[2048];
  uint8_t data[16384];
  for (int n = 0;;) {
    struct dtls_out out;
    dtls_poll(from, 1, buf, sizeof buf, &out);
    if (out.kind == OUT_IDLE) return n;
    if (out.kind != OUT_TX) continue;
    (void)dtls_recv(to, 1, (struct bytes){buf, out.u.tx_n});
    while (dtls_read(to, 1, data, sizeof data) > 0) {
    }
    n++;
  }
}

static void connect_pair(struct dtls *d[2]) {
  for (int i = 0; i < 2; i++) {
    struct dtls_cfg cfg = {identity[i], 0};
    if (dtls_new(&d[i], &cfg, 0) != 0) abort();
    dtls_set_writable(d[i], 0, true);
  }
  for (int i = 0; i < 2; i++) {
    struct dtls_fingerprint fp;
    dtls_identity_fingerprint(identity[!i], &fp);
    if (dtls_start(d[i], 0, i == 0 ? DTLS_CLIENT : DTLS_SERVER, &fp, 1) != 0) abort();
  }
  while (pump(d[0], d[1]) + pump(d[1], d[0]) > 0) {
  }
  if (dtls_state(d[0]) != DTLS_CONNECTED || dtls_state(d[1]) != DTLS_CONNECTED) abort();
}

static void bench_records(size_t size) {
  struct dtls *d[2];
  static uint8_t plain[16384];
  static uint8_t sealed[16384 + DTLS_OVERHEAD];
  static uint8_t out[16384];
  connect_pair(d);
  double sealing = 0;
  double all = seconds();
  for (int i = 0; i < RECORDS; i++) {
    size_t n = 0;
    if (dtls_seal(d[0], 1, (struct bytes){plain, size}, sealed, sizeof sealed, &n) != 0) abort();
    (void)dtls_recv(d[1], 1, (struct bytes){sealed, n});
    if (dtls_read(d[1], 1, out, sizeof out) != size) abort();
  }
  all = seconds() - all;
  sealing = seconds();
  for (int i = 0; i < RECORDS; i++) {
    size_t n = 0;
    if (dtls_seal(d[0], 1, (struct bytes){plain, size}, sealed, sizeof sealed, &n) != 0) abort();
  }
  sealing = seconds() - sealing;
  double mb = (double)size * RECORDS / 1e6;
  (void)printf("%s, %zu bytes: seal %.0f MB/s, open %.0f MB/s, both on one core %.0f MB/s\n",
               dtls_cipher(d[0]), size, mb / sealing, mb / (all - sealing), mb / all);
  for (int i = 0; i < 2; i++) (void)dtls_free(d[i]);
}

static void bench_pairs(void) {
  static struct dtls *d[PAIRS][2];
  connect_pair(d[0]);
  size_t before = mallinfo2().uordblks;
  double t = seconds();
  for (int i = 1; i < PAIRS; i++) connect_pair(d[i]);
  t = seconds() - t;
  size_t heap = mallinfo2().uordblks - before;
  (void)printf("handshake, both ends: %.2f ms; heap of a connected association: %zu bytes\n",
               t * 1e3 / (PAIRS - 1), heap / (PAIRS - 1) / 2);
  for (int i = 0; i < PAIRS; i++) {
    for (int k = 0; k < 2; k++) (void)dtls_free(d[i][k]);
  }
}

int main(void) {
  for (int i = 0; i < 2; i++) {
    if (dtls_identity_new(&identity[i], time(NULL)) != 0) abort();
  }
  bench_pairs();
  bench_records(1200);
  bench_records(16384 / 4);
  for (int i = 0; i < 2; i++) (void)dtls_identity_unref(identity[i]);
  return 0;
}
