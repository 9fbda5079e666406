/* A row that goes over UDP: the check itself, and, when it fails, what else tells why. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "net/clock.h"
#include "net/timer.h"
#include "probe/relay.h"
#include "probe/state.h"
#include "probe/talk.h"

#define CONTROLS 2

struct udp_row;

/* One of the exchanges of a row, and the id that its outcome is seen under. */
struct part {
  struct udp_row *of;
  struct talk *talk;
  struct addr remote;
  const char *id, *what;
};

struct udp_row {
  struct run_row *row;
  struct run_addrs to;
  /* again: after silence; other: by the other family's address */
  struct part check, again, other, controls[CONTROLS];
  struct relay *relay;
  size_t open;
  struct net_timer *end; /* tells that it is over, from the loop */
};

static struct evidence_list *evidence_of(struct udp_row *u) {
  return &u->row->result->evidence;
}

static void closed(struct udp_row *u) {
  if (--u->open == 0) net_timer_set(u->end, net_clock_now());
}

static void on_end(void *ctx) {
  struct udp_row *u = ctx;
  run_row_over(u->row);
}

static void start(struct udp_row *u, struct part *p, enum talk_kind kind,
                  void (*done)(void *, const struct talk_result *)) {
  p->of = u;
  p->remote = u->to.list[p == &u->other ? 1 : 0];
  const struct run *run = u->row->run;
  const struct check *check = u->row->result->check;
  const struct talk_cfg cfg = {.loop = run->cfg.loop,
                               .rng = run->cfg.rng,
                               .kind = kind,
                               .remote = p->remote,
                               .username = check->username,
                               .credential = check->credential,
                               .identity = run->identity,
                               .ctx = p,
                               .done = done};
  u->open++;
  int r = talk_new(&p->talk, &cfg);
  if (r == 0) return;
  const struct talk_result failed = {.outcome = r == -ENETUNREACH ? TALK_PROHIBITED : TALK_ODD};
  done(p, &failed);
}

static const char *phrase(const struct talk_result *r) {
  switch (r->outcome) {
  case TALK_ANSWERED: return "is answered";
  case TALK_SILENT: return "got no answer";
  case TALK_REFUSED: return "is refused (ICMP port unreachable)";
  case TALK_PROHIBITED: return "is prohibited, a router says (ICMP), or there is no route";
  case TALK_ODD: break;
  }
  return "could not be sent, or was answered by something else";
}

/* --- controls --- */

static void on_control(void *ctx, const struct talk_result *result) {
  struct part *p = ctx;
  char remote[ADDR_TEXT_MAX];
  (void)addr_format(&p->remote, remote);
  evidence_add(evidence_of(p->of), p->id, talk_word(result->outcome), "%s to UDP %s %s", p->what,
               remote, phrase(result));
  closed(p->of);
}

static void control(struct udp_row *u, size_t i, enum talk_kind kind, const char *id,
                    const char *what) {
  u->controls[i].id = id;
  u->controls[i].what = what;
  start(u, &u->controls[i], kind, on_control);
}

static void on_stun(void *ctx, const struct talk_result *result);
static void on_dtls(void *ctx, const struct talk_result *result);
static void on_turn(void *ctx, const struct talk_result *result);

/* What was asked for may be missing by chance: once more, beside the controls. */
static void after_silence(struct udp_row *u) {
  switch (u->row->result->kind) {
  case CHECK_STUN:
    start(u, &u->again, TALK_BINDING, on_stun);
    control(u, 0, TALK_DTLS, "udp.control", "something other than STUN (DTLS)");
    break;
  case CHECK_TURN:
    start(u, &u->again, TALK_ALLOCATE, on_turn);
    control(u, 0, TALK_BINDING, "turn.binding", "a STUN Binding request");
    control(u, 1, TALK_DTLS, "udp.control", "something other than STUN (DTLS)");
    break;
  case CHECK_DTLS:
    start(u, &u->again, TALK_DTLS, on_dtls);
    control(u, 0, TALK_BINDING, "dtls.binding", "a STUN Binding request");
    break;
  case CHECK_HTTPS:
  case CHECK_WSS:
  case CHECK_DOWNLOAD:
  case CHECK_TCP: break;
  }
}

static void start_check(struct udp_row *u, struct part *p) {
  if (u->row->result->kind == CHECK_STUN)
    start(u, p, TALK_BINDING, on_stun);
  else if (u->row->result->kind == CHECK_DTLS)
    start(u, p, TALK_DTLS, on_dtls);
  else
    start(u, p, TALK_ALLOCATE, on_turn);
}

