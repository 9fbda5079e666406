#include "pair.h"

int pair_begin(struct pair *p, const struct dc_cfg *cfg, bool bare) {
  *p = (struct pair){.now = MONO_S, .next = 1};
  int r = 0;
  list_init(&p->air);
  for (int i = 0; i < 2; i++) {
    struct dc_cfg own = cfg ? *cfg : pair_cfg;
    seeded_rng_init(&p->end[i].rng, (uint64_t)i + 1);
    own.sctp.rng = &p->end[i].rng.rng;
    p->end[i].wake_at = MONO_NEVER;
    if (r == 0)
      r = i == 1 && bare ? sctp_new(&p->end[i].bare, &own.sctp, p->now)
                         : dc_set_new(&p->end[i].set, &own, p->now);
  }
  return r;
}

void pair_end(struct pair *p) {
  for (int i = 0; i < 2; i++) {
    struct end *e = &p->end[i];
    dc_set_free(e->set);
    sctp_free(e->bare);
    for (size_t k = 0; k < e->n; k++) payload_free(e->log[k].message.data);
    free(e->log);
  }
  for (struct list *l; (l = list_pop_front(&p->air)) != NULL;) {
    struct flying *f = LIST_ENTRY(l, struct flying, link);
    payload_free(f->data);
    free(f);
  }
}

static void pair_fly(struct pair *p, int to, struct bytes b) {
  struct flying *f = calloc(1, sizeof *f);
  struct payload *copy = payload_copy(b);
  if (!f || !copy || p->cut) { /* lost */
    free(f);
    payload_free(copy);
    return;
  }
  *f = (struct flying){.at = p->now + PAIR_DELAY, .to = to, .data = copy};
  list_push_back(&p->air, &f->link);
}

static void end_note(struct pair *p, struct end *e, const struct dc_event *ev) {
  if (e->n == e->cap) {
    size_t cap = e->cap ? 2 * e->cap : 64;
    struct said *grown = realloc(e->log, cap * sizeof *grown);
    if (!grown) {
      e->failing = true;
      return;
    }
    e->log = grown;
    e->cap = cap;
  }
  struct said *s = &e->log[e->n++];
  *s = (struct said){.kind = ev->kind, .channel = ev->channel, .id = ev->id, .fault = ev->fault};
  if (ev->kind == DC_EV_MESSAGE) dc_take_message(e->set, &s->message);
  if (ev->kind == DC_EV_INCOMING) {
    size_t n = ev->init.label.n < sizeof s->label ? ev->init.label.n : sizeof s->label - 1;
    s->init = ev->init;
    memcpy(s->label, ev->init.label.p, n);
    s->channel = p->next++;
    dc_rename(e->set, ev->channel, s->channel);
  }
  for (size_t i = 0; i < ev->n_stalled && i < 8; i++) s->stalled[s->n_stalled++] = ev->stalled[i];
}

static void end_note_bare(struct end *e, mono_us now, const struct sctp_event *ev) {
  if (ev->kind == SCTP_EV_MESSAGE) {
    if (e->n_unordered < 8) e->unordered[e->n_unordered++] = ev->unordered;
    struct payload *m = sctp_take_message(e->bare);
    if (!m) return;
    sctp_release(e->bare, now, m->n);
    payload_free(m);
  }
  if (ev->kind == SCTP_EV_RESET_INCOMING)
    for (size_t i = 0; i < ev->n_streams && e->n_resets < 8; i++)
      e->resets[e->n_resets++] = ev->streams[i];
}

void pair_pump(struct pair *p, int i) {
  struct end *e = &p->end[i];
  uint8_t buf[2048];
  for (enum out_kind kind = OUT_TX; kind != OUT_IDLE && (e->set || e->bare);) {
    struct dc_out out = {0};
    struct sctp_out bare = {0};
    if (e->set) dc_poll(e->set, p->now, buf, sizeof buf, &out);
    if (e->bare) sctp_poll(e->bare, p->now, buf, sizeof buf, &bare);
    kind = e->set ? out.kind : bare.kind;
    if (kind == OUT_TX) pair_fly(p, 1 - i, (struct bytes){buf, e->set ? out.u.tx_n : bare.u.tx_n});
    if (kind == OUT_EVENT && e->set) end_note(p, e, &out.u.ev);
    if (kind == OUT_EVENT && e->bare) end_note_bare(e, p->now, &bare.u.ev);
    if (kind == OUT_IDLE) e->wake_at = e->set ? out.u.wake_at : bare.u.wake_at;
  }
  assert(e->wake_at > p->now);
}

