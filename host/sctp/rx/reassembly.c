#include "sctp/rx/reassembly.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/serial.h"

/* Where a chunk belongs: between two runs, joined to either, both or none. */
struct place {
  struct rx_place chunk;
  size_t at; /* index of the first run behind the chunk */
  struct rx_msg *before, *behind;
};

void reassembly_init(struct reassembly *r, size_t max_message) {
  *r = (struct reassembly){.max_message = max_message};
}

void reassembly_free(struct reassembly *r) {
  for (size_t i = 0; i < r->n; i++) rx_msg_free(r->runs[i]);
  free(r->runs);
  r->runs = NULL;
  r->n = r->cap = 0;
}

static bool precedes(const struct rx_msg *m, const struct rx_place *c) {
  return m->key < c->key || (m->key == c->key && m->first < c->number);
}

static size_t find_behind(const struct reassembly *r, const struct rx_place *c) {
  if (r->n == 0 || precedes(r->runs[r->n - 1], c)) return r->n;
  size_t low = 0, high = r->n - 1;
  while (low < high) {
    size_t mid = (low + high) / 2;
    if (precedes(r->runs[mid], c))
      low = mid + 1;
    else
      high = mid;
  }
  return low;
}

static bool same_message(const struct rx_msg *m, const struct data_chunk *d) {
  return m->stream == d->stream && m->unordered == d->unordered &&
         (d->unordered || m->mid == d->mid);
}

/* The run of the same key at that index; NULL when there is none. */
static struct rx_msg *run_at(const struct reassembly *r, size_t at, uint64_t key) {
  return at < r->n && r->runs[at]->key == key ? r->runs[at] : NULL;
}

/*
 * Finds the neighbours the chunk joins. Neighbours that touch but do not fit together are a
 * violation, except that an abandoned message may lack its end (RFC 3758 section 3.6); so is a
 * fragment that is here already under another TSN.
 */
static int find_place(const struct reassembly *r, const struct data_chunk *d,
                      const struct rx_place *c, struct place *ret) {
  struct place p = {.chunk = *c, .at = find_behind(r, c)};
  struct rx_msg *before = p.at > 0 ? run_at(r, p.at - 1, c->key) : NULL;
  struct rx_msg *behind = run_at(r, p.at, c->key);
  if ((before && before->last >= c->number) || (behind && behind->first == c->number))
    return -EPROTO;
  if (before && before->last + 1 == c->number) {
    if (before->end == d->begin && !d->begin && same_message(before, d))
      p.before = before;
    else if (!(d->begin && (before->end || r->gaps_allowed)))
      return -EPROTO;
  }
  if (behind && behind->first == c->number + 1) {
    if (!d->end && !behind->begin && same_message(behind, d))
      p.behind = behind;
    else if (!(behind->begin && (d->end || r->gaps_allowed)))
      return -EPROTO;
  }
  *ret = p;
  return 0;
}

static int reserve_run(struct reassembly *r) {
  if (r->n >= REASSEMBLY_RUNS) return -ENOBUFS;
  if (r->n < r->cap) return 0;
  size_t cap = r->cap > 0 ? 2 * r->cap : 4;
  struct rx_msg **runs = realloc(r->runs, cap * sizeof(struct rx_msg *));
  if (!runs) return -ENOMEM;
  r->runs = runs;
  r->cap = cap;
  return 0;
}

static void insert_run(struct reassembly *r, size_t at, struct rx_msg *m) {
  memmove(r->runs + at + 1, r->runs + at, (r->n - at) * sizeof(struct rx_msg *));
  r->runs[at] = m;
  r->n++;
  r->held += m->held;
}

static void remove_run(struct reassembly *r, size_t at) {
  r->held -= r->runs[at]->held;
  r->n--;
  memmove(r->runs + at, r->runs + at + 1, (r->n - at) * sizeof(struct rx_msg *));
}

static void append_bytes(struct payload *p, struct bytes b) {
  memcpy(p->data + p->n, b.p, b.n);
  p->n += b.n;
}

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

