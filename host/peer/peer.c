#include "peer/peer.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "peer/internal.h"

#define SCTP_PORT 5000 /* what browsers use */

static int make_machines(struct peer *p, mono_us now) {
  const struct peer_cfg *cfg = &p->cfg;
  const struct ice_cfg ice = {.rng = cfg->rng,
                              .loopback = cfg->loopback,
                              .ta = PEER_PACING_MS * MONO_MS,
                              .port_min = cfg->port_min,
                              .port_max = cfg->port_max};
  const struct dtls_cfg dtls = {.identity = cfg->identity, .mtu = PEER_DATAGRAM_SAFE};
  const struct dc_cfg channels = {
      .sctp = {.rng = cfg->rng,
               .local_port = SCTP_PORT,
               .remote_port = SCTP_PORT,
               .max_streams = UINT16_MAX,
               .mtu = PEER_DATAGRAM_SAFE - DTLS_OVERHEAD,
               .receive_window = cfg->receive_budget,
               .max_message = cfg->max_message_size,
               .interleaving = cfg->interleaving,
               .zero_checksum = cfg->zero_checksum,
               .send_buffer = SIZE_MAX},
      .max_channels = cfg->max_channels,
      .max_send_message = cfg->max_message_size,
      .max_buffered = cfg->max_buffered,
      .receive_budget = cfg->receive_budget,
  };
  int r = ice_agent_new(&p->ice, &ice, now);
  if (r == 0) r = gatherer_new(&p->gatherer, cfg->rng);
  const struct peer_ice servers = {.relay_only = cfg->relay_only,
                                   .servers = cfg->servers,
                                   .n_servers = cfg->n_servers,
                                   .proxy = cfg->proxy};
  if (r == 0) r = peer_set_ice(p, &servers);
  if (r == 0) r = dtls_new(&p->dtls, &dtls, now);
  if (r == 0) r = dc_set_new(&p->channels, &channels, now);
  return r;
}

int peer_new(struct peer **ret, const struct peer_cfg *cfg, mono_us now) {
  struct peer *p = calloc(1, sizeof *p);
  if (!p) return -ENOMEM;
  p->cfg = *cfg;
  dtls_identity_ref(cfg->identity);
  dtls_identity_fingerprint(cfg->identity, &p->own_fingerprint);
  p->session_id = rng_u64(cfg->rng) >> 2; /* RFC 9429 section 5.2.1: 63 bits at most */
  p->session_version = 1;
  p->mid[0] = '0';
  p->ice_turn.wake_at = p->gatherer_turn.wake_at = p->dtls_turn.wake_at = p->dc_turn.wake_at =
      MONO_NEVER;
  int r = make_machines(p, now);
  if (r < 0) {
    peer_free(p);
    return r;
  }
  dtls_set_writable(p->dtls, now, false);
  dc_set_writable(p->channels, now, false);
  p->ice_turn.dirty = p->dtls_turn.dirty = p->dc_turn.dirty = true;
  *ret = p;
  return 0;
}

struct peer *peer_free(struct peer *p) {
  if (!p) return NULL;
  dc_set_free(p->channels);
  dtls_free(p->dtls);
  gatherer_free(p->gatherer);
  ice_agent_free(p->ice);
  dtls_identity_unref(p->cfg.identity);
  peer_slot_clear(&p->current_local);
  peer_slot_clear(&p->pending_local);
  peer_slot_clear(&p->current_remote);
  peer_slot_clear(&p->pending_remote);
  free(p->offer.sdp);
  free(p->answer.sdp);
  free(p->remote);
  text_free(&p->candidate_text);
  free(p->hidden);
  free(p);
  return NULL;
}

int peer_set_interfaces(struct peer *p, mono_us now, const struct ice_interface_addr *list,
                        size_t n) {
  p->ice_turn.dirty = true;
  return ice_agent_set_interfaces(p->ice, now, list, n);
}

int peer_set_ice(struct peer *p, const struct peer_ice *in) {
  int r = gatherer_set_servers(p->gatherer, in->servers, in->n_servers, &in->proxy);
  if (r == 0) ice_agent_set_relay_only(p->ice, in->relay_only);
  return r;
}

