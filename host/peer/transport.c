/* The drain: ICE below, DTLS above it, the channels on top; and the way up for datagrams. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "peer/internal.h"
#include "turn/client.h"

#define GSO_SEGMENTS_MAX 44 /* of 1472 bytes in 64 KiB; the kernel takes 64 */

static enum peer_step emit(struct peer_out *ret, enum peer_event_kind kind) {
  ret->kind = OUT_EVENT;
  ret->u.ev.kind = kind;
  return PEER_STEP_OUT;
}

static void fall_asleep(struct peer_turn *turn, mono_us wake_at) {
  turn->dirty = false;
  turn->wake_at = wake_at;
}

static enum peer_step on_candidate(struct peer *p, const struct ice_candidate *c,
                                   struct peer_out *ret) {
  struct peer_slot *slot = p->pending_local.sdp ? &p->pending_local : &p->current_local;
  struct ice_candidate told;
  if (peer_hide(p, c, &told) < 0) return PEER_STEP_PROGRESS;
  text_clear(&p->candidate_text);
  ice_candidate_format(&told, p->local_credentials.ufrag, &p->candidate_text);
  if (p->candidate_text.failed) return PEER_STEP_PROGRESS;
  (void)peer_slot_add(slot, bytes_of(p->candidate_text.p)); /* lost from the shown text only */
  peer_candidate_event(p, ret);
  ret->u.ev.u.candidate.text = p->candidate_text.p;
  return PEER_STEP_OUT;
}

static enum peer_step on_gathered(struct peer *p) {
  struct peer_slot *slot = p->pending_local.sdp ? &p->pending_local : &p->current_local;
  slot->ended = true;
  p->gathering = PEER_GATHERING_COMPLETE;
  p->announce_end = true;
  return PEER_STEP_PROGRESS;
}

/* Whether the peer is gone is for ICE to say, and for a restart to mend. */
static void on_ice_state(struct peer *p, mono_us now, enum ice_state state) {
  p->ice_state = state;
  dc_set_path_doubted(p->channels, now, state == ICE_DISCONNECTED || state == ICE_FAILED);
}

static enum peer_step on_ice_event(struct peer *p, mono_us now, const struct ice_event *ev,
                                   struct peer_out *ret) {
  switch (ev->kind) {
  case ICE_EV_CANDIDATE: return on_candidate(p, &ev->u.candidate, ret);
  case ICE_EV_GATHERED: return on_gathered(p);
  case ICE_EV_STATE: on_ice_state(p, now, ev->u.state); break;
  case ICE_EV_DOUBTED:
    gatherer_recheck(p->gatherer, now);
    p->gatherer_turn.dirty = true;
    return PEER_STEP_PROGRESS;
  case ICE_EV_RESUMED:
    if (p->associated) dc_path_resumed(p->channels, now);
    p->dc_turn.dirty = true;
    return PEER_STEP_PROGRESS;
  case ICE_EV_SELECTED:
    p->counters.selected_pair_changes++;
    p->announce_path = true;
    break;
  case ICE_EV_RTT: peer_learn_rtt(p, ev->u.rtt); return PEER_STEP_PROGRESS;
  }
  peer_update_path(p, now);
  return PEER_STEP_PROGRESS;
}

void peer_update_gathering(struct peer *p) {
  bool busy = gatherer_busy(p->gatherer);
  if (busy == p->servers_asked) return;
  p->servers_asked = busy;
  ice_agent_set_gathering(p->ice, busy);
  p->ice_turn.dirty = true;
}

/* n bytes in buf go out by this path; by a relayed one they are framed for the server. */
static enum peer_step send_by(struct peer *p, mono_us now, const struct path *path, uint8_t *buf,
                              size_t n, struct peer_out *ret) {
  uint8_t plain[PEER_PLAIN_MAX];
  ret->kind = OUT_TX;
  ret->u.tx.path = *path;
  ret->u.tx.n = n;
  ret->u.tx.segment = 0;
  ret->u.tx.fragment = false;
  if (!gatherer_is_relay(p->gatherer, path->link)) return PEER_STEP_OUT;
  if (n > sizeof plain) return PEER_STEP_PROGRESS;
  memcpy(plain, buf, n);
  int r = gatherer_send(p->gatherer, now, path, (struct bytes){plain, n}, buf, &ret->u.tx.n,
                        &ret->u.tx.path);
  if (ret->u.tx.n == 0) p->gatherer_turn.dirty = true; /* the server is told of the peer first */
  return r == 0 && ret->u.tx.n > 0 ? PEER_STEP_OUT : PEER_STEP_PROGRESS;
}

