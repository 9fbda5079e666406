#ifndef SENSO_NET_PUMP_H
#define SENSO_NET_PUMP_H

#include "net/links.h"
#include "net/output.h"
#include "rpc/framing.h"
#include "rpc/session.h"

/*
 * Drives a session: gives it datagrams, timers, sockets and names, and carries out what it asks
 * for. Inputs of one turn of the loop are collected and answered together.
 */
struct net_pump;

/* The time a session has for its last words, from net_pump_end on. */
#define NET_PUMP_LAST_WORDS (150 * MONO_MS)

struct net_pump_cfg {
  uv_loop_t *loop;
  struct rpc_session *session; /* borrowed */
  const struct rng *rng;       /* borrowed */
  enum framing_mode mode;
  int out; /* where frames go; the caller's */
  bool out_own;
  void *ctx;
  /* All is said: time to leave with this status. Once. */
  void (*ended)(void *ctx, int exit_status);
};

/* 0, -ENOMEM or another negative errno. */
int net_pump_new(struct net_pump **ret, const struct net_pump_cfg *cfg);

/* NULL is fine; returns NULL. */
struct net_pump *net_pump_free(struct net_pump *p);

/*
 * The time for every input of the session. It stands still from a turn's first input until the
 * session is idle again, and what is due by then is woken first: a deadline can never lie in the
 * past when the session is polled.
 */
mono_us net_pump_now(struct net_pump *p);

/* The session was given an input: it is drained in this turn of the loop. */
void net_pump_touch(struct net_pump *p);

/* Polls the session until it is idle. What it sends and writes is collected until the turn's drain;
 * for inputs of which each is to be answered before the next. Not from inside of a callback of the
 * pump. */
void net_pump_settle(struct net_pump *p);

/* Drains now. Not from inside of a callback of the pump. */
void net_pump_drain(struct net_pump *p);

/* Ends the session (rpc_session_end), once; `ended` follows, within NET_PUMP_LAST_WORDS even if
 * nobody reads. */
void net_pump_end(struct net_pump *p, const char *reason, int exit_status);

/* Ended or about to: give the session nothing more. */
bool net_pump_ending(const struct net_pump *p);

#endif
