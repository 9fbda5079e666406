/* A row that goes over TCP: the check itself, and, when it fails, what else tells why. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/clock.h"
#include "net/timer.h"
#include "plan/passes.h"
#include "probe/stream_try.h"

static void launch(struct stream_row *s, enum purpose purpose, const struct addr *remote);

/* --- the end of a try --- */

static void on_reap(void *ctx) {
  struct stream_row *s = ctx;
  LIST_EACH_SAFE(it, tmp, &s->tries) {
    struct try *t = LIST_ENTRY(it, struct try, node);
    if (t->over) t->attempt = attempt_free(t->attempt);
  }
  if (s->open == 0) run_row_over(s->row);
}

/* What is asked when the check has failed. */
static void look_deeper(struct stream_row *s, const struct try *t) {
  const struct run *run = s->row->run;
  const struct evidence_list *e = &s->row->result->evidence;
  struct addr web = t->remote;
  const char *tls = evidence_value(e, "tls");
  web.port = 80;
  if (tls &&
      (strcmp(tls, "reset") == 0 || strcmp(tls, "fin") == 0 || strcmp(tls, "silence") == 0)) {
    launch(s, FOR_NO_NAME, &t->remote);
    launch(s, FOR_OTHER_NAME, &t->remote);
  }
  if (s->row->result->port == 443) launch(s, FOR_PORTAL, &web);
  if (run->proxy_state == PROXY_KNOWN) launch(s, FOR_TUNNEL, &run->proxy);
}

void try_over(struct try *t) {
  struct stream_row *s = t->of;
  if (t->over) return;
  t->over = true;
  t->turn = turn_client_free(t->turn);
  t->turn_timer = net_timer_free(t->turn_timer);
  s->open--;
  if (t->purpose == FOR_CHECK && !row_passes(s->row->result, "")) {
    bool unreached = !evidence_is(try_evidence(t), "tcp", "connected");
    if (unreached && s->to.n > 1 && addr_equal(&t->remote, &s->to.list[0]))
      launch(s, FOR_CHECK, &s->to.list[1]);
    else
      look_deeper(s, t);
  }
  net_timer_set(s->reap, net_clock_now());
}

/* --- the attempt --- */

static const char *prefix_of(const struct try *t) {
  return t->purpose == FOR_TUNNEL ? "proxy." : "";
}

static void look_at_chain(struct try *t) {
  const struct chain_question q = {
      .host = try_result(t)->host, .service = try_result(t)->service, .prefix = prefix_of(t)};
  SEE(t, "tls", "done", "the TLS handshake with the name %s is done", q.host);
  chain_judge(t->of->row->run->stores, attempt_ssl(t->attempt), &q, try_evidence(t));
}

static void on_up(void *ctx) {
  struct try *t = ctx;
  if (t->purpose == FOR_TUNNEL) try_say_proxy(t, END_ODD);
  try_say_connected(t);
  if (t->purpose == FOR_NO_NAME || t->purpose == FOR_OTHER_NAME) {
    try_say_controls_done(t);
    try_over(t);
    return;
  }
  if (attempt_ssl(t->attempt)) look_at_chain(t);
  switch (t->purpose == FOR_PORTAL ? CHECK_HTTPS : try_result(t)->kind) {
  case CHECK_HTTPS:
  case CHECK_WSS:
  case CHECK_DOWNLOAD: try_http_send(t); return;
  case CHECK_TURN:
    if (attempt_ssl(t->attempt) && row_trust(try_result(t), prefix_of(t)) != TRUST_GOOD)
      try_over(t); /* nothing of a credential goes to a stranger */
    else
      try_turn_begin(t);
    return;
  case CHECK_TCP:
    if (t->purpose == FOR_TUNNEL) SEE(t, "tcp", "connected", "the proxy connects");
    try_over(t);
    return;
  case CHECK_STUN:
  case CHECK_DTLS: try_over(t);
  }
}

static void on_received(void *ctx, struct bytes bytes) {
  struct try *t = ctx;
  if (t->over) return;
  if (t->turn)
    try_turn_feed(t, bytes);
  else
    try_http_feed(t, bytes);
}