static enum peer_step step_ice(struct peer *p, mono_us now, uint8_t *buf, size_t cap,
                               struct peer_out *ret) {
  struct ice_out out;
  ice_agent_poll(p->ice, now, buf, cap, &out);
  ret->kind = out.kind;
  switch (out.kind) {
  case OUT_IDLE:
    fall_asleep(&p->ice_turn, out.u.wake_at);
    peer_update_path(p, now);
    return PEER_STEP_PROGRESS;
  case OUT_TX: return send_by(p, now, &out.u.tx.path, buf, out.u.tx.n, ret);
  case OUT_EVENT: return on_ice_event(p, now, &out.u.ev, ret);
  case OUT_BIND: ret->u.bind = out.u.bind; return PEER_STEP_OUT;
  case OUT_UNBIND:
    gatherer_link_gone(p->gatherer, out.u.unbind_link);
    p->gatherer_turn.dirty = true;
    peer_update_gathering(p);
    ret->u.unbind_link = out.u.unbind_link;
    return PEER_STEP_OUT;
  case OUT_RESOLVE: ret->u.resolve = out.u.resolve; return PEER_STEP_OUT;
  case OUT_STREAM:
  case OUT_PUBLISH: break;
  }
  assert(out.kind != OUT_STREAM && out.kind != OUT_PUBLISH); /* the agent asks for none */
  return PEER_STEP_PROGRESS;
}

/* Relayed candidates are preferred by how the relay is reached: UDP, TCP, TLS. */
static uint16_t transport_rank(const struct peer *p, uint16_t server) {
  static const uint16_t ranks[] = {
      [PEER_TRANSPORT_UDP] = 32768, [PEER_TRANSPORT_TCP] = 16384, [PEER_TRANSPORT_TLS] = 8192};
  enum peer_transport transport = PEER_TRANSPORT_TLS;
  const char *url;
  (void)gatherer_server(p->gatherer, server, &url, &transport);
  return ranks[transport];
}

/* Without memory the relay is not used. */
static void add_relayed(struct peer *p, mono_us now, const struct gatherer_event *ev) {
  const struct ice_relayed in = {.base = ev->link,
                                 .relayed = ev->relayed,
                                 .mapped = ev->mapped,
                                 .server = ev->server,
                                 .transport_rank = transport_rank(p, ev->server)};
  uint32_t relay = 0;
  if (ice_agent_add_relayed(p->ice, now, &in, &relay) == 0)
    gatherer_name_relay(p->gatherer, ev->ask, relay);
  /* over UDP a TURN server tells what a STUN server would */
  if (ev->link) (void)ice_agent_add_reflexive(p->ice, now, ev->link, &ev->mapped, ev->server);
}

static enum peer_step on_gatherer_event(struct peer *p, mono_us now,
                                        const struct gatherer_event *ev, struct peer_out *ret) {
  enum peer_transport transport;
  struct peer_candidate_error *error = &ret->u.ev.u.candidate_error;
  p->ice_turn.dirty = true;
  switch (ev->kind) {
  case GATHERER_EV_REFLEXIVE:
    (void)ice_agent_add_reflexive(p->ice, now, ev->link, &ev->mapped, ev->server);
    return PEER_STEP_PROGRESS;
  case GATHERER_EV_RELAYED: add_relayed(p, now, ev); return PEER_STEP_PROGRESS;
  case GATHERER_EV_LOST:
    ice_agent_remove_relayed(p->ice, now, ev->relay);
    return PEER_STEP_PROGRESS;
  case GATHERER_EV_ERROR: break;
  }
  if (p->closed) return PEER_STEP_PROGRESS;
  *error = (struct peer_candidate_error){
      .local = ev->local, .url = "", .code = ev->code, .text = ev->text};
  (void)gatherer_server(p->gatherer, ev->server, &error->url, &transport);
  return emit(ret, PEER_EV_ICE_CANDIDATE_ERROR);
}

