#include "mdns/message.h"

#include <string.h>
#include <strings.h>

#define HEADER       12
#define FLAG_QR      0x8000
#define OPCODE_RCODE 0x780f /* RFC 6762 sections 18.3 and 18.11: others are ignored */
#define TYPE_A       1
#define TYPE_AAAA    28
#define TYPE_NSEC    47
#define TYPE_ANY     255
#define CLASS_ANY    255
#define FLAG_AA      0x0400
#define CACHE_FLUSH  0x8000
#define CLASS_IN     1
#define CLASS_MASK   0x7fff /* the top bit is cache-flush, section 10.2 */
#define LABEL_MAX    63
#define POINTER      0xc0

bool mdns_is_local(const char *name) {
  static const char suffix[] = ".local";
  size_t n = strlen(name);
  while (n > 0 && name[n - 1] == '.') n--;
  return n >= sizeof suffix - 1 &&
         strncasecmp(name + n - (sizeof suffix - 1), suffix, sizeof suffix - 1) == 0;
}

static void put_name(struct writer *w, const char *name) {
  if (strlen(name) > MDNS_NAME_MAX) w->failed = true;
  while (*name && !w->failed) {
    size_t n = strcspn(name, ".");
    if (n == 0 || n > LABEL_MAX) w->failed = true;
    writer_u8(w, (uint8_t)n);
    writer_bytes(w, (struct bytes){(const uint8_t *)name, n});
    name += n;
    if (*name == '.') name++;
  }
  writer_u8(w, 0);
}

static void put_question(struct writer *w, const char *name, uint16_t type) {
  put_name(w, name);
  writer_u16(w, type);
  writer_u16(w, CLASS_IN); /* the answer is multicast: others have it too */
}

void mdns_put_query(struct writer *w, const char *name) {
  writer_u16(w, 0); /* section 18.1 */
  writer_u16(w, 0);
  writer_u16(w, 2); /* questions */
  writer_zero(w, 6);
  put_question(w, name, TYPE_A);
  put_question(w, name, TYPE_AAAA);
}

bool mdns_is_usable(const char *name) {
  uint8_t buf[2 * (MDNS_NAME_MAX + 16)];
  struct writer w = writer_of(buf, sizeof buf);
  mdns_put_query(&w, name);
  return mdns_is_local(name) && !w.failed;
}

void mdns_put_response(struct writer *w, unsigned answers, unsigned nsecs) {
  writer_u16(w, 0);
  writer_u16(w, FLAG_QR | FLAG_AA);
  writer_u16(w, 0);
  writer_u16(w, (uint16_t)answers);
  writer_u16(w, 0);
  writer_u16(w, (uint16_t)nsecs);
}

static void put_record(struct writer *w, const char *name, uint16_t type, uint32_t ttl) {
  put_name(w, name);
  writer_u16(w, type);
  writer_u16(w, CLASS_IN | CACHE_FLUSH);
  writer_u32(w, ttl);
}

void mdns_put_address(struct writer *w, const char *name, const struct addr *addr, uint32_t ttl) {
  size_t n = addr_ip_size(addr);
  put_record(w, name, addr->family == ADDR_V4 ? TYPE_A : TYPE_AAAA, ttl);
  writer_u16(w, (uint16_t)n);
  writer_bytes(w, (struct bytes){addr->ip, n});
}

/* RFC 4034 section 4.1.2: window 0, the bytes of the bitmap, and the bit of the one type. */
void mdns_put_nsec(struct writer *w, const char *name, enum addr_family has, uint32_t ttl) {
  unsigned type = has == ADDR_V4 ? TYPE_A : TYPE_AAAA;
  put_record(w, name, TYPE_NSEC, ttl);
  size_t at = w->n;
  writer_u16(w, 0);
  put_name(w, name);
  writer_u8(w, 0);
  writer_u8(w, (uint8_t)(type / 8 + 1));
  writer_zero(w, type / 8);
  writer_u8(w, (uint8_t)(0x80 >> type % 8));
  if (!w->failed) writer_patch_u16(w, at, (uint16_t)(w->n - at - 2));
}

