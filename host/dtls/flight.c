#include "dtls/flight.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/writer.h"

#define FLIGHT_MAX   65536
#define FLIGHT_FIRST 1024

void dtls_flight_begin(struct dtls_flight *f) {
  f->n = f->at = 0;
  f->complete = false;
}

int dtls_flight_add(struct dtls_flight *f, const struct dtls_record *record) {
  size_t need = f->n + record->whole.n;
  if (need > FLIGHT_MAX) return -ENOBUFS;
  if (need > f->cap) {
    size_t cap = f->cap < FLIGHT_FIRST ? FLIGHT_FIRST : f->cap * 2;
    if (cap < need) cap = need;
    uint8_t *p = realloc(f->p, cap);
    if (!p) return -ENOMEM;
    f->p = p;
    f->cap = cap;
  }
  memcpy(f->p + f->n, record->whole.p, record->whole.n);
  f->n += record->whole.n;
  return 0;
}

void dtls_flight_rewind(struct dtls_flight *f) {
  f->at = 0;
}

bool dtls_flight_pending(const struct dtls_flight *f) {
  return f->at < f->n;
}

/* A plaintext record with the next number of epoch 0. */
static bool put_plain(struct dtls_flight *f, const struct dtls_record *r, struct writer *w) {
  if (r->body.n + DTLS_RECORD_HEADER > writer_left(w)) return false;
  writer_u8(w, r->type);
  writer_u16(w, r->version);
  writer_u64(w, f->seq++);
  writer_u16(w, (uint16_t)r->body.n);
  writer_bytes(w, r->body);
  return !w->failed;
}

static bool put(struct dtls_flight *f, struct dtls_keys *keys, const struct dtls_record *r,
                struct writer *w) {
  if (r->epoch == 0) return put_plain(f, r, w);
  size_t n = 0;
  if (!keys || dtls_keys_seal(keys, r->type, r->body, w->p + w->n, writer_left(w), &n) != 0)
    return false;
  return writer_reserve(w, n) != NULL;
}

size_t dtls_flight_emit(struct dtls_flight *f, struct dtls_keys *keys, uint8_t *buf, size_t cap) {
  struct writer w = writer_of(buf, cap);
  while (dtls_flight_pending(f)) {
    struct cursor c = cursor_of((struct bytes){f->p + f->at, f->n - f->at});
    struct dtls_record r;
    if (!dtls_record_take(&c, &r) || !put(f, keys, &r, &w)) break;
    f->at += r.whole.n;
  }
  if (w.n == 0) f->at = f->n;
  if (!dtls_flight_pending(f)) f->complete = true;
  return w.n;
}

size_t dtls_flight_single(struct dtls_flight *f, uint8_t type, struct bytes body, uint8_t *buf,
                          size_t cap) {
  struct writer w = writer_of(buf, cap);
  struct dtls_record r = {.type = type, .version = DTLS_VERSION_1_2, .body = body};
  return put_plain(f, &r, &w) ? w.n : 0;
}

void dtls_flight_clear(struct dtls_flight *f) {
  free(f->p);
  *f = (struct dtls_flight){.seq = f->seq};
}