static enum peer_step step_gatherer(struct peer *p, mono_us now, uint8_t *buf, size_t cap,
                                    struct peer_out *ret) {
  struct gatherer_out out;
  gatherer_poll(p->gatherer, now, buf, cap, &out);
  ret->kind = out.kind;
  switch (out.kind) {
  case OUT_IDLE:
    fall_asleep(&p->gatherer_turn, out.u.wake_at);
    peer_update_gathering(p);
    return PEER_STEP_PROGRESS;
  case OUT_TX:
    ret->u.tx.path = out.u.tx.path;
    ret->u.tx.n = out.u.tx.n;
    ret->u.tx.segment = 0;
    ret->u.tx.fragment = false;
    return PEER_STEP_OUT;
  case OUT_EVENT: return on_gatherer_event(p, now, &out.u.ev, ret);
  case OUT_RESOLVE: ret->u.resolve = out.u.resolve; return PEER_STEP_OUT;
  case OUT_STREAM: ret->u.stream = out.u.stream; return PEER_STEP_OUT;
  case OUT_UNBIND: ret->u.unbind_link = out.u.unbind_link; return PEER_STEP_OUT;
  case OUT_PUBLISH:
  case OUT_BIND: break;
  }
  assert(out.kind != OUT_BIND && out.kind != OUT_PUBLISH); /* its links are the agent's */
  return PEER_STEP_PROGRESS;
}

static enum peer_step transmit(struct peer *p, mono_us now, size_t n, size_t segment,
                               struct peer_out *ret) {
  ret->kind = OUT_TX;
  ret->u.tx.path = p->wire_path;
  ret->u.tx.n = n;
  ret->u.tx.segment = segment;
  ret->u.tx.fragment = false;
  peer_count_sent(p, now, n, segment ? (n + segment - 1) / segment : 1);
  return PEER_STEP_OUT;
}

static void on_dtls_connected(struct peer *p, mono_us now) {
  peer_set_mtu(p, now);
  p->dc_turn.dirty = true;
  if (dc_set_start(p->channels, now, p->dtls_client, p->remote->sctp_port) < 0) {
    struct fault why;
    (void)fault_oom(&why);
    peer_fail(p, &why);
  }
}

static void on_dtls_state(struct peer *p, mono_us now, enum dtls_state state) {
  struct fault why;
  p->dtls_state = state;
  switch (state) {
  case DTLS_NEW:
  case DTLS_CONNECTING: return;
  case DTLS_CONNECTED: on_dtls_connected(p, now); return;
  case DTLS_CLOSED: p->dtls_ended = true; return;
  case DTLS_FAILED:
    (void)fault_set(&why, FAULT_OPERATION_ERROR, "DTLS: %s", dtls_failure_text(p->dtls));
    peer_fail(p, &why);
    dc_set_close(p->channels, now);
    p->dc_turn.dirty = true;
    return;
  }
}

static enum peer_step step_dtls(struct peer *p, mono_us now, uint8_t *buf, size_t cap,
                                struct peer_out *ret) {
  struct dtls_out out;
  dtls_poll(p->dtls, now, buf, cap, &out);
  if (out.kind == OUT_TX && p->data_path.link) {
    peer_count_sent(p, now, out.u.tx_n, 1);
    return send_by(p, now, &p->data_path, buf, out.u.tx_n, ret);
  }
  if (out.kind == OUT_TX) return PEER_STEP_PROGRESS;
  if (out.kind == OUT_IDLE)
    fall_asleep(&p->dtls_turn, out.u.wake_at);
  else
    on_dtls_state(p, now, out.u.state);
  return PEER_STEP_PROGRESS;
}

static enum peer_step on_channel_event(struct peer *p, const struct dc_event *ev,
                                       struct peer_out *ret) {
  switch (ev->kind) {
  case DC_EV_ASSOCIATED: p->associated = true; return PEER_STEP_PROGRESS;
  case DC_EV_DOWN:
    p->associated = false;
    if (ev->fault.reason != FAULT_NONE && !p->closed) peer_fail(p, &ev->fault);
    return PEER_STEP_PROGRESS;
  case DC_EV_OPEN: p->counters.channels_opened++; break;
  case DC_EV_CLOSED: p->counters.channels_closed++; break;
  case DC_EV_INCOMING:
  case DC_EV_MESSAGE:
  case DC_EV_BUFFERED_LOW:
  case DC_EV_CLOSING:
  case DC_EV_ERROR:
  case DC_EV_STALLED: break;
  }
  if (p->closed) return PEER_STEP_PROGRESS;
  ret->u.ev.u.channel = *ev;
  return emit(ret, PEER_EV_CHANNEL);
}