static void on_ended(void *ctx, enum attempt_step step, enum attempt_end how) {
  struct try *t = ctx;
  if (t->over) return;
  if (step > STEP_TCP && step < STEP_UP) try_say_connected(t);
  if (step == STEP_TLS && t->purpose == FOR_TUNNEL) try_say_proxy(t, how);
  switch (step) {
  case STEP_TCP: try_say_unreached(t, how); break;
  case STEP_PROXY: try_say_proxy(t, how); break;
  case STEP_TLS: try_say_tls(t, how); break;
  case STEP_UP:
    if (t->turn)
      SEE(t, "turn", how == END_TIMEOUT ? "silent" : "closed", "the TURN request %s",
          try_phrase(how));
    else
      try_http_ended(t, how);
  }
  try_over(t);
}

static bool speaks_tls(const struct try *t) {
  const struct result *r = try_result(t);
  if (t->purpose == FOR_PORTAL || r->kind == CHECK_TCP) return false;
  return r->kind != CHECK_TURN || r->transport == TRANSPORT_TLS;
}

static int begin(struct try *t) {
  struct stream_row *s = t->of;
  struct addr literal;
  const char *host = s->row->result->host;
  bool named = !addr_parse_ip(host, 0, &literal);
  const struct attempt_cfg cfg = {
      .loop = s->row->run->cfg.loop,
      .remote = t->remote,
      .host = host,
      .port = s->row->result->port,
      .sni = t->purpose == FOR_NO_NAME      ? NULL
             : t->purpose == FOR_OTHER_NAME ? STREAM_OTHER_NAME
             : named                        ? host
                                            : NULL,
      .tls = speaks_tls(t) ? chain_context(s->row->run->stores) : NULL,
      .proxied = t->purpose == FOR_TUNNEL,
      .proxy_tls = s->row->run->proxy_tls ? chain_context(s->row->run->stores) : NULL,
      .proxy_name = s->row->run->proxy_host,
      .tcp_time = TCP_TIME,
      .time = STEP_TIME,
      .ctx = t,
      .up = on_up,
      .received = on_received,
      .ended = on_ended};
  int r = http_answer_init(&t->http, s->row->result->kind == CHECK_DOWNLOAD);
  return r < 0 ? r : attempt_new(&t->attempt, &cfg);
}

static void launch(struct stream_row *s, enum purpose purpose, const struct addr *remote) {
  struct try *t = calloc(1, sizeof *t);
  if (!t) return;
  t->of = s;
  t->purpose = purpose;
  t->remote = *remote;
  list_push_back(&s->tries, &t->node);
  s->open++;
  int r = begin(t);
  if (r == 0) return;
  try_say_unreached(t, r == -ENETUNREACH || r == -EHOSTUNREACH ? END_PROHIBITED : END_ODD);
  try_over(t);
}

/* --- the row --- */

int stream_row_new(struct stream_row **ret, struct run_row *row, const struct run_addrs *to) {
  struct stream_row *s = calloc(1, sizeof *s);
  if (!s) return -ENOMEM;
  s->row = row;
  list_init(&s->tries);
  int r = net_timer_new(&s->reap, row->run->cfg.loop, on_reap, s);
  if (r < 0) {
    free(s);
    return r;
  }
  *ret = s;
  s->to = *to;
  if (to->n > 0)
    launch(s, FOR_CHECK, &to->list[0]);
  else if (row->run->proxy_state == PROXY_KNOWN)
    launch(s, FOR_TUNNEL, &row->run->proxy);
  if (s->open == 0) net_timer_set(s->reap, net_clock_now());
  return 0;
}

static void free_try(struct try *t) {
  list_remove(&t->node);
  attempt_free(t->attempt);
  http_answer_clear(&t->http);
  turn_client_free(t->turn);
  net_timer_free(t->turn_timer);
  text_free(&t->in);
  free(t);
}

struct stream_row *stream_row_free(struct stream_row *s) {
  if (!s) return NULL;
  LIST_EACH_SAFE(it, tmp, &s->tries) free_try(LIST_ENTRY(it, struct try, node));
  net_timer_free(s->reap);
  free(s);
  return NULL;
}