/* Reads one label at `at` into name; false at the end of the name, or when it is malformed. */
static bool read_label(struct cursor *at, uint8_t n, char *name, size_t *len) {
  struct bytes label = cursor_take(at, n);
  if (at->failed || *len + (*len > 0) + n > MDNS_NAME_MAX) {
    at->failed = true;
    return false;
  }
  if (*len > 0) name[(*len)++] = '.';
  memcpy(name + *len, label.p, n);
  *len += n;
  return true;
}

/*
 * A name, maybe compressed (RFC 1035 section 4.1.4). Each pointer leads to before the name that it
 * ends, so that there is no circle. `at` is left behind the name.
 */
static bool read_name(struct bytes packet, struct cursor *at, char *name) {
  struct cursor jumped, *c = at;
  size_t len = 0, before = packet.n - at->n;
  for (;;) {
    uint8_t n = cursor_u8(c);
    if (c->failed) return false;
    if (n == 0) break;
    if ((n & POINTER) == POINTER) {
      size_t to = (size_t)(n & ~POINTER) << 8 | cursor_u8(c);
      if (c->failed || to >= before) return false;
      before = to;
      jumped = cursor_of((struct bytes){packet.p + to, packet.n - to});
      c = &jumped;
    } else if (n > LABEL_MAX || !read_label(c, n, name, &len)) {
      return false;
    }
  }
  name[len] = '\0';
  return !at->failed && memchr(name, 0, len) == NULL;
}

bool mdns_questions_begin(struct bytes packet, struct mdns_questions *ret) {
  struct mdns_questions q = {.packet = packet, .at = cursor_of(packet)};
  cursor_skip(&q.at, 2);
  uint16_t flags = cursor_u16(&q.at);
  q.left = cursor_u16(&q.at);
  cursor_skip(&q.at, 6);
  if (q.at.failed || (flags & FLAG_QR) || (flags & OPCODE_RCODE)) return false;
  *ret = q;
  return true;
}

bool mdns_questions_next(struct mdns_questions *q, struct mdns_question *ret) {
  while (q->left > 0) {
    q->left--;
    if (!read_name(q->packet, &q->at, ret->name)) return false;
    uint16_t type = cursor_u16(&q->at), class = cursor_u16(&q->at) & CLASS_MASK;
    if (q->at.failed) return false;
    ret->v4 = type == TYPE_A || type == TYPE_ANY;
    ret->v6 = type == TYPE_AAAA || type == TYPE_ANY;
    if ((ret->v4 || ret->v6) && (class == CLASS_IN || class == CLASS_ANY)) return true;
  }
  return false;
}

static bool skip_questions(struct mdns_answers *a, unsigned n) {
  char name[MDNS_NAME_MAX + 1];
  while (n-- > 0) {
    if (!read_name(a->packet, &a->at, name)) return false;
    cursor_skip(&a->at, 4);
  }
  return !a->at.failed;
}

bool mdns_answers_begin(struct bytes packet, struct mdns_answers *ret) {
  struct mdns_answers a = {.packet = packet, .at = cursor_of(packet)};
  cursor_skip(&a.at, 2);
  uint16_t flags = cursor_u16(&a.at), questions = cursor_u16(&a.at);
  a.left = cursor_u16(&a.at);
  a.left += cursor_u16(&a.at);
  a.left += cursor_u16(&a.at);
  if (a.at.failed || !(flags & FLAG_QR) || (flags & OPCODE_RCODE)) return false;
  if (!skip_questions(&a, questions)) return false;
  *ret = a;
  return true;
}

static bool read_address(uint16_t type, uint16_t class, struct bytes data, struct addr *ret) {
  size_t n = type == TYPE_A ? 4 : type == TYPE_AAAA ? 16 : 0;
  if (n == 0 || data.n != n || (class & CLASS_MASK) != CLASS_IN) return false;
  *ret = (struct addr){.family = n == 4 ? ADDR_V4 : ADDR_V6};
  memcpy(ret->ip, data.p, n);
  return true;
}

bool mdns_answers_next(struct mdns_answers *a, struct mdns_answer *ret) {
  while (a->left > 0) {
    a->left--;
    if (!read_name(a->packet, &a->at, ret->name)) return false;
    uint16_t type = cursor_u16(&a->at), class = cursor_u16(&a->at);
    ret->ttl = cursor_u32(&a->at);
    struct bytes data = cursor_take(&a->at, cursor_u16(&a->at));
    if (a->at.failed) return false;
    if (read_address(type, class, data, &ret->addr)) return true;
  }
  return false;
}
