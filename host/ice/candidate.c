#include "ice/candidate.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/cursor.h"

#define TOKEN_MAX 40 /* of what a fault quotes */

static const char *const type_names[] = {
    [ICE_HOST] = "host", [ICE_PRFLX] = "prflx", [ICE_SRFLX] = "srflx", [ICE_RELAY] = "relay"};

const char *ice_candidate_type_name(enum ice_candidate_type type) {
  return type_names[type];
}

/* The next token up to a space, which is taken too; empty at the end. */
static struct bytes next_token(struct cursor *c) {
  const uint8_t *space = c->n > 0 ? memchr(c->p, ' ', c->n) : NULL;
  if (!space) return cursor_rest(c);
  struct bytes token = cursor_take(c, (size_t)(space - c->p));
  cursor_skip(c, 1);
  return token;
}

static bool is_word(struct bytes token, const char *word) {
  return token.n == strlen(word) && strncasecmp((const char *)token.p, word, token.n) == 0;
}

static int refuse(struct fault *fault, const char *field, struct bytes token) {
  char quoted[TOKEN_MAX + 1];
  size_t n = token.n < TOKEN_MAX ? token.n : TOKEN_MAX;
  for (size_t i = 0; i < n; i++)
    quoted[i] = (char)(token.p[i] > ' ' && token.p[i] < 0x7f ? token.p[i] : '?');
  quoted[n] = '\0';
  return fault_set(fault, FAULT_INVALID_CANDIDATE, "candidate: bad %s \"%s\"", field, quoted);
}

/* A decimal number of at most max. */
static bool read_number(struct bytes token, uint64_t max, uint64_t *ret) {
  uint64_t v = 0;
  if (token.n == 0 || token.n > 10) return false;
  for (size_t i = 0; i < token.n; i++) {
    if (token.p[i] < '0' || token.p[i] > '9') return false;
    v = v * 10 + (uint64_t)(token.p[i] - '0');
  }
  if (v > max) return false;
  *ret = v;
  return true;
}

