#include <errno.h>
#include <stdlib.h>

#include "sctp/assoc.h"
#include "sctp/packet/reconfig.h"

/* Resets of our own streams, RFC 6525 section 5.1. One request is out at a time. */

/* RE-CONFIG header, parameter header and the three numbers before the streams. */
#define REQUEST_HEADER_SIZE 20u

#define RETRY_SLACK (20 * MONO_MS)

static int reserve_wanted(struct resets *r, size_t more) {
  size_t need = r->n_wanted + more;
  if (need <= r->cap_wanted) return 0;
  size_t cap = need > 2 * r->cap_wanted ? need : 2 * r->cap_wanted;
  uint16_t *wanted = realloc(r->wanted, cap * sizeof *wanted);
  if (!wanted) return -ENOMEM;
  r->wanted = wanted;
  r->cap_wanted = cap;
  return 0;
}

int reset_request(struct sctp *s, const uint16_t *streams, size_t n) {
  struct resets *r = &s->resets;
  if (reserve_wanted(r, n) < 0) return -ENOMEM;
  for (size_t i = 0; i < n; i++)
    if (!send_queue_open(&s->tx.queue, streams[i])) return -ENOMEM;
  for (size_t i = 0; i < n; i++) {
    struct out_stream *out = send_queue_stream(&s->tx.queue, streams[i]);
    if (out->resetting) continue;
    r->wanted[r->n_wanted++] = streams[i];
    out->resetting = true;
    if (out->buffered > 0) s->tx.hurry = true;
  }
  r->look = true;
  return 0;
}

static bool has_drained(const struct sctp *s, uint16_t stream) {
  return send_queue_stream(&s->tx.queue, stream)->buffered == 0;
}

static size_t count_drained(const struct sctp *s, size_t most) {
  size_t n = 0;
  for (size_t i = 0; i < s->resets.n_wanted && n < most; i++)
    n += has_drained(s, s->resets.wanted[i]);
  return n;
}

/* Moves up to n drained streams into the request; the others stay in order. */
static void move_drained(struct sctp *s, struct reset_event *request, size_t n) {
  struct resets *r = &s->resets;
  size_t kept = 0, taken = 0;
  for (size_t i = 0; i < r->n_wanted; i++) {
    if (taken < n && has_drained(s, r->wanted[i]))
      request->streams[taken++] = r->wanted[i];
    else
      r->wanted[kept++] = r->wanted[i];
  }
  r->n_wanted = kept;
}

static void finish(struct sctp *s, int err) {
  struct resets *r = &s->resets;
  struct reset_event *e = r->request;
  for (size_t i = 0; i < e->n; i++) {
    struct out_stream *out = send_queue_stream(&s->tx.queue, e->streams[i]);
    out->resetting = false;
    if (err == 0) out->next_mid[0] = out->next_mid[1] = 0;
  }
  e->err = err;
  list_push_back(&s->rx.delivery.events, &e->item.link);
  r->request = NULL;
  r->due = false;
  r->at = MONO_NEVER;
  r->look = true;
}

void reset_progress(struct sctp *s) {
  struct resets *r = &s->resets;
  bool look = r->look || !list_empty(&s->tx.queue.released);
  if (!look || r->n_wanted == 0 || r->request || s->phase != PHASE_ESTABLISHED) return;
  size_t most = (s->pmtu.base - PACKET_HEADER_SIZE - REQUEST_HEADER_SIZE) / sizeof(uint16_t);
  size_t n = count_drained(s, most);
  r->look = false;
  if (n == 0) return;
  r->request = reset_event_new(SCTP_EV_RESET_DONE, n);
  if (!r->request) {
    r->look = true;
    return;
  }
  move_drained(s, r->request, n);
  if (!s->peer_reconfig) {
    finish(s, -EOPNOTSUPP);
    return;
  }
  r->seq = r->next_seq++;
  r->last_tsn = (uint32_t)(s->tx.out.next - 1);
  r->due = true;
  r->renumber = false;
  r->tries = 0;
}

/* Result and what the owner is told; 1: the request goes on. */
static int meaning_of(uint32_t result) {
  static const int meanings[] = {
      [RESET_NOTHING_TO_DO] = 0,   [RESET_PERFORMED] = 0,           [RESET_DENIED] = -EACCES,
      [RESET_WRONG_SSN] = -EPROTO, [RESET_ALREADY_IN_PROGRESS] = 1, [RESET_BAD_SEQUENCE] = -EPROTO,
      [RESET_IN_PROGRESS] = 1};
  return result < sizeof meanings / sizeof *meanings ? meanings[result] : -EPROTO;
}

/* How soon to ask again after "in progress": what the peer waits for mostly takes a round trip. */
static mono_us patience(const struct sctp *s) {
  mono_us wait = s->tx.rtt.srtt + RETRY_SLACK;
  return mono_min(wait, rtt_rto(&s->tx.rtt));
}

/*
 * "In progress" asks for patience; then the request goes out again. Under a new number: there are
 * peers that answer a repeated number with the same "in progress" for ever. Answers to older
 * numbers say nothing then, for the peer must have seen the newest before another request.
 */
void reset_on_response(struct sctp *s, mono_us now, uint32_t seq, uint32_t result) {
  struct resets *r = &s->resets;
  if (!r->request || seq != r->seq) return;
  int meaning = meaning_of(result);
  if (meaning > 0 && r->renumber) return;
  s->tx.errors = 0;
  if (meaning <= 0) {
    finish(s, meaning);
    return;
  }
  r->renumber = true;
  r->tries = 0;
  r->due = false;
  r->at = mono_add(now, patience(s));
}

void reset_wake(struct sctp *s, mono_us now) {
  struct resets *r = &s->resets;
  if (now < r->at) return;
  if (r->renumber) {
    r->seq = r->next_seq++;
    r->renumber = false;
  } else {
    s->tx.errors++;
    r->tries++;
  }
  r->due = true;
  r->at = MONO_NEVER;
}

mono_us reset_deadline(const struct sctp *s) {
  return s->resets.at;
}

void reset_write(struct sctp *s, mono_us now, struct writer *w) {
  struct resets *r = &s->resets;
  if (writer_left(w) < REQUEST_HEADER_SIZE + padded(r->request->n * sizeof(uint16_t))) return;
  const struct reconfig_param p = {
      .request_seq = r->seq, .response_seq = r->answers, .last_tsn = r->last_tsn};
  size_t at = chunk_begin(w, CHUNK_RE_CONFIG, 0);
  reconfig_write_outgoing(w, &p, r->request->streams, r->request->n);
  chunk_end(w, at);
  mono_us rto = rtt_rto(&s->tx.rtt);
  for (unsigned i = 0; i < r->tries && rto < RTO_MAX; i++) rto *= 2;
  r->due = false;
  r->at = mono_add(now, mono_min(rto, RTO_MAX));
}

void reset_free(struct sctp *s) {
  free(s->resets.wanted);
  free(s->resets.request);
}
