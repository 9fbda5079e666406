#include "support/sctp_pair.h"

#include <stdlib.h>
#include <string.h>

#include <assert.h>

#define BUFFER 65536

struct pair_packet {
  mono_us at;
  uint64_t order;
  int to;
  size_t n;
  uint8_t data[];
};

struct sctp_cfg pair_cfg(void) {
  return (struct sctp_cfg){.local_port = 5000,
                           .remote_port = 5000,
                           .max_streams = 65535,
                           .mtu = 1200,
                           .receive_window = 1 << 20,
                           .max_message = 262144,
                           .send_buffer = 4 << 20};
}

void pair_init(struct sctp_pair *p, const struct sctp_cfg *cfg, uint64_t seed) {
  *p = (struct sctp_pair){.now = MONO_S, .closed = {1, 1}};
  for (int i = 0; i < 3; i++) seeded_rng_init(&p->rng[i], seed * 3 + (uint64_t)i);
  for (int i = 0; i < 2; i++) {
    struct sctp_cfg own = *cfg;
    own.rng = &p->rng[i].rng;
    p->wake_at[i] = MONO_NEVER;
    if (sctp_new(&p->ends[i], &own, p->now) < 0) p->ends[i] = NULL;
  }
}

void pair_free(struct sctp_pair *p) {
  for (int i = 0; i < 2; i++) p->ends[i] = sctp_free(p->ends[i]);
  for (size_t i = 0; i < p->n_flying; i++) free(p->flying[i]);
  free(p->flying);
}

void pair_set_links(struct sctp_pair *p, const struct pair_link *link) {
  p->links[0] = p->links[1] = *link;
}

static bool before(const struct pair_packet *a, const struct pair_packet *b) {
  return a->at < b->at || (a->at == b->at && a->order < b->order);
}

static void swap(struct sctp_pair *p, size_t a, size_t b) {
  struct pair_packet *t = p->flying[a];
  p->flying[a] = p->flying[b];
  p->flying[b] = t;
}

static void fly(struct sctp_pair *p, struct pair_packet *k) {
  if (p->n_flying == p->cap_flying) {
    size_t cap = p->cap_flying > 0 ? 2 * p->cap_flying : 64;
    struct pair_packet **more = realloc(p->flying, cap * sizeof(struct pair_packet *));
    if (!more) {
      free(k); /* without memory a packet is lost */
      return;
    }
    p->flying = more;
    p->cap_flying = cap;
  }
  size_t i = p->n_flying++;
  p->flying[i] = k;
  for (; i > 0 && before(p->flying[i], p->flying[(i - 1) / 2]); i = (i - 1) / 2)
    swap(p, i, (i - 1) / 2);
}

static struct pair_packet *land(struct sctp_pair *p) {
  struct pair_packet *k = p->flying[0];
  p->flying[0] = p->flying[--p->n_flying];
  for (size_t i = 0, c; (c = 2 * i + 1) < p->n_flying; i = c) {
    if (c + 1 < p->n_flying && before(p->flying[c + 1], p->flying[c])) c++;
    if (!before(p->flying[c], p->flying[i])) break;
    swap(p, i, c);
  }
  return k;
}

static bool chance(struct sctp_pair *p, uint32_t of_a_million) {
  return of_a_million > 0 && rng_below(&p->rng[2].rng, PER_MILLION) < of_a_million;
}

mono_us pair_bottleneck(const struct pair_link *l, mono_us *busy_until, mono_us now, size_t n) {
  if (l->bytes_per_s == 0) return now;
  mono_us start = *busy_until > now ? *busy_until : now;
  mono_us most = l->queue * MONO_S / l->bytes_per_s;
  if (l->queue > 0 && start - now > most) return MONO_NEVER;
  *busy_until = start + (n + PAIR_OVERHEAD) * MONO_S / l->bytes_per_s;
  return *busy_until;
}

static mono_us through_bottleneck(struct sctp_pair *p, int from, size_t n) {
  const struct pair_link *l = &p->links[from];
  return pair_bottleneck(l, l->busy_until ? l->busy_until : &p->busy_until[from], p->now, n);
}

static void launch(struct sctp_pair *p, int from, struct bytes b, mono_us leaves) {
  const struct pair_link *l = &p->links[from];
  struct pair_packet *k = malloc(sizeof *k + b.n);
  if (!k) return;
  mono_us jitter = l->jitter > 0 ? rng_below(&p->rng[2].rng, (uint32_t)l->jitter) : 0;
  *k = (struct pair_packet){
      .at = leaves + l->delay + jitter, .order = p->order++, .to = 1 - from, .n = b.n};
  memcpy(k->data, b.p, b.n);
  if (chance(p, l->corruption)) {
    uint32_t bit = rng_below(&p->rng[2].rng, (uint32_t)(8 * b.n));
    k->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
  }
  fly(p, k);
}

