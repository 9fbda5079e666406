/* RTCStatsReport (webrtc-stats): ids are ours and stable while their object lives. */
#include <stdio.h>

#include "base/base64.h"
#include "rpc/internal.h"

#define TRANSPORT_ID          "T"
#define LOCAL_CERTIFICATE_ID  "CL"
#define REMOTE_CERTIFICATE_ID "CR"

struct report {
  struct json_writer *w;
  double timestamp; /* Unix ms */
  int64_t unix_offset_us;
  const struct peer *peer;
};

static void begin(struct report *r, const char *id, const char *type) {
  json_key(r->w, id);
  json_open(r->w, '{');
  json_key(r->w, "id");
  json_text(r->w, id);
  json_key(r->w, "timestamp");
  json_real(r->w, r->timestamp);
  json_key(r->w, "type");
  json_text(r->w, type);
}

static void end(struct report *r) {
  json_close(r->w, '}');
}

static void add_uint(struct report *r, const char *key, uint64_t v) {
  json_key(r->w, key);
  json_uint(r->w, v);
}

static void add_text(struct report *r, const char *key, const char *v) {
  json_key(r->w, key);
  json_text(r->w, v);
}

static void write_connection(struct report *r, const struct peer_counters *n) {
  begin(r, "P", "peer-connection");
  add_uint(r, "dataChannelsOpened", n->channels_opened);
  add_uint(r, "dataChannelsClosed", n->channels_closed);
  end(r);
}

static const char *dtls_state_name(enum dtls_state state) {
  switch (state) {
  case DTLS_NEW: return "new";
  case DTLS_CONNECTING: return "connecting";
  case DTLS_CONNECTED: return "connected";
  case DTLS_CLOSED: return "closed";
  case DTLS_FAILED: return "failed";
  }
  return "new";
}

static void write_transport(struct report *r, const struct peer *p, const struct peer_counters *n) {
  struct ice_pair_info pair;
  char id[24];
  const struct dtls *dtls = peer_dtls(p);
  begin(r, TRANSPORT_ID, "transport");
  add_uint(r, "packetsSent", n->packets_sent);
  add_uint(r, "packetsReceived", n->packets_received);
  add_uint(r, "bytesSent", n->bytes_sent);
  add_uint(r, "bytesReceived", n->bytes_received);
  add_text(r, "iceLocalUsernameFragment", ice_agent_ufrag(peer_ice(p), false));
  add_text(r, "iceRole", ice_agent_controlling(peer_ice(p)) ? "controlling" : "controlled");
  add_text(r, "dtlsState", dtls_state_name(dtls_state(dtls)));
  add_text(r, "iceState", peer_ice_name(ice_agent_state(peer_ice(p))));
  add_uint(r, "selectedCandidatePairChanges", n->selected_pair_changes);
  add_text(r, "localCertificateId", LOCAL_CERTIFICATE_ID);
  if (ice_agent_selected(peer_ice(p), &pair)) {
    (void)snprintf(id, sizeof id, "CP%u", pair.id);
    add_text(r, "selectedCandidatePairId", id);
  }
  if (dtls_state(dtls) == DTLS_CONNECTED) {
    add_text(r, "remoteCertificateId", REMOTE_CERTIFICATE_ID);
    add_text(r, "tlsVersion", "FEFD"); /* DTLS 1.2, RFC 6347 section 4.1 */
    if (dtls_cipher(dtls)) add_text(r, "dtlsCipher", dtls_cipher(dtls));
    add_text(r, "dtlsRole", peer_is_dtls_client(p) ? "client" : "server");
  }
  end(r);
}

