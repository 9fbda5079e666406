#include "sctp/packet/packet.h"

#include <assert.h>

#include "sctp/packet/crc32c.h"

#define CHECKSUM_AT 8u

uint32_t packet_checksum(struct bytes packet) {
  static const uint8_t zero[4];
  assert(packet.n >= PACKET_HEADER_SIZE);
  uint32_t crc = crc32c_extend(CRC32C_START, packet.p, CHECKSUM_AT);
  crc = crc32c_extend(crc, zero, sizeof zero);
  return ~crc32c_extend(crc, packet.p + PACKET_HEADER_SIZE, packet.n - PACKET_HEADER_SIZE);
}

void packet_set_checksum(uint8_t *packet, size_t n) {
  uint32_t crc = packet_checksum((struct bytes){packet, n});
  /* The CRC goes on the wire lowest byte first (RFC 9260 appendix A). */
  for (size_t i = 0; i < 4; i++) packet[CHECKSUM_AT + i] = (uint8_t)(crc >> 8 * i);
}

static uint32_t stored_checksum(const uint8_t *packet) {
  uint32_t crc = 0;
  for (size_t i = 0; i < 4; i++) crc |= (uint32_t)packet[CHECKSUM_AT + i] << 8 * i;
  return crc;
}

/* RFC 9653 section 5.2: these are never sent with an incorrect checksum. */
static bool needs_checksum(uint8_t chunk_type) {
  return chunk_type == CHUNK_INIT || chunk_type == CHUNK_COOKIE_ECHO;
}

static bool is_intact(struct bytes packet, enum packet_integrity integrity) {
  uint32_t stored = stored_checksum(packet.p);
  bool zero_is_fine =
      integrity == PACKET_ZERO_ACCEPTABLE && !needs_checksum(packet.p[PACKET_HEADER_SIZE]);
  return (stored == 0 && zero_is_fine) || stored == packet_checksum(packet);
}

enum packet_fault packet_open(struct bytes packet, enum packet_integrity integrity,
                              struct packet_header *ret, struct cursor *ret_chunks) {
  struct cursor c = cursor_of(packet);
  struct bytes header = cursor_take(&c, PACKET_HEADER_SIZE);
  if (c.failed || c.n < CHUNK_HEADER_SIZE) return PACKET_SHORT;
  if (!is_intact(packet, integrity)) return PACKET_CHECKSUM;
  *ret =
      (struct packet_header){load_be16(header.p), load_be16(header.p + 2), load_be32(header.p + 4)};
  *ret_chunks = c;
  return PACKET_OK;
}

void packet_begin(struct writer *w, const struct packet_header *h) {
  uint8_t *p = writer_reserve(w, PACKET_HEADER_SIZE);
  if (!p) return;
  store_be16(p, h->source);
  store_be16(p + 2, h->destination);
  store_be32(p + 4, h->tag);
  store_be32(p + CHECKSUM_AT, 0);
}

void packet_finish(struct writer *w) {
  assert(!w->failed);
  packet_set_checksum(w->p, w->n);
}

bool chunk_next(struct cursor *c, struct chunk *ret) {
  if (c->n == 0) return false;
  struct bytes header = cursor_take(c, CHUNK_HEADER_SIZE);
  if (c->failed) return false;
  size_t n = load_be16(header.p + 2);
  if (n < CHUNK_HEADER_SIZE) {
    c->failed = true;
    return false;
  }
  struct bytes value = cursor_take(c, n - CHUNK_HEADER_SIZE);
  if (c->failed) return false;
  cursor_skip_upto(c, padded(n) - n);
  *ret = (struct chunk){header.p[0], header.p[1], value};
  return true;
}

size_t chunk_begin(struct writer *w, uint8_t type, uint8_t flags) {
  size_t at = w->n;
  writer_u8(w, type);
  writer_u8(w, flags);
  writer_u16(w, 0);
  return at;
}

/* Chunks and parameters have their length in the same place; it does not count their padding. */
static void close_tlv(struct writer *w, size_t at) {
  size_t n = w->n - at;
  if (n > UINT16_MAX) w->failed = true;
  writer_patch_u16(w, at + 2, (uint16_t)n);
}

static void pad(struct writer *w) {
  writer_zero(w, padded(w->n) - w->n);
}

void chunk_end(struct writer *w, size_t at) {
  close_tlv(w, at);
  pad(w);
}

bool param_next(struct cursor *c, struct param *ret) {
  if (c->n == 0) return false;
  struct cursor from = *c;
  struct bytes header = cursor_take(c, 4);
  if (c->failed) return false;
  size_t n = load_be16(header.p + 2);
  if (n < 4) {
    c->failed = true;
    return false;
  }
  struct bytes value = cursor_take(c, n - 4);
  if (c->failed) return false;
  *ret = (struct param){load_be16(header.p), value, cursor_take(&from, n)};
  cursor_skip_upto(c, padded(n) - n);
  return true;
}

size_t param_begin(struct writer *w, uint16_t type) {
  pad(w);
  size_t at = w->n;
  writer_u16(w, type);
  writer_u16(w, 0);
  return at;
}

void param_end(struct writer *w, size_t at) {
  close_tlv(w, at);
}

void param_write(struct writer *w, uint16_t type, struct bytes value) {
  size_t at = param_begin(w, type);
  writer_bytes(w, value);
  param_end(w, at);
}
