#include "dtls/record.h"

static bool plausible(const struct dtls_record *r) {
  return r->type >= DTLS_CHANGE_CIPHER_SPEC && r->type <= DTLS_APPLICATION_DATA &&
         r->version >> 8 == DTLS_VERSION_1_2 >> 8 && r->body.n <= DTLS_CIPHERTEXT_MAX;
}

bool dtls_record_take(struct cursor *c, struct dtls_record *ret) {
  if (c->failed || c->n == 0) return false;
  const uint8_t *start = c->p;
  struct dtls_record r = {.type = cursor_u8(c), .version = cursor_u16(c)};
  r.epoch = cursor_u16(c);
  r.seq = (uint64_t)cursor_u16(c) << 32;
  r.seq |= cursor_u32(c);
  r.body = cursor_take(c, cursor_u16(c));
  r.whole = (struct bytes){start, DTLS_RECORD_HEADER + r.body.n};
  if (!plausible(&r)) c->failed = true;
  if (c->failed) return false;
  *ret = r;
  return true;
}

struct bytes dtls_record_span(struct bytes datagram) {
  struct cursor c = cursor_of(datagram);
  struct dtls_record r;
  struct bytes span = {datagram.p, 0};
  while (dtls_record_take(&c, &r)) span.n += r.whole.n;
  return span;
}

int dtls_record_handshake_type(struct bytes body) {
  return body.n >= DTLS_HANDSHAKE_HEADER ? body.p[0] : -1;
}