/* The first of the tries has failed, or one was answered. */
static void look_deeper(struct part *p, const struct talk_result *result) {
  struct udp_row *u = p->of;
  if (result->outcome == TALK_ANSWERED) run_reached(u->row->result, &p->remote);
  if (p != &u->check || result->outcome == TALK_ANSWERED) return;
  if (result->outcome == TALK_SILENT) after_silence(u);
  if (u->to.n > 1) start_check(u, &u->other);
}

/* --- the check --- */

static void note_server(const struct part *p) {
  const struct run *run = p->of->row->run;
  mapping_ask(run->mapping, &p->remote);
  ports_ask(run->ports, p->of->row->result, &p->remote);
}

static void on_stun(void *ctx, const struct talk_result *result) {
  struct part *p = ctx;
  char remote[ADDR_TEXT_MAX], mapped[ADDR_TEXT_MAX];
  (void)addr_format(&p->remote, remote);
  evidence_add(evidence_of(p->of), "stun", talk_word(result->outcome),
               "STUN to UDP %s %s (%u tries)", remote, phrase(result), result->tries);
  if (result->mapped.family != ADDR_NONE)
    evidence_add(evidence_of(p->of), "stun.mapped", addr_format(&result->mapped, mapped),
                 "it sees us as %s", mapped);
  if (result->outcome == TALK_ANSWERED) note_server(p);
  look_deeper(p, result);
  closed(p->of);
}

static void on_dtls(void *ctx, const struct talk_result *result) {
  struct part *p = ctx;
  char remote[ADDR_TEXT_MAX];
  (void)addr_format(&p->remote, remote);
  evidence_add(evidence_of(p->of), "dtls", talk_word(result->outcome), "DTLS to UDP %s %s", remote,
               phrase(result));
  look_deeper(p, result);
  closed(p->of);
}

static void on_relay(void *ctx, unsigned good, unsigned all, bool pool, const char *ports) {
  struct udp_row *u = ctx;
  char value[24];
  (void)snprintf(value, sizeof value, "%u/%u", good, all);
  if (all > 0 && good < all && pool)
    evidence_add(evidence_of(u), "relay", "unknown",
                 "data reached %u of %u relayed addresses; the NAT has a pool of addresses, of "
                 "which the relays let one through",
                 good, all);
  else if (all > 0)
    evidence_add(evidence_of(u), "relay", value,
                 "data reached %u of %u relayed addresses, and came back%s%s", good, all,
                 *ports ? "; not those with port " : "", ports);
  closed(u);
}

static void try_relay(const struct part *p) {
  struct udp_row *u = p->of;
  const struct check *check = u->row->result->check;
  const struct relay_cfg cfg = {.loop = u->row->run->cfg.loop,
                                .rng = u->row->run->cfg.rng,
                                .server = p->remote,
                                .username = check->username,
                                .credential = check->credential,
                                .ctx = u,
                                .done = on_relay};
  if (u->relay) return; /* of two allocations one is enough */
  u->open++;
  if (relay_new(&u->relay, &cfg) < 0) closed(u);
}

static const char *turn_value(const struct udp_row *u, const struct talk_result *r) {
  if (r->relayed.family != ADDR_NONE) return "allocated";
  bool login = r->outcome == TALK_ANSWERED && u->row->result->check->username;
  return login && turn_refuses_login(r->code) ? "wrong-credentials" : talk_word(r->outcome);
}

static void on_turn(void *ctx, const struct talk_result *result) {
  struct part *p = ctx;
  struct udp_row *u = p->of;
  char remote[ADDR_TEXT_MAX];
  (void)addr_format(&p->remote, remote);
  const char *value = turn_value(u, result);
  if (result->outcome == TALK_ANSWERED && result->code)
    evidence_add(evidence_of(u), "turn", value, "TURN Allocate to UDP %s is answered with %u",
                 remote, result->code);
  else
    evidence_add(evidence_of(u), "turn", value, "TURN Allocate to UDP %s %s", remote,
                 phrase(result));
  if (result->relayed.family != ADDR_NONE) try_relay(p);
  look_deeper(p, result);
  closed(u);
}

int udp_row_new(struct udp_row **ret, struct run_row *row, const struct run_addrs *to) {
  struct udp_row *u = calloc(1, sizeof *u);
  if (!u) return -ENOMEM;
  u->row = row;
  u->to = *to;
  int r = net_timer_new(&u->end, row->run->cfg.loop, on_end, u);
  if (r < 0) {
    free(u);
    return r;
  }
  *ret = u;
  start_check(u, &u->check);
  return 0;
}

struct udp_row *udp_row_free(struct udp_row *u) {
  if (!u) return NULL;
  talk_free(u->check.talk);
  talk_free(u->again.talk);
  talk_free(u->other.talk);
  for (size_t i = 0; i < CONTROLS; i++) talk_free(u->controls[i].talk);
  relay_free(u->relay);
  net_timer_free(u->end);
  free(u);
  return NULL;
}
