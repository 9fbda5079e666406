#include "support/dtls_pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct dtls_pair *dtls_pair_new(size_t mtu0, size_t mtu1) {
  struct dtls_pair *p = calloc(1, sizeof *p);
  assert_non_null(p);
  p->now = MONO_S;
  size_t mtu[2] = {mtu0, mtu1};
  for (int i = 0; i < 2; i++) {
    assert_int_equal(dtls_identity_new(&p->id[i], DTLS_PAIR_UNIX), 0);
    struct dtls_cfg cfg = {p->id[i], mtu[i]};
    assert_int_equal(dtls_new(&p->d[i], &cfg, p->now), 0);
    dtls_set_writable(p->d[i], p->now, true);
    p->wake_at[i] = MONO_NEVER;
  }
  return p;
}

struct dtls_pair *dtls_pair_free(struct dtls_pair *p) {
  for (int i = 0; i < 2; i++) {
    (void)dtls_free(p->d[i]);
    (void)dtls_identity_unref(p->id[i]);
  }
  free(p);
  return NULL;
}

static void put_on_wire(struct dtls_pair *p, size_t log) {
  assert_true(p->on_wire < sizeof p->wire / sizeof p->wire[0]);
  p->wire[p->on_wire].due = p->now + p->delay;
  p->wire[p->on_wire++].log = log;
}

static void send_one(struct dtls_pair *p, int from, struct bytes b) {
  assert_true(p->sent < DTLS_PAIR_LOG);
  struct dtls_pair_datagram *dg = &p->log[p->sent];
  assert_true(b.n <= sizeof dg->p);
  dg->from = from;
  dg->at = p->now;
  dg->n = b.n;
  memcpy(dg->p, b.p, b.n);
  enum dtls_pair_fate fate = p->fate ? p->fate(p->ctx, p->sent, dg) : DTLS_PAIR_PASS;
  if (fate == DTLS_PAIR_PASS || fate == DTLS_PAIR_TWICE) put_on_wire(p, p->sent);
  if (fate == DTLS_PAIR_TWICE) put_on_wire(p, p->sent);
  p->sent++;
}

void dtls_pair_drain(struct dtls_pair *p, int end) {
  uint8_t buf[DTLS_PAIR_DATAGRAM];
  for (;;) {
    struct dtls_out out;
    dtls_poll(p->d[end], p->now, buf, sizeof buf, &out);
    if (out.kind == OUT_TX) {
      send_one(p, end, (struct bytes){buf, out.u.tx_n});
    } else if (out.kind == OUT_EVENT) {
      p->event[end] = out.u.state;
      p->event_at[end] = p->now;
      p->events[end]++;
    } else {
      assert_int_equal(out.kind, OUT_IDLE);
      assert_true(out.u.wake_at > p->now);
      p->wake_at[end] = out.u.wake_at;
      return;
    }
  }
}

void dtls_pair_start(struct dtls_pair *p, int end, enum dtls_role role) {
  struct dtls_fingerprint fp;
  dtls_identity_fingerprint(p->id[!end], &fp);
  assert_int_equal(dtls_start(p->d[end], p->now, role, &fp, 1), 0);
  dtls_pair_drain(p, end);
}

void dtls_pair_start_both(struct dtls_pair *p) {
  dtls_pair_start(p, 1, DTLS_SERVER);
  dtls_pair_start(p, 0, DTLS_CLIENT);
}

void dtls_pair_deliver(struct dtls_pair *p, int end, struct bytes datagram) {
  assert_int_equal(dtls_recv(p->d[end], p->now, datagram), 0);
  for (;;) {
    size_t n = dtls_read(p->d[end], p->now, p->data[end], sizeof p->data[end]);
    if (n == 0) break;
    p->data_n[end] = n;
    p->data_count[end]++;
  }
  dtls_pair_drain(p, end);
}

/* The next thing on the wire; on_wire when there is none. */
static size_t earliest(const struct dtls_pair *p) {
  size_t best = p->on_wire;
  for (size_t i = 0; i < p->on_wire; i++) {
    if (p->wire[i].due != MONO_NEVER && (best == p->on_wire || p->wire[i].due < p->wire[best].due))
      best = i;
  }
  return best;
}

static bool step(struct dtls_pair *p, mono_us until) {
  size_t i = earliest(p);
  mono_us due = i < p->on_wire ? p->wire[i].due : MONO_NEVER;
  mono_us at = mono_min(due, mono_min(p->wake_at[0], p->wake_at[1]));
  if (at > until) return false;
  p->now = at;
  if (due == at) {
    const struct dtls_pair_datagram *dg = &p->log[p->wire[i].log];
    p->wire[i].due = MONO_NEVER;
    dtls_pair_deliver(p, !dg->from, (struct bytes){dg->p, dg->n});
    return true;
  }
  for (int end = 0; end < 2; end++) {
    if (p->wake_at[end] > at) continue;
    assert_int_equal(dtls_wake(p->d[end], p->now), 0);
    dtls_pair_drain(p, end);
  }
  return true;
}

void dtls_pair_run(struct dtls_pair *p, mono_us until) {
  while (step(p, until)) {
  }
  p->now = until;
}

void dtls_pair_connect(struct dtls_pair *p) {
  mono_us end = p->now + 60 * MONO_S;
  while (dtls_state(p->d[0]) != DTLS_CONNECTED || dtls_state(p->d[1]) != DTLS_CONNECTED)
    assert_true(step(p, end));
}

void dtls_pair_say(struct dtls_pair *p, int from, const char *text) {
  uint8_t buf[DTLS_PAIR_DATAGRAM];
  size_t n = 0;
  size_t count = p->data_count[!from];
  struct bytes plain = bytes_of(text);
  assert_int_equal(dtls_seal(p->d[from], p->now, plain, buf, sizeof buf, &n), 0);
  assert_int_equal(n, plain.n + dtls_overhead(p->d[from]));
  dtls_pair_deliver(p, !from, (struct bytes){buf, n});
  assert_int_equal(p->data_count[!from], count + 1);
  assert_int_equal(p->data_n[!from], plain.n);
  assert_memory_equal(p->data[!from], plain.p, plain.n);
}
