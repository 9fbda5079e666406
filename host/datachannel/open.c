/* Making channels, ours and the peer's (RFC 8832 section 6; webrtc-pc section 6.1.1.3). */
#include <errno.h>
#include <stdlib.h>

#include "datachannel/dcep.h"
#include "datachannel/internal.h"

#define STREAM_MAX 65534 /* RFC 8832 section 6: 65535 is reserved */

static int check_init(const struct dc_set *s, const struct dc_init *init, struct fault *ret_fault) {
  if (init->label.n > UINT16_MAX || init->protocol.n > UINT16_MAX)
    return fault_set(ret_fault, FAULT_TYPE_ERROR, "%s is longer than 65535 bytes",
                     init->label.n > UINT16_MAX ? "label" : "protocol");
  if (init->max_retransmits >= 0 && init->max_lifetime_ms >= 0)
    return fault_set(ret_fault, FAULT_TYPE_ERROR,
                     "maxRetransmits and maxPacketLifeTime exclude each other");
  if (init->negotiated && (init->id < 0 || init->id > STREAM_MAX))
    return fault_set(ret_fault, FAULT_TYPE_ERROR, "a negotiated channel needs an id from 0 to %d",
                     STREAM_MAX);
  if (s->held >= s->cfg.max_channels)
    return fault_set(ret_fault, FAULT_TOO_MANY,
                     "there are %zu channels, the most this peer may have", s->held);
  if (init->negotiated && dc_find_stream(s, (uint16_t)init->id))
    return fault_set(ret_fault, FAULT_OPERATION_ERROR, "id %d is in use by another channel",
                     init->id);
  if (init->negotiated && s->connected && init->id >= sctp_streams_out(s->sctp))
    return fault_set(ret_fault, FAULT_OPERATION_ERROR, "id %d: the peers agreed on %u streams",
                     init->id, sctp_streams_out(s->sctp));
  return 0;
}

/* A free stream of our parity, or -1 (RFC 8832 section 6: the DTLS client's are even). */
static int32_t free_stream(struct dc_set *s) {
  uint32_t limit = s->connected ? sctp_streams_out(s->sctp) : STREAM_MAX + 1;
  if (limit > STREAM_MAX + 1) limit = STREAM_MAX + 1;
  for (uint32_t tries = 0; tries <= STREAM_MAX / 2; tries++) {
    if (s->next_id >= limit) s->next_id = s->client ? 0 : 1;
    uint32_t id = s->next_id;
    s->next_id += 2;
    if (id < limit && !dc_find_stream(s, (uint16_t)id)) return (int32_t)id;
  }
  return -1;
}

static bool has_free_stream(struct dc_set *s) {
  int32_t stream = free_stream(s);
  if (stream >= 0) s->next_id = (uint32_t)stream; /* it is still free */
  return stream >= 0;
}

static int give_stream(struct dc_set *s, struct dc_channel *c) {
  if (c->on_stream) return 0;
  int32_t stream = free_stream(s);
  return stream < 0 ? -ENOSPC : dc_channel_attach(s, c, (uint16_t)stream);
}

/* The association is up: OPEN goes out, and the channel is open without waiting for the answer, as
 * in browsers. */
static void open_channel(struct dc_set *s, mono_us now, struct dc_channel *c) {
  int r = give_stream(s, c);
  if (r == 0 && c->id >= sctp_streams_out(s->sctp)) r = -ENOSPC;
  if (r == 0 && !c->init.negotiated) r = dc_send_control(s, now, c, dcep_open(&c->init));
  if (r < 0) {
    dc_channel_end(s, c, FAULT_OPERATION_ERROR,
                   r == -ENOMEM ? "out of memory" : "no stream is free for the channel");
    return;
  }
  c->acknowledged = c->init.negotiated;
  c->state = DC_OPEN;
  dc_channel_say(s, c, DC_SAY_OPEN);
}

