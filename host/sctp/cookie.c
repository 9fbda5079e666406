#include "sctp/cookie.h"

#include "base/cursor.h"

#define MAC_SIZE 8u

void cookie_write(struct writer *w, const uint8_t key[SIPHASH_KEY_SIZE], const struct cookie *c) {
  uint8_t body[COOKIE_SIZE - MAC_SIZE];
  struct writer b = writer_of(body, sizeof body);
  writer_u64(&b, c->made_at);
  writer_u32(&b, c->local_tag);
  writer_u32(&b, c->peer_tag);
  writer_u32(&b, c->local_tsn);
  writer_u32(&b, c->peer_tsn);
  writer_u32(&b, c->local_tie_tag);
  writer_u32(&b, c->peer_tie_tag);
  writer_u32(&b, c->peer_rwnd);
  writer_u16(&b, c->streams_out);
  writer_u16(&b, c->streams_in);
  writer_u8(&b, c->forward_tsn);
  writer_u8(&b, c->reconfig);
  writer_u8(&b, c->zero_checksum);
  writer_u8(&b, c->interleaving);
  writer_zero(&b, writer_left(&b));
  writer_bytes(w, writer_written(&b));
  writer_u64(w, siphash(key, writer_written(&b)));
}

static void read_body(struct cursor *c, struct cookie *ret) {
  ret->made_at = cursor_u64(c);
  ret->local_tag = cursor_u32(c);
  ret->peer_tag = cursor_u32(c);
  ret->local_tsn = cursor_u32(c);
  ret->peer_tsn = cursor_u32(c);
  ret->local_tie_tag = cursor_u32(c);
  ret->peer_tie_tag = cursor_u32(c);
  ret->peer_rwnd = cursor_u32(c);
  ret->streams_out = cursor_u16(c);
  ret->streams_in = cursor_u16(c);
  ret->forward_tsn = cursor_u8(c) != 0;
  ret->reconfig = cursor_u8(c) != 0;
  ret->zero_checksum = cursor_u8(c) != 0;
  ret->interleaving = cursor_u8(c) != 0;
}

enum cookie_fault cookie_read(struct bytes b, const uint8_t key[SIPHASH_KEY_SIZE], mono_us now,
                              struct cookie *ret) {
  if (b.n != COOKIE_SIZE) return COOKIE_FORGED;
  struct cursor whole = cursor_of(b);
  struct bytes body = cursor_take(&whole, COOKIE_SIZE - MAC_SIZE);
  if (cursor_u64(&whole) != siphash(key, body)) return COOKIE_FORGED;
  struct cursor c = cursor_of(body);
  read_body(&c, ret);
  return now - ret->made_at > COOKIE_LIFE ? COOKIE_STALE : COOKIE_OK;
}
