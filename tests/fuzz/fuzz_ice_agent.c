/*
 * An agent driven by the bytes of the input: addresses come and go, time passes, the peer checks,
 * answers, errs and lies, generations begin and are rolled back. Messages are signed as a peer
 * would, so that all is reached.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cursor.h"
#include "ice/agent.h"
#include "stun/builder.h"
#include "stun/fingerprint.h"
#include "stun/integrity.h"
#include "support/seeded_rng.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SEEN    8
#define TX_MAX  600
#define MAX_OPS 300

struct driver {
  struct ice_agent *a;
  struct seeded_rng rng;
  mono_us now;
  struct cursor in;
  unsigned generation, remote_generation;
  struct ice_credentials ours[4], theirs[4];
  uint32_t binds[SEEN], resolves[SEEN];
  size_t n_binds, n_resolves;
  struct {
    struct path path;
    struct stun_tid tid;
  } requests[SEEN];
  size_t n_requests;
};

static struct addr pick_addr(struct driver *d) {
  static const char *const ips[] = {"192.0.2.1", "192.0.2.2",   "10.0.0.1", "2001:db8::1",
                                    "fe80::1",   "169.254.0.1", "fd00::2",  "127.0.0.1"};
  struct addr a;
  uint8_t v = cursor_u8(&d->in);
  (void)addr_parse_ip(ips[v & 7], (uint16_t)(5000 + (v >> 3 & 7)), &a);
  return a;
}

static void note_tx(struct driver *d, const struct path *path, struct bytes datagram) {
  struct stun_message m;
  int r = stun_parse(datagram, &m);
  assert(r == 0 && stun_check_fingerprint(&m));
  if (m.cls != STUN_REQUEST) return;
  size_t slot = d->n_requests++ % SEEN;
  d->requests[slot].path = *path;
  d->requests[slot].tid = m.tid;
}

static void note(struct driver *d, const struct ice_out *out, const uint8_t *buf) {
  if (out->kind == OUT_TX) note_tx(d, &out->u.tx.path, (struct bytes){buf, out->u.tx.n});
  if (out->kind == OUT_BIND) d->binds[d->n_binds++ % SEEN] = out->u.bind.link;
  if (out->kind == OUT_RESOLVE) d->resolves[d->n_resolves++ % SEEN] = out->u.resolve.id;
}

static mono_us drain(struct driver *d) {
  uint8_t buf[1280];
  struct ice_out out;
  for (unsigned n = 0;; n++) {
    ice_agent_poll(d->a, d->now, buf, sizeof buf, &out);
    if (out.kind == OUT_IDLE) break;
    assert(n < TX_MAX);
    note(d, &out, buf);
  }
  assert(out.u.wake_at > d->now);
  return out.u.wake_at;
}

static void check(struct driver *d) {
  struct ice_pair_info p;
  size_t n = 0, selected = 0;
  for (; ice_agent_pair(d->a, n, &p); n++) selected += p.selected;
  assert(n <= 200 && selected <= 2);
  if (ice_agent_state(d->a) == ICE_FAILED) assert(!ice_agent_data_path(d->a));
}

static void op_interfaces(struct driver *d) {
  struct ice_interface_addr list[4] = {0};
  size_t n = cursor_u8(&d->in) % 5;
  for (size_t i = 0; i < n; i++) {
    list[i].addr = pick_addr(d);
    list[i].temporary = list[i].addr.port & 1;
    list[i].addr.port = 0;
  }
  (void)ice_agent_set_interfaces(d->a, d->now, list, n);
}

static void op_bound(struct driver *d) {
  uint8_t v = cursor_u8(&d->in);
  struct addr local = pick_addr(d);
  (void)ice_agent_bound(d->a, d->now, d->binds[v % SEEN], v & 64 ? -EADDRINUSE : 0, &local);
}

static void op_start(struct driver *d) {
  d->generation++;
  (void)ice_agent_start(d->a, d->now, &d->ours[d->generation % 4]);
}

static void op_remote(struct driver *d) {
  uint8_t v = cursor_u8(&d->in);
  if (v & 1) d->remote_generation++;
  (void)ice_agent_set_remote(d->a, d->now, &d->theirs[d->remote_generation % 4], v == 255,
                             v & 2 ? 5 * MONO_MS : 0);
}

static void op_candidate(struct driver *d) {
  struct ice_candidate c = {.priority = cursor_u32(&d->in)};
  uint8_t v = cursor_u8(&d->in);
  c.addr = pick_addr(d);
  c.type = (enum ice_candidate_type)(v & 3);
  c.foundation[0] = (char)('a' + (v >> 2 & 7));
  if (v >> 5 == 7) {
    (void)snprintf(c.name, sizeof c.name, v & 1 ? "host%u.example" : "x%u.local", v & 31u);
    c.addr.family = ADDR_NONE;
  }
  (void)ice_agent_add_remote(d->a, d->now, &c);
}

static void op_resolved(struct driver *d) {
  const struct addr found[] = {pick_addr(d), pick_addr(d)};
  uint8_t v = cursor_u8(&d->in);
  (void)ice_agent_resolved(d->a, d->now, d->resolves[v % SEEN], 0, found, v >> 6 & 1 ? 2 : 1);
}

static void op_time(struct driver *d) {
  static const mono_us steps[] = {1, 1000, 20000, 50000, 500000, 5000000, 30000000, 40000000};
  d->now += steps[cursor_u8(&d->in) & 7];
  (void)ice_agent_wake(d->a, d->now);
}

static void op_wake(struct driver *d) {
  mono_us at = drain(d);
  if (at != MONO_NEVER) d->now = at;
  (void)ice_agent_wake(d->a, d->now);
}

static void op_raw(struct driver *d) {
  struct path path = {1 + (cursor_u8(&d->in) & 7u), pick_addr(d)};
  struct bytes b = cursor_take(&d->in, cursor_u8(&d->in));
  (void)ice_agent_recv(d->a, d->now, &path, b);
}

/* A check of the peer, well signed. */
static void op_check(struct driver *d) {
  uint8_t buf[400], v = cursor_u8(&d->in);
  char name[2 * ICE_UFRAG_MAX];
  struct path path = {1 + (v & 3u), pick_addr(d)};
  const struct ice_credentials *ours = &d->ours[(d->generation - (v >> 7)) % 4];
  struct stun_tid tid = stun_tid_make(&d->rng.rng);
  struct writer w = writer_of(buf, sizeof buf);
  (void)snprintf(name, sizeof name, "%.100s:%.100s", ours->ufrag, d->theirs[0].ufrag);
  stun_begin(&w, STUN_REQUEST, STUN_BINDING, &tid);
  stun_put(&w, STUN_ATTR_USERNAME, bytes_of(name));
  stun_put_u32(&w, STUN_ATTR_PRIORITY, cursor_u32(&d->in));
  stun_put_u64(&w, v & 4 ? STUN_ATTR_ICE_CONTROLLING : STUN_ATTR_ICE_CONTROLLED,
               v & 8 ? UINT64_MAX : 0);
  if (v & 16) stun_put(&w, STUN_ATTR_USE_CANDIDATE, (struct bytes){0});
  if (v & 32) stun_put_transmit_count(&w, v, 0);
  stun_put_integrity(&w, bytes_of(ours->pwd));
  stun_put_fingerprint(&w);
  (void)ice_agent_recv(d->a, d->now, &path, writer_written(&w));
}