/* Room for a message that begins in order: as large as the last one was, if it is the only one
 * under way; at least some fragments. */
static size_t first_room(const struct reassembly *r, const struct data_chunk *d, bool in_order) {
  if (!in_order || !d->begin) return d->data.n;
  size_t room = 4 * d->data.n;
  if (r->n == 0 && r->expected > room) room = r->expected;
  return smaller(room, r->max_message);
}

static struct rx_msg *new_run(const struct data_chunk *d, const struct rx_place *c, size_t room) {
  struct rx_msg *m = rx_msg_new(d, c);
  struct payload *piece = m ? payload_new(room) : NULL;
  if (!piece) return rx_msg_free(m);
  append_bytes(piece, d->data);
  rx_msg_push(m, piece);
  return m;
}

static int add_alone(struct reassembly *r, const struct place *p, const struct data_chunk *d,
                     bool in_order) {
  int err = reserve_run(r);
  if (err < 0) return err;
  struct rx_msg *m = new_run(d, &p->chunk, first_room(r, d, in_order));
  if (!m) return -ENOMEM;
  insert_run(r, p->at, m);
  return 0;
}

/* The last piece with room for n more bytes: doubled, within what a message may have. */
static int make_room(struct reassembly *r, struct rx_msg *m, size_t n) {
  struct payload *tail = rx_msg_tail(m);
  size_t need = tail->n + n;
  if (need <= tail->cap) return 0;
  size_t cap = smaller(2 * tail->cap, tail->n + (r->max_message - m->n));
  size_t before = m->held;
  int err = rx_msg_grow_tail(m, cap > need ? cap : need);
  r->held += m->held - before;
  return err;
}

static int append(struct reassembly *r, struct rx_msg *m, const struct data_chunk *d) {
  int err = make_room(r, m, d->data.n);
  if (err < 0) return err;
  append_bytes(rx_msg_tail(m), d->data);
  m->n += d->data.n;
  m->last++;
  m->end = d->end;
  return 0;
}

static int prepend(struct reassembly *r, struct rx_msg *m, const struct data_chunk *d) {
  struct payload *piece = payload_copy(d->data);
  if (!piece) return -ENOMEM;
  rx_msg_push_front(m, piece);
  r->held += piece->cap + RX_PIECE_COST;
  m->n += d->data.n;
  m->first--;
  m->begin = d->begin;
  if (d->begin) m->ppid = d->ppid;
  return 0;
}

/* Gives back room that a message shorter than expected did not need. */
static void trim(struct rx_msg *m) {
  struct payload *whole = rx_msg_first(m);
  if (whole->cap <= whole->n + whole->n / 4 + 256) return;
  list_remove(&whole->link);
  struct payload *less = realloc(whole, sizeof *whole + whole->n);
  if (less) {
    whole = less;
    whole->cap = whole->n;
    list_init(&whole->link);
  }
  rx_msg_settle(m, whole);
}

static void gather(struct payload *whole, const struct rx_msg *m) {
  if (!m) return;
  LIST_EACH(it, &m->pieces) {
    append_bytes(whole, payload_bytes(LIST_ENTRY(it, struct payload, link)));
  }
}

/* The chunk makes the message whole out of several pieces: copies them into one. */
static int assemble(struct reassembly *r, const struct place *p, const struct data_chunk *d,
                    struct rx_msg **ret_whole) {
  size_t n = d->data.n + (p->before ? p->before->n : 0) + (p->behind ? p->behind->n : 0);
  struct payload *whole = payload_new(n);
  if (!whole) return -ENOMEM;
  gather(whole, p->before);
  append_bytes(whole, d->data);
  gather(whole, p->behind);
  struct rx_msg *m = p->before ? p->before : p->behind;
  if (p->behind) remove_run(r, p->at);
  if (p->before) remove_run(r, p->at - 1);
  if (p->behind && p->before) rx_msg_free(p->behind);
  if (!p->before) {
    m->first--;
    m->ppid = d->ppid;
  }
  m->n = n;
  rx_msg_settle(m, whole);
  *ret_whole = m;
  return 0;
}

