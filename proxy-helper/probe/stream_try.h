#ifndef SENSO_PROBE_STREAM_TRY_H
#define SENSO_PROBE_STREAM_TRY_H

#include <stdio.h>

#include "base/list.h"
#include "base/text.h"
#include "probe/attempt.h"
#include "probe/http.h"
#include "probe/state.h"
#include "turn/client.h"

/* One connection of a row over TCP, shared by the stream_*.c files only. */

#define STREAM_OTHER_NAME "www.example.org" /* RFC 2606; never looked up */

enum purpose {
  FOR_CHECK,      /* what the row asks for */
  FOR_NO_NAME,    /* a ClientHello without a name */
  FOR_OTHER_NAME, /* with another name */
  FOR_PORTAL      /* plain HTTP on port 80 */
};

/* One connection of a row. */
struct try {
  struct list node;
  struct stream_row *of;
  enum purpose purpose;
  bool proxied; /* through the proxy, which is the remote */
  struct addr remote;
  struct attempt *attempt;
  struct http_answer http;
  struct turn_client *turn;
  struct net_timer *turn_timer;
  struct text in;  /* of TURN: bytes that make no whole message yet */
  char key[32];    /* Sec-WebSocket-Key */
  bool challenged; /* TURN: 401 with realm and nonce came */
  bool over;
};

struct stream_row {
  struct run_row *row;
  struct list tries;
  size_t open;
  struct run_addrs to;
  bool again, named;      /* the check was repeated, other names were tried */
  struct net_timer *reap; /* frees tries that are over, from the loop */
};

static inline struct result *try_result(const struct try *t) {
  return t->of->row->result;
}

static inline struct evidence_list *try_evidence(const struct try *t) {
  return &try_result(t)->evidence;
}

/* The id of what was seen by this way. */
static inline const char *try_id(const struct try *t, const char *id, char buf[64]) {
  if (!t->proxied) return id;
  (void)snprintf(buf, 64, "proxy.%s", id);
  return buf;
}

static inline const char *try_prefix(const struct try *t) {
  return t->proxied ? "proxy." : "";
}

/* By the address of the second family. */
static inline bool try_is_second(const struct try *t) {
  const struct run_addrs *to = &t->of->to;
  return !t->proxied && to->n > 1 && t->remote.family == to->list[1].family;
}

#define SEE(t, id, value, ...)                                                                     \
  do {                                                                                             \
    char see_buf[64];                                                                              \
    evidence_add(try_evidence(t), try_id(t, id, see_buf), value, __VA_ARGS__);                     \
  } while (0)

/* stream_row.c: nothing more comes of it. */
void try_over(struct try *t);

/* stream_seen.c: how a step ended, as a value and in words; and what it says of the row. */
const char *try_word(enum attempt_end how);
const char *try_phrase(enum attempt_end how);
void try_say_connected(struct try *t);
void try_say_unreached(struct try *t, enum attempt_end how);
void try_say_proxy(struct try *t, enum attempt_end how);
void try_say_tls(struct try *t, enum attempt_end how);
void try_say_controls_done(struct try *t);

/* stream_http.c: HTTP and WebSocket once the connection is up. */
void try_http_send(struct try *t);
void try_http_feed(struct try *t, struct bytes bytes);
void try_http_ended(struct try *t, enum attempt_end how);

/* stream_turn.c: TURN once the connection is up. */
void try_turn_begin(struct try *t);
void try_turn_feed(struct try *t, struct bytes bytes);

#endif
