/* From the association to the owner, as far as each channel's credit goes. */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "datachannel/dcep.h"
#include "datachannel/internal.h"

#define CREDIT_MAX (((uint64_t)1 << 53) - 1)

/* How much of the first waiting message may go now; 0 also where a code point does not fit. */
static size_t piece_size(const struct dc_set *s, const struct dc_channel *c,
                         const struct waiting_first *f) {
  size_t n = f->left.n;
  if (n > c->credit) n = (size_t)c->credit;
  if (n > s->max_piece) n = s->max_piece;
  return f->text && n < f->left.n ? utf8_cut(f->left, n) : n;
}

bool dc_deliverable(const struct dc_set *s, const struct dc_channel *c) {
  struct waiting_first f;
  if (s->paused || !waiting_first(&c->waiting, &f)) return false;
  return f.left.n == 0 || piece_size(s, c, &f) > 0;
}

void dc_drop_waiting(struct dc_set *s, struct dc_channel *c) {
  s->waiting_charge -= waiting_clear(&c->waiting);
}

bool dc_deliver(struct dc_set *s, mono_us now, struct dc_channel *c) {
  struct waiting_first f;
  struct waiting_piece piece;
  if (!waiting_first(&c->waiting, &f)) return false;
  size_t n = piece_size(s, c, &f);
  if (waiting_take(&c->waiting, n, &piece) < 0) return false;
  s->current = (struct dc_message){
      .data = piece.data, .text = piece.text, .more = piece.more, .seq = c->seq++};
  c->credit -= n;
  c->bytes_received += n;
  if (!piece.more) {
    sctp_release(s->sctp, now, piece.charge);
    s->waiting_charge -= piece.charge;
    c->messages_received++;
  }
  return true;
}

void dc_take_message(struct dc_set *s, struct dc_message *ret) {
  *ret = s->current;
  s->current.data = NULL;
}

/* Text with ill-formed parts is repaired, as browsers do. Takes p; NULL when out of memory. */
static struct payload *repair(struct payload *p) {
  if (utf8_valid(payload_bytes(p))) return p;
  struct text t = {0};
  utf8_add_repaired(&t, payload_bytes(p));
  struct payload *repaired =
      t.failed ? NULL : payload_copy((struct bytes){(const uint8_t *)t.p, t.n});
  text_free(&t);
  payload_free(p);
  return repaired;
}

static bool is_message(uint32_t ppid) {
  return ppid == DCEP_PPID_TEXT || ppid == DCEP_PPID_BINARY || ppid == DCEP_PPID_TEXT_EMPTY ||
         ppid == DCEP_PPID_BINARY_EMPTY;
}

/* Queues a message of the channel. Takes data; a message that no memory is left for ends the
 * channel, whose promise is broken. */
static void enqueue(struct dc_set *s, mono_us now, struct dc_channel *c, uint32_t ppid,
                    struct payload *data) {
  bool empty = ppid == DCEP_PPID_TEXT_EMPTY || ppid == DCEP_PPID_BINARY_EMPTY;
  bool text = ppid == DCEP_PPID_TEXT || ppid == DCEP_PPID_TEXT_EMPTY;
  size_t charge = data->n;
  if (empty)
    data = payload_free(data);
  else if (text)
    data = repair(data);
  if ((!empty && !data) || waiting_add(&c->waiting, data, text, charge) < 0) {
    uint16_t stream = (uint16_t)c->id;
    sctp_release(s->sctp, now, charge);
    dc_channel_end(s, c, FAULT_OUT_OF_MEMORY, "out of memory");
    dc_refuse_stream(s, now, stream);
    return;
  }
  s->waiting_charge += charge;
  if (dc_deliverable(s, c)) dc_channel_say(s, c, 0);
}

void dc_receive_message(struct dc_set *s, mono_us now, const struct sctp_event *ev) {
  struct payload *data = sctp_take_message(s->sctp);
  if (!data) return;
  struct dc_channel *c = dc_find_stream(s, ev->stream);
  if (c && c->state != DC_CLOSED && is_message(ev->ppid)) {
    c->acknowledged = true;
    enqueue(s, now, c, ev->ppid, data);
    return;
  }
  size_t n = data->n;
  if (ev->ppid == DCEP_PPID_CONTROL) dc_receive_control(s, now, ev->stream, payload_bytes(data));
  payload_free(data);
  sctp_release(s->sctp, now, n);
}

int dc_credit(struct dc_set *s, mono_us now, dc_handle ch, uint64_t bytes,
              struct fault *ret_fault) {
  (void)now;
  struct dc_channel *c = dc_find(s, ch);
  if (!c) return fault_set(ret_fault, FAULT_UNKNOWN_CHANNEL, "there is no channel %u", ch);
  c->credit = bytes > CREDIT_MAX - c->credit ? CREDIT_MAX : c->credit + bytes;
  if (dc_deliverable(s, c)) dc_channel_say(s, c, 0);
  return 0;
}

void dc_set_initial_credit(struct dc_set *s, uint64_t bytes) {
  s->initial_credit = bytes > CREDIT_MAX ? CREDIT_MAX : bytes;
}

void dc_set_paused(struct dc_set *s, bool paused) {
  s->paused = paused;
  for (struct list *l; !paused && (l = list_pop_front(&s->unannounced)) != NULL;)
    list_push_back(&s->ready, l);
  for (size_t i = 0; !paused && i < s->by_handle.n_slots; i++)
    for (struct dc_channel *c = s->by_handle.slots[i]; c; c = c->next_by_handle)
      if (dc_deliverable(s, c)) dc_channel_say(s, c, 0);
}

void dc_set_max_piece(struct dc_set *s, size_t bytes) {
  s->max_piece = bytes;
}

/* The window is closed as good as for ever when what is left of it takes no full packet. Told again
 * once a quarter of it was open in between. */
bool dc_check_stall(struct dc_set *s) {
  if (!s->stalled && s->waiting_charge == 0) return false;
  struct sctp_stats stats;
  sctp_stats(s->sctp, &stats);
  if (stats.receive_held < s->cfg.receive_budget / 4 * 3) s->stalled = false;
  bool full = stats.receive_held + 2 * stats.mtu >= s->cfg.receive_budget;
  if (s->stalled || s->waiting_charge == 0 || !full) return false;
  s->stalled = s->say_stalled = true;
  return true;
}
