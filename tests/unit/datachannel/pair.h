#ifndef SENSO_TESTS_UNIT_DATACHANNEL_PAIR_H
#define SENSO_TESTS_UNIT_DATACHANNEL_PAIR_H

/* Two ends in virtual time, SCTP packets flying between them; an end is a set of channels, or a
 * bare association that says what no set would. What the ends say is kept. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "datachannel/dcep.h"
#include "support/seeded_rng.h"
#include "support/unit.h"

#define PAIR_DELAY (5 * MONO_MS)

struct said {
  enum dc_event_kind kind;
  dc_handle channel;
  uint16_t id;
  struct dc_init init; /* label and protocol cut off */
  char label[16];
  struct fault fault;
  struct dc_message message; /* data owned */
  dc_handle stalled[8];
  size_t n_stalled;
};

struct end {
  struct dc_set *set;
  struct sctp *bare; /* instead of the set */
  struct seeded_rng rng;
  mono_us wake_at;
  struct said *log;
  size_t n, cap;
  bool failing;       /* a call gave -ENOMEM */
  uint16_t resets[8]; /* bare: streams the set has reset */
  size_t n_resets;
  bool unordered[8]; /* bare: how the first messages came, OPEN and ACK among them */
  size_t n_unordered;
};

struct flying {
  struct list link;
  mono_us at;
  int to;
  struct payload *data;
};

struct pair {
  struct end end[2];
  mono_us now;
  struct list air;
  dc_handle next;
  bool cut; /* nothing arrives */
};

static const struct dc_cfg pair_cfg = {.sctp = {.local_port = 5000,
                                                .remote_port = 5000,
                                                .max_streams = 65535,
                                                .mtu = 1200,
                                                .receive_window = 1 << 20,
                                                .max_message = 262144,
                                                .send_buffer = SIZE_MAX},
                                       .max_channels = 100,
                                       .max_send_message = 262144,
                                       .max_buffered = 4 << 20,
                                       .receive_budget = 1 << 20};

static const struct dc_init pair_plain = {
    .ordered = true, .id = -1, .max_retransmits = -1, .max_lifetime_ms = -1};

int pair_begin(struct pair *p, const struct dc_cfg *cfg, bool bare);

void pair_end(struct pair *p);

void pair_pump(struct pair *p, int i);

/* The next thing that happens, not past until. False: nothing does. */
bool pair_step(struct pair *p, mono_us until);

void pair_run(struct pair *p, mono_us for_us);

/* End 0 is the DTLS client. */
void pair_start(struct pair *p);

dc_handle pair_create(struct pair *p, int i, const struct dc_init *init);

/* A channel made by end 0, open at both; the other end's handle. */
dc_handle pair_open(struct pair *p, dc_handle *ret_other, const struct dc_init *init);

void end_forget(struct end *e);

size_t end_count(const struct end *e, enum dc_event_kind kind);

/* The k-th of this kind, or NULL. */
const struct said *end_said(const struct end *e, enum dc_event_kind kind, size_t k);

int pair_send(struct pair *p, int i, dc_handle h, bool text, struct bytes b, struct fault *f);

void pair_text(struct pair *p, int i, dc_handle h, const char *s);

/* n bytes of no meaning. */
void pair_zeros(struct pair *p, int i, dc_handle h, size_t n);

void pair_credit(struct pair *p, int i, dc_handle h, uint64_t n);

struct dc_info pair_info(const struct pair *p, int i, dc_handle h);

#endif
