/*
 * Two associations with a wire the input rules: it passes, drops, repeats and changes their true
 * datagrams, throws in its own, lets time go by, and closes. With virtual time and a seeded RAND,
 * so that an input repeats. The input is a row of operations: a byte, and what that one takes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "dtls/dtls.h"
#include "support/virtual_openssl.h"

#define QUEUE   32
#define UNIX    1760000000
#define UNIX_US (UINT64_C(1760000000) * 1000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct packet {
  int to;
  size_t n;
  uint8_t p[2048];
};

struct wire {
  mono_us now;
  struct dtls *d[2];
  struct packet queue[QUEUE]; /* what is under way, oldest first */
  size_t n;
};

static struct dtls_identity *identity[2];

static void check(bool ok) {
  if (!ok) abort();
}

static void drain(struct wire *w, int end) {
  uint8_t buf[2048];
  uint8_t back[16384];
  while (dtls_read(w->d[end], w->now, back, sizeof back) > 0) {
  }
  for (int i = 0; i < 1000; i++) {
    struct dtls_out out;
    dtls_poll(w->d[end], w->now, buf, sizeof buf, &out);
    if (out.kind == OUT_IDLE) {
      check(out.u.wake_at > w->now);
      return;
    }
    if (out.kind != OUT_TX || w->n == QUEUE) continue;
    struct packet *p = &w->queue[w->n++];
    p->to = !end;
    p->n = out.u.tx_n;
    memcpy(p->p, buf, p->n);
  }
  abort(); /* it never became idle */
}

/* From a block of its own size, so that a read past its end is seen. */
static void deliver(struct wire *w, int to, struct bytes b) {
  uint8_t *copy = malloc(b.n > 0 ? b.n : 1);
  check(copy != NULL);
  if (b.n > 0) memcpy(copy, b.p, b.n);
  check(dtls_recv(w->d[to], w->now, (struct bytes){copy, b.n}) == 0);
  free(copy);
  drain(w, to);
}

static void pop(struct wire *w) {
  if (w->n == 0) return;
  w->n--;
  memmove(&w->queue[0], &w->queue[1], w->n * sizeof w->queue[0]);
}

static void op_pass(struct wire *w, struct cursor *c) {
  (void)c;
  if (w->n == 0) return;
  struct packet p = w->queue[0];
  pop(w);
  deliver(w, p.to, (struct bytes){p.p, p.n});
}

static void op_drop(struct wire *w, struct cursor *c) {
  (void)c;
  pop(w);
}

static void op_repeat(struct wire *w, struct cursor *c) {
  (void)c;
  if (w->n == 0 || w->n == QUEUE) return;
  w->queue[w->n++] = w->queue[0];
}

static void op_later(struct wire *w, struct cursor *c) {
  if (w->n == 0) return;
  struct packet p = w->queue[0];
  pop(w);
  w->queue[w->n++] = p;
  (void)c;
}

static void op_change(struct wire *w, struct cursor *c) {
  size_t at = cursor_u16(c);
  uint8_t with = cursor_u8(c);
  if (w->n == 0) return;
  w->queue[0].p[at % w->queue[0].n] ^= with;
}

static void op_cut(struct wire *w, struct cursor *c) {
  size_t n = cursor_u16(c);
  if (w->n == 0) return;
  w->queue[0].n = 1 + n % w->queue[0].n;
}

static void op_inject(struct wire *w, struct cursor *c) {
  int to = cursor_u8(c) & 1;
  deliver(w, to, cursor_take(c, cursor_u16(c)));
}

static void op_wait(struct wire *w, struct cursor *c) {
  w->now += cursor_u16(c) * MONO_MS + 1;
  virtual_openssl_time(UNIX_US + w->now);
  for (int i = 0; i < 2; i++) {
    check(dtls_wake(w->d[i], w->now) == 0);
    drain(w, i);
  }
}

static void op_say(struct wire *w, struct cursor *c) {
  static const uint8_t text[2000];
  int from = cursor_u8(c) & 1;
  size_t n = (size_t)cursor_u8(c) * 7;
  if (w->n == QUEUE) return;
  struct packet *p = &w->queue[w->n];
  if (dtls_seal(w->d[from], w->now, (struct bytes){text, n}, p->p, sizeof p->p, &p->n) != 0) return;
  p->to = !from;
  w->n++;
}

static void op_writable(struct wire *w, struct cursor *c) {
  uint8_t v = cursor_u8(c);
  dtls_set_writable(w->d[v & 1], w->now, (v & 2) != 0);
  dtls_set_rtt(w->d[v & 1], v * MONO_MS);
  drain(w, v & 1);
}

static void op_start(struct wire *w, struct cursor *c) {
  struct dtls_fingerprint fp;
  uint8_t v = cursor_u8(c);
  int end = v & 1;
  enum dtls_role role = ((v >> 1) & 1) == end ? DTLS_CLIENT : DTLS_SERVER;
  dtls_identity_fingerprint(identity[!end], &fp);
  (void)dtls_start(w->d[end], w->now, role, &fp, 1);
  drain(w, end);
}

static void op_close(struct wire *w, struct cursor *c) {
  int end = cursor_u8(c) & 1;
  dtls_close(w->d[end], w->now);
  drain(w, end);
}

static void (*const ops[])(struct wire *, struct cursor *) = {
    op_pass,   op_drop, op_repeat, op_later,    op_change, op_cut,
    op_inject, op_wait, op_say,    op_writable, op_start,  op_close,
};

static void begin(struct wire *w) {
  virtual_openssl_seed(1);
  virtual_openssl_time(UNIX_US);
  w->now = MONO_S;
  w->n = 0;
  for (int i = 0; i < 2; i++) {
    if (!identity[i]) check(dtls_identity_new(&identity[i], UNIX) == 0);
    struct dtls_cfg cfg = {identity[i], i == 0 ? 1200 : 400};
    check(dtls_new(&w->d[i], &cfg, w->now) == 0);
    dtls_set_writable(w->d[i], w->now, true);
  }
  virtual_openssl_seed(2); /* the same whether the identities were there or not */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct wire w;
  struct cursor c = cursor_of((struct bytes){data, size});
  begin(&w);
  for (int i = 0; i < 400 && c.n > 0 && !c.failed; i++)
    ops[cursor_u8(&c) % (sizeof ops / sizeof ops[0])](&w, &c);
  for (int i = 0; i < 2; i++) {
    const char *text = dtls_failure_text(w.d[i]);
    check((dtls_state(w.d[i]) == DTLS_FAILED) == (text[0] != '\0'));
    (void)dtls_free(w.d[i]);
  }
  return 0;
}
