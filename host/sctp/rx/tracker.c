#include "sctp/rx/tracker.h"

#include "base/serial.h"

/* Unwrapped TSNs start high enough that nothing below the first one wraps. */
#define TSN_EPOCH ((uint64_t)1 << 32)

void tracker_init(struct tracker *t, uint32_t initial_tsn) {
  *t = (struct tracker){.cum = TSN_EPOCH + initial_tsn - 1};
}

void tracker_free(struct tracker *t) {
  tsn_set_free(&t->above);
}

uint64_t tracker_unwrap(const struct tracker *t, uint32_t tsn) {
  return serial32_unwrap(t->cum, tsn);
}

/* True when the TSN would not join an island. */
static bool is_island(const struct tracker *t, uint64_t tsn) {
  size_t i = tsn_set_find(&t->above, tsn - 1);
  return i == t->above.n || t->above.ranges[i].first > tsn + 1;
}

enum tracker_answer tracker_ask(const struct tracker *t, uint64_t tsn) {
  if (tsn <= t->cum) return TRACKER_DUPLICATE;
  if (tsn == t->cum + 1) return TRACKER_NEW;
  if (tsn_set_has(&t->above, tsn)) return TRACKER_DUPLICATE;
  /* Gap blocks have offsets of 16 bits. */
  if (tsn - t->cum > UINT16_MAX) return TRACKER_REFUSED;
  if (t->above.n >= TRACKER_RANGES && is_island(t, tsn)) return TRACKER_REFUSED;
  return TRACKER_NEW;
}

void tracker_note_duplicate(struct tracker *t, uint64_t tsn) {
  if (t->n_dups < TRACKER_DUPS) t->dups[t->n_dups++] = (uint32_t)tsn;
}

int tracker_reserve(struct tracker *t, uint64_t tsn) {
  return tsn == t->cum + 1 ? 0 : tsn_set_reserve(&t->above);
}

/* Moves the cumulative TSN over the island that now touches it. */
static void join_island(struct tracker *t) {
  if (t->above.n > 0 && t->above.ranges[0].first <= t->cum + 1) {
    if (t->above.ranges[0].last > t->cum) t->cum = t->above.ranges[0].last;
    tsn_set_drop_upto(&t->above, t->cum);
  }
}

void tracker_add(struct tracker *t, uint64_t tsn) {
  if (tsn != t->cum + 1) {
    tsn_set_add(&t->above, tsn, tsn);
    return;
  }
  t->cum = tsn;
  join_island(t);
}

void tracker_forward(struct tracker *t, uint64_t cum) {
  if (cum <= t->cum) return;
  t->cum = cum;
  tsn_set_drop_upto(&t->above, cum);
  join_island(t);
}

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

void tracker_write_sack(struct tracker *t, struct writer *w, uint32_t a_rwnd) {
  struct sack_gap gaps[TRACKER_RANGES];
  size_t left = writer_left(w);
  size_t room = left > SACK_HEADER_SIZE ? (left - SACK_HEADER_SIZE) / 4 : 0;
  size_t n_gaps = smaller(t->above.n, room);
  for (size_t i = 0; i < n_gaps; i++)
    gaps[i] = (struct sack_gap){(uint16_t)(t->above.ranges[i].first - t->cum),
                                (uint16_t)(t->above.ranges[i].last - t->cum)};
  size_t n_dups = smaller(t->n_dups, room - n_gaps);
  const struct sack_chunk s = {.cum = (uint32_t)t->cum, .a_rwnd = a_rwnd};
  sack_chunk_write(w, &s, gaps, n_gaps, t->dups, n_dups);
  t->n_dups = 0;
}
