#include "proxy/connect.h"

#include <stdio.h>
#include <string.h>

static const char ending[] = "\r\n\r\n";

void proxy_connect_request(struct writer *w, const char *host, uint16_t port) {
  char authority[300], request[700];
  bool v6 = strchr(host, ':') != NULL;
  int n = snprintf(authority, sizeof authority, v6 ? "[%s]:%u" : "%s:%u", host, port);
  if (n < 0 || (size_t)n >= sizeof authority) w->failed = true;
  n = snprintf(request, sizeof request, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", authority,
               authority);
  writer_bytes(w, (struct bytes){(const uint8_t *)request, (size_t)n});
}

static void take_line(struct proxy_connect *c, uint8_t b) {
  if (b == '\r' || b == '\n')
    c->line_done = true;
  else if (!c->line_done && c->n_line + 1 < sizeof c->line)
    c->line[c->n_line++] = (char)(b >= 0x20 && b < 0x7f ? b : '?');
}

/* True for the last byte of the empty line; a line feed alone ends a line too (RFC 9112 section
 * 2.2). */
static bool ends_head(struct proxy_connect *c, uint8_t b) {
  if (b == '\n' && c->ending % 2 == 0) c->ending++; /* as if the CR had come */
  if (b == (uint8_t)ending[c->ending])
    c->ending++;
  else
    c->ending = b == '\r';
  return c->ending == sizeof ending - 1;
}

/* "HTTP/1.x NNN reason"; 0 for anything else. */
static unsigned status_of(const struct proxy_connect *c) {
  static const size_t digits = sizeof "HTTP/1.x " - 1;
  unsigned status = 0;
  if (c->n_line < digits + 3 || c->line[digits - 1] != ' ') return 0;
  for (size_t i = digits; i < digits + 3; i++) {
    if (c->line[i] < '0' || c->line[i] > '9') return 0;
    status = status * 10 + (unsigned)(c->line[i] - '0');
  }
  return status >= 100 && status <= 599 ? status : 0;
}

static enum proxy_connect_state judge(struct proxy_connect *c) {
  c->status = status_of(c);
  if (c->status >= 200 && c->status < 300) return PROXY_CONNECT_ESTABLISHED;
  if (c->status < 100 || c->status >= 200) return PROXY_CONNECT_REFUSED;
  c->n_line = 0; /* an interim answer: the final one follows */
  c->ending = 0;
  c->line_done = false;
  return PROXY_CONNECT_MORE;
}

/* What cannot become a status line need not be read to its end. */
static bool is_no_http(const struct proxy_connect *c) {
  static const char start[] = "HTTP/1.";
  size_t n = c->n_line < sizeof start - 1 ? c->n_line : sizeof start - 1;
  return memcmp(c->line, start, n) != 0 || (c->line_done && n < sizeof start - 1);
}

enum proxy_connect_state proxy_connect_feed(struct proxy_connect *c, struct bytes in,
                                            size_t *ret_used) {
  for (size_t i = 0; i < in.n; i++) {
    *ret_used = i + 1;
    take_line(c, in.p[i]);
    bool over = ends_head(c, in.p[i]);
    if (is_no_http(c) || ++c->n > PROXY_CONNECT_HEAD_MAX) return PROXY_CONNECT_REFUSED;
    if (!over) continue;
    enum proxy_connect_state state = judge(c);
    if (state != PROXY_CONNECT_MORE) return state;
  }
  *ret_used = in.n;
  return PROXY_CONNECT_MORE;
}

void proxy_connect_why(const struct proxy_connect *c, char *to, size_t cap) {
  const char *space = memchr(c->line, ' ', c->n_line);
  if (c->status == 0 || !space) {
    (void)snprintf(to, cap, "the proxy's answer is no HTTP");
    return;
  }
  size_t skip = (size_t)(space + 1 - c->line);
  (void)snprintf(to, cap, "the proxy answered %.*s", (int)(c->n_line - skip), space + 1);
}
