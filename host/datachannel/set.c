/* The dispatcher: between the association below and the owner above. */
#include <errno.h>
#include <stdlib.h>

#include "datachannel/internal.h"

#define ANNOUNCED_FIRST   0x80000000u /* out of the way of the owner's handles until renamed */
#define DEFAULT_MAX_PIECE ((size_t)512 * 1024)

int dc_set_new(struct dc_set **ret, const struct dc_cfg *cfg, mono_us now) {
  struct dc_set *s = calloc(1, sizeof *s);
  if (!s) return -ENOMEM;
  s->cfg = *cfg;
  s->next_announced = ANNOUNCED_FIRST;
  s->max_piece = DEFAULT_MAX_PIECE;
  list_init(&s->ready);
  list_init(&s->unannounced);
  list_init(&s->closed);
  int r = sctp_new(&s->sctp, &cfg->sctp, now);
  if (r < 0) {
    free(s);
    return r;
  }
  *ret = s;
  return 0;
}

struct dc_set *dc_set_free(struct dc_set *s) {
  if (!s) return NULL;
  for (size_t i = 0; i < s->by_handle.n_slots; i++)
    while (s->by_handle.slots[i]) dc_channel_free(s, s->by_handle.slots[i]);
  dc_table_free(&s->by_handle);
  dc_table_free(&s->by_stream);
  payload_free(s->current.data);
  free(s->stalled_handles);
  sctp_free(s->sctp);
  free(s);
  return NULL;
}

/* Another port than the association was made for: as nothing was sent yet, it is made anew. */
static int change_port(struct dc_set *s, mono_us now, uint16_t remote_port) {
  struct sctp *fresh = NULL;
  s->cfg.sctp.remote_port = remote_port;
  int r = sctp_new(&fresh, &s->cfg.sctp, now);
  if (r < 0) return r;
  sctp_free(s->sctp);
  s->sctp = fresh;
  if (s->unwritable) sctp_set_writable(fresh, now, false);
  return 0;
}

int dc_set_start(struct dc_set *s, mono_us now, bool client, uint16_t remote_port) {
  if (s->started || s->down) return -EALREADY;
  int r = remote_port != s->cfg.sctp.remote_port ? change_port(s, now, remote_port) : 0;
  if (r < 0) return r;
  s->started = true;
  s->client = client;
  s->next_id = client ? 0 : 1;
  if (s->connected) dc_open_all(s, now); /* the peer was faster */
  r = sctp_connect(s->sctp, now);
  return r == -EISCONN ? 0 : r;
}

void dc_rename(struct dc_set *s, dc_handle announced, dc_handle name) {
  struct dc_channel *c = dc_find(s, announced);
  if (!c) return;
  dc_table_remove_handle(&s->by_handle, c);
  c->handle = name;
  (void)dc_table_add_handle(&s->by_handle, c); /* one was taken out: there is room */
}

void dc_set_max_message(struct dc_set *s, size_t bytes) {
  s->cfg.max_send_message = bytes;
}

int dc_recv(struct dc_set *s, mono_us now, struct bytes packet) {
  return sctp_recv(s->sctp, now, packet);
}

int dc_wake(struct dc_set *s, mono_us now) {
  return sctp_wake(s->sctp, now);
}

void dc_set_writable(struct dc_set *s, mono_us now, bool writable) {
  s->unwritable = !writable;
  sctp_set_writable(s->sctp, now, writable);
}

void dc_path_changed(struct dc_set *s, mono_us now) {
  sctp_path_changed(s->sctp, now);
}

void dc_set_path_doubted(struct dc_set *s, mono_us now, bool doubted) {
  sctp_set_path_doubted(s->sctp, now, doubted);
}

void dc_path_resumed(struct dc_set *s, mono_us now) {
  sctp_path_resumed(s->sctp, now);
}

bool dc_awaits_answer(const struct dc_set *s) {
  return sctp_awaits_answer(s->sctp);
}

void dc_hint_rtt(struct dc_set *s, mono_us rtt) {
  sctp_hint_rtt(s->sctp, rtt);
}

void dc_set_mtu(struct dc_set *s, mono_us now, size_t mtu, size_t max) {
  s->cfg.sctp.mtu = mtu;
  s->cfg.sctp.max_mtu = max;
  sctp_set_mtu(s->sctp, now, mtu, max);
}

bool dc_next_is_long(const struct dc_set *s) {
  return sctp_next_is_long(s->sctp);
}

static void on_sctp_event(struct dc_set *s, mono_us now, const struct sctp_event *ev) {
  switch (ev->kind) {
  case SCTP_EV_CONNECTED:
    s->connected = s->say_associated = true;
    if (s->started) dc_open_all(s, now);
    return;
  case SCTP_EV_MESSAGE: dc_receive_message(s, now, ev); return;
  case SCTP_EV_ACKED: dc_on_acked(s, ev->stream, ev->bytes); return;
  case SCTP_EV_RESET_INCOMING:
  case SCTP_EV_RESET_DONE: dc_on_reset(s, now, ev); return;
  case SCTP_EV_CLOSED: dc_on_down(s, ev->err, ev->text); return;
  }
}

