#include "stun/message.h"

#include <errno.h>
#include <string.h>

#include "stun/attributes.h"

/* RFC 8489 section 5: class bits are 4 and 8, the method's bits lie around them. */
static enum stun_class class_of(uint16_t type) {
  return (enum stun_class)((type >> 7 & 2) | (type >> 4 & 1));
}

static uint16_t method_of(uint16_t type) {
  return (uint16_t)((type & 0x000f) | (type & 0x00e0) >> 1 | (type & 0x3e00) >> 2);
}

static size_t padding(size_t n) {
  return (4 - n % 4) % 4;
}

bool stun_next(struct cursor *at, struct stun_attr *ret) {
  if (at->failed || at->n == 0) return false;
  struct stun_attr attr = {.type = cursor_u16(at)};
  size_t n = cursor_u16(at);
  attr.value = cursor_take(at, n);
  cursor_skip(at, padding(n));
  if (at->failed) return false;
  *ret = attr;
  return true;
}

/* Notes an attribute that protects the message; false when it has a wrong size or place. */
static bool note_protection(struct stun_message *m, const struct stun_attr *attr, size_t at) {
  if (m->fingerprint_at) return false; /* nothing may follow it, RFC 8489 section 14.7 */
  if (attr->type == STUN_ATTR_FINGERPRINT) {
    m->fingerprint_at = at;
    m->fingerprint = attr->value;
    return attr->value.n == 4;
  }
  if (attr->type == STUN_ATTR_MESSAGE_INTEGRITY && !m->integrity_at && !m->sha256_at) {
    m->integrity_at = at;
    m->integrity = attr->value;
    return attr->value.n == 20;
  }
  if (attr->type == STUN_ATTR_MESSAGE_INTEGRITY_SHA256 && !m->sha256_at) {
    m->sha256_at = at;
    m->sha256 = attr->value;
    return attr->value.n >= 16 && attr->value.n <= 32 && attr->value.n % 4 == 0;
  }
  return true;
}

/* Looks at each attribute once: lengths, protection, and where those that count end. */
static int read_attributes(struct stun_message *m, struct cursor c) {
  struct stun_attr attr;
  const struct bytes all = {c.p, c.n};
  size_t counted = c.n;
  while (c.n > 0) {
    size_t before = all.n - c.n;
    if (!stun_next(&c, &attr)) return -EINVAL;
    if (!note_protection(m, &attr, STUN_HEADER_SIZE + before)) return -EINVAL;
    bool protected = m->integrity_at || m->sha256_at || m->fingerprint_at;
    if (protected && before < counted) counted = before;
  }
  m->attrs = (struct bytes){all.p, counted};
  return 0;
}

int stun_parse(struct bytes datagram, struct stun_message *ret) {
  struct cursor c = cursor_of(datagram);
  uint16_t type = cursor_u16(&c);
  size_t length = cursor_u16(&c);
  uint32_t magic = cursor_u32(&c);
  struct bytes tid = cursor_take(&c, STUN_TID_SIZE);
  if (c.failed || type & 0xc000 || magic != STUN_MAGIC) return -EINVAL;
  if (length != c.n || length % 4 != 0) return -EINVAL;
  struct stun_message m = {.cls = class_of(type), .method = method_of(type), .raw = datagram};
  memcpy(m.tid.b, tid.p, STUN_TID_SIZE);
  int r = read_attributes(&m, c);
  if (r < 0) return r;
  *ret = m;
  return 0;
}

bool stun_find(const struct stun_message *m, uint16_t type, struct bytes *ret) {
  struct cursor c = cursor_of(m->attrs);
  struct stun_attr attr;
  while (stun_next(&c, &attr)) {
    if (attr.type != type) continue;
    *ret = attr.value;
    return true;
  }
  return false;
}

static bool has_type(const uint16_t *types, size_t n, uint16_t type) {
  for (size_t i = 0; i < n; i++)
    if (types[i] == type) return true;
  return false;
}

size_t stun_unknown(const struct stun_message *m, struct stun_types known, uint16_t *ret,
                    size_t cap) {
  struct cursor c = cursor_of(m->attrs);
  struct stun_attr attr;
  size_t n = 0;
  while (n < cap && stun_next(&c, &attr)) {
    if (attr.type >= 0x8000 || has_type(known.types, known.n, attr.type)) continue;
    if (!has_type(ret, n, attr.type)) ret[n++] = attr.type;
  }
  return n;
}

struct stun_tid stun_tid_make(const struct rng *rng) {
  struct stun_tid tid;
  rng->fill(rng->ctx, tid.b, sizeof tid.b);
  return tid;
}

bool stun_tid_equal(const struct stun_tid *a, const struct stun_tid *b) {
  return memcmp(a->b, b->b, STUN_TID_SIZE) == 0;
}
