/* One request to one server: a Binding, or an allocation for as long as it stands. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer/gatherer_state.h"
#include "stun/attributes.h"
#include "stun/builder.h"
#include "stun/fingerprint.h"

#define PACE          (5 * MONO_MS) /* between two first requests, RFC 8445 section 14: at least */
#define REDIRECTS_MAX 3
#define RECHECK_APART MONO_S
#define RETRY_FIRST   (100 * MONO_MS) /* after a lost allocation, doubling */
#define RETRY_MOST    (32 * MONO_S)

/* 8 s in all, as for TURN: a person waits. */
static const struct stun_schedule binding_schedule = {
    .rto = 250 * MONO_MS, .rto_max = 1600 * MONO_MS, .times = 7, .last_wait = 1600 * MONO_MS};

static const struct gatherer_server *server_of(const struct gatherer *g,
                                               const struct gatherer_ask *a) {
  return &g->servers.list[a->server];
}

struct gatherer_ask *ask_new(struct gatherer *g, uint16_t server, const struct gatherer_link *link,
                             const struct addr *remote, mono_us now) {
  struct gatherer_ask *a = calloc(1, sizeof *a);
  if (!a) return NULL;
  a->id = ++g->last_ask;
  a->server = server;
  a->link = link ? link->id : GATHERER_OWN | ++g->last_stream;
  if (link) a->local = link->local;
  a->remote = *remote;
  if (link) a->remote.scope = link->local.scope;
  if (g->next_start < now) g->next_start = now;
  a->start_at = g->next_start;
  g->next_start = mono_add(g->next_start, PACE);
  list_push_back(&g->asks, &a->node);
  g->n_asks++;
  return a;
}

void ask_free(struct gatherer *g, struct gatherer_ask *a) {
  list_remove(&a->node);
  g->n_asks--;
  turn_client_free(a->turn);
  text_free(&a->in);
  free(a);
}

/* An allocation that stood is lost, and sought again after a while. */
static void lose(struct gatherer_ask *a, mono_us now) {
  mono_us wait = RETRY_FIRST << (a->failures < 9 ? a->failures : 9);
  a->failures++;
  a->again = a->moved = true;
  a->redirects = 0;
  a->state = ASK_WAITING;
  a->start_at = mono_add(now, mono_min(wait, RETRY_MOST));
}

void ask_fail(struct gatherer_ask *a, mono_us now, unsigned code, const char *text) {
  bool stood = ask_stands(a);
  bool known = a->again && a->code == code && strcmp(a->text, text) == 0;
  a->code = code;
  (void)snprintf(a->text, sizeof a->text, "%s", text);
  a->turn = turn_client_free(a->turn);
  a->news = stood ? NEWS_LOST : known ? NEWS_NONE : NEWS_ERROR;
  a->close_stream = ask_is_stream(a) && a->state != ASK_WAITING && a->state != ASK_OPENING;
  a->open_stream = false;
  a->state = ASK_OVER;
  if (stood || a->again) lose(a, now);
}

static void start_turn(struct gatherer *g, struct gatherer_ask *a, mono_us now) {
  const struct gatherer_server *s = server_of(g, a);
  const struct turn_cfg cfg = {.rng = g->rng,
                               .username = bytes_of(s->username),
                               .password = bytes_of(s->credential),
                               .stream = ask_is_stream(a),
                               .family = ask_is_stream(a) ? ADDR_V4 : a->local.family};
  int r = turn_client_new(&a->turn, &cfg, now);
  a->state = ASK_RUNNING;
  if (r < 0)
    ask_fail(a, now, TURN_ERR_UNREACHABLE,
             r == -ENOMEM ? "out of memory" : "the username is empty or too long");
}