static bool say(struct dc_channel *c, struct dc_event *ev, uint8_t what, enum dc_event_kind kind) {
  if (!(c->pending & what)) return false;
  c->pending &= (uint8_t)~what;
  ev->kind = kind;
  return true;
}

static bool say_error(struct dc_channel *c, struct dc_event *ev) {
  if (!say(c, ev, DC_SAY_ERROR, DC_EV_ERROR)) return false;
  (void)fault_set(&ev->fault, c->error_reason, "%.250s",
                  c->error_text ? c->error_text : "out of memory");
  return true;
}

/* The next thing a ready channel has to say. False: nothing any more. */
static bool next_of_channel(struct dc_set *s, mono_us now, struct dc_channel *c,
                            struct dc_event *ev) {
  if (c->state == DC_CLOSED && !(c->pending & DC_SAY_INCOMING)) dc_channel_shorten(s, c);
  ev->channel = c->handle;
  ev->init = c->init;
  ev->id = (uint16_t)c->id;
  if (say(c, ev, DC_SAY_INCOMING, DC_EV_INCOMING) || say(c, ev, DC_SAY_OPEN, DC_EV_OPEN))
    return true;
  if (dc_deliverable(s, c) && dc_deliver(s, now, c)) {
    ev->kind = DC_EV_MESSAGE;
    return true;
  }
  if (say(c, ev, DC_SAY_LOW, DC_EV_BUFFERED_LOW) || say(c, ev, DC_SAY_CLOSING, DC_EV_CLOSING))
    return true;
  if (!waiting_is_empty(&c->waiting)) return false; /* its messages come before its end */
  if (say_error(c, ev)) return true;
  if (!say(c, ev, DC_SAY_CLOSED, DC_EV_CLOSED)) return false;
  dc_channel_retire(s, c);
  return true;
}

static bool next_ready(struct dc_set *s, mono_us now, struct dc_event *ev) {
  for (struct list *first; (first = list_pop_front(&s->ready)) != NULL;) {
    struct dc_channel *c = LIST_ENTRY(first, struct dc_channel, ready);
    if (s->paused && (c->pending & DC_SAY_INCOMING)) {
      list_push_back(&s->unannounced, &c->ready);
      continue;
    }
    if (!next_of_channel(s, now, c, ev)) continue;
    list_push_back(&s->ready, &c->ready); /* whether there is more is seen at its next turn */
    return true;
  }
  return false;
}

static bool say_stalled(struct dc_set *s, struct dc_event *ev) {
  if (!s->say_stalled) return false;
  s->say_stalled = false;
  dc_handle *handles = realloc(s->stalled_handles, (s->by_handle.n + 1) * sizeof *handles);
  if (!handles) return false;
  s->stalled_handles = handles;
  ev->kind = DC_EV_STALLED;
  ev->stalled = handles;
  for (size_t i = 0; i < s->by_handle.n_slots; i++)
    for (struct dc_channel *c = s->by_handle.slots[i]; c; c = c->next_by_handle)
      if (!waiting_is_empty(&c->waiting)) handles[ev->n_stalled++] = c->handle;
  return true;
}

static bool next_event(struct dc_set *s, mono_us now, struct dc_event *ev) {
  *ev = (struct dc_event){0};
  if (s->say_associated) {
    s->say_associated = false;
    ev->kind = DC_EV_ASSOCIATED;
    return true;
  }
  if (next_ready(s, now, ev)) return true;
  if (say_stalled(s, ev)) return true;
  if (!s->say_down) return false;
  s->say_down = false;
  ev->kind = DC_EV_DOWN;
  ev->fault = s->down_fault;
  return true;
}

void dc_poll(struct dc_set *s, mono_us now, uint8_t *buf, size_t cap, struct dc_out *ret) {
  s->current.data = payload_free(s->current.data);
  for (;;) {
    struct sctp_out out;
    ret->kind = OUT_EVENT;
    if (next_event(s, now, &ret->u.ev)) return;
    sctp_poll(s->sctp, now, buf, cap, &out);
    ret->kind = out.kind;
    if (out.kind == OUT_TX) {
      ret->full = out.full;
      ret->fragment = out.fragment;
      ret->u.tx_n = out.u.tx_n;
      return;
    }
    if (out.kind == OUT_IDLE && dc_check_stall(s)) continue;
    if (out.kind == OUT_IDLE) {
      ret->u.wake_at = out.u.wake_at;
      return;
    }
    on_sctp_event(s, now, &out.u.ev);
  }
}

bool dc_info(const struct dc_set *s, dc_handle ch, struct dc_info *ret) {
  const struct dc_channel *c = dc_find(s, ch);
  if (!c) return false;
  *ret = (struct dc_info){.state = c->state,
                          .init = c->init,
                          .id = c->id,
                          .buffered = c->buffered,
                          .messages_sent = c->messages_sent,
                          .messages_received = c->messages_received,
                          .bytes_sent = c->bytes_sent,
                          .bytes_received = c->bytes_received,
                          .incoming = c->incoming,
                          .acknowledged = c->acknowledged};
  return true;
}

void dc_sctp_stats(const struct dc_set *s, struct sctp_stats *ret) {
  sctp_stats(s->sctp, ret);
}
