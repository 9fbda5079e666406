#include "stun/fingerprint.h"

#include "stun/attributes.h"
#include "stun/builder.h"

#define FINGERPRINT_XOR 0x5354554eu /* RFC 8489 section 14.7 */

/* CRC-32 of ITU V.42, four bits at a time; chained by passing the last result. */
static uint32_t crc32_add(uint32_t crc, struct bytes b) {
  static const uint32_t table[16] = {
      0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
      0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
      0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
  };
  crc = ~crc;
  for (size_t i = 0; i < b.n; i++) {
    crc = table[(crc ^ b.p[i]) & 15] ^ crc >> 4;
    crc = table[(crc ^ b.p[i] >> 4) & 15] ^ crc >> 4;
  }
  return ~crc;
}

/* Of the first `at` bytes of a message, its length as if it ended behind a FINGERPRINT there. */
static uint32_t fingerprint(const uint8_t *message, size_t at) {
  uint8_t buf[4];
  struct writer head = writer_of(buf, sizeof buf);
  writer_bytes(&head, (struct bytes){message, sizeof buf});
  writer_patch_u16(&head, 2, (uint16_t)(at - STUN_HEADER_SIZE + 8));
  uint32_t crc = crc32_add(0, writer_written(&head));
  return crc32_add(crc, (struct bytes){message + sizeof buf, at - sizeof buf}) ^ FINGERPRINT_XOR;
}

bool stun_check_fingerprint(const struct stun_message *m) {
  if (m->fingerprint_at == 0) return false;
  struct cursor c = cursor_of(m->fingerprint);
  return cursor_u32(&c) == fingerprint(m->raw.p, m->fingerprint_at);
}

void stun_put_fingerprint(struct writer *w) {
  if (!w->failed) stun_put_u32(w, STUN_ATTR_FINGERPRINT, fingerprint(w->p, w->n));
}