static int end_input(struct end *e, mono_us now, const struct payload *packet) {
  if (e->set) return packet ? dc_recv(e->set, now, payload_bytes(packet)) : dc_wake(e->set, now);
  return packet ? sctp_recv(e->bare, now, payload_bytes(packet)) : sctp_wake(e->bare, now);
}

bool pair_step(struct pair *p, mono_us until) {
  struct flying *f = list_empty(&p->air) ? NULL : LIST_ENTRY(p->air.next, struct flying, link);
  int i = p->end[0].wake_at <= p->end[1].wake_at ? 0 : 1;
  mono_us wake = p->end[i].wake_at, at = f && f->at <= wake ? f->at : wake;
  if (at > until) {
    p->now = until;
    return false;
  }
  p->now = at;
  if (f && f->at <= wake) {
    i = f->to;
    list_remove(&f->link);
  } else {
    f = NULL;
  }
  if (end_input(&p->end[i], p->now, f ? f->data : NULL) < 0) p->end[i].failing = true;
  if (f) {
    payload_free(f->data);
    free(f);
  }
  pair_pump(p, i);
  return true;
}

void pair_run(struct pair *p, mono_us for_us) {
  mono_us until = p->now + for_us;
  pair_pump(p, 0);
  pair_pump(p, 1);
  while (pair_step(p, until)) continue;
}

void pair_start(struct pair *p) {
  for (int i = 0; i < 2; i++) {
    int r = p->end[i].set ? dc_set_start(p->end[i].set, p->now, i == 0, 5000)
                          : sctp_connect(p->end[i].bare, p->now);
    if (r < 0) p->end[i].failing = true;
  }
  pair_run(p, 200 * MONO_MS);
}

dc_handle pair_create(struct pair *p, int i, const struct dc_init *init) {
  struct fault f = {0};
  dc_handle h = p->next++;
  if (dc_create(p->end[i].set, p->now, h, init, &f) < 0) fail_msg("create: %s", f.text);
  return h;
}

dc_handle pair_open(struct pair *p, dc_handle *ret_other, const struct dc_init *init) {
  dc_handle h = pair_create(p, 0, init ? init : &pair_plain);
  pair_run(p, 100 * MONO_MS);
  *ret_other = 0;
  for (size_t k = 0; k < p->end[1].n; k++)
    if (p->end[1].log[k].kind == DC_EV_INCOMING) *ret_other = p->end[1].log[k].channel;
  assert_int_not_equal(*ret_other, 0);
  return h;
}

void end_forget(struct end *e) {
  for (size_t k = 0; k < e->n; k++) e->log[k].message.data = payload_free(e->log[k].message.data);
  e->n = 0;
}

size_t end_count(const struct end *e, enum dc_event_kind kind) {
  size_t n = 0;
  for (size_t k = 0; k < e->n; k++) n += e->log[k].kind == kind;
  return n;
}

const struct said *end_said(const struct end *e, enum dc_event_kind kind, size_t k) {
  for (size_t i = 0; i < e->n; i++)
    if (e->log[i].kind == kind && k-- == 0) return &e->log[i];
  return NULL;
}

int pair_send(struct pair *p, int i, dc_handle h, bool text, struct bytes b, struct fault *f) {
  return dc_send(p->end[i].set, p->now, h, text, b.n > 0 ? payload_copy(b) : NULL, f);
}

void pair_text(struct pair *p, int i, dc_handle h, const char *s) {
  struct fault f = {0};
  if (pair_send(p, i, h, true, bytes_of(s), &f) < 0) fail_msg("send: %s", f.text);
}

void pair_zeros(struct pair *p, int i, dc_handle h, size_t n) {
  struct fault f = {0};
  struct payload *data = payload_new(n);
  assert_non_null(data);
  memset(data->data, 0, n);
  data->n = n;
  if (dc_send(p->end[i].set, p->now, h, false, data, &f) < 0) fail_msg("send: %s", f.text);
}

void pair_credit(struct pair *p, int i, dc_handle h, uint64_t n) {
  assert_int_equal(dc_credit(p->end[i].set, p->now, h, n, NULL), 0);
  pair_pump(p, i);
}

struct dc_info pair_info(const struct pair *p, int i, dc_handle h) {
  struct dc_info info;
  assert_true(dc_info(p->end[i].set, h, &info));
  return info;
}