int dc_create(struct dc_set *s, mono_us now, dc_handle handle, const struct dc_init *init,
              struct fault *ret_fault) {
  if (s->down) return fault_set(ret_fault, FAULT_INVALID_STATE, "the SCTP association has ended");
  int r = check_init(s, init, ret_fault);
  if (r < 0) return r;
  if (s->connected && !init->negotiated && !has_free_stream(s))
    return fault_set(ret_fault, FAULT_OPERATION_ERROR, "all streams for channels are in use");
  struct dc_channel *c = dc_channel_new(s, handle, init);
  if (!c) return fault_oom(ret_fault);
  c->credit = 0;
  if (!init->negotiated) c->init.id = -1;
  if (init->negotiated && dc_channel_attach(s, c, (uint16_t)init->id) < 0) {
    dc_channel_free(s, c);
    return fault_oom(ret_fault);
  }
  if (s->connected) open_channel(s, now, c);
  return 0;
}

static int by_handle_order(const void *a, const void *b) {
  dc_handle x = (*(struct dc_channel *const *)a)->handle,
            y = (*(struct dc_channel *const *)b)->handle;
  return x < y ? -1 : x > y;
}

/* All connecting channels in the order they were made; NULL if there are none or memory is out. */
static struct dc_channel **connecting(const struct dc_set *s, size_t *ret_n) {
  struct dc_channel **list = calloc(s->by_handle.n + 1, sizeof(*list));
  size_t n = 0;
  for (size_t i = 0; list && i < s->by_handle.n_slots; i++)
    for (struct dc_channel *c = s->by_handle.slots[i]; c; c = c->next_by_handle)
      if (c->state == DC_CONNECTING) list[n++] = c;
  if (list) qsort(list, n, sizeof(*list), by_handle_order);
  *ret_n = n;
  return list;
}

void dc_open_all(struct dc_set *s, mono_us now) {
  size_t n = 0;
  struct dc_channel **list = connecting(s, &n);
  for (size_t i = 0; i < n; i++) open_channel(s, now, list[i]);
  if (!list) sctp_abort(s->sctp, now, "out of memory");
  free(list);
}

void dc_refuse_stream(struct dc_set *s, mono_us now, uint16_t stream) {
  (void)sctp_reset_streams(s->sctp, now, &stream, 1);
}

/* What a peer may make us hold has limits. */
static bool has_room(const struct dc_set *s, const struct dc_init *init) {
  return s->held < s->cfg.max_channels &&
         init->label.n + init->protocol.n <= DC_PEER_NAMES_MAX - s->peer_names;
}

static void receive_open(struct dc_set *s, mono_us now, uint16_t stream, struct bytes message) {
  struct dc_init init;
  struct dc_channel *c = dc_find_stream(s, stream);
  if (c) {
    dc_channel_end(s, c, FAULT_OPERATION_ERROR,
                   "the peer opened a channel on a stream that is in use");
    dc_refuse_stream(s, now, stream);
    return;
  }
  if (dcep_parse_open(message, &init, NULL) < 0 || !has_room(s, &init) || stream > STREAM_MAX) {
    dc_refuse_stream(s, now, stream);
    return;
  }
  c = dc_channel_new(s, s->next_announced++, &init);
  if (!c || dc_channel_attach(s, c, stream) < 0 || dc_send_control(s, now, c, dcep_ack()) < 0) {
    if (c) dc_channel_free(s, c);
    dc_refuse_stream(s, now, stream);
    return;
  }
  c->init.id = stream;
  c->names_charge = init.label.n + init.protocol.n;
  s->peer_names += c->names_charge;
  c->incoming = c->acknowledged = true;
  c->state = DC_OPEN;
  dc_channel_say(s, c, DC_SAY_INCOMING | DC_SAY_OPEN);
}

void dc_receive_control(struct dc_set *s, mono_us now, uint16_t stream, struct bytes message) {
  struct dc_channel *c = dc_find_stream(s, stream);
  uint8_t type = message.n > 0 ? message.p[0] : 0;
  if (type == DCEP_OPEN) {
    receive_open(s, now, stream, message);
  } else if (type == DCEP_ACK && message.n == 1) {
    if (c) c->acknowledged = true;
  } else if (c && c->state == DC_OPEN) {
    dc_channel_end(s, c, FAULT_OPERATION_ERROR, "the peer sent a DCEP message of unknown type");
    dc_refuse_stream(s, now, stream);
  }
}