static void transmit(struct sctp_pair *p, int from, struct bytes b, bool fragment) {
  const struct pair_link *l = &p->links[from];
  p->sent[from]++;
  bool goes = !p->hooks.packet || p->hooks.packet(p->hooks.ctx, p, from, b);
  bool fits = l->mtu == 0 || fragment || b.n <= l->mtu;
  mono_us leaves =
      goes && fits && !chance(p, l->loss) ? through_bottleneck(p, from, b.n) : MONO_NEVER;
  if (leaves == MONO_NEVER) {
    p->dropped[from]++;
    return;
  }
  launch(p, from, b, leaves);
  if (chance(p, l->duplicates)) launch(p, from, b, leaves);
}

static void count_event(struct sctp_pair *p, int end, const struct sctp_event *ev) {
  if (ev->kind == SCTP_EV_CLOSED) p->closed[end] = ev->err;
  if (ev->kind == SCTP_EV_MESSAGE) {
    p->messages[end]++;
    p->bytes[end] += ev->bytes;
  }
}

static void on_event(struct sctp_pair *p, int end, const struct sctp_event *ev) {
  count_event(p, end, ev);
  if (p->hooks.event) {
    p->hooks.event(p->hooks.ctx, p, end, ev);
  } else if (ev->kind == SCTP_EV_MESSAGE) {
    struct payload *m = sctp_take_message(p->ends[end]);
    assert(m && m->n == ev->bytes);
    size_t n = m->n;
    payload_free(m);
    sctp_release(p->ends[end], p->now, n);
  }
}

void pair_pump(struct sctp_pair *p, int end) {
  uint8_t buf[BUFFER];
  struct sctp_out out;
  for (;;) {
    sctp_poll(p->ends[end], p->now, buf, sizeof buf, &out);
    if (out.kind == OUT_TX) {
      transmit(p, end, (struct bytes){buf, out.u.tx_n}, out.fragment);
    } else if (out.kind == OUT_EVENT) {
      on_event(p, end, &out.u.ev);
    } else {
      assert(out.kind == OUT_IDLE && out.u.wake_at > p->now);
      p->wake_at[end] = out.u.wake_at;
      return;
    }
  }
}

mono_us pair_next(const struct sctp_pair *p) {
  mono_us wake = mono_min(p->wake_at[0], p->wake_at[1]);
  return mono_min(wake, p->n_flying > 0 ? p->flying[0]->at : MONO_NEVER);
}

bool pair_step(struct sctp_pair *p, mono_us until) {
  mono_us wake = mono_min(p->wake_at[0], p->wake_at[1]);
  mono_us arrival = p->n_flying > 0 ? p->flying[0]->at : MONO_NEVER;
  if (mono_min(wake, arrival) > until) {
    p->now = until;
    return false;
  }
  int end = p->wake_at[0] <= p->wake_at[1] ? 0 : 1;
  if (arrival <= wake) {
    struct pair_packet *k = land(p);
    end = k->to;
    p->now = arrival;
    (void)sctp_recv(p->ends[end], p->now, (struct bytes){k->data, k->n});
    free(k);
  } else {
    p->now = wake;
    (void)sctp_wake(p->ends[end], p->now);
  }
  pair_pump(p, end);
  return true;
}

void pair_run(struct sctp_pair *p, mono_us until) {
  while (pair_step(p, until)) continue;
}

bool pair_connect(struct sctp_pair *p) {
  mono_us until = p->now + 30 * MONO_S;
  (void)sctp_connect(p->ends[0], p->now);
  pair_pump(p, 0);
  while (sctp_state(p->ends[0]) != SCTP_CONNECTED || sctp_state(p->ends[1]) != SCTP_CONNECTED)
    if (!pair_step(p, until)) return false;
  return true;
}

void pair_fill_pattern(uint8_t *b, size_t n, uint8_t seed) {
  uint32_t v = seed * 2654435761u + 1u;
  for (size_t i = 0; i < n; i++) {
    v = v * 1664525u + 1013904223u;
    b[i] = (uint8_t)(v >> 24);
  }
}

bool pair_is_pattern(struct bytes b, uint8_t seed) {
  uint32_t v = seed * 2654435761u + 1u;
  for (size_t i = 0; i < b.n; i++) {
    v = v * 1664525u + 1013904223u;
    if (b.p[i] != (uint8_t)(v >> 24)) return false;
  }
  return true;
}

int pair_send(struct sctp_pair *p, int end, const struct sctp_send_info *info, size_t n,
              uint8_t seed) {
  struct payload *m = payload_new(n);
  if (!m) return -1;
  pair_fill_pattern(m->data, n, seed);
  m->n = n;
  int r = sctp_send(p->ends[end], p->now, info, m);
  pair_pump(p, end);
  return r;
}

struct sctp_send_info pair_info(uint16_t stream) {
  return (struct sctp_send_info){.stream = stream, .ppid = 53, .lifetime = MONO_NEVER};
}
