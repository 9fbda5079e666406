/* Events of peers as notifications. */
#include "rpc/internal.h"

struct json_writer rpc_notification(struct text *t, const char *method) {
  struct json_writer w = {.to = t};
  json_open(&w, '{');
  json_key(&w, "jsonrpc");
  json_text(&w, "2.0");
  json_key(&w, "method");
  json_text(&w, method);
  json_key(&w, "params");
  json_open(&w, '{');
  return w;
}

static int drop(struct text *t) {
  text_free(t);
  return 0;
}

int rpc_notification_end(struct rpc_session *s, struct json_writer *w) {
  json_close(w, '}');
  json_close(w, '}');
  if (w->to->n > s->cfg.max_frame_out) text_clear(w->to); /* nobody could read it */
  return w->to->n > 0 ? rpc_queue(s, w->to) : drop(w->to);
}

static struct json_writer begin(struct text *t, const char *method, const char *key,
                                uint32_t number) {
  struct json_writer w = rpc_notification(t, method);
  json_key(&w, key);
  json_uint(&w, number);
  return w;
}

static int say_state(struct rpc_session *s, const struct rpc_peer *p, const char *method,
                     const char *state) {
  struct text t = {0};
  struct json_writer w = begin(&t, method, "peer", p->id);
  json_key(&w, "state");
  json_text(&w, state);
  return rpc_notification_end(s, &w);
}

static int say_peer(struct rpc_session *s, const struct rpc_peer *p, const char *method) {
  struct text t = {0};
  struct json_writer w = begin(&t, method, "peer", p->id);
  return rpc_notification_end(s, &w);
}

static int say_channel(struct rpc_session *s, const char *method, uint32_t channel) {
  struct text t = {0};
  struct json_writer w = begin(&t, method, "channel", channel);
  return rpc_notification_end(s, &w);
}

static int say_candidate(struct rpc_session *s, const struct rpc_peer *p,
                         const struct peer_candidate *c) {
  struct text t = {0};
  struct json_writer w = begin(&t, "peer.icecandidate", "peer", p->id);
  json_key(&w, "candidate");
  if (c->text[0] == '\0') {
    json_null(&w);
    return rpc_notification_end(s, &w);
  }
  json_open(&w, '{');
  json_key(&w, "candidate");
  json_text(&w, c->text);
  json_key(&w, "sdpMid");
  json_text(&w, c->mid);
  json_key(&w, "sdpMLineIndex");
  json_uint(&w, c->mline_index);
  json_key(&w, "usernameFragment");
  json_text(&w, c->ufrag);
  json_close(&w, '}');
  return rpc_notification_end(s, &w);
}

static int say_candidate_error(struct rpc_session *s, const struct rpc_peer *p,
                               const struct peer_candidate_error *e) {
  char address[ADDR_TEXT_MAX];
  struct text t = {0};
  struct json_writer w = begin(&t, "peer.icecandidateerror", "peer", p->id);
  bool known = e->local.family != ADDR_NONE;
  json_key(&w, "address");
  if (known)
    json_text(&w, addr_format_ip(&e->local, address));
  else
    json_null(&w);
  json_key(&w, "port");
  if (known)
    json_uint(&w, e->local.port);
  else
    json_null(&w);
  json_key(&w, "url");
  json_text(&w, e->url);
  json_key(&w, "errorCode");
  json_uint(&w, e->code);
  json_key(&w, "errorText");
  json_text(&w, e->text);
  return rpc_notification_end(s, &w);
}

static void write_end(struct json_writer *w, const char *key, const struct ice_candidate *c) {
  char address[ADDR_TEXT_MAX];
  json_key(w, key);
  json_open(w, '{');
  json_key(w, "type");
  json_text(w, ice_candidate_type_name(c->type));
  json_key(w, "address");
  json_text(w, addr_format_ip(&c->addr, address));
  json_key(w, "port");
  json_uint(w, c->addr.port);
  json_key(w, "protocol");
  json_text(w, "udp");
  json_close(w, '}');
}

static int say_path(struct rpc_session *s, const struct rpc_peer *p) {
  static const char *const methods[] = {"host", "srflx", "relay"};
  struct peer_path path;
  struct text t = {0};
  if (!peer_path(p->machine, &path)) return 0;
  struct json_writer w = begin(&t, "peer.path", "peer", p->id);
  json_key(&w, "method");
  json_text(&w, methods[path.method]);
  write_end(&w, "local", &path.local);
  write_end(&w, "remote", &path.remote);
  if (path.relay_protocol) {
    json_key(&w, "relayProtocol");
    json_text(&w, path.relay_protocol);
  }
  json_key(&w, "rtt");
  json_real(&w, (double)path.rtt / 1000.0);
  json_key(&w, "since");
  json_int(&w, path.since_unix_ms);
  json_key(&w, "why");
  json_open(&w, '[');
  for (size_t i = 0; i < path.n_why; i++) json_text(&w, path.why[i]);
  json_close(&w, ']');
  return rpc_notification_end(s, &w);
}