static void start(struct gatherer *g, struct gatherer_ask *a, mono_us now) {
  bool elsewhere = ask_is_stream(a) && a->redirects > 0 && !a->again;
  if (server_of(g, a)->retired) {
    a->state = ASK_OVER;
  } else if (ask_is_stream(a)) {
    a->state = ASK_OPENING;
    if (a->again || elsewhere)
      a->link = GATHERER_OWN | ++g->last_stream; /* a number is never used again */
    a->open_stream = true;
    text_clear(&a->in);
    a->in_at = 0;
  } else if (server_of(g, a)->turn) {
    start_turn(g, a, now);
  } else {
    a->state = ASK_RUNNING;
    stun_transaction_start(&a->stun, g->rng, &binding_schedule, now);
  }
}

void ask_recheck(struct gatherer_ask *a, mono_us now) {
  if (a->turn && a->state == ASK_UP) turn_client_probe(a->turn, now);
  bool answered = a->state == ASK_OVER && a->code == 0 && a->mapped.family != ADDR_NONE;
  if (a->turn || !answered || now < mono_add(a->start_at, RECHECK_APART)) return;
  a->state = ASK_WAITING;
  a->again = true;
  a->start_at = now;
}

struct gatherer_server *ask_named(struct gatherer *g, const struct gatherer_ask *a) {
  return ask_is_stream(a) && g->proxy.host ? &g->proxy : &g->servers.list[a->server];
}

/* Its stream, if one is open or being opened, is closed at the next poll. */
static void leave_stream(struct gatherer_ask *a) {
  bool asked_for =
      a->state == ASK_RUNNING || a->state == ASK_UP || (a->state == ASK_OPENING && !a->open_stream);
  a->close_stream = ask_is_stream(a) && asked_for;
  a->open_stream = false;
}

/* Begins anew at `remote`, a moment later: a stream's number is free only once it was closed. */
static void go_to(struct gatherer_ask *a, const struct addr *remote, mono_us now) {
  a->turn = turn_client_free(a->turn);
  a->remote = *remote;
  leave_stream(a);
  a->state = ASK_WAITING;
  a->start_at = mono_add(now, 1);
}

void ask_readdress(struct gatherer_ask *a, const struct addr *remote, mono_us now) {
  if (!a->again || a->state == ASK_UP) return;
  if (a->state == ASK_WAITING)
    a->remote = *remote; /* it goes on waiting */
  else
    go_to(a, remote, now);
}

void ask_give_up(struct gatherer_ask *a) {
  a->turn = turn_client_free(a->turn);
  leave_stream(a);
  a->again = false;
  a->state = ASK_OVER;
}

void ask_run(struct gatherer *g, struct gatherer_ask *a, mono_us now) {
  if (a->moved) gatherer_servers_rename(g, ask_named(g, a), now);
  a->moved = false;
  if (a->state == ASK_WAITING && now >= a->start_at) start(g, a, now);
  if (a->state == ASK_RUNNING && ask_is_stream(a) && !a->turn) start_turn(g, a, now);
}

mono_us ask_wake_at(const struct gatherer_ask *a) {
  if (a->state == ASK_WAITING) return a->start_at;
  if (a->turn) return a->turn_wake;
  return a->state == ASK_RUNNING && !ask_is_stream(a) ? a->stun.due : MONO_NEVER;
}

/* --- in --- */

static int binding_answer(struct gatherer_ask *a, mono_us now, const struct stun_message *m) {
  if (m->cls == STUN_REQUEST || m->cls == STUN_INDICATION) return -ENOENT;
  if (!stun_tid_equal(&m->tid, &a->stun.tid)) return -ENOENT;
  if (m->cls == STUN_ERROR) {
    struct stun_error error;
    bool coded = stun_get_error(m, &error);
    ask_fail(a, now, coded ? error.code : TURN_ERR_UNREACHABLE,
             "the STUN server answered with an error");
    return 0;
  }
  if (!stun_get_xor_address(m, STUN_ATTR_XOR_MAPPED_ADDRESS, &a->mapped)) {
    ask_fail(a, now, TURN_ERR_UNREACHABLE, "the STUN server's answer has no mapped address");
    return 0;
  }
  a->state = ASK_OVER;
  a->again = false;
  a->code = 0;
  a->news = NEWS_REFLEXIVE;
  return 0;
}