/* An answer to one of the last requests, well signed. */
static void op_answer(struct driver *d) {
  uint8_t buf[300], v = cursor_u8(&d->in);
  struct path path = d->requests[v % SEEN].path;
  struct addr mapped = pick_addr(d);
  struct writer w = writer_of(buf, sizeof buf);
  unsigned code = v & 16 ? 487 : 400;
  stun_begin(&w, v & 8 ? STUN_ERROR : STUN_SUCCESS, STUN_BINDING, &d->requests[v % SEEN].tid);
  if (v & 8)
    stun_put_error(&w, code);
  else
    stun_put_xor_address(&w, STUN_ATTR_XOR_MAPPED_ADDRESS, &mapped);
  if (v & 64) stun_put_transmit_count(&w, mapped.port & 3, 1);
  if (v & 32) path.remote = mapped;
  unsigned g = d->remote_generation - (v >> 7);
  stun_put_integrity(&w, bytes_of(d->theirs[g % 4].pwd));
  (void)ice_agent_recv(d->a, d->now, &path, writer_written(&w));
}

static void op_other(struct driver *d) {
  uint8_t v = cursor_u8(&d->in);
  if (v % 4 == 0) ice_agent_rollback(d->a, d->now);
  if (v % 4 == 1) ice_agent_end_of_remote(d->a, d->now);
  if (v % 4 == 2) ice_agent_set_controlling(d->a, v & 4);
}

static void run(struct driver *d) {
  static void (*const ops[])(struct driver *) = {
      op_interfaces, op_bound,    op_bound,  op_start, op_remote, op_candidate,
      op_candidate,  op_resolved, op_time,   op_wake,  op_raw,    op_check,
      op_check,      op_answer,   op_answer, op_other};
  for (unsigned n = 0; n < MAX_OPS && d->in.n > 0; n++) {
    ops[cursor_u8(&d->in) % (sizeof ops / sizeof ops[0])](d);
    (void)drain(d);
    check(d);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct driver d = {.now = MONO_S, .in = cursor_of((struct bytes){data, size})};
  seeded_rng_init(&d.rng, 1);
  for (size_t i = 0; i < 4; i++) {
    ice_credentials_make(&d.rng.rng, &d.ours[i]);
    ice_credentials_make(&d.rng.rng, &d.theirs[i]);
  }
  struct ice_cfg cfg = {.rng = &d.rng.rng, .controlling = size & 1, .loopback = true};
  if (ice_agent_new(&d.a, &cfg, d.now) < 0) return 0;
  run(&d);
  ice_agent_free(d.a);
  return 0;
}
