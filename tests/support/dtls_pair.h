#ifndef SENSO_TESTS_DTLS_PAIR_H
#define SENSO_TESTS_DTLS_PAIR_H

#include "dtls/dtls.h"

/*
 * Two associations and the wire between them, in virtual time. Every datagram sent is kept in a
 * log; a filter decides what becomes of each. Asserts with cmocka.
 */
#define DTLS_PAIR_LOG      256
#define DTLS_PAIR_DATAGRAM 2048
#define DTLS_PAIR_UNIX     1760000000 /* when the identities are made */

struct dtls_pair_datagram {
  int from; /* 0 or 1 */
  mono_us at;
  size_t n;
  uint8_t p[DTLS_PAIR_DATAGRAM];
};

enum dtls_pair_fate { DTLS_PAIR_PASS, DTLS_PAIR_DROP, DTLS_PAIR_TWICE, DTLS_PAIR_HOLD };

struct dtls_pair {
  mono_us now;
  mono_us delay; /* one way */
  struct dtls_identity *id[2];
  struct dtls *d[2]; /* [0] is the client */
  mono_us wake_at[2];
  enum dtls_state event[2]; /* the last one announced */
  mono_us event_at[2];
  size_t events[2];
  struct dtls_pair_datagram log[DTLS_PAIR_LOG];
  size_t sent;
  struct {
    mono_us due; /* MONO_NEVER: not under way any more */
    size_t log;
  } wire[DTLS_PAIR_LOG * 2];
  size_t on_wire;
  /* What happens to the index-th datagram of the log; NULL: all pass. */
  enum dtls_pair_fate (*fate)(void *ctx, size_t index, const struct dtls_pair_datagram *dg);
  void *ctx;
  uint8_t data[2][16384]; /* the last application data read */
  size_t data_n[2];
  size_t data_count[2];
};

/* Makes both, in DTLS_NEW, writable, with these MTUs (0: the default). now begins at 1 s. */
struct dtls_pair *dtls_pair_new(size_t mtu0, size_t mtu1);
struct dtls_pair *dtls_pair_free(struct dtls_pair *p);

/* Starts one end with the other's true fingerprint, and drains it. */
void dtls_pair_start(struct dtls_pair *p, int end, enum dtls_role role);

/* Starts both, end 0 as the client. */
void dtls_pair_start_both(struct dtls_pair *p);

/* Polls one end until it is idle: its datagrams go onto the wire. */
void dtls_pair_drain(struct dtls_pair *p, int end);

/* Gives an end a datagram now, reads what comes of it, and drains it. */
void dtls_pair_deliver(struct dtls_pair *p, int end, struct bytes datagram);

/* Runs until nothing is due any more at or before `until`, which is the time then. */
void dtls_pair_run(struct dtls_pair *p, mono_us until);

/* Runs until both are connected; fails the test past 60 s. */
void dtls_pair_connect(struct dtls_pair *p);

/* Seals a text at an end and delivers it at once; asserts that it came out. */
void dtls_pair_say(struct dtls_pair *p, int from, const char *text);

#endif
