#include "stun/attributes.h"

#include <string.h>

bool stun_get_u32(const struct stun_message *m, uint16_t type, uint32_t *ret) {
  struct bytes v;
  if (!stun_find(m, type, &v) || v.n != 4) return false;
  struct cursor c = cursor_of(v);
  *ret = cursor_u32(&c);
  return true;
}

bool stun_get_u64(const struct stun_message *m, uint16_t type, uint64_t *ret) {
  struct bytes v;
  if (!stun_find(m, type, &v) || v.n != 8) return false;
  struct cursor c = cursor_of(v);
  *ret = cursor_u64(&c);
  return true;
}

static bool read_address(struct bytes v, struct addr *ret) {
  struct cursor c = cursor_of(v);
  cursor_skip(&c, 1);
  uint8_t family = cursor_u8(&c);
  struct addr a = {.port = cursor_u16(&c)};
  if (family == 1) a.family = ADDR_V4;
  if (family == 2) a.family = ADDR_V6;
  struct bytes ip = cursor_take(&c, addr_ip_size(&a));
  if (c.failed || c.n != 0 || a.family == ADDR_NONE) return false;
  memcpy(a.ip, ip.p, ip.n);
  *ret = a;
  return true;
}

bool stun_get_address(const struct stun_message *m, uint16_t type, struct addr *ret) {
  struct bytes v;
  return stun_find(m, type, &v) && read_address(v, ret);
}

/* The key is the cookie and the transaction id as they stand in the header, section 14.2. */
static void apply_key(const struct stun_message *m, struct addr *a) {
  const uint8_t *key = m->raw.p + 4;
  a->port = (uint16_t)(a->port ^ STUN_MAGIC >> 16);
  for (size_t i = 0; i < addr_ip_size(a); i++) a->ip[i] = (uint8_t)(a->ip[i] ^ key[i]);
}

bool stun_get_xor_address(const struct stun_message *m, uint16_t type, struct addr *ret) {
  struct addr a;
  if (!stun_get_address(m, type, &a)) return false;
  apply_key(m, &a);
  *ret = a;
  return true;
}

bool stun_get_xor_address_of(const struct stun_message *m, uint16_t type, uint8_t family,
                             struct addr *ret) {
  struct cursor at = cursor_of(m->attrs);
  struct addr a;
  for (struct stun_attr attr; stun_next(&at, &attr);) {
    if (attr.type != type || !read_address(attr.value, &a) || a.family != family) continue;
    apply_key(m, &a);
    *ret = a;
    return true;
  }
  return false;
}

bool stun_get_error(const struct stun_message *m, struct stun_error *ret) {
  struct bytes v;
  if (!stun_find(m, STUN_ATTR_ERROR_CODE, &v)) return false;
  struct cursor c = cursor_of(v);
  cursor_skip(&c, 2);
  unsigned class = cursor_u8(&c) & 7, number = cursor_u8(&c);
  if (c.failed || class < 3 || class > 6 || number > 99) return false;
  *ret = (struct stun_error){class * 100 + number, cursor_rest(&c)};
  return true;
}

size_t stun_get_password_algorithms(const struct stun_message *m, uint16_t type, uint16_t *ret,
                                    size_t cap) {
  struct bytes v;
  if (!stun_find(m, type, &v)) return 0;
  struct cursor c = cursor_of(v);
  size_t n = 0;
  while (c.n > 0 && !c.failed) {
    uint16_t algorithm = cursor_u16(&c);
    size_t params = cursor_u16(&c);
    cursor_skip(&c, params);
    cursor_skip_upto(&c, (4 - params % 4) % 4);
    if (n < cap) ret[n++] = algorithm;
  }
  return c.failed ? 0 : n;
}

static int base64_value(uint8_t c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool stun_nonce_features(struct bytes nonce, uint32_t *ret) {
  struct cursor c = cursor_of(nonce);
  struct bytes cookie = cursor_take(&c, 9), bits = cursor_take(&c, 4);
  if (c.failed || !bytes_equal(cookie, bytes_of("obMatJos2"))) return false;
  uint32_t v = 0;
  for (size_t i = 0; i < bits.n; i++) {
    int digit = base64_value(bits.p[i]);
    if (digit < 0) return false;
    v = v << 6 | (uint32_t)digit;
  }
  *ret = v;
  return true;
}

unsigned stun_get_transmit_count(const struct stun_message *m) {
  uint32_t v;
  return stun_get_u32(m, STUN_ATTR_TRANSACTION_TRANSMIT_COUNTER, &v) ? v >> 8 & 0xff : 0;
}