unsigned peer_generations(const struct peer *p) {
  return p->generations;
}

void peer_close(struct peer *p, mono_us now) {
  if (p->closed) return;
  p->closed = true;
  p->signaling = PEER_SIGNALING_CLOSED;
  dc_set_close(p->channels, now);
  p->dc_turn.dirty = true;
}

struct dc_set *peer_channels(struct peer *p) {
  return p->channels;
}

void peer_touch(struct peer *p, mono_us now) {
  (void)now;
  p->dc_turn.dirty = true;
}

int peer_channel_create(struct peer *p, mono_us now, dc_handle h, const struct dc_init *init,
                        struct fault *ret_fault) {
  if (p->closed) return fault_set(ret_fault, FAULT_INVALID_STATE, "the peer is closed");
  int r = dc_create(p->channels, now, h, init, ret_fault);
  if (r < 0) return r;
  p->wants_channels = true;
  p->dc_turn.dirty = true;
  peer_update_negotiation(p);
  return 0;
}

int peer_bound(struct peer *p, mono_us now, uint32_t link, int err, const struct addr *local) {
  p->ice_turn.dirty = p->gatherer_turn.dirty = true;
  int r = ice_agent_bound(p->ice, now, link, err, local);
  if (r == 0 && err == 0) r = gatherer_link_up(p->gatherer, now, link, local);
  peer_update_gathering(p);
  return r;
}

int peer_resolved(struct peer *p, mono_us now, uint32_t id, int err, const struct addr *addrs,
                  size_t n) {
  p->ice_turn.dirty = p->gatherer_turn.dirty = true;
  if (gatherer_resolved(p->gatherer, now, id, err, addrs, n)) {
    peer_update_gathering(p);
    return 0;
  }
  return ice_agent_resolved(p->ice, now, id, err, addrs, n);
}

int peer_recv(struct peer *p, mono_us now, const struct path *path, struct bytes datagram) {
  return p->closed ? 0 : peer_datagram(p, now, path, datagram);
}

void peer_link_writable(struct peer *p, mono_us now, uint32_t link, bool writable) {
  if (!writable)
    p->blocked_link = link;
  else if (p->blocked_link == link)
    p->blocked_link = 0;
  peer_update_path(p, now);
}

static bool due(const struct peer_turn *turn, mono_us now) {
  return turn->wake_at <= now;
}

int peer_wake(struct peer *p, mono_us now) {
  int r = 0;
  if (due(&p->ice_turn, now) && !p->closed) {
    p->ice_turn.dirty = true;
    r = ice_agent_wake(p->ice, now);
  }
  if (due(&p->gatherer_turn, now)) p->gatherer_turn.dirty = true;
  if (peer_silence_deadline(p) <= now) peer_watch_silence(p, now);
  if (r == 0 && due(&p->dtls_turn, now)) {
    p->dtls_turn.dirty = true;
    r = dtls_wake(p->dtls, now);
  }
  if (r == 0 && due(&p->dc_turn, now)) {
    p->dc_turn.dirty = true;
    r = dc_wake(p->channels, now);
  }
  return r;
}

static void idle(const struct peer *p, mono_us now, struct peer_out *ret) {
  const struct {
    mono_us at;
    enum peer_layer layer;
  } wishes[] = {{p->ice_turn.wake_at, PEER_LAYER_ICE},
                {p->gatherer_turn.wake_at, PEER_LAYER_GATHERER},
                {p->dtls_turn.wake_at, PEER_LAYER_DTLS},
                {p->dc_turn.wake_at, PEER_LAYER_SCTP},
                {peer_silence_deadline(p), PEER_LAYER_ICE}};
  ret->kind = OUT_IDLE;
  ret->u.wake.at = MONO_NEVER;
  ret->u.wake.layer = PEER_LAYER_NONE;
  for (size_t i = 0; i < sizeof wishes / sizeof *wishes && !p->closed; i++) {
    if (wishes[i].at >= ret->u.wake.at) continue;
    ret->u.wake.at = wishes[i].at;
    ret->u.wake.layer = wishes[i].layer;
  }
  assert(ret->u.wake.at > now);
}

