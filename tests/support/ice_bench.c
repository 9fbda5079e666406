#include "support/ice_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ice/priority.h"
#include "stun/builder.h"
#include "stun/fingerprint.h"
#include "stun/integrity.h"

struct addr bench_addr(const char *ip, uint16_t port) {
  struct addr a;
  assert_true(addr_parse_ip(ip, port, &a));
  return a;
}

void bench_init(struct bench *b, bool controlling) {
  memset(b, 0, sizeof *b);
  b->now = MONO_S;
  seeded_rng_init(&b->rng, 1);
  ice_credentials_make(&b->rng.rng, &b->ours);
  ice_credentials_make(&b->rng.rng, &b->theirs);
  struct ice_cfg cfg = {.rng = &b->rng.rng, .controlling = controlling};
  assert_int_equal(ice_agent_new(&b->a, &cfg, b->now), 0);
}

void bench_free(struct bench *b) {
  b->a = ice_agent_free(b->a);
}

int bench_interfaces(struct bench *b, const char *const *ips, size_t n) {
  struct ice_interface_addr list[16] = {0};
  for (size_t i = 0; i < n; i++) {
    (void)snprintf(list[i].name, sizeof list[i].name, "eth%u", (unsigned)(i & 15));
    list[i].addr = bench_addr(ips[i], 0);
  }
  int r = ice_agent_set_interfaces(b->a, b->now, list, n);
  bench_drain(b);
  return r;
}

int bench_bound(struct bench *b, size_t i, uint16_t port) {
  struct addr local = b->binds[i].local;
  local.port = port;
  int r = ice_agent_bound(b->a, b->now, b->binds[i].link, 0, &local);
  bench_drain(b);
  return r;
}

void bench_up(struct bench *b) {
  const char *const ips[] = {"192.0.2.1"};
  assert_int_equal(bench_interfaces(b, ips, 1), 0);
  assert_int_equal(ice_agent_start(b->a, b->now, &b->ours), 0);
  bench_drain(b);
  assert_int_equal(b->n_binds, 1);
  assert_int_equal(bench_bound(b, 0, 5000), 0);
}

int bench_set_remote(struct bench *b) {
  int r = ice_agent_set_remote(b->a, b->now, &b->theirs, false, 0);
  bench_drain(b);
  return r;
}

int bench_candidate(struct bench *b, const char *ip, uint16_t port, uint32_t priority) {
  struct ice_candidate c = {.type = ICE_HOST, .priority = priority, .addr = bench_addr(ip, port)};
  (void)snprintf(c.foundation, sizeof c.foundation, "%s", "1");
  int r = ice_agent_add_remote(b->a, b->now, &c);
  bench_drain(b);
  return r;
}

void bench_ready(struct bench *b, bool controlling) {
  bench_init(b, controlling);
  bench_up(b);
  assert_int_equal(bench_set_remote(b), 0);
  assert_int_equal(bench_candidate(b, "192.0.2.2", 6000, ice_priority(ICE_HOST, 65535)), 0);
}

static void record_tx(struct bench *b, const struct path *path, const uint8_t *data, size_t n) {
  assert_true(b->n_tx < BENCH_MAX && n <= sizeof b->tx[0].data);
  struct bench_tx *tx = &b->tx[b->n_tx++];
  *tx = (struct bench_tx){.at = b->now, .path = *path, .n = n};
  memcpy(tx->data, data, n);
  assert_int_equal(stun_parse((struct bytes){tx->data, n}, &tx->m), 0);
  assert_true(stun_check_fingerprint(&tx->m));
}

static void record(struct bench *b, const struct ice_out *out, const uint8_t *buf) {
  switch (out->kind) {
  case OUT_TX: record_tx(b, &out->u.tx.path, buf, out->u.tx.n); break;
  case OUT_EVENT:
    assert_true(b->n_events < BENCH_MAX);
    b->events[b->n_events++] = out->u.ev;
    break;
  case OUT_BIND: b->binds[b->n_binds++] = out->u.bind; break;
  case OUT_UNBIND: b->unbound[b->n_unbound++] = out->u.unbind_link; break;
  case OUT_RESOLVE:
    b->resolves[b->n_resolves].id = out->u.resolve.id;
    (void)snprintf(b->resolves[b->n_resolves++].name, ICE_NAME_MAX + 1, "%s", out->u.resolve.name);
    break;
  case OUT_IDLE:
  case OUT_PUBLISH:
  case OUT_STREAM: fail(); break;
  }
}

void bench_drain(struct bench *b) {
  uint8_t buf[1280];
  struct ice_out out;
  for (;;) {
    ice_agent_poll(b->a, b->now, buf, sizeof buf, &out);
    if (out.kind == OUT_IDLE) break;
    record(b, &out, buf);
  }
  b->wake_at = out.u.wake_at;
  assert_true(b->wake_at > b->now);
}

void bench_at(struct bench *b, mono_us now) {
  b->now = now;
  assert_int_equal(ice_agent_wake(b->a, now), 0);
  bench_drain(b);
}