/* The chunk is the end of a message that came in order. */
static int finish(struct reassembly *r, const struct place *p, const struct data_chunk *d,
                  struct rx_msg **ret_whole) {
  struct rx_msg *m = p->before;
  int err = append(r, m, d);
  if (err < 0) return err;
  remove_run(r, p->at - 1);
  trim(m);
  r->expected = m->n;
  *ret_whole = m;
  return 0;
}

/* The chunk joins one or two runs and leaves the message incomplete. */
static int join(struct reassembly *r, const struct place *p, const struct data_chunk *d) {
  if (!p->before) return prepend(r, p->behind, d);
  int err = append(r, p->before, d);
  if (err < 0 || !p->behind) return err;
  remove_run(r, p->at);
  size_t before = p->before->held;
  rx_msg_absorb(p->before, p->behind);
  r->held += p->before->held - before;
  return 0;
}

static int single(const struct data_chunk *d, const struct rx_place *c, struct rx_msg **ret_whole) {
  struct rx_msg *m = new_run(d, c, d->data.n);
  if (!m) return -ENOMEM;
  *ret_whole = m;
  return 0;
}

int reassembly_add(struct reassembly *r, const struct data_chunk *d, uint64_t tsn, uint64_t cum,
                   struct rx_msg **ret_whole) {
  const struct rx_place c = rx_place_of(d, tsn);
  struct place p;
  *ret_whole = NULL;
  if (find_place(r, d, &c, &p) < 0) return -EPROTO;
  size_t n = d->data.n + (p.before ? p.before->n : 0) + (p.behind ? p.behind->n : 0);
  if (n > r->max_message) return -EMSGSIZE;
  if (d->begin && d->end) return single(d, &c, ret_whole);
  bool begins = p.before ? p.before->begin : d->begin;
  bool ends = p.behind ? p.behind->end : d->end;
  if (begins && ends) {
    bool in_order = !p.behind && rx_msg_first(p.before) == rx_msg_tail(p.before);
    return (in_order ? finish : assemble)(r, &p, d, ret_whole);
  }
  if (p.before || p.behind) return join(r, &p, d);
  bool in_order = tsn == cum + 1;
  /* The message's begin was skipped: nothing will ever make it whole. */
  if (!d->interleaved && !d->begin && in_order) return r->gaps_allowed ? 0 : -EPROTO;
  return add_alone(r, &p, d, in_order);
}

/* By a FORWARD TSN. I-FORWARD-TSN names the messages themselves. */
static bool is_lost(const struct rx_msg *m, uint64_t cum) {
  if (m->key != 0) return false;
  return m->last <= cum || (!m->begin && m->first <= cum + 1);
}

int reassembly_advance(struct reassembly *r, uint64_t cum) {
  while (r->n > 0 && r->runs[0]->key == 0 && !r->runs[0]->begin && r->runs[0]->first <= cum + 1) {
    if (!r->gaps_allowed) return -EPROTO;
    struct rx_msg *m = r->runs[0];
    remove_run(r, 0);
    rx_msg_free(m);
  }
  return 0;
}

void reassembly_forward(struct reassembly *r, uint64_t cum) {
  size_t kept = 0;
  for (size_t i = 0; i < r->n; i++) {
    struct rx_msg *m = r->runs[i];
    if (is_lost(m, cum)) {
      r->held -= m->held;
      rx_msg_free(m);
    } else {
      r->runs[kept++] = m;
    }
  }
  r->n = kept;
}

void reassembly_skip(struct reassembly *r, const struct forward_tsn_entry *e) {
  size_t kept = 0;
  for (size_t i = 0; i < r->n; i++) {
    struct rx_msg *m = r->runs[i];
    bool named = m->key != 0 && m->stream == e->stream && m->unordered == e->unordered;
    if (named && !serial32_lt(e->mid, m->mid)) {
      r->held -= m->held;
      rx_msg_free(m);
    } else {
      r->runs[kept++] = m;
    }
  }
  r->n = kept;
}
