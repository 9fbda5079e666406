#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net/clock.h"
#include "plan/passes.h"
#include "probe/stream_try.h"

#define WS_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" /* RFC 6455 section 1.3 */

static void note_date(struct try *t) {
  char date[64];
  struct tm tm = {0};
  struct evidence_list *env = &t->of->row->run->cfg.report->environment;
  char id[64];
  const char *public = evidence_value(try_evidence(t), try_id(t, "chain.public", id));
  bool counts = public && (strcmp(public, "ok") == 0 || strcmp(public, "time") == 0);
  if (!counts || !http_answer_header(&t->http, "Date", date, sizeof date) ||
      !strptime(date, "%a, %d %b %Y %H:%M:%S GMT", &tm))
    return;
  char value[24];
  /* What a cache gives has the Date of its origin, and Age since (RFC 9111 section 5.1). */
  char age[16] = "0";
  (void)http_answer_header(&t->http, "Age", age, sizeof age);
  long long was = (long long)timegm(&tm) + strtoll(age, NULL, 10);
  long long off = net_clock_unix_us() / 1000000 - was;
  /* A clock that is wrong is so for every host, a host's wrong one for itself. */
  const char *before = evidence_value(env, "clock");
  if (before && llabs(strtoll(before, NULL, 10)) <= llabs(off) + 60) return;
  (void)snprintf(value, sizeof value, "%lld", off);
  evidence_add(env, "clock", value, "the clock is %lld s off, by the Date of %s", off,
               try_result(t)->host);
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
  char status[8], upgrade[40];
  (void)snprintf(status, sizeof status, "%u", t->http.status);
  if (t->http.status != 101)
    SEE(t, "ws", status, "the WebSocket upgrade was answered with %u, not 101", t->http.status);
  else if (!http_answer_header(&t->http, "Upgrade", upgrade, sizeof upgrade) ||
           strcasecmp(upgrade, "websocket") != 0)
    SEE(t, "ws", "no-upgrade", "101 comes without Upgrade: websocket");
  else if (!accept_is_right(t))
    SEE(t, "ws", "wrong-accept", "Sec-WebSocket-Accept is missing or wrong");
  else
    SEE(t, "ws", "open", "the WebSocket is open");
}

static void say_download(struct try *t, bool whole) {
  char sum[65];
  const char *expected = try_result(t)->check->sha256;
  if (t->http.status != 200) {
    (void)snprintf(sum, sizeof sum, "%u", t->http.status);
    SEE(t, "download", sum, "the server has not what is to be downloaded: %s", sum);
  } else if (!whole) {
    SEE(t, "download", "truncated", "the download ended early");
  } else if (!http_answer_sha256(&t->http, sum)) {
    SEE(t, "download", "odd", "the download could not be hashed");
  } else {
    bool match = strcasecmp(sum, expected) == 0;
    SEE(t, "download", match ? "match" : "mismatch", "the download's SHA-256 is %s%s%s", sum,
        match ? "" : ", not ", match ? "" : expected);
  }
}

/* The host of an absolute URL; false: it is none. */
static bool host_of(const char *url, char *to, size_t cap) {
  const char *p = strstr(url, "://");
  if (!p || p != strchr(url, ':')) return false;
  (void)snprintf(to, cap, "%.*s", (int)strcspn(p + 3, ":/?#"), p + 3);
  return true;
}

static void see_portal(struct try *t, const char *value, const char *to, const char *how) {
  SEE(t, "portal", value, "HTTP on port 80 %s", how);
  SEE(t, "portal.to", to, "that is of %s", to);
}

static void say_portal(struct try *t) {
  char location[400] = "", to[260];
  const char *host = try_result(t)->host, *vendor = page_vendor(t);
  unsigned status = t->http.status;
  bool moved = status >= 300 && status < 400 &&
               http_answer_header(&t->http, "Location", location, sizeof location);
  /* The rest of the address may hold what is this device's alone. */
  moved = moved && host_of(location, to, sizeof to) && !hosts_share_domain(to, host);
  if (!moved) (void)snprintf(to, sizeof to, "%s", host);
  if (vendor) {
    see_portal(t, "block-page", to, "shows the block page of a filter");
    SEE(t, "portal.page", vendor, "the page is a block page of %s", vendor);
  } else if (status == 511) {
    see_portal(t, "511", to, "is answered with 511: the network asks for a login");
  } else if (moved) {
    see_portal(t, "redirect", to, "leads to another site");
  } else if (t->http.body.p && strcasestr(t->http.body.p, "type=\"password\"")) {
    see_portal(t, "login", to, "shows a login form");
  } else {
    SEE(t, "portal", "none", "HTTP on port 80 is answered with %u", status);
  }
}

static void answered(struct try *t, bool whole) {
  if (t->purpose == FOR_PORTAL) {
    say_portal(t);
  } else {
    say_http(t);
    if (try_result(t)->kind == CHECK_WSS) say_websocket(t);
    if (try_result(t)->kind == CHECK_DOWNLOAD) say_download(t, whole);
  }
  try_over(t);
}

void try_http_ended(struct try *t, enum attempt_end how) {
  if (http_answer_end(&t->http)) {
    answered(t, true);
    return;
  }
  if (t->http.status != 0) {
    answered(t, false);
    return;
  }
  if (t->purpose == FOR_PORTAL) return;
  SEE(t, "http", try_word(how), "the HTTP request %s", try_phrase(how));
  if (try_result(t)->kind == CHECK_WSS)
    SEE(t, "ws", try_word(how), "the WebSocket upgrade %s", try_phrase(how));
}

/* With the port where it is not the scheme's own (RFC 9110 section 7.2). */
static void write_host(const struct try *t, char *to, size_t cap) {
  const struct result *r = try_result(t);
  struct addr literal;
  bool v6 = addr_parse_ip(r->host, 0, &literal) && literal.family == ADDR_V6;
  bool usual = t->purpose == FOR_PORTAL || r->port == 443;
  int n = snprintf(to, cap, "%s%s%s", v6 ? "[" : "", r->host, v6 ? "]" : "");
  if (!usual && n > 0 && (size_t)n < cap) (void)snprintf(to + n, cap - (size_t)n, ":%u", r->port);
}

void try_http_send(struct try *t) {
  struct text request = {0};
  const struct check *check = try_result(t)->check;
  const char *path = t->purpose != FOR_PORTAL && check->path ? check->path : "/";
  char host[300];
  write_host(t, host, sizeof host);
  text_addf(&request, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: senso-proxy-helper\r\n", path,
            host);
  if (t->purpose != FOR_PORTAL && try_result(t)->kind == CHECK_WSS) {
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

void try_http_feed(struct try *t, struct bytes bytes) {
  if (!http_answer_feed(&t->http, bytes)) {
    if (t->purpose != FOR_PORTAL) SEE(t, "http", "odd", "what answers is not HTTP");
    try_over(t);
    return;
  }
  bool page = try_result(t)->kind != CHECK_DOWNLOAD && t->http.head_done &&
              t->http.body.n >= HTTP_BODY_KEPT;
  if (t->http.done || t->http.upgraded || page) answered(t, true);
}