static enum peer_step on_dc_out(struct peer *p, const struct dc_out *out, struct peer_out *ret) {
  if (out->kind == OUT_IDLE) {
    fall_asleep(&p->dc_turn, out->u.wake_at);
    return PEER_STEP_PROGRESS;
  }
  return on_channel_event(p, &out->u.ev, ret);
}

/* Datagrams of one length, back to back in the caller's buffer. */
struct run {
  size_t n, segment, count;
  bool fragment; /* a single one that the network may fragment */
};

static bool has_room(const struct peer *p, const struct run *r, size_t cap) {
  if (r->count == 0) return true;
  return r->count < GSO_SEGMENTS_MAX &&
         cap - r->n >= PEER_DATAGRAM_MAX_V4 + DTLS_OVERHEAD + TURN_OVERHEAD &&
         !dc_next_is_long(p->channels);
}

/* Seals a packet into `to`, framed for the relay if there is one. The bytes; 0: it cannot go, or
 * waits for the server. */
static size_t seal(struct peer *p, mono_us now, struct bytes packet, uint8_t *to, size_t cap) {
  uint8_t sealed[PEER_PLAIN_MAX];
  struct path wire;
  size_t n = 0;
  if (!p->relayed) return dtls_seal(p->dtls, now, packet, to, cap, &n) < 0 ? 0 : n;
  if (dtls_seal(p->dtls, now, packet, sealed, sizeof sealed, &n) < 0) return 0;
  const struct bytes record = {sealed, n};
  if (gatherer_send(p->gatherer, now, &p->data_path, record, to, &n, &wire) < 0) n = 0;
  if (n == 0) p->gatherer_turn.dirty = true; /* the server is told of the peer first */
  return n;
}

/*
 * Seals packets back to back while each is as long as the first, so that the kernel may send them
 * in one call; a shorter one ends the run (UDP_SEGMENT), a longer one gets a run of its own. What
 * the channels say besides is held for the next step.
 */
static struct run seal_run(struct peer *p, mono_us now, uint8_t *buf, size_t cap) {
  uint8_t packet[PEER_DATAGRAM_MAX_V4];
  struct run r = {0};
  while (has_room(p, &r, cap)) {
    dc_poll(p->channels, now, packet, sizeof packet, &p->held);
    if (p->held.kind != OUT_TX) {
      p->has_held = true;
      break;
    }
    size_t n = seal(p, now, (struct bytes){packet, p->held.u.tx_n}, buf + r.n, cap - r.n);
    if (n == 0) continue;
    r.n += n;
    r.fragment = p->held.fragment;
    if (r.count++ == 0) r.segment = n;
    if (n != r.segment || !p->held.full) break;
  }
  return r;
}

static enum peer_step transmit_run(struct peer *p, mono_us now, const struct run *r,
                                   struct peer_out *ret) {
  enum peer_step step = transmit(p, now, r->n, r->count > 1 ? r->segment : 0, ret);
  ret->u.tx.fragment = r->fragment;
  return step;
}

static enum peer_step step_channels(struct peer *p, mono_us now, uint8_t *buf, size_t cap,
                                    struct peer_out *ret) {
  if (!p->has_held) {
    struct run r = seal_run(p, now, buf, cap);
    if (r.n > 0) peer_note_unanswered(p, now);
    if (r.n > 0 && p->data_path.link) return transmit_run(p, now, &r, ret);
    if (!p->has_held) return PEER_STEP_PROGRESS;
  }
  p->has_held = false;
  return on_dc_out(p, &p->held, ret);
}

/* The last words: the channels' ABORT went out, now close_notify. */
static bool close_dtls(struct peer *p, mono_us now) {
  if (!p->closed || p->close_sent) return false;
  p->close_sent = true;
  dtls_close(p->dtls, now);
  p->dtls_turn.dirty = true;
  return true;
}

