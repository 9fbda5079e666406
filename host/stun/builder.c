#include "stun/builder.h"

#include <assert.h>
#include <string.h>

#include "stun/attributes.h"

static uint16_t type_of(enum stun_class cls, uint16_t method) {
  unsigned c = (unsigned)cls, m = method;
  return (uint16_t)((m & 0x00f) | (m & 0x070) << 1 | (m & 0xf80) << 2 | (c & 1) << 4 |
                    (c & 2) << 7);
}

void stun_begin(struct writer *w, enum stun_class cls, uint16_t method,
                const struct stun_tid *tid) {
  assert(w->n == 0 && method < 0x1000);
  writer_u16(w, type_of(cls, method));
  writer_u16(w, 0);
  writer_u32(w, STUN_MAGIC);
  writer_bytes(w, (struct bytes){tid->b, sizeof tid->b});
}

/* Begins an attribute; its n bytes of value, or NULL when it does not fit. */
static uint8_t *begin_value(struct writer *w, uint16_t type, size_t n) {
  size_t padded = (n + 3) / 4 * 4;
  if (n > UINT16_MAX - 4 || w->n > UINT16_MAX - padded - 4) w->failed = true;
  writer_u16(w, type);
  writer_u16(w, (uint16_t)n);
  uint8_t *p = writer_reserve(w, padded);
  writer_patch_u16(w, 2, (uint16_t)(w->n - STUN_HEADER_SIZE));
  if (p) memset(p + n, 0, padded - n);
  return p;
}

void stun_put(struct writer *w, uint16_t type, struct bytes value) {
  uint8_t *p = begin_value(w, type, value.n);
  if (p && value.n > 0) memcpy(p, value.p, value.n);
}

void stun_put_u32(struct writer *w, uint16_t type, uint32_t v) {
  uint8_t buf[4];
  struct writer value = writer_of(buf, sizeof buf);
  writer_u32(&value, v);
  stun_put(w, type, writer_written(&value));
}

void stun_put_u64(struct writer *w, uint16_t type, uint64_t v) {
  uint8_t buf[8];
  struct writer value = writer_of(buf, sizeof buf);
  writer_u64(&value, v);
  stun_put(w, type, writer_written(&value));
}

void stun_put_address(struct writer *w, uint16_t type, const struct addr *a) {
  assert(a->family != ADDR_NONE);
  uint8_t buf[20];
  struct writer value = writer_of(buf, sizeof buf);
  writer_u8(&value, 0);
  writer_u8(&value, a->family == ADDR_V4 ? 1 : 2);
  writer_u16(&value, a->port);
  writer_bytes(&value, (struct bytes){a->ip, addr_ip_size(a)});
  stun_put(w, type, writer_written(&value));
}

void stun_put_xor_address(struct writer *w, uint16_t type, const struct addr *a) {
  if (w->failed) return;
  struct addr x = *a;
  const uint8_t *key = w->p + 4;
  x.port = (uint16_t)(x.port ^ STUN_MAGIC >> 16);
  for (size_t i = 0; i < addr_ip_size(a); i++) x.ip[i] = (uint8_t)(x.ip[i] ^ key[i]);
  stun_put_address(w, type, &x);
}

static const char *reason_of(unsigned code) {
  static const struct {
    unsigned code;
    const char *text;
  } reasons[] = {
      {STUN_ERR_TRY_ALTERNATE, "Try Alternate"},
      {STUN_ERR_BAD_REQUEST, "Bad Request"},
      {STUN_ERR_UNAUTHENTICATED, "Unauthenticated"},
      {STUN_ERR_FORBIDDEN, "Forbidden"},
      {STUN_ERR_UNKNOWN_ATTRIBUTE, "Unknown Attribute"},
      {STUN_ERR_ALLOCATION_MISMATCH, "Allocation Mismatch"},
      {STUN_ERR_STALE_NONCE, "Stale Nonce"},
      {STUN_ERR_ROLE_CONFLICT, "Role Conflict"},
      {STUN_ERR_SERVER_ERROR, "Server Error"},
  };
  for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
    if (reasons[i].code == code) return reasons[i].text;
  return "";
}

void stun_put_error(struct writer *w, unsigned code) {
  assert(code >= 300 && code <= 699);
  uint8_t buf[64];
  struct writer value = writer_of(buf, sizeof buf);
  writer_u16(&value, 0);
  writer_u8(&value, (uint8_t)(code / 100));
  writer_u8(&value, (uint8_t)(code % 100));
  writer_bytes(&value, bytes_of(reason_of(code)));
  stun_put(w, STUN_ATTR_ERROR_CODE, writer_written(&value));
}

void stun_put_unknown(struct writer *w, struct stun_types types) {
  uint8_t *p = begin_value(w, STUN_ATTR_UNKNOWN_ATTRIBUTES, types.n * 2);
  if (!p) return;
  struct writer value = writer_of(p, types.n * 2);
  for (size_t i = 0; i < types.n; i++) writer_u16(&value, types.types[i]);
}

void stun_put_password_algorithms(struct writer *w, uint16_t type, struct stun_types algorithms) {
  uint8_t *p = begin_value(w, type, algorithms.n * 4);
  if (!p) return;
  struct writer value = writer_of(p, algorithms.n * 4);
  for (size_t i = 0; i < algorithms.n; i++) {
    writer_u16(&value, algorithms.types[i]);
    writer_u16(&value, 0);
  }
}

void stun_put_transmit_count(struct writer *w, unsigned request, unsigned response) {
  stun_put_u32(w, STUN_ATTR_TRANSACTION_TRANSMIT_COUNTER,
               (uint32_t)((request & 0xff) << 8 | (response & 0xff)));
}
