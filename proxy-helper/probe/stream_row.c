/* A row that goes over TCP: the check itself, and, when it fails, what else tells why. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/clock.h"
#include "net/timer.h"
#include "plan/passes.h"
#include "probe/stream_try.h"

static bool launch(struct stream_row *s, enum purpose purpose, bool proxied,
                   const struct addr *remote);

/* --- the end of a try --- */

static void on_reap(void *ctx) {
  struct stream_row *s = ctx;
  LIST_EACH_SAFE(it, tmp, &s->tries) {
    struct try *t = LIST_ENTRY(it, struct try, node);
    if (t->over) t->attempt = attempt_free(t->attempt);
  }
  if (s->open == 0) run_row_over(s->row);
}

static void launch_tunnel(struct stream_row *s) {
  const struct run *run = s->row->run;
  struct result *r = s->row->result;
  if (run_goes_direct(run, r->host)) return;
  if (run->proxy_state == PROXY_KNOWN)
    (void)launch(s, FOR_CHECK, true, &run->proxy);
  else if (run->proxy_state == PROXY_LOST)
    evidence_add(&r->evidence, "proxy", "unreachable", "there is no address of the proxy %s",
                 run->proxy_host);
}

/* ClientHellos with another name, or none, tell whether the name is what is in the way. */
static void try_other_names(struct stream_row *s, bool proxied, const struct addr *remote) {
  if (!hello_failed(row_value(s->row->result, proxied ? "proxy." : "", "tls"))) return;
  (void)launch(s, FOR_NO_NAME, proxied, remote);
  (void)launch(s, FOR_OTHER_NAME, proxied, remote);
}

/* One lost packet or one server that restarts is no filter: the other family's address is tried, or
 * the same once more. */
static void repeat(struct stream_row *s, const struct addr *remote, bool reached) {
  bool other = s->to.n > 1 && !reached && launch(s, FOR_CHECK, false, &s->to.list[1]);
  if (!other && (!reached || hello_failed(row_value(s->row->result, "", "tls"))))
    (void)launch(s, FOR_CHECK, false, remote);
}

/* What is asked when the check has failed directly, all at once. */
static void look_deeper(struct stream_row *s, const struct try *t) {
  struct addr web = s->to.list[0];
  web.port = 80;
  bool reached = evidence_is(try_evidence(t), "tcp", "connected");
  if (reached && !s->named) {
    s->named = true;
    try_other_names(s, false, &t->remote);
  }
  if (s->again) return;
  s->again = true;
  repeat(s, &t->remote, reached);
  if (s->row->result->port == 443) (void)launch(s, FOR_PORTAL, false, &web);
  launch_tunnel(s);
}

void try_over(struct try *t) {
  struct stream_row *s = t->of;
  if (t->over) return;
  t->over = true;
  t->turn = turn_client_free(t->turn);
  t->turn_timer = net_timer_free(t->turn_timer);
  s->open--;
  if (t->purpose == FOR_CHECK && !row_passes(s->row->result, try_prefix(t))) {
    if (t->proxied)
      try_other_names(s, true, &t->remote);
    else
      look_deeper(s, t);
  }
  net_timer_set(s->reap, net_clock_now());
}

/* --- the attempt --- */

static void look_at_chain(struct try *t) {
  const struct chain_question q = {
      .host = try_result(t)->host, .service = try_result(t)->service, .prefix = try_prefix(t)};
  SEE(t, "tls", "done", "the TLS handshake with the name %s is done", q.host);
  chain_judge(t->of->row->run->stores, attempt_ssl(t->attempt), &q, try_evidence(t));
}

static void on_up(void *ctx) {
  struct try *t = ctx;
  if (t->proxied && t->purpose == FOR_CHECK) try_say_proxy(t, END_ODD);
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
    if (attempt_ssl(t->attempt) && row_trust(try_result(t), try_prefix(t)) != TRUST_GOOD)
      try_over(t); /* nothing of a credential goes to a stranger */
    else
      try_turn_begin(t);
    return;
  case CHECK_TCP:
    if (t->proxied) SEE(t, "tcp", "connected", "the proxy connects");
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
  if (step == STEP_TLS && t->proxied && t->purpose == FOR_CHECK) try_say_proxy(t, how);
  switch (step) {
  case STEP_TCP: try_say_unreached(t, how); break;
  case STEP_PROXY:
    if (t->purpose == FOR_CHECK) try_say_proxy(t, how);
    break;
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
  const struct run *run = s->row->run;
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
      .proxied = t->proxied,
      .proxy_tls = run->proxy_tls ? chain_context(run->stores) : NULL,
      .proxy_name = addr_parse_ip(run->proxy_host, 0, &literal) ? NULL : run->proxy_host,
      .tcp_time = TCP_TIME,
      .time = STEP_TIME,
      .up_time = UP_TIME,
      .long_answer = s->row->result->kind == CHECK_DOWNLOAD && t->purpose == FOR_CHECK,
      .ctx = t,
      .up = on_up,
      .received = on_received,
      .ended = on_ended};
  int r = http_answer_init(&t->http, s->row->result->kind == CHECK_DOWNLOAD);
  return r < 0 ? r : attempt_new(&t->attempt, &cfg);
}

/* False: it ended at once. */
static bool launch(struct stream_row *s, enum purpose purpose, bool proxied,
                   const struct addr *remote) {
  struct try *t = calloc(1, sizeof *t);
  if (!t) return false;
  t->of = s;
  t->purpose = purpose;
  t->proxied = proxied;
  t->remote = *remote;
  list_push_back(&s->tries, &t->node);
  s->open++;
  int r = begin(t);
  if (r == 0) return true;
  if (!try_is_second(t)) /* a family that is not here is no finding where there is another */
    try_say_unreached(t, r == -ENETUNREACH || r == -EHOSTUNREACH ? END_PROHIBITED : END_ODD);
  try_over(t);
  return false;
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
    (void)launch(s, FOR_CHECK, false, &to->list[0]);
  else
    launch_tunnel(s);
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