int ask_recv(struct gatherer_ask *a, mono_us now, struct bytes message, struct gatherer_data *ret) {
  struct turn_data data;
  struct stun_message m;
  if (!a->turn) {
    if (a->state != ASK_RUNNING || stun_parse(message, &m) < 0) return -ENOENT;
    return binding_answer(a, now, &m);
  }
  int r = turn_client_recv(a->turn, now, message, &data);
  if (r < 0) return -ENOENT;
  if (r == 0) return 0;
  size_t i = data.peer.family == a->relayed[0].family ? 0 : 1;
  if (a->relays[i] == 0) return 0;
  *ret = (struct gatherer_data){{a->relays[i], data.peer}, data.payload};
  return 1;
}

/* --- out --- */

static size_t write_binding(struct gatherer_ask *a, mono_us now, uint8_t *buf, size_t cap) {
  struct writer w = writer_of(buf, cap);
  stun_begin(&w, STUN_REQUEST, STUN_BINDING, &a->stun.tid);
  stun_put_fingerprint(&w);
  stun_transaction_sent(&a->stun, now);
  return w.failed ? 0 : w.n;
}

static bool send_now(struct gatherer_ask *a, size_t n, struct gatherer_out *ret) {
  a->tries++;
  ret->kind = OUT_TX;
  ret->u.tx.path = (struct path){a->link, a->remote};
  ret->u.tx.n = n;
  return n > 0;
}

static bool poll_binding(struct gatherer_ask *a, mono_us now, uint8_t *buf, size_t cap,
                         struct gatherer_out *ret) {
  char text[160];
  switch (stun_transaction_due(&a->stun, now)) {
  case STUN_DUE_NOTHING: return false;
  case STUN_DUE_SEND: return send_now(a, write_binding(a, now, buf, cap), ret);
  case STUN_DUE_TIMEOUT: break;
  }
  (void)snprintf(text, sizeof text, "the STUN server gave no answer in %u tries", a->stun.sent);
  ask_fail(a, now, TURN_ERR_UNREACHABLE, text);
  return false;
}

/* RFC 8489 section 10: try the alternate server, over the same transport; its certificate is for
 * the name that was asked for. A proxy looks names up itself, and is given none for it. */
static bool redirected(struct gatherer *g, struct gatherer_ask *a, const struct turn_event *ev,
                       mono_us now) {
  bool usable = ev->alternate.family == a->remote.family && ev->alternate.port != 0 &&
                !addr_is_any(&ev->alternate) && !addr_is_multicast(&ev->alternate);
  bool proxied = ask_is_stream(a) && g->proxy.host;
  if (!usable || proxied || a->redirects >= REDIRECTS_MAX) return false;
  a->redirects++;
  go_to(a, &ev->alternate, now);
  return true;
}

static void on_turn_event(struct gatherer *g, struct gatherer_ask *a, const struct turn_event *ev,
                          mono_us now) {
  switch (ev->kind) {
  case TURN_EV_ALLOCATED:
    a->state = ASK_UP;
    a->code = 0;
    a->again = false;
    a->failures = 0;
    a->mapped = ev->mapped;
    memcpy(a->relayed, ev->relayed, sizeof a->relayed);
    a->told = 0;
    a->news = NEWS_RELAYED;
    return;
  case TURN_EV_FAILED:
    if (ev->alternate.family == ADDR_NONE || !redirected(g, a, ev, now))
      ask_fail(a, now, ev->code, ev->text);
    return;
  case TURN_EV_RELEASED:
    a->turn = turn_client_free(a->turn);
    a->close_stream = ask_is_stream(a);
    a->state = ASK_OVER;
    return;
  case TURN_EV_REFUSED: return; /* checks with that peer fail, which says it */
  }
}

