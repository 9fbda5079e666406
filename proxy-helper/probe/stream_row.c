/* A row that goes over TCP: the check itself, and, when it fails, what else tells why. */
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/list.h"
#include "base/text.h"
#include "net/clock.h"
#include "net/timer.h"
#include "probe/attempt.h"
#include "probe/http.h"
#include "probe/state.h"
#include "turn/client.h"

#define OTHER_NAME "www.example.org"                      /* RFC 2606; never looked up */
#define WS_GUID    "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" /* RFC 6455 section 1.3 */
#define TURN_BUF   (2048 + TURN_KEPT_MAX)

enum purpose {
  FOR_CHECK,      /* what the row asks for, directly */
  FOR_TUNNEL,     /* the same through the proxy */
  FOR_NO_NAME,    /* a ClientHello without a name */
  FOR_OTHER_NAME, /* with another name */
  FOR_PORTAL      /* plain HTTP on port 80 */
};

/* One connection of a row. */
struct try {
  struct list node;
  struct stream_row *of;
  enum purpose purpose;
  struct addr remote;
  struct attempt *attempt;
  struct http_answer http;
  struct turn_client *turn;
  struct net_timer *turn_timer;
  struct text in; /* of TURN: bytes that make no whole message yet */
  char key[32];   /* Sec-WebSocket-Key */
  bool over;
};

struct stream_row {
  struct run_row *row;
  struct list tries;
  size_t open;
  struct addr addrs[2]; /* the second is for when the first fails */
  size_t n_addrs;
  struct net_timer *reap; /* frees tries that are over, from the loop */
};

static struct result *result_of(const struct try *t) {
  return t->of->row->result;
}

static struct evidence_list *evidence_of(const struct try *t) {
  return &result_of(t)->evidence;
}

static bool is_whole(const struct try *t) {
  return t->purpose == FOR_CHECK || t->purpose == FOR_TUNNEL;
}

/* The id of what was seen by this way. */
static const char *id_of(const struct try *t, const char *id, char buf[64]) {
  if (t->purpose != FOR_TUNNEL) return id;
  (void)snprintf(buf, 64, "proxy.%s", id);
  return buf;
}

#define SEE(t, id, value, ...)                                                                     \
  do {                                                                                             \
    char see_buf[64];                                                                              \
    evidence_add(evidence_of(t), id_of(t, id, see_buf), value, __VA_ARGS__);                       \
  } while (0)

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

static bool failed(const struct stream_row *s);

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

static void over(struct try *t) {
  struct stream_row *s = t->of;
  if (t->over) return;
  t->over = true;
  t->turn = turn_client_free(t->turn);
  t->turn_timer = net_timer_free(t->turn_timer);
  s->open--;
  if (t->purpose == FOR_CHECK && failed(s)) {
    bool unreached = !evidence_is(evidence_of(t), "tcp", "connected");
    if (unreached && s->n_addrs > 1 && addr_equal(&t->remote, &s->addrs[0]))
      launch(s, FOR_CHECK, &s->addrs[1]);
    else
      look_deeper(s, t);
  }
  net_timer_set(s->reap, net_clock_now());
}

/* --- what was seen --- */

static const char *word_of(enum attempt_end how) {
  switch (how) {
  case END_TIMEOUT: return "silence";
  case END_RESET: return "reset";
  case END_FIN: return "fin";
  case END_PROHIBITED: return "prohibited";
  case END_ALERT: return "alert";
  case END_HTTP: return "http";
  case END_REFUSED:
  case END_ODD: break;
  }
  return "odd";
}

static const char *phrase_of(enum attempt_end how) {
  switch (how) {
  case END_TIMEOUT: return "got no answer";
  case END_RESET: return "was reset";
  case END_FIN: return "was closed";
  case END_PROHIBITED: return "is prohibited, a router says (ICMP)";
  case END_ALERT: return "was refused by a TLS alert";
  case END_HTTP: return "was answered in plain HTTP";
  case END_REFUSED:
  case END_ODD: break;
  }
  return "was answered by something else";
}

