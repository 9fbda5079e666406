#ifndef SENSO_TESTS_ICE_BENCH_H
#define SENSO_TESTS_ICE_BENCH_H

#include "ice/agent.h"
#include "stun/attributes.h"
#include "support/seeded_rng.h"

/*
 * One agent with a hand-made peer: records what the agent asks for, sends and tells, and makes the
 * peer's messages. Time begins at one second.
 */

#define BENCH_MAX 256

struct bench_tx {
  mono_us at;
  struct path path;
  size_t n;
  uint8_t data[700];
  struct stun_message m; /* borrows data */
};

struct bench {
  struct ice_agent *a;
  struct seeded_rng rng;
  mono_us now;
  mono_us wake_at;
  struct ice_credentials ours, theirs;
  struct bench_tx tx[BENCH_MAX];
  size_t n_tx;
  struct ice_event events[BENCH_MAX];
  size_t n_events;
  struct ice_bind binds[16];
  size_t n_binds;
  uint32_t unbound[16];
  size_t n_unbound;
  struct {
    uint32_t id;
    char name[ICE_NAME_MAX + 1];
  } resolves[16];
  size_t n_resolves;
};

/* An agent with our credentials set but not started. */
void bench_init(struct bench *b, bool controlling);
void bench_free(struct bench *b);

/* Gives it these IP literals as interfaces eth0, eth1, ... */
int bench_interfaces(struct bench *b, const char *const *ips, size_t n);

/* One interface, 192.0.2.1, bound to port 5000 (link 1), started. */
void bench_up(struct bench *b);

/* bench_up, the peer's credentials, and one host candidate 192.0.2.2:6000 of a usual priority. */
void bench_ready(struct bench *b, bool controlling);

/* Answers a bind: the address asked for with this port. */
int bench_bound(struct bench *b, size_t i, uint16_t port);

int bench_set_remote(struct bench *b);
int bench_candidate(struct bench *b, const char *ip, uint16_t port, uint32_t priority);

/* Polls until idle. */
void bench_drain(struct bench *b);

/* Goes to this time, wakes and drains. */
void bench_at(struct bench *b, mono_us now);

/* Runs from wake-up to wake-up until `now`. */
void bench_run(struct bench *b, mono_us now);

/* Forgets what was recorded. */
void bench_clear(struct bench *b);

/* The peer's answer to a recorded request. */
struct bench_answer {
  unsigned code;            /* 0: success */
  const char *pwd;          /* NULL: the peer's */
  struct addr mapped, from; /* ADDR_NONE: what is right */
  uint16_t extra;           /* an attribute of this type, empty; 0: none */
  bool count;               /* echoes the transmission counter */
  bool plain;               /* without integrity */
};
int bench_answer(struct bench *b, const struct bench_tx *tx, const struct bench_answer *how);
int bench_success(struct bench *b, const struct bench_tx *tx);

/* A check of the peer. */
struct bench_check {
  struct addr from;  /* ADDR_NONE: 192.0.2.2:6000 */
  uint32_t priority; /* 0: a usual one */
  bool use_candidate, controlling;
  uint64_t tie_breaker;
  const char *pwd, *ufrag; /* NULL: ours */
  uint16_t extra;          /* an attribute of this type, empty; 0: none */
  bool no_priority, no_username, bad_fingerprint;
  uint32_t link; /* 0: the first */
};
int bench_check(struct bench *b, const struct bench_check *c);

/* The last recorded message of this class, or NULL. */
const struct bench_tx *bench_last(const struct bench *b, enum stun_class cls);
/* How many of this class were recorded. */
size_t bench_count(const struct bench *b, enum stun_class cls);
bool bench_has(const struct bench_tx *tx, uint16_t type);
/* Events of this kind that were recorded. */
size_t bench_told(const struct bench *b, enum ice_event_kind kind);

/* The agent's i-th pair; the test fails when there is none. */
struct ice_pair_info bench_pair(const struct bench *b, size_t i);
size_t bench_pairs(const struct bench *b);

struct addr bench_addr(const char *ip, uint16_t port);

#endif