static void write_candidate(struct report *r, const char *id, const struct ice_candidate *c,
                            bool remote, const char *ufrag) {
  char address[ADDR_TEXT_MAX];
  begin(r, id, remote ? "remote-candidate" : "local-candidate");
  add_text(r, "transportId", TRANSPORT_ID);
  add_text(r, "address", c->addr.family == ADDR_NONE ? c->name : addr_format_ip(&c->addr, address));
  add_uint(r, "port", c->addr.port);
  add_text(r, "protocol", "udp");
  add_text(r, "candidateType", ice_candidate_type_name(c->type));
  add_uint(r, "priority", c->priority);
  add_text(r, "foundation", c->foundation);
  add_text(r, "usernameFragment", ufrag);
  const char *url, *protocol;
  if (peer_server_of(r->peer, c->server, &url, &protocol)) {
    add_text(r, "url", url);
    if (c->type == ICE_RELAY) add_text(r, "relayProtocol", protocol);
  }
  if (c->related.family != ADDR_NONE) {
    add_text(r, "relatedAddress", addr_format_ip(&c->related, address));
    add_uint(r, "relatedPort", c->related.port);
  }
  end(r);
}

static const char *pair_state_name(enum ice_pair_state state) {
  switch (state) {
  case ICE_PAIR_FROZEN: return "frozen";
  case ICE_PAIR_WAITING: return "waiting";
  case ICE_PAIR_IN_PROGRESS: return "in-progress";
  case ICE_PAIR_SUCCEEDED: return "succeeded";
  case ICE_PAIR_FAILED: return "failed";
  }
  return "frozen";
}

static void add_time(struct report *r, const char *key, mono_us at) {
  if (at == 0) return;
  json_key(r->w, key);
  json_real(r->w, (double)((int64_t)at + r->unix_offset_us) / 1000.0);
}

static void add_seconds(struct report *r, const char *key, mono_us us) {
  json_key(r->w, key);
  json_real(r->w, (double)us / 1e6);
}

static void write_pair(struct report *r, const struct ice_pair_info *pair, const char *local,
                       const char *remote) {
  char id[24];
  (void)snprintf(id, sizeof id, "CP%u", pair->id);
  begin(r, id, "candidate-pair");
  add_text(r, "transportId", TRANSPORT_ID);
  add_text(r, "localCandidateId", local);
  add_text(r, "remoteCandidateId", remote);
  add_text(r, "state", pair_state_name(pair->state));
  json_key(r->w, "nominated");
  json_bool(r->w, pair->nominated);
  add_uint(r, "packetsSent", pair->data.packets_sent);
  add_uint(r, "packetsReceived", pair->data.packets_received);
  add_uint(r, "bytesSent", pair->data.bytes_sent);
  add_uint(r, "bytesReceived", pair->data.bytes_received);
  add_time(r, "lastPacketSentTimestamp", pair->data.last_sent);
  add_time(r, "lastPacketReceivedTimestamp", pair->data.last_received);
  add_seconds(r, "totalRoundTripTime", pair->total_rtt);
  if (pair->rtt > 0) add_seconds(r, "currentRoundTripTime", pair->rtt);
  add_uint(r, "requestsReceived", pair->requests_received);
  add_uint(r, "requestsSent", pair->requests_sent);
  add_uint(r, "responsesReceived", pair->responses_received);
  add_uint(r, "responsesSent", pair->responses_sent);
  add_uint(r, "consentRequestsSent", pair->consent_requests_sent);
  end(r);
}

/* The ends of a pair are candidates of their own in the report: a peer-reflexive one is in no other
 * list. */
static void write_pairs(struct report *r, const struct ice_agent *ice) {
  struct ice_pair_info pair;
  for (size_t i = 0; ice_agent_pair(ice, i, &pair); i++) {
    char local[24], remote[24];
    (void)snprintf(local, sizeof local, "CP%u-L", pair.id);
    (void)snprintf(remote, sizeof remote, "CP%u-R", pair.id);
    write_candidate(r, local, &pair.local, false, pair.local_ufrag);
    write_candidate(r, remote, &pair.remote, true, pair.remote_ufrag);
    write_pair(r, &pair, local, remote);
  }
}