static void say_connected(struct try *t) {
  char remote[ADDR_TEXT_MAX];
  mono_us rtt = attempt_rtt(t->attempt);
  (void)addr_format(&t->remote, remote);
  if (t->purpose == FOR_CHECK)
    SEE(t, "tcp", "connected", "TCP to %s connected in %llu ms", remote,
        (unsigned long long)(rtt / MONO_MS));
}

static void say_unreached(struct try *t, enum attempt_end how) {
  static const char *const words[] = {
      [END_TIMEOUT] = "timeout", [END_RESET] = "refused", [END_PROHIBITED] = "prohibited"};
  char remote[ADDR_TEXT_MAX];
  (void)addr_format(&t->remote, remote);
  bool known = how == END_TIMEOUT || how == END_RESET || how == END_PROHIBITED;
  if (t->purpose == FOR_TUNNEL)
    evidence_add(evidence_of(t), "proxy", "unreachable", "TCP to the proxy at %s %s", remote,
                 phrase_of(how));
  else if (t->purpose == FOR_CHECK)
    SEE(t, "tcp", known ? words[how] : "odd", "TCP to %s %s", remote, phrase_of(how));
}

static void add_schemes(struct try *t, const char *head) {
  static const char field[] = "\nProxy-Authenticate:";
  char schemes[120] = "";
  for (const char *at = head; (at = strcasestr(at, field)); at += sizeof field - 1) {
    const char *p = at + sizeof field - 1;
    p += strspn(p, " \t");
    size_t used = strlen(schemes), n = strcspn(p, " ,\t\r\n");
    (void)snprintf(schemes + used, sizeof schemes - used, "%s%.*s", used ? ", " : "",
                   (int)(n < 30 ? n : 30), p);
  }
  if (schemes[0])
    evidence_add(evidence_of(t), "proxy.scheme", schemes, "the proxy asks for a login: %s",
                 schemes);
}

static void say_proxy(struct try *t, enum attempt_end how) {
  char value[16];
  const char *head = attempt_proxy_head(t->attempt);
  unsigned status = attempt_proxy_status(t->attempt);
  (void)snprintf(value, sizeof value, "%u", status);
  if (status == 0) {
    evidence_add(evidence_of(t), "proxy", "odd", "CONNECT at the proxy %s", phrase_of(how));
    return;
  }
  evidence_add(evidence_of(t), "proxy", value, "the proxy answered CONNECT with %u", status);
  const char *vendor = head ? signs_find(t->of->row->run->cfg.signs, SIGN_HEADER, head) : NULL;
  if (vendor)
    evidence_add(evidence_of(t), "proxy.header", vendor, "its answer is one of %s", vendor);
  if (status == 407) add_schemes(t, head);
}

static void say_tls(struct try *t, enum attempt_end how) {
  const char *host = result_of(t)->host;
  if (is_whole(t))
    SEE(t, "tls", word_of(how), "TLS with the name %s %s", host, phrase_of(how));
  else if (t->purpose == FOR_NO_NAME)
    SEE(t, "tls.no-name", word_of(how), "TLS without a name %s", phrase_of(how));
  else if (t->purpose == FOR_OTHER_NAME)
    SEE(t, "tls.other-name", word_of(how), "TLS with the name " OTHER_NAME " %s", phrase_of(how));
}

static void say_controls_done(struct try *t) {
  if (t->purpose == FOR_NO_NAME)
    SEE(t, "tls.no-name", "done", "TLS without a name is answered");
  else if (t->purpose == FOR_OTHER_NAME)
    SEE(t, "tls.other-name", "done", "TLS with the name " OTHER_NAME " is answered");
}

/* --- HTTP --- */

