#include "base/addr.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct addr addr_v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port) {
  return (struct addr){.family = ADDR_V4, .port = port, .ip = {a, b, c, d}};
}

/* Reads a decimal byte without leading zeros; returns the position after it, or NULL. */
static const char *parse_decimal_byte(const char *s, uint8_t *ret) {
  unsigned v = 0;
  const char *start = s;
  while (*s >= '0' && *s <= '9' && s - start < 4) v = v * 10 + (unsigned)(*s++ - '0');
  if (s == start || v > 255 || (*start == '0' && s - start > 1)) return NULL;
  *ret = (uint8_t)v;
  return s;
}

static bool parse_v4(const char *s, uint8_t ip[4]) {
  for (int i = 0; i < 4; i++) {
    if (i > 0 && *s++ != '.') return false;
    s = parse_decimal_byte(s, &ip[i]);
    if (!s) return false;
  }
  return *s == '\0';
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/* Reads one to four hex digits; returns the position after them, or NULL. */
static const char *parse_hex_group(const char *s, uint8_t out[2]) {
  unsigned v = 0;
  int n = 0;
  for (; n < 4 && hex_digit(*s) >= 0; n++) v = v << 4 | (unsigned)hex_digit(*s++);
  if (n == 0) return NULL;
  out[0] = (uint8_t)(v >> 8);
  out[1] = (uint8_t)v;
  return s;
}

struct v6_parse {
  uint8_t ip[16];
  size_t n; /* bytes read */
  int gap;  /* where "::" stood, or -1 */
};

/* Reads groups until the end of the text. */
static bool parse_v6_groups(const char *s, struct v6_parse *v) {
  while (*s) {
    if (v->n <= 12 && parse_v4(s, v->ip + v->n)) {
      v->n += 4;
      return true;
    }
    if (v->n > 14) return false;
    s = parse_hex_group(s, v->ip + v->n);
    if (!s) return false;
    v->n += 2;
    if (*s == '\0') return true;
    if (*s++ != ':') return false;
    if (*s == ':') {
      if (v->gap >= 0) return false;
      v->gap = (int)v->n;
      s++;
    } else if (*s == '\0') {
      return false;
    }
  }
  return true;
}

static bool parse_v6(const char *s, uint8_t ip[16]) {
  struct v6_parse v = {.gap = -1};
  if (s[0] == ':') {
    if (s[1] != ':') return false;
    v.gap = 0;
    s += 2;
  }
  if (!parse_v6_groups(s, &v)) return false;
  if (v.gap < 0 ? v.n != 16 : v.n > 14) return false;
  size_t head = v.gap < 0 ? 16 : (size_t)v.gap, tail = v.n - (v.gap < 0 ? 16 : head);
  memset(ip, 0, 16);
  memcpy(ip, v.ip, head);
  memcpy(ip + 16 - tail, v.ip + head, tail);
  return true;
}

bool addr_parse_ip(const char *text, uint16_t port, struct addr *ret) {
  struct addr a = {.port = port};
  if (parse_v4(text, a.ip)) {
    a.family = ADDR_V4;
  } else {
    memset(a.ip, 0, sizeof a.ip);
    if (!parse_v6(text, a.ip)) return false;
    a.family = ADDR_V6;
  }
  *ret = a;
  return true;
}

static unsigned v6_group(const struct addr *a, int i) {
  const uint8_t *p = a->ip + (ptrdiff_t)i * 2;
  return (unsigned)p[0] << 8 | p[1];
}

/* The longest run of at least two zero groups, the first of equals; its length, 0 for none (RFC
 * 5952 section 4.2). */
static int zero_run(const struct addr *a, int *ret_start) {
  int best = 0;
  *ret_start = -1;
  for (int i = 0; i < 8; i++) {
    int n = 0;
    while (i + n < 8 && v6_group(a, i + n) == 0) n++;
    if (n >= 2 && n > best) {
      best = n;
      *ret_start = i;
    }
  }
  return best;
}

static void format_v6(const struct addr *a, char *buf) {
  int start, run = zero_run(a, &start);
  char *at = buf;
  for (int i = 0; i < 8; i++) {
    if (i == start) {
      at += snprintf(at, 3, "::");
      i += run - 1;
      continue;
    }
    bool separator = i > 0 && i != start + run;
    if (start < 0) separator = i > 0;
    at += snprintf(at, 6, separator ? ":%x" : "%x", v6_group(a, i));
  }
}

char *addr_format_ip(const struct addr *a, char *buf) {
  if (a->family == ADDR_V4)
    (void)snprintf(buf, ADDR_TEXT_MAX, "%u.%u.%u.%u", a->ip[0], a->ip[1], a->ip[2], a->ip[3]);
  else if (a->family == ADDR_V6)
    format_v6(a, buf);
  else
    (void)snprintf(buf, ADDR_TEXT_MAX, "none");
  return buf;
}

char *addr_format(const struct addr *a, char *buf) {
  char ip[ADDR_TEXT_MAX];
  addr_format_ip(a, ip);
  (void)snprintf(buf, ADDR_TEXT_MAX, a->family == ADDR_V6 ? "[%.45s]:%u" : "%.45s:%u", ip, a->port);
  return buf;
}

bool addr_ip_equal(const struct addr *a, const struct addr *b) {
  return a->family == b->family && a->scope == b->scope && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

bool addr_equal(const struct addr *a, const struct addr *b) {
  return a->port == b->port && addr_ip_equal(a, b);
}

bool addr_is_any(const struct addr *a) {
  static const uint8_t zero[16];
  return memcmp(a->ip, zero, sizeof zero) == 0;
}

bool addr_is_multicast(const struct addr *a) {
  if (a->family == ADDR_V6) return a->ip[0] == 0xff;
  static const uint8_t broadcast[4] = {255, 255, 255, 255};
  return (a->ip[0] & 0xf0) == 0xe0 || memcmp(a->ip, broadcast, 4) == 0;
}

static enum addr_scope scope_v4(const uint8_t ip[4]) {
  if (ip[0] == 127) return ADDR_SCOPE_LOOPBACK;
  if (ip[0] == 169 && ip[1] == 254) return ADDR_SCOPE_LINK;
  bool private =
      ip[0] == 10 || (ip[0] == 172 && (ip[1] & 0xf0) == 16) || (ip[0] == 192 && ip[1] == 168);
  bool shared = ip[0] == 100 && (ip[1] & 0xc0) == 64;
  return private || shared ? ADDR_SCOPE_PRIVATE : ADDR_SCOPE_GLOBAL;
}

enum addr_scope addr_scope(const struct addr *a) {
  static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
  static const uint8_t loopback[16] = {[15] = 1};
  if (a->family == ADDR_V4) return scope_v4(a->ip);
  if (memcmp(a->ip, mapped, sizeof mapped) == 0) return scope_v4(a->ip + 12);
  if (memcmp(a->ip, loopback, sizeof loopback) == 0) return ADDR_SCOPE_LOOPBACK;
  if (a->ip[0] == 0xfe && (a->ip[1] & 0xc0) == 0x80) return ADDR_SCOPE_LINK;
  return (a->ip[0] & 0xfe) == 0xfc ? ADDR_SCOPE_PRIVATE : ADDR_SCOPE_GLOBAL;
}

size_t addr_ip_size(const struct addr *a) {
  return a->family == ADDR_V4 ? 4 : a->family == ADDR_V6 ? 16 : 0;
}