void bench_run(struct bench *b, mono_us now) {
  while (b->wake_at <= now) bench_at(b, b->wake_at);
  bench_at(b, now);
}

void bench_clear(struct bench *b) {
  b->n_tx = b->n_events = b->n_binds = b->n_unbound = b->n_resolves = 0;
}

static int deliver(struct bench *b, uint32_t link, const struct addr *from,
                   const struct writer *w) {
  assert_false(w->failed);
  struct path path = {link, *from};
  int r = ice_agent_recv(b->a, b->now, &path, writer_written(w));
  bench_drain(b);
  return r;
}

static void put_answer(struct writer *w, const struct bench_tx *tx,
                       const struct bench_answer *how) {
  struct addr mapped = how->mapped;
  if (mapped.family == ADDR_NONE) mapped = bench_addr("192.0.2.1", 5000);
  stun_begin(w, how->code ? STUN_ERROR : STUN_SUCCESS, STUN_BINDING, &tx->m.tid);
  if (how->code)
    stun_put_error(w, how->code);
  else
    stun_put_xor_address(w, STUN_ATTR_XOR_MAPPED_ADDRESS, &mapped);
  if (how->extra) stun_put(w, how->extra, (struct bytes){0});
  if (how->count) stun_put_transmit_count(w, stun_get_transmit_count(&tx->m), 1);
}

int bench_answer(struct bench *b, const struct bench_tx *tx, const struct bench_answer *how) {
  uint8_t buf[300];
  struct writer w = writer_of(buf, sizeof buf);
  const struct bench_tx copy = *tx; /* draining may not move it, but keeps it simple */
  put_answer(&w, &copy, how);
  if (!how->plain) stun_put_integrity(&w, bytes_of(how->pwd ? how->pwd : b->theirs.pwd));
  stun_put_fingerprint(&w);
  struct addr from = how->from.family ? how->from : copy.path.remote;
  return deliver(b, copy.path.link, &from, &w);
}

int bench_success(struct bench *b, const struct bench_tx *tx) {
  const struct bench_answer how = {0};
  return bench_answer(b, tx, &how);
}

static void put_username(struct bench *b, struct writer *w, const struct bench_check *c) {
  char name[600];
  (void)snprintf(name, sizeof name, "%s:%s", c->ufrag ? c->ufrag : b->ours.ufrag, b->theirs.ufrag);
  stun_put(w, STUN_ATTR_USERNAME, bytes_of(name));
}

int bench_check(struct bench *b, const struct bench_check *c) {
  uint8_t buf[400];
  struct writer w = writer_of(buf, sizeof buf);
  struct stun_tid tid = stun_tid_make(&b->rng.rng);
  stun_begin(&w, STUN_REQUEST, STUN_BINDING, &tid);
  if (!c->no_username) put_username(b, &w, c);
  uint32_t priority = c->priority ? c->priority : ice_priority(ICE_PRFLX, 65535);
  if (!c->no_priority) stun_put_u32(&w, STUN_ATTR_PRIORITY, priority);
  stun_put_u64(&w, c->controlling ? STUN_ATTR_ICE_CONTROLLING : STUN_ATTR_ICE_CONTROLLED,
               c->tie_breaker);
  if (c->use_candidate) stun_put(&w, STUN_ATTR_USE_CANDIDATE, (struct bytes){0});
  if (c->extra) stun_put(&w, c->extra, (struct bytes){0});
  stun_put_integrity(&w, bytes_of(c->pwd ? c->pwd : b->ours.pwd));
  stun_put_fingerprint(&w);
  if (c->bad_fingerprint) buf[w.n - 1] ^= 1;
  struct addr from = c->from.family ? c->from : bench_addr("192.0.2.2", 6000);
  return deliver(b, c->link ? c->link : 1, &from, &w);
}

const struct bench_tx *bench_last(const struct bench *b, enum stun_class cls) {
  for (size_t i = b->n_tx; i > 0; i--)
    if (b->tx[i - 1].m.cls == cls) return &b->tx[i - 1];
  return NULL;
}

size_t bench_count(const struct bench *b, enum stun_class cls) {
  size_t n = 0;
  for (size_t i = 0; i < b->n_tx; i++) n += b->tx[i].m.cls == cls;
  return n;
}

bool bench_has(const struct bench_tx *tx, uint16_t type) {
  struct bytes v;
  return stun_find(&tx->m, type, &v);
}

size_t bench_told(const struct bench *b, enum ice_event_kind kind) {
  size_t n = 0;
  for (size_t i = 0; i < b->n_events; i++) n += b->events[i].kind == kind;
  return n;
}

struct ice_pair_info bench_pair(const struct bench *b, size_t i) {
  struct ice_pair_info info;
  assert_true(ice_agent_pair(b->a, i, &info));
  return info;
}

size_t bench_pairs(const struct bench *b) {
  struct ice_pair_info info;
  size_t n = 0;
  while (ice_agent_pair(b->a, n, &info)) n++;
  return n;
}