static void note_date(struct try *t) {
  char date[64];
  struct tm tm = {0};
  struct evidence_list *env = &t->of->row->run->cfg.report->environment;
  char id[64];
  const char *public = evidence_value(evidence_of(t), id_of(t, "chain.public", id));
  bool counts = public && (strcmp(public, "ok") == 0 || strcmp(public, "time") == 0);
  if (!counts || evidence_value(env, "clock") ||
      !http_answer_header(&t->http, "Date", date, sizeof date) ||
      !strptime(date, "%a, %d %b %Y %H:%M:%S GMT", &tm))
    return;
  char value[24];
  long long off = net_clock_unix_us() / 1000000 - (long long)timegm(&tm);
  (void)snprintf(value, sizeof value, "%lld", off);
  evidence_add(env, "clock", value, "the clock is %lld s off, by the Date of %s", off,
               result_of(t)->host);
}

/* A page that a filter put there, by what its vendors are known by. */
static const char *page_vendor(const struct try *t) {
  const struct signs *signs = t->of->row->run->cfg.signs;
  char location[600];
  const char *found = t->http.body.p ? signs_find(signs, SIGN_PAGE, t->http.body.p) : NULL;
  if (!found && http_answer_header(&t->http, "Location", location, sizeof location)) {
    char *host = strstr(location, "://");
    found = signs_find(signs, SIGN_PAGE, location);
    if (!found && host) {
      host += 3;
      host[strcspn(host, ":/?")] = '\0';
      found = signs_find(signs, SIGN_NAME, host);
    }
  }
  return found;
}

static void say_http(struct try *t) {
  char status[8];
  (void)snprintf(status, sizeof status, "%u", t->http.status);
  SEE(t, "http", "answered", "HTTP was answered with %u", t->http.status);
  SEE(t, "http.status", status, "the status is %u", t->http.status);
  note_date(t);
  const char *vendor = page_vendor(t);
  if (vendor) SEE(t, "http.page", vendor, "the page is a block page of %s", vendor);
  const char *header = t->http.head.p;
  vendor = header ? signs_find(t->of->row->run->cfg.signs, SIGN_HEADER, header) : NULL;
  if (vendor) SEE(t, "http.header", vendor, "the answer's headers are those of %s", vendor);
}

static bool accept_is_right(struct try *t) {
  char text[100], accept[64];
  uint8_t digest[EVP_MAX_MD_SIZE], expected[64];
  unsigned n = 0;
  (void)snprintf(text, sizeof text, "%s%s", t->key, WS_GUID);
  if (!http_answer_header(&t->http, "Sec-WebSocket-Accept", accept, sizeof accept)) return false;
  if (EVP_Digest(text, strlen(text), digest, &n, EVP_sha1(), NULL) != 1) return false;
  (void)EVP_EncodeBlock(expected, digest, (int)n);
  return strcmp(accept, (const char *)expected) == 0;
}

static void say_websocket(struct try *t) {
  char status[8];
  (void)snprintf(status, sizeof status, "%u", t->http.status);
  if (t->http.status != 101)
    SEE(t, "ws", status, "the WebSocket upgrade was answered with %u, not 101", t->http.status);
  else if (!accept_is_right(t))
    SEE(t, "ws", "wrong-accept", "Sec-WebSocket-Accept is missing or wrong");
  else
    SEE(t, "ws", "open", "the WebSocket is open");
}

static void say_download(struct try *t, bool whole) {
  char sum[65];
  const char *expected = result_of(t)->check->sha256;
  if (!whole) {
    SEE(t, "download", "truncated", "the download ended early");
  } else if (!http_answer_sha256(&t->http, sum)) {
    SEE(t, "download", "odd", "the download could not be hashed");
  } else {
    bool match = strcasecmp(sum, expected) == 0;
    SEE(t, "download", match ? "match" : "mismatch", "the download's SHA-256 is %s%s%s", sum,
        match ? "" : ", not ", match ? "" : expected);
  }
}

/* The host of an absolute URL is this one, or one of its domain. */
static bool leads_elsewhere(const char *location, const char *host) {
  const char *p = strstr(location, "://");
  if (!p || p > strchr(location, ':') + 0) return false;
  p += 3;
  size_t n = strcspn(p, ":/?#");
  return n != strlen(host) || strncasecmp(p, host, n) != 0;
}