void peer_poll(struct peer *p, mono_us now, uint8_t *buf, size_t cap, struct peer_out *ret) {
  assert(cap >= 8192);
  /* another input may have come at the very time of a timer */
  if (due(&p->ice_turn, now) || due(&p->gatherer_turn, now) || due(&p->dtls_turn, now) ||
      due(&p->dc_turn, now) || peer_silence_deadline(p) <= now)
    (void)peer_wake(p, now);
  for (;;) {
    if (peer_poll_state(p, ret)) return;
    switch (peer_step(p, now, buf, cap, ret)) {
    case PEER_STEP_OUT: return;
    case PEER_STEP_NOTHING:
      if (peer_silence_deadline(p) > now) {
        idle(p, now, ret);
        return;
      }
      peer_watch_silence(p, now); /* what is missing became known in this very poll */
      break;
    case PEER_STEP_PROGRESS: break;
    }
  }
}

/* The one of two slots that a description attribute shows: the pending one first. */
static struct peer_slot *shown_slot(struct peer_slot *pending, struct peer_slot *current) {
  return pending->sdp ? pending : current;
}

void peer_view(struct peer *p, struct peer_view *ret) {
  struct peer_slot *local = shown_slot(&p->pending_local, &p->current_local);
  struct peer_slot *remote = shown_slot(&p->pending_remote, &p->current_remote);
  *ret = (struct peer_view){
      .signaling = p->signaling,
      .connection = peer_connection_state(p),
      .gathering = p->gathering,
      .ice = p->ice_state,
      .ice_closed = p->closed,
      .local_sdp = peer_slot_show(local),
      .remote_sdp = peer_slot_show(remote),
      .local_type = local->type,
      .remote_type = remote->type,
      .pending_local_sdp = peer_slot_show(&p->pending_local),
      .pending_remote_sdp = peer_slot_show(&p->pending_remote),
      .current_local_sdp = peer_slot_show(&p->current_local),
      .current_remote_sdp = peer_slot_show(&p->current_remote),
      .current_local_type = p->current_local.type,
      .current_remote_type = p->current_remote.type,
  };
}

bool peer_server_of(const struct peer *p, uint16_t server, const char **ret_url,
                    const char **ret_protocol) {
  static const char *const names[] = {
      [PEER_TRANSPORT_UDP] = "udp", [PEER_TRANSPORT_TCP] = "tcp", [PEER_TRANSPORT_TLS] = "tls"};
  enum peer_transport transport;
  if (!gatherer_server(p->gatherer, server, ret_url, &transport)) return false;
  *ret_protocol = names[transport];
  return true;
}

const struct ice_agent *peer_ice(const struct peer *p) {
  return p->ice;
}

const struct dtls *peer_dtls(const struct peer *p) {
  return p->dtls;
}

void peer_counters(const struct peer *p, struct peer_counters *ret) {
  *ret = p->counters;
}

size_t peer_max_message(const struct peer *p) {
  return p->remote ? (size_t)p->remote->max_message : 0;
}

bool peer_is_dtls_client(const struct peer *p) {
  return p->dtls_started && p->dtls_client;
}

bool peer_certificate(const struct peer *p, bool remote, const char **ret_hash,
                      struct bytes *ret_fingerprint, struct bytes *ret_der) {
  if (remote && (!p->remote || dtls_remote_der(p->dtls).n == 0)) return false;
  const struct sdp_fingerprint *theirs = remote ? &p->remote->fingerprint : NULL;
  *ret_hash = remote ? theirs->hash : "sha-256";
  *ret_fingerprint = remote ? (struct bytes){theirs->value, theirs->n}
                            : (struct bytes){p->own_fingerprint.value, p->own_fingerprint.n};
  *ret_der = remote ? dtls_remote_der(p->dtls) : dtls_identity_der(p->cfg.identity);
  return true;
}