static void write_init(struct json_writer *w, const struct dc_init *init, uint16_t id) {
  json_key(w, "init");
  json_open(w, '{');
  json_key(w, "ordered");
  json_bool(w, init->ordered);
  json_key(w, "protocol");
  json_string(w, init->protocol);
  json_key(w, "id");
  json_uint(w, id);
  if (init->max_retransmits >= 0) {
    json_key(w, "maxRetransmits");
    json_int(w, init->max_retransmits);
  }
  if (init->max_lifetime_ms >= 0) {
    json_key(w, "maxPacketLifeTime");
    json_int(w, init->max_lifetime_ms);
  }
  json_close(w, '}');
}

/* The peer's channel gets its number here. */
static int say_datachannel(struct rpc_session *s, mono_us now, struct rpc_peer *p,
                           const struct dc_event *ev) {
  struct text t = {0};
  uint32_t handle = rpc_new_channel(s, p);
  if (handle == 0) return dc_close(peer_channels(p->machine), now, ev->channel, NULL);
  struct json_writer w = begin(&t, "peer.datachannel", "peer", p->id);
  json_key(&w, "channel");
  json_uint(&w, handle);
  json_key(&w, "label");
  json_string(&w, ev->init.label);
  write_init(&w, &ev->init, ev->id);
  dc_rename(peer_channels(p->machine), ev->channel, handle);
  return rpc_notification_end(s, &w);
}

static int say_open(struct rpc_session *s, const struct dc_event *ev) {
  struct text t = {0};
  struct json_writer w = begin(&t, "channel.open", "channel", ev->channel);
  json_key(&w, "id");
  json_uint(&w, ev->id);
  return rpc_notification_end(s, &w);
}

static int say_channel_error(struct rpc_session *s, const struct dc_event *ev) {
  struct text t = {0};
  struct json_writer w = begin(&t, "channel.error", "channel", ev->channel);
  json_key(&w, "reason");
  json_text(&w, fault_reason_name(ev->fault.reason));
  json_key(&w, "message");
  json_text(&w, ev->fault.text);
  return rpc_notification_end(s, &w);
}

static int say_stalled(struct rpc_session *s, const struct rpc_peer *p, const struct dc_event *ev) {
  struct text t = {0};
  struct json_writer w = begin(&t, "peer.stalled", "peer", p->id);
  json_key(&w, "channels");
  json_open(&w, '[');
  for (size_t i = 0; i < ev->n_stalled; i++) json_uint(&w, ev->stalled[i]);
  json_close(&w, ']');
  return rpc_notification_end(s, &w);
}

static int on_channel_event(struct rpc_session *s, mono_us now, struct rpc_peer *p,
                            const struct dc_event *ev) {
  struct rpc_peer *owner;
  struct rpc_channel *channel = rpc_find_channel(s, ev->channel, &owner);
  bool named = ev->kind == DC_EV_INCOMING || ev->kind == DC_EV_STALLED || channel;
  if (ev->kind == DC_EV_CLOSED && channel) rpc_assembly_drop(channel);
  if (!named) return 0; /* there was no memory to give it a number */
  switch (ev->kind) {
  case DC_EV_INCOMING: return say_datachannel(s, now, p, ev);
  case DC_EV_OPEN: return say_open(s, ev);
  case DC_EV_MESSAGE: return rpc_on_message(s, p, ev->channel);
  case DC_EV_BUFFERED_LOW: return say_channel(s, "channel.bufferedamountlow", ev->channel);
  case DC_EV_CLOSING: return say_channel(s, "channel.closing", ev->channel);
  case DC_EV_CLOSED: return say_channel(s, "channel.closed", ev->channel);
  case DC_EV_ERROR: return say_channel_error(s, ev);
  case DC_EV_STALLED: return say_stalled(s, p, ev);
  case DC_EV_ASSOCIATED:
  case DC_EV_DOWN: return 0;
  }
  return 0;
}

int rpc_on_peer_event(struct rpc_session *s, mono_us now, struct rpc_peer *p,
                      const struct peer_event *ev) {
  switch (ev->kind) {
  case PEER_EV_ICE_CANDIDATE: return say_candidate(s, p, &ev->u.candidate);
  case PEER_EV_ICE_CANDIDATE_ERROR: return say_candidate_error(s, p, &ev->u.candidate_error);
  case PEER_EV_GATHERING_STATE:
    return say_state(s, p, "peer.icegatheringstatechange", peer_gathering_name(ev->u.gathering));
  case PEER_EV_ICE_STATE:
    return say_state(s, p, "peer.iceconnectionstatechange", peer_ice_name(ev->u.ice));
  case PEER_EV_CONNECTION_STATE:
    return say_state(s, p, "peer.connectionstatechange", peer_connection_name(ev->u.connection));
  case PEER_EV_SIGNALING_STATE:
    return say_state(s, p, "peer.signalingstatechange", peer_signaling_name(ev->u.signaling));
  case PEER_EV_NEGOTIATION_NEEDED: return say_peer(s, p, "peer.negotiationneeded");
  case PEER_EV_PATH: return say_path(s, p);
  case PEER_EV_FAILURE: rpc_log(s, now, RPC_LOG_ERROR, p->id, ev->u.failure.text); return 0;
  case PEER_EV_CHANNEL: return on_channel_event(s, now, p, &ev->u.channel);
  }
  return 0;
}