static void say_portal(struct try *t) {
  char location[400];
  unsigned status = t->http.status;
  bool moved = status >= 300 && status < 400 &&
               http_answer_header(&t->http, "Location", location, sizeof location);
  if (status == 511)
    SEE(t, "portal", "511", "HTTP on port 80 is answered with 511: the network asks for a login");
  else if (moved && leads_elsewhere(location, result_of(t)->host))
    SEE(t, "portal", "redirect", "HTTP on port 80 leads to %s", location);
  else if (t->http.body.p && strcasestr(t->http.body.p, "type=\"password\""))
    SEE(t, "portal", "login", "HTTP on port 80 shows a login form");
  else
    SEE(t, "portal", "none", "HTTP on port 80 is answered with %u", status);
}

static void answered(struct try *t, bool whole) {
  if (t->purpose == FOR_PORTAL) {
    say_portal(t);
  } else {
    say_http(t);
    if (result_of(t)->kind == CHECK_WSS) say_websocket(t);
    if (result_of(t)->kind == CHECK_DOWNLOAD) say_download(t, whole);
  }
  over(t);
}

static void say_http_ended(struct try *t, enum attempt_end how) {
  if (http_answer_end(&t->http)) {
    answered(t, true);
    return;
  }
  if (t->http.status != 0) {
    answered(t, false);
    return;
  }
  if (t->purpose == FOR_PORTAL) return;
  SEE(t, "http", word_of(how), "the HTTP request %s", phrase_of(how));
  if (result_of(t)->kind == CHECK_WSS)
    SEE(t, "ws", word_of(how), "the WebSocket upgrade %s", phrase_of(how));
}

static void send_request(struct try *t) {
  struct text request = {0};
  const struct check *check = result_of(t)->check;
  const char *path = t->purpose != FOR_PORTAL && check->path ? check->path : "/";
  text_addf(&request, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: senso-proxy-helper\r\n", path,
            result_of(t)->host);
  if (t->purpose != FOR_PORTAL && result_of(t)->kind == CHECK_WSS) {
    uint8_t nonce[16];
    const struct rng *rng = t->of->row->run->cfg.rng;
    rng->fill(rng->ctx, nonce, sizeof nonce);
    (void)EVP_EncodeBlock((uint8_t *)t->key, nonce, sizeof nonce);
    text_addf(&request,
              "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
              "Sec-WebSocket-Key: %s\r\n\r\n",
              t->key);
  } else {
    text_add(&request, "Accept: */*\r\nConnection: close\r\n\r\n");
  }
  if (!request.failed) attempt_send(t->attempt, (struct bytes){(uint8_t *)request.p, request.n});
  text_free(&request);
}

static void feed_http(struct try *t, struct bytes bytes) {
  if (!http_answer_feed(&t->http, bytes)) {
    SEE(t, "http", "odd", "what answers is not HTTP");
    over(t);
    return;
  }
  bool page =
      result_of(t)->kind != CHECK_DOWNLOAD && t->http.head_done && t->http.body.n >= HTTP_BODY_KEPT;
  if (t->http.done || t->http.upgraded || page) answered(t, true);
}

/* --- TURN --- */

static void say_turn(struct try *t, const struct turn_event *ev) {
  const struct check *check = result_of(t)->check;
  char code[8];
  (void)snprintf(code, sizeof code, "%u", ev->code);
  if (ev->kind == TURN_EV_ALLOCATED)
    SEE(t, "turn", "allocated", "the TURN server allocated an address");
  else if (ev->code == 401 && check->username)
    SEE(t, "turn", "wrong-credentials", "the TURN server refuses the credentials (401)");
  else if (ev->code == 401)
    SEE(t, "turn", "401", "the TURN server asks for credentials (401): it is reached");
  else
    SEE(t, "turn", code, "the TURN server answered %u: %s", ev->code, ev->text);
}

