#include "sctp/rx/receiver.h"

#include <errno.h>

void receiver_init(struct receiver *r, size_t window, size_t max_message) {
  *r = (struct receiver){.window = window, .max_message = max_message};
  reassembly_init(&r->reassembly, max_message);
  delivery_init(&r->delivery);
  ack_init(&r->ack);
}

void receiver_free(struct receiver *r) {
  tracker_free(&r->tracker);
  reassembly_free(&r->reassembly);
  delivery_free(&r->delivery);
}

void receiver_start(struct receiver *r, const struct receiver_start *with) {
  tracker_free(&r->tracker);
  tracker_init(&r->tracker, with->tsn);
  ack_init(&r->ack);
  r->streams = with->streams;
  r->reassembly.gaps_allowed = with->forward_tsn;
  r->delivery.interleaving = with->interleaving;
  r->advertised = receiver_window(r);
}

size_t receiver_held(const struct receiver *r) {
  return r->reassembly.held + r->delivery.held + r->taken;
}

uint32_t receiver_window(const struct receiver *r) {
  size_t held = receiver_held(r);
  size_t left = held < r->window ? r->window - held : 0;
  return left < UINT32_MAX ? (uint32_t)left : UINT32_MAX;
}

/* Messages that may be half here at once beyond the window, where they come interleaved: each of
 * them may need its last bytes before any can leave. */
#define HALVES_MAX 16u

static size_t halves(const struct receiver *r) {
  if (!r->delivery.interleaving) return 1;
  size_t n = r->reassembly.n + 1;
  return n < HALVES_MAX ? n : HALVES_MAX;
}

/*
 * Whether a chunk may be held (RFC 9260 section 6.2). What closes the lowest hole may pass the
 * window by one message while fragments wait for it: else a peer that filled the window with what
 * lies behind the hole would be stuck for ever.
 */
static bool has_room(const struct receiver *r, const struct data_chunk *d, uint64_t tsn) {
  bool in_order = tsn == r->tracker.cum + 1;
  size_t cost = d->data.n + (in_order ? 0 : RX_MSG_COST);
  size_t limit = r->window;
  if (in_order && r->reassembly.held + r->delivery.held > 0)
    limit += halves(r) * (r->max_message + RX_MSG_COST);
  size_t held = receiver_held(r);
  return held <= limit && cost <= limit - held;
}

/* Marks the TSN as arrived and follows the cumulative TSN. */
static int arrived(struct receiver *r, uint64_t tsn) {
  uint64_t cum = r->tracker.cum;
  tracker_add(&r->tracker, tsn);
  if (r->tracker.cum != tsn || tsn != cum + 1) r->packet_urgent = true;
  if (r->tracker.cum == cum) return 0;
  delivery_advance(&r->delivery, r->tracker.cum);
  return reassembly_advance(&r->reassembly, r->tracker.cum);
}

static int accept_chunk(struct receiver *r, const struct data_chunk *d, uint64_t tsn) {
  struct rx_msg *whole;
  if (tracker_reserve(&r->tracker, tsn) < 0 || delivery_open(&r->delivery, d->stream) < 0)
    return -ENOMEM;
  int err = reassembly_add(&r->reassembly, d, tsn, r->tracker.cum, &whole);
  if (err == -ENOBUFS) {
    r->packet_urgent = true;
    return 0;
  }
  if (err < 0) return err;
  r->bytes += d->data.n;
  if (whole) delivery_message(&r->delivery, whole);
  return arrived(r, tsn);
}

int receiver_data(struct receiver *r, const struct data_chunk *d) {
  uint64_t tsn = tracker_unwrap(&r->tracker, d->tsn);
  enum tracker_answer answer = tracker_ask(&r->tracker, tsn);
  r->packet_has_data = true;
  if (d->immediate) r->packet_urgent = true;
  if (answer == TRACKER_DUPLICATE) {
    tracker_note_duplicate(&r->tracker, tsn);
    r->duplicates++;
    r->packet_urgent = true;
    return 0;
  }
  if (answer == TRACKER_REFUSED || !has_room(r, d, tsn)) {
    r->packet_urgent = true;
    return 0;
  }
  if (d->stream < r->streams) return accept_chunk(r, d, tsn);
  /* RFC 9260 section 6.5: acknowledged, reported, and not delivered. */
  if (tracker_reserve(&r->tracker, tsn) < 0) return -ENOMEM;
  int err = arrived(r, tsn);
  return err < 0 ? err : -ENOSTR;
}

int receiver_forward(struct receiver *r, const struct forward_tsn_chunk *f) {
  uint64_t cum = tracker_unwrap(&r->tracker, f->cum);
  r->packet_has_data = r->packet_urgent = true;
  if (cum <= r->tracker.cum) return 0;
  for (size_t i = 0; i < forward_tsn_entries(f); i++) {
    struct forward_tsn_entry e = forward_tsn_at(f, i);
    if (e.stream >= r->streams) continue;
    if (delivery_open(&r->delivery, e.stream) < 0) return -ENOMEM;
  }
  for (size_t i = 0; i < forward_tsn_entries(f); i++) {
    struct forward_tsn_entry e = forward_tsn_at(f, i);
    if (e.stream >= r->streams) continue;
    if (f->interleaved) reassembly_skip(&r->reassembly, &e);
    if (!e.unordered) delivery_skip(&r->delivery, e.stream, e.mid);
  }
  tracker_forward(&r->tracker, cum);
  reassembly_forward(&r->reassembly, cum);
  delivery_advance(&r->delivery, r->tracker.cum);
  return reassembly_advance(&r->reassembly, r->tracker.cum);
}

void receiver_packet_end(struct receiver *r, mono_us now) {
  if (!r->packet_has_data) return;
  ack_on_packet(&r->ack, now, r->packet_urgent || tracker_has_gap(&r->tracker));
  r->packet_has_data = r->packet_urgent = false;
}

void receiver_taken(struct receiver *r, size_t n) {
  r->taken += n;
}

void receiver_released(struct receiver *r, size_t n) {
  r->taken -= n < r->taken ? n : r->taken;
  /* Tell the peer once a closed or narrow window has opened by a good part (RFC 9260 section 6.2:
   * no small updates). */
  uint32_t window = receiver_window(r);
  if (r->advertised < r->window / 2 && window - r->advertised >= r->window / 4 &&
      window > r->advertised)
    r->ack.now = true;
}

void receiver_write_sack(struct receiver *r, struct writer *w) {
  r->advertised = receiver_window(r);
  tracker_write_sack(&r->tracker, w, r->advertised);
  ack_sent(&r->ack);
}