/* After the last words, which may have gone through them. */
static bool release_relays(struct peer *p, mono_us now) {
  if (!p->closed || !p->close_sent || p->released) return false;
  p->released = true;
  gatherer_release(p->gatherer, now);
  p->gatherer_turn.dirty = true;
  return true;
}

/* The peer's close_notify ends the channels, once all that came before it was told. */
static bool end_channels(struct peer *p, mono_us now) {
  if (!p->dtls_ended) return false;
  p->dtls_ended = false;
  dc_set_close(p->channels, now);
  p->dc_turn.dirty = true;
  return true;
}

enum peer_step peer_step(struct peer *p, mono_us now, uint8_t *buf, size_t cap,
                         struct peer_out *ret) {
  if (peer_poll_publish(p, ret)) return PEER_STEP_OUT;
  if (p->ice_turn.dirty && !p->closed) return step_ice(p, now, buf, cap, ret);
  if (p->gatherer_turn.dirty) return step_gatherer(p, now, buf, cap, ret);
  if (p->dtls_turn.dirty && !(p->closed && !p->close_sent)) return step_dtls(p, now, buf, cap, ret);
  if (p->dc_turn.dirty || p->has_held) return step_channels(p, now, buf, cap, ret);
  bool progress = end_channels(p, now) || close_dtls(p, now) || release_relays(p, now);
  return progress ? PEER_STEP_PROGRESS : PEER_STEP_NOTHING;
}

/* Before the remote description is known anyone may be the peer: DTLS keeps little of what comes,
 * and checks it later. */
static bool admitted(struct peer *p, const struct path *path) {
  if (!p->dtls_started || peer_same_path(path, &p->known_path)) return true;
  if (!ice_agent_knows(p->ice, path)) return false;
  p->known_path = *path;
  return true;
}

static int receive_records(struct peer *p, mono_us now, struct bytes datagram) {
  uint8_t plain[PEER_RECORD_MAX];
  int r = dtls_recv(p->dtls, now, datagram);
  p->dtls_turn.dirty = true;
  for (size_t n; r == 0 && (n = dtls_read(p->dtls, now, plain, sizeof plain)) > 0;) {
    r = dc_recv(p->channels, now, (struct bytes){plain, n});
    p->dc_turn.dirty = true;
  }
  return r;
}

/* A datagram of the peer's, on the path that it came by or through a relay. */
static int from_peer(struct peer *p, mono_us now, const struct path *path, struct bytes datagram) {
  if (datagram.n == 0) return 0;
  uint8_t first = datagram.p[0];
  if (first <= 3) { /* RFC 7983 section 7 */
    (void)ice_agent_recv(p->ice, now, path, datagram);
    p->ice_turn.dirty = true;
    return 0;
  }
  if (first < 20 || first > 63 || !admitted(p, path)) return 0;
  p->silent_since = 0;
  peer_count_received(p, now, path, datagram.n);
  return receive_records(p, now, datagram);
}

int peer_datagram(struct peer *p, mono_us now, const struct path *path, struct bytes datagram) {
  struct gatherer_data data;
  int r = gatherer_recv(p->gatherer, now, path, datagram, &data);
  if (r == -ENOENT) return from_peer(p, now, path, datagram);
  if (r == 1) return from_peer(p, now, &data.path, data.payload);
  p->gatherer_turn.dirty = true;
  peer_update_gathering(p);
  return 0;
}

int peer_stream(struct peer *p, mono_us now, uint32_t link, int err, const char *why) {
  (void)gatherer_stream(p->gatherer, now, link, err, why);
  p->gatherer_turn.dirty = true;
  peer_update_gathering(p);
  return 0;
}

int peer_stream_bytes(struct peer *p, mono_us now, uint32_t link, struct bytes bytes) {
  struct gatherer_data data;
  int r = 0;
  if (p->closed) return 0;
  gatherer_stream_bytes(p->gatherer, now, link, bytes);
  while (r == 0 && gatherer_stream_next(p->gatherer, now, link, &data))
    r = from_peer(p, now, &data.path, data.payload);
  p->gatherer_turn.dirty = true;
  peer_update_gathering(p);
  return r;
}