static void turn_turn(struct try *t) {
  uint8_t buf[TURN_BUF];
  struct turn_out out;
  while (t->turn && !t->over) {
    turn_client_poll(t->turn, net_clock_now(), buf, sizeof buf, &out);
    if (out.kind == OUT_IDLE) {
      net_timer_set(t->turn_timer, out.u.wake_at);
      return;
    }
    if (out.kind == OUT_TX) {
      attempt_send(t->attempt, (struct bytes){buf, out.u.tx_n});
    } else {
      say_turn(t, &out.u.ev);
      over(t);
    }
  }
}

static void on_turn_timer(void *ctx) {
  struct try *t = ctx;
  if (t->turn) turn_client_wake(t->turn, net_clock_now());
  turn_turn(t);
}

static void begin_turn(struct try *t) {
  const struct check *check = result_of(t)->check;
  const struct turn_cfg cfg = {.rng = t->of->row->run->cfg.rng,
                               .username = bytes_of(check->username ? check->username : "check"),
                               .password =
                                   bytes_of(check->credential ? check->credential : "check"),
                               .stream = true,
                               .family = ADDR_V4};
  if (net_timer_new(&t->turn_timer, t->of->row->run->cfg.loop, on_turn_timer, t) < 0 ||
      turn_client_new(&t->turn, &cfg, net_clock_now()) < 0) {
    SEE(t, "turn", "odd", "out of memory");
    over(t);
    return;
  }
  turn_turn(t);
}

static void feed_turn(struct try *t, struct bytes bytes) {
  text_add_bytes(&t->in, bytes);
  while (!t->over && t->turn) {
    struct bytes all = {(const uint8_t *)t->in.p, t->in.n};
    struct turn_data data;
    int n = t->in.n > 0 ? turn_message_size(all) : 0;
    if (n < 0) {
      SEE(t, "turn", "odd", "what answers is not TURN");
      over(t);
      return;
    }
    if (n == 0 || (size_t)n > t->in.n) return;
    (void)turn_client_recv(t->turn, net_clock_now(), (struct bytes){all.p, (size_t)n}, &data);
    memmove(t->in.p, t->in.p + n, t->in.n - (size_t)n);
    t->in.n -= (size_t)n;
    turn_turn(t);
  }
}

/* --- the attempt --- */

static bool chain_is_good(const struct try *t) {
  char id[64];
  return evidence_is(evidence_of(t), id_of(t, "chain.public", id), "ok") ||
         evidence_is(evidence_of(t), id_of(t, "chain.pins", id), "match");
}

static void look_at_chain(struct try *t) {
  const struct chain_question q = {.host = result_of(t)->host,
                                   .service = result_of(t)->service,
                                   .prefix = t->purpose == FOR_TUNNEL ? "proxy." : ""};
  SEE(t, "tls", "done", "the TLS handshake with the name %s is done", q.host);
  chain_judge(t->of->row->run->stores, attempt_ssl(t->attempt), &q, evidence_of(t));
}

static void on_up(void *ctx) {
  struct try *t = ctx;
  if (t->purpose == FOR_TUNNEL) say_proxy(t, END_ODD);
  say_connected(t);
  if (t->purpose == FOR_NO_NAME || t->purpose == FOR_OTHER_NAME) {
    say_controls_done(t);
    over(t);
    return;
  }
  if (attempt_ssl(t->attempt)) look_at_chain(t);
  switch (t->purpose == FOR_PORTAL ? CHECK_HTTPS : result_of(t)->kind) {
  case CHECK_HTTPS:
  case CHECK_WSS:
  case CHECK_DOWNLOAD: send_request(t); return;
  case CHECK_TURN:
    if (attempt_ssl(t->attempt) && !chain_is_good(t))
      over(t); /* nothing of a credential goes to a stranger */
    else
      begin_turn(t);
    return;
  case CHECK_TCP:
    if (t->purpose == FOR_TUNNEL) SEE(t, "tcp", "connected", "the proxy connects");
    over(t);
    return;
  case CHECK_STUN:
  case CHECK_DTLS: over(t);
  }
}

