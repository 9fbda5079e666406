/* Closing: streams are reset both ways (RFC 8831 section 6.7). */
#include <errno.h>

#include "datachannel/internal.h"

void dc_begin_reset(struct dc_set *s, mono_us now, struct dc_channel *c) {
  uint16_t stream = (uint16_t)c->id;
  c->state = DC_CLOSING;
  if (c->reset_sent) return;
  c->reset_sent = true;
  if (sctp_reset_streams(s->sctp, now, &stream, 1) < 0)
    dc_channel_end(s, c, FAULT_OPERATION_ERROR, "the stream could not be reset");
}

int dc_close(struct dc_set *s, mono_us now, dc_handle ch, struct fault *ret_fault) {
  struct dc_channel *c = dc_find(s, ch);
  if (!c) return fault_set(ret_fault, FAULT_UNKNOWN_CHANNEL, "there is no channel %u", ch);
  switch (c->state) {
  case DC_CONNECTING: dc_channel_end(s, c, FAULT_NONE, NULL); break;
  case DC_OPEN: dc_begin_reset(s, now, c); break;
  case DC_CLOSING:
  case DC_CLOSED: break;
  }
  return 0;
}

static void end_if_reset_both_ways(struct dc_set *s, struct dc_channel *c) {
  if (c->reset_in_done && c->reset_out_done) dc_channel_end(s, c, FAULT_NONE, NULL);
}

static void reset_incoming(struct dc_set *s, mono_us now, struct dc_channel *c) {
  c->reset_in_done = true;
  if (c->state == DC_OPEN) {
    dc_channel_say(s, c, DC_SAY_CLOSING);
    dc_begin_reset(s, now, c);
  }
  end_if_reset_both_ways(s, c);
}

static void reset_one(struct dc_set *s, mono_us now, const struct sctp_event *ev,
                      struct dc_channel *c) {
  if (ev->kind == SCTP_EV_RESET_INCOMING) {
    reset_incoming(s, now, c);
  } else if (c->reset_sent) {
    c->reset_out_done = true;
    /* a peer that refuses ours will not reset its own in return */
    if (ev->err < 0) c->reset_in_done = true;
    end_if_reset_both_ways(s, c);
  }
}

static void reset_all(struct dc_set *s, mono_us now, const struct sctp_event *ev) {
  for (uint32_t stream = 0; stream <= UINT16_MAX && s->by_stream.n > 0; stream++) {
    struct dc_channel *c = dc_find_stream(s, (uint16_t)stream);
    if (c) reset_one(s, now, ev, c);
  }
}

void dc_on_reset(struct dc_set *s, mono_us now, const struct sctp_event *ev) {
  if (ev->n_streams == 0) reset_all(s, now, ev);
  for (size_t i = 0; i < ev->n_streams; i++) {
    struct dc_channel *c = dc_find_stream(s, ev->streams[i]);
    if (c) reset_one(s, now, ev, c);
  }
}

void dc_on_down(struct dc_set *s, int err, const char *text) {
  if (s->down) return;
  /* an ABORT is how a peer closes: no error of anybody's (RFC 8831 section 6.2 asks only that the
   * channels close) */
  bool clean = err == 0 || err == -ECONNRESET || err == -ECONNABORTED;
  s->down = s->say_down = true;
  s->connected = false;
  if (!clean) (void)fault_set(&s->down_fault, FAULT_OPERATION_ERROR, "SCTP: %.200s", text);
  for (size_t i = 0; i < s->by_handle.n_slots; i++)
    for (struct dc_channel *c = s->by_handle.slots[i]; c; c = c->next_by_handle)
      dc_channel_end(s, c, clean ? FAULT_NONE : FAULT_OPERATION_ERROR, s->down_fault.text);
}

void dc_set_close(struct dc_set *s, mono_us now) {
  if (s->down) return;
  dc_on_down(s, -ECONNABORTED, "closed");
  sctp_abort(s->sctp, now, "closed");
}
