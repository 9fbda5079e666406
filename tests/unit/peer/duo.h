#ifndef SENSO_TESTS_UNIT_PEER_DUO_H
#define SENSO_TESTS_UNIT_PEER_DUO_H

/* Two peers in the simulated network, with what they said, for tests that read like a conversation.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/sim.h"
#include "support/unit.h"

#define DUO_LOG 256

struct duo_log {
  enum peer_event_kind kind;
  unsigned value; /* the state, where it is one */
  enum dc_event_kind channel;
  dc_handle handle;
  char text[200]; /* candidate, failure or message */
};

struct duo_end {
  struct duo *duo;
  struct sim_peer *sp;
  int side;
  struct duo_log log[DUO_LOG];
  size_t n;
};

struct duo {
  struct sim *sim;
  struct duo_end end[2];
  dc_handle next_handle;
};

static const struct peer_cfg duo_cfg = {.max_message_size = 262144,
                                        .max_channels = 100,
                                        .max_buffered = 1024 * 1024,
                                        .receive_budget = 4 * 1024 * 1024};

struct peer *duo_peer(struct duo *d, int side);

mono_us duo_now(struct duo *d);

struct duo *duo_new(uint64_t seed);

void duo_free(struct duo *d);

void duo_drain(struct duo *d);

void duo_run(struct duo *d, mono_us how_long);

/* How often a side said this; the value is compared where the kind has one. */
size_t duo_said(const struct duo *d, int side, enum peer_event_kind kind, unsigned value);

const struct duo_log *duo_channel_event(const struct duo *d, int side, enum dc_event_kind kind);

int duo_set_local(struct duo *d, int side, struct fault *fault);

/* Hands one side's local description to the other. */
int duo_pass(struct duo *d, int from, struct fault *fault);

/* Offer from `offerer`, answer back, candidates in the descriptions. */
void duo_negotiate(struct duo *d, int offerer);

dc_handle duo_create(struct duo *d, int side, const char *label);

void duo_send(struct duo *d, int side, dc_handle h, const char *text);

#endif
