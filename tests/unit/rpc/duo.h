#ifndef SENSO_TESTS_UNIT_RPC_DUO_H
#define SENSO_TESTS_UNIT_RPC_DUO_H

/*
 * Two sessions in virtual time, each with its client (the test) and a host of its own on one
 * network. Every frame is checked against manifest/protocol/ as it comes.
 */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "rpc/json_scan.h"
#include "rpc/session.h"
#include "schema.h"
#include "support/seeded_rng.h"
#include "support/virtual_openssl.h"

#define DUO_DELAY (5 * MONO_MS)
#define DUO_LINKS 64

struct duo_link {
  uint32_t peer, link;
  struct addr local;
};

struct duo_client {
  struct rpc_session *s;
  struct duo_link links[DUO_LINKS];
  size_t n_links;
  uint16_t next_port;
  mono_us wake_at;
  cJSON *log;       /* an array of all notifications */
  cJSON *replies;   /* an object: id to reply */
  char *asked[400]; /* id to method, for the schema of the result */
  int next_id;
  size_t unwritten; /* what the session is told is not written yet; added up while `deaf` */
  bool deaf;        /* the client reads nothing */
  bool ended, gone;
  int exit_status;
  size_t largest;
  char *last; /* the text of the last frame */
};

struct duo_packet {
  struct list link;
  mono_us at;
  int to;
  struct addr from, dest;
  struct payload *data;
};

struct duo {
  struct duo_client c[2];
  struct seeded_rng rng;
  struct dtls_identity *identity;
  mono_us now;
  struct list air;
  cJSON *errors, *host, *results;
  bool unchecked; /* no schemas: an allocation is to fail, or speed counts */
  bool cut;
};

static const struct rpc_cfg duo_cfg = {.unix_offset_us = 1800000000000000,
                                       .version = "1.2.3",
                                       .engine = "native",
                                       .max_frame_in = 4 << 20,
                                       .max_frame_out = 1 << 20,
                                       .max_message_size = 262144,
                                       .max_peers = 8,
                                       .max_channels = 16,
                                       .max_buffered = 16 << 20};

void duo_network(struct duo *d, int side);

/* Everything but sessions. */
void duo_prepare(struct duo *d, bool unchecked);

int duo_sessions(struct duo *d, const struct rpc_cfg *cfg);

void duo_forget(struct duo *d, int side);

void duo_end(struct duo *d);

void duo_drain(struct duo *d, int side);

void duo_run(struct duo *d, mono_us for_us);

/* --- what the client says --- */

void duo_say(struct duo *d, int side, const char *frame);

/* The reply to a call; params without braces. Borrowed until that id is used again. */
const cJSON *duo_ask(struct duo *d, int side, const char *method, const char *params);

/* The result, which there must be. */
const cJSON *duo_call(struct duo *d, int side, const char *method, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The call fails for this reason; path NULL: any. */
const cJSON *duo_refused(struct duo *d, int side, const char *method, const char *params,
                         const char *reason, const char *path);

/* --- what was heard --- */

/* The params of the k-th notification of this name, NULL if there were fewer. */
const cJSON *duo_event(const struct duo *d, int side, const char *name, size_t k);

size_t duo_count(const struct duo *d, int side, const char *name);

const char *duo_string(const cJSON *o, const char *key);

int duo_int(const cJSON *o, const char *key);

/* --- usual beginnings --- */

#define DUO_HELLO "\"protocol\":1,\"client\":{\"name\":\"test\",\"version\":\"1\"}"

void duo_begin(struct duo *d, const struct rpc_cfg *cfg, const char *hello);

/* Hands side's local description, with its candidates, to the other. */
void duo_pass(struct duo *d, int side, int from, int to);

/* Offer of side 0, answer of side 1, and the time it takes to connect. */
void duo_connect(struct duo *d, int a, int b);

/* Peers 1 and 1, connected, with channel 1 of side 0 open; at side 1 it is channel 1 too. */
void duo_open(struct duo *d, const char *init);

void duo_text(struct duo *d, int side, int channel, const char *escaped);

void duo_credit(struct duo *d, int side, int channel, int bytes);

#endif