static void write_unpaired(struct report *r, const struct ice_agent *ice) {
  struct ice_candidate c;
  char id[24];
  for (size_t i = 0; ice_agent_local_candidate(ice, i, &c); i++) {
    (void)snprintf(id, sizeof id, "L%zu", i);
    write_candidate(r, id, &c, false, ice_agent_ufrag(ice, false));
  }
  for (size_t i = 0; ice_agent_remote_candidate(ice, i, &c); i++) {
    (void)snprintf(id, sizeof id, "R%zu", i);
    write_candidate(r, id, &c, true, ice_agent_ufrag(ice, true));
  }
}

static void write_fingerprint(struct report *r, struct bytes value) {
  char hex[3 * DTLS_FINGERPRINT_MAX + 1] = "";
  for (size_t i = 0; i < value.n && i < DTLS_FINGERPRINT_MAX; i++)
    (void)snprintf(hex + 3 * i, 4, i + 1 < value.n ? "%02X:" : "%02X", value.p[i]);
  add_text(r, "fingerprint", hex);
}

static void write_certificate(struct report *r, const char *id, const struct peer *p, bool remote) {
  const char *hash = NULL;
  struct bytes value, der;
  if (!peer_certificate(p, remote, &hash, &value, &der)) return;
  begin(r, id, "certificate");
  write_fingerprint(r, value);
  add_text(r, "fingerprintAlgorithm", hash);
  json_key(r->w, "base64Certificate");
  json_raw(r->w, (struct bytes){(const uint8_t *)"\"", 1});
  char *to = text_reserve(r->w->to, base64_encoded_size(der.n));
  if (to) r->w->to->n += base64_encode(der, to);
  text_add(r->w->to, "\"");
  end(r);
}

static void write_channel(struct report *r, uint32_t handle, const struct dc_info *info) {
  static const char *const states[] = {"connecting", "open", "closing", "closed"};
  char id[24];
  (void)snprintf(id, sizeof id, "D%u", handle);
  begin(r, id, "data-channel");
  json_key(r->w, "label");
  json_string(r->w, info->init.label);
  json_key(r->w, "protocol");
  json_string(r->w, info->init.protocol);
  if (info->id >= 0) add_uint(r, "dataChannelIdentifier", (uint64_t)info->id);
  add_text(r, "state", states[info->state]);
  add_uint(r, "messagesSent", info->messages_sent);
  add_uint(r, "bytesSent", info->bytes_sent);
  add_uint(r, "messagesReceived", info->messages_received);
  add_uint(r, "bytesReceived", info->bytes_received);
  end(r);
}

static void write_channels(struct report *r, const struct rpc_session *s,
                           const struct rpc_peer *p) {
  struct dc_info info;
  for (uint32_t handle = 1; handle <= s->n_channels; handle++)
    if (s->channels[handle - 1].peer == p->id && dc_info(peer_channels(p->machine), handle, &info))
      write_channel(r, handle, &info);
}

void rpc_write_stats(struct rpc_session *s, mono_us now, struct rpc_peer *p,
                     struct json_writer *w) {
  struct peer_counters counters;
  struct report r = {w, (double)((int64_t)now + s->cfg.unix_offset_us) / 1000.0,
                     s->cfg.unix_offset_us, p->machine};
  peer_settle_traffic(p->machine);
  peer_counters(p->machine, &counters);
  json_open(w, '{');
  write_connection(&r, &counters);
  write_transport(&r, p->machine, &counters);
  write_unpaired(&r, peer_ice(p->machine));
  write_pairs(&r, peer_ice(p->machine));
  write_certificate(&r, LOCAL_CERTIFICATE_ID, p->machine, false);
  write_certificate(&r, REMOTE_CERTIFICATE_ID, p->machine, true);
  write_channels(&r, s, p);
  json_close(w, '}');
}