static void on_received(void *ctx, struct bytes bytes) {
  struct try *t = ctx;
  if (t->over) return;
  if (t->turn)
    feed_turn(t, bytes);
  else
    feed_http(t, bytes);
}

static void on_ended(void *ctx, enum attempt_step step, enum attempt_end how) {
  struct try *t = ctx;
  if (t->over) return;
  if (step > STEP_TCP && step < STEP_UP) say_connected(t);
  if (step == STEP_TLS && t->purpose == FOR_TUNNEL) say_proxy(t, how);
  switch (step) {
  case STEP_TCP: say_unreached(t, how); break;
  case STEP_PROXY: say_proxy(t, how); break;
  case STEP_TLS: say_tls(t, how); break;
  case STEP_UP:
    if (t->turn)
      SEE(t, "turn", how == END_TIMEOUT ? "silent" : "closed", "the TURN request %s",
          phrase_of(how));
    else
      say_http_ended(t, how);
  }
  over(t);
}

static bool speaks_tls(const struct try *t) {
  const struct result *r = result_of(t);
  if (t->purpose == FOR_PORTAL || r->kind == CHECK_TCP) return false;
  return r->kind != CHECK_TURN || r->transport == TRANSPORT_TLS;
}

static int begin(struct try *t) {
  struct stream_row *s = t->of;
  struct addr literal;
  const char *host = s->row->result->host;
  bool named = !addr_parse_ip(host, 0, &literal);
  const struct attempt_cfg cfg = {.loop = s->row->run->cfg.loop,
                                  .remote = t->remote,
                                  .host = host,
                                  .port = s->row->result->port,
                                  .sni = t->purpose == FOR_NO_NAME      ? NULL
                                         : t->purpose == FOR_OTHER_NAME ? OTHER_NAME
                                         : named                        ? host
                                                                        : NULL,
                                  .tls = speaks_tls(t) ? chain_context(s->row->run->stores) : NULL,
                                  .proxied = t->purpose == FOR_TUNNEL,
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
  say_unreached(t, r == -ENETUNREACH || r == -EHOSTUNREACH ? END_PROHIBITED : END_ODD);
  over(t);
}

/* --- the row --- */

/* Whether the direct check came to what it asks for. */
static bool failed(const struct stream_row *s) {
  const struct evidence_list *e = &s->row->result->evidence;
  const struct result *r = s->row->result;
  bool trusted = evidence_is(e, "chain.public", "ok") || evidence_is(e, "chain.pins", "match");
  switch (r->kind) {
  case CHECK_HTTPS: return !trusted || !evidence_is(e, "http", "answered");
  case CHECK_WSS: return !trusted || !evidence_is(e, "ws", "open");
  case CHECK_DOWNLOAD: return !trusted || !evidence_is(e, "download", "match");
  case CHECK_TURN: return !(evidence_is(e, "turn", "401") || evidence_is(e, "turn", "allocated"));
  case CHECK_TCP: return !evidence_is(e, "tcp", "connected");
  case CHECK_STUN:
  case CHECK_DTLS: break;
  }
  return false;
}

/* IPv4 first, as schools have it; the other family when that one is not reached. */
static void choose(struct stream_row *s, const struct addr *addrs, size_t n) {
  static const enum addr_family order[] = {ADDR_V4, ADDR_V6};
  for (size_t f = 0; f < 2; f++)
    for (size_t i = 0; i < n; i++) {
      if (addrs[i].family != order[f]) continue;
      s->addrs[s->n_addrs] = addrs[i];
      s->addrs[s->n_addrs++].port = s->row->result->port;
      break;
    }
}

int stream_row_new(struct stream_row **ret, struct run_row *row, const struct addr *addrs,
                   size_t n) {
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
  choose(s, addrs, n);
  if (s->n_addrs > 0)
    launch(s, FOR_CHECK, &s->addrs[0]);
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