static bool is_alpha(uint8_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_alnum(uint8_t c) {
  return is_alpha(c) || (c >= '0' && c <= '9');
}

static bool is_ice_chars(struct bytes token) {
  for (size_t i = 0; i < token.n; i++)
    if (!is_alnum(token.p[i]) && token.p[i] != '+' && token.p[i] != '/') return false;
  return token.n > 0;
}

/* A host name: labels of letters, digits, '-' and '_', the last one beginning with a letter (which
 * tells it from a bad IPv4 address). */
static bool is_host_name(struct bytes token) {
  size_t label = 0;
  for (size_t i = 0; i < token.n; i++) {
    uint8_t c = token.p[i];
    if (c == '.' && i == label) return false;
    if (c == '.')
      label = i + 1;
    else if (!is_alnum(c) && c != '-' && c != '_')
      return false;
  }
  return label < token.n && is_alpha(token.p[label]);
}

static bool read_ip(struct bytes token, uint16_t port, struct addr *ret) {
  char text[ADDR_TEXT_MAX];
  if (token.n == 0 || token.n >= sizeof text || memchr(token.p, 0, token.n)) return false;
  memcpy(text, token.p, token.n);
  text[token.n] = '\0';
  return addr_parse_ip(text, port, ret);
}

static void copy_text(char *to, struct bytes token) {
  memcpy(to, token.p, token.n);
  to[token.n] = '\0';
}

/* Foundation, component, transport and priority. *usable becomes false for a candidate we have no
 * use for. */
static int read_head(struct cursor *c, struct ice_candidate *to, bool *usable,
                     struct fault *fault) {
  uint64_t v;
  struct bytes t = next_token(c);
  if (t.n > ICE_FOUNDATION_MAX || !is_ice_chars(t)) return refuse(fault, "foundation", t);
  copy_text(to->foundation, t);
  t = next_token(c);
  if (!read_number(t, 256, &v) || v == 0) return refuse(fault, "component", t);
  if (v != 1) *usable = false;
  t = next_token(c);
  if (t.n == 0) return refuse(fault, "transport", t);
  if (!is_word(t, "udp")) *usable = false;
  t = next_token(c);
  if (!read_number(t, UINT32_MAX, &v)) return refuse(fault, "priority", t);
  to->priority = (uint32_t)v;
  return 0;
}

/* Address and port. */
static int read_address(struct cursor *c, struct ice_candidate *to, struct fault *fault) {
  uint64_t port;
  struct bytes host = next_token(c), t = next_token(c);
  if (!read_number(t, UINT16_MAX, &port)) return refuse(fault, "port", t);
  if (read_ip(host, (uint16_t)port, &to->addr)) return 0;
  if (host.n > ICE_NAME_MAX || !is_host_name(host)) return refuse(fault, "address", host);
  copy_text(to->name, host);
  to->addr.port = (uint16_t)port;
  return 0;
}

/* "typ" and the type; one that we do not know makes the candidate unusable. */
static int read_type(struct cursor *c, struct ice_candidate *to, bool *usable,
                     struct fault *fault) {
  struct bytes word = next_token(c), type = next_token(c);
  if (!is_word(word, "typ") || type.n == 0) return refuse(fault, "typ", word);
  for (size_t i = 0; i < sizeof type_names / sizeof type_names[0]; i++) {
    if (!is_word(type, type_names[i])) continue;
    to->type = (enum ice_candidate_type)i;
    return 0;
  }
  *usable = false;
  return 0;
}

/* raddr and rport; the other extensions come in pairs too and are skipped. */
static int read_extensions(struct cursor *c, struct ice_candidate *to, struct fault *fault) {
  struct bytes raddr = {0};
  uint64_t rport = 0;
  while (c->n > 0) {
    struct bytes name = next_token(c), value = next_token(c);
    if (is_word(name, "raddr")) raddr = value;
    if (is_word(name, "rport") && !read_number(value, UINT16_MAX, &rport))
      return refuse(fault, "rport", value);
  }
  /* A related address may be a name (mDNS): it is information only. */
  if (raddr.n > 0) (void)read_ip(raddr, (uint16_t)rport, &to->related);
  return 0;
}

static bool skip_word(struct cursor *c, const char *word) {
  size_t n = strlen(word);
  if (c->n < n || strncasecmp((const char *)c->p, word, n) != 0) return false;
  cursor_skip(c, n);
  return true;
}

static struct bytes trim_end(struct bytes b) {
  while (b.n > 0 && (b.p[b.n - 1] == ' ' || b.p[b.n - 1] == '\r' || b.p[b.n - 1] == '\n')) b.n--;
  return b;
}

int ice_candidate_parse(struct bytes text, struct ice_candidate *ret, struct fault *ret_fault) {
  struct cursor c = cursor_of(trim_end(text));
  struct ice_candidate candidate = {0};
  bool usable = true;
  (void)skip_word(&c, "a=");
  if (!skip_word(&c, "candidate:")) return refuse(ret_fault, "beginning", (struct bytes){c.p, c.n});
  int r = read_head(&c, &candidate, &usable, ret_fault);
  if (r == 0) r = read_address(&c, &candidate, ret_fault);
  if (r == 0) r = read_type(&c, &candidate, &usable, ret_fault);
  if (r == 0) r = read_extensions(&c, &candidate, ret_fault);
  if (r < 0) return r;
  if (!usable) return -EPROTONOSUPPORT;
  *ret = candidate;
  return 0;
}

static void format_related(const struct ice_candidate *c, struct text *to) {
  char ip[ADDR_TEXT_MAX];
  /* RFC 8839 section 5.1 asks for it with all but host candidates; any and 0 hide it. */
  struct addr related = c->related;
  if (related.family == ADDR_NONE) related = (struct addr){.family = c->addr.family};
  if (related.family == ADDR_NONE) related.family = ADDR_V4;
  text_addf(to, " raddr %s rport %u", addr_format_ip(&related, ip), related.port);
}

void ice_candidate_format(const struct ice_candidate *c, const char *ufrag, struct text *to) {
  char ip[ADDR_TEXT_MAX];
  const char *host = c->name[0] ? c->name : addr_format_ip(&c->addr, ip);
  text_addf(to, "candidate:%s 1 udp %u %s %u typ %s", c->foundation, c->priority, host,
            c->addr.port, ice_candidate_type_name(c->type));
  if (c->type != ICE_HOST) format_related(c, to);
  if (ufrag) text_addf(to, " ufrag %s", ufrag);
}