static bool poll_turn(struct gatherer *g, struct gatherer_ask *a, mono_us now, uint8_t *buf,
                      size_t cap, struct gatherer_out *ret) {
  struct turn_out out;
  while (a->turn && a->news == NEWS_NONE) {
    turn_client_poll(a->turn, now, buf, cap, &out);
    if (out.kind == OUT_TX) return send_now(a, out.u.tx_n, ret);
    a->turn_wake = out.kind == OUT_IDLE ? out.u.wake_at : MONO_NEVER;
    if (out.kind == OUT_IDLE) return false;
    on_turn_event(g, a, &out.u.ev, now);
  }
  return false;
}

/* One address at a time. */
static void tell_relayed(struct gatherer_ask *a, struct gatherer_event *ev) {
  ev->relayed = a->relayed[a->told++];
  if (a->told == 2 || a->relayed[a->told].family == ADDR_NONE) a->news = NEWS_NONE;
}

/* And in the end why. */
static void tell_lost(struct gatherer_ask *a, struct gatherer_event *ev) {
  size_t i = a->relays[0] != 0 ? 0 : 1;
  ev->relay = a->relays[i];
  a->relays[i] = 0;
  if (!ask_stands(a)) a->news = NEWS_ERROR;
}

static bool poll_news(struct gatherer_ask *a, struct gatherer_out *ret) {
  static const enum gatherer_event_kind kinds[] = {[NEWS_REFLEXIVE] = GATHERER_EV_REFLEXIVE,
                                                   [NEWS_RELAYED] = GATHERER_EV_RELAYED,
                                                   [NEWS_LOST] = GATHERER_EV_LOST,
                                                   [NEWS_ERROR] = GATHERER_EV_ERROR};
  if (a->news == NEWS_NONE) return false;
  ret->kind = OUT_EVENT;
  ret->u.ev = (struct gatherer_event){.kind = kinds[a->news],
                                      .ask = a->id,
                                      .link = ask_is_stream(a) ? 0 : a->link,
                                      .server = (uint16_t)(a->server + 1),
                                      .local = a->local,
                                      .mapped = a->mapped,
                                      .code = a->code,
                                      .text = a->text};
  switch (a->news) {
  case NEWS_RELAYED: tell_relayed(a, &ret->u.ev); break;
  case NEWS_LOST: tell_lost(a, &ret->u.ev); break;
  case NEWS_NONE:
  case NEWS_REFLEXIVE:
  case NEWS_ERROR: a->news = NEWS_NONE;
  }
  return true;
}

static bool poll_stream(const struct gatherer *g, struct gatherer_ask *a,
                        struct gatherer_out *ret) {
  if (a->close_stream) {
    a->close_stream = false;
    ret->kind = OUT_UNBIND;
    ret->u.unbind_link = a->link;
    return true;
  }
  if (!a->open_stream) return false;
  const struct gatherer_server *s = server_of(g, a);
  a->open_stream = false;
  ret->kind = OUT_STREAM;
  ret->u.stream = (struct peer_stream){.link = a->link,
                                       .remote = a->remote,
                                       .tls = s->transport == PEER_TRANSPORT_TLS,
                                       .proxied = g->proxy.host != NULL,
                                       .host = s->host,
                                       .port = s->port};
  return true;
}

bool ask_poll(struct gatherer *g, struct gatherer_ask *a, mono_us now, uint8_t *buf, size_t cap,
              struct gatherer_out *ret) {
  ask_run(g, a, now);
  if (poll_news(a, ret) || poll_stream(g, a, ret)) return true;
  if (a->turn)
    return poll_turn(g, a, now, buf, cap, ret) || poll_news(a, ret) || poll_stream(g, a, ret);
  if (a->state != ASK_RUNNING || ask_is_stream(a)) return false;
  return poll_binding(a, now, buf, cap, ret) || poll_news(a, ret);
}
