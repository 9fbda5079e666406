/* peer.*: RTCPeerConnection. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/internal.h"

#define RECEIVE_BUDGET ((size_t)4 * 1024 * 1024)

static const char *const sdp_types[] = {"offer", "answer", "pranswer", "rollback",
                                        NULL}; /* as enum peer_sdp_type */

struct peer_params {
  struct fields_present present;
  uint64_t peer;
  cJSON *object; /* configuration, description or candidate */
  bool ice_restart;
};

#define PEER_FIELD                                                                                 \
  { "peer", FIELD_UINT, true, 1, RPC_PEER_MAX, NULL, offsetof(struct peer_params, peer) }
#define OBJECT_FIELD(name, kind, required)                                                         \
  { name, kind, required, 0, 0, NULL, offsetof(struct peer_params, object) }

static const struct field peer_only[] = {PEER_FIELD};
static const struct field offer_fields[] = {
    PEER_FIELD,
    {"iceRestart", FIELD_BOOL, false, 0, 0, NULL, offsetof(struct peer_params, ice_restart)}};
static const struct field create_fields[] = {OBJECT_FIELD("configuration", FIELD_OBJECT, false)};
static const struct field configuration_fields[] = {
    PEER_FIELD, OBJECT_FIELD("configuration", FIELD_OBJECT, true)};
static const struct field local_fields[] = {PEER_FIELD,
                                            OBJECT_FIELD("description", FIELD_OBJECT, false)};
static const struct field remote_fields[] = {PEER_FIELD,
                                             OBJECT_FIELD("description", FIELD_OBJECT, true)};
static const struct field candidate_fields[] = {PEER_FIELD,
                                                OBJECT_FIELD("candidate", FIELD_OBJECT_NULL, true)};

/* Reads the params and finds the peer they name; NULL with the error set. The peer will be polled.
 */
static struct rpc_peer *read_params(struct rpc_call *c, const struct field *table, size_t n,
                                    struct peer_params *in) {
  *in = (struct peer_params){0};
  if (fields_read(c->request, c->request->params, table, n, NULL, in, c->error) < 0) return NULL;
  struct rpc_peer *p = rpc_call_peer(c, in->peer);
  if (p) rpc_peer_touch(c->s, p);
  return p;
}

#define READ(c, table, in) read_params(c, table, FIELDS_COUNT(table), in)

struct description {
  struct fields_present present;
  int type;
  struct bytes sdp;
};

enum { DESCRIPTION_TYPE, DESCRIPTION_SDP };

static const struct field description_fields[] = {
    [DESCRIPTION_TYPE] = {"type", FIELD_NAME, false, 0, 0, sdp_types,
                          offsetof(struct description, type)},
    [DESCRIPTION_SDP] = {"sdp", FIELD_STRING, false, 0, 0, NULL, offsetof(struct description, sdp)},
};

static int read_description(struct rpc_call *c, const cJSON *object, struct description *ret) {
  *ret = (struct description){0};
  return fields_read(c->request, object, description_fields, FIELDS_COUNT(description_fields),
                     "description", ret, c->error);
}

static void write_description(struct json_writer *w, const char *type, const char *sdp) {
  json_key(w, "type");
  json_text(w, type);
  json_key(w, "sdp");
  json_text(w, sdp);
}

static int make_machine(struct rpc_call *c, struct rpc_peer *p,
                        const struct rpc_configuration *conf) {
  const struct rpc_cfg *cfg = &c->s->cfg;
  const struct peer_cfg peer_cfg = {.rng = cfg->rng,
                                    .identity = cfg->identity,
                                    .unix_offset_us = cfg->unix_offset_us,
                                    .loopback = conf->filter.loopback,
                                    .mdns = conf->mdns,
                                    .relay_only = conf->filter.relay_only,
                                    .servers = conf->servers,
                                    .n_servers = conf->n_servers,
                                    .proxy = conf->proxy,
                                    .port_min = conf->port_min,
                                    .port_max = conf->port_max,
                                    .max_message_size = cfg->max_message_size,
                                    .max_channels = cfg->max_channels,
                                    .max_buffered = cfg->max_buffered,
                                    .receive_budget = RECEIVE_BUDGET,
                                    .interleaving = conf->interleaving,
                                    .zero_checksum = conf->zero_checksum,
                                    .mtu_discovery = conf->mtu_discovery};
  int r = peer_new(&p->machine, &peer_cfg, c->now);
  if (r < 0) return r;
  struct dc_set *channels = peer_channels(p->machine);
  dc_set_initial_credit(channels, c->s->auto_credit);
  dc_set_max_piece(channels, (cfg->max_frame_out - 256) / 4 * 3);
  dc_set_paused(channels, c->s->paused);
  return rpc_network_apply(c->s, c->now, p);
}

static struct rpc_fixed fixed_of(const struct rpc_configuration *conf) {
  return (struct rpc_fixed){.loopback = conf->filter.loopback,
                            .mdns = conf->mdns,
                            .interleaving = conf->interleaving,
                            .zero_checksum = conf->zero_checksum,
                            .mtu_discovery = conf->mtu_discovery,
                            .port_min = conf->port_min,
                            .port_max = conf->port_max};
}

/* Moves the configuration's filter. */
static struct rpc_filter take_filter(struct rpc_configuration *conf) {
  struct rpc_filter filter = conf->filter;
  conf->filter.names = NULL;
  return filter;
}

static int create(struct rpc_call *c, struct rpc_configuration *conf) {
  struct rpc_peer *p = rpc_peer_new(c->s);
  if (!p) return rpc_error_set(c->error, FAULT_OUT_OF_MEMORY, NULL, "out of memory");
  p->filter = take_filter(conf);
  p->fixed = fixed_of(conf);
  if (make_machine(c, p, conf) < 0) {
    rpc_peer_free(c->s, p);
    return rpc_error_set(c->error, FAULT_OUT_OF_MEMORY, NULL, "out of memory");
  }
  rpc_peer_touch(c->s, p);
  json_key(c->result, "peer");
  json_uint(c->result, p->id);
  return 0;
}

int rpc_peer_create(struct rpc_call *c) {
  struct peer_params in = {0};
  struct rpc_configuration conf = {0};
  int r = fields_read(c->request, c->request->params, create_fields, FIELDS_COUNT(create_fields),
                      NULL, &in, c->error);
  if (r == 0) r = rpc_configuration_read(c, in.object, &conf);
  if (r < 0) return r;
  bool may = c->s->n_peers < c->s->cfg.max_peers && c->s->cfg.identity;
  if (may) r = create(c, &conf);
  rpc_configuration_free(&conf);
  if (may) return r;
  if (!c->s->cfg.identity)
    return rpc_error_set(c->error, FAULT_INTERNAL, NULL, "the certificate is not made yet");
  r = rpc_error_set(c->error, FAULT_TOO_MANY, NULL,
                    "there are %zu peers, the most a session may have", c->s->n_peers);
  c->error->limit = (int64_t)c->s->cfg.max_peers;
  return r;
}

static int answer_sdp(struct rpc_call *c, int r, const char *type, char *sdp,
                      const struct fault *fault) {
  if (r < 0) return rpc_fail(c, fault);
  write_description(c->result, type, sdp);
  free(sdp);
  return 0;
}

int rpc_peer_create_offer(struct rpc_call *c) {
  struct peer_params in;
  struct fault fault = {0};
  char *sdp = NULL;
  struct rpc_peer *p = READ(c, offer_fields, &in);
  if (!p) return -EINVAL;
  int r = peer_create_offer(p->machine, c->now, in.ice_restart, &sdp, &fault);
  return answer_sdp(c, r, "offer", sdp, &fault);
}

int rpc_peer_create_answer(struct rpc_call *c) {
  struct peer_params in;
  struct fault fault = {0};
  char *sdp = NULL;
  struct rpc_peer *p = READ(c, peer_only, &in);
  if (!p) return -EINVAL;
  int r = peer_create_answer(p->machine, c->now, &sdp, &fault);
  return answer_sdp(c, r, "answer", sdp, &fault);
}

/* The filter that waited for the next gathering takes effect. */
static int use_next_filter(struct rpc_call *c, struct rpc_peer *p) {
  free(p->filter.names);
  p->filter = p->next_filter;
  p->next_filter = (struct rpc_filter){0};
  p->has_next = false;
  return rpc_network_apply(c->s, c->now, p) < 0
             ? rpc_error_set(c->error, FAULT_OUT_OF_MEMORY, NULL, "out of memory")
             : 0;
}

int rpc_peer_set_local(struct rpc_call *c) {
  struct peer_params in;
  struct description d = {0};
  struct fault fault = {0};
  struct rpc_peer *p = READ(c, local_fields, &in);
  if (!p) return -EINVAL;
  if (in.object && read_description(c, in.object, &d) < 0) return -EINVAL;
  const struct peer_set_local local = {.implicit_type = !fields_has(&d.present, DESCRIPTION_TYPE),
                                       .type = (enum peer_sdp_type)d.type,
                                       .sdp = d.sdp};
  if (peer_set_local(p->machine, c->now, &local, &fault) < 0) return rpc_fail(c, &fault);
  bool began = p->has_next && peer_generations(p->machine) != p->generations;
  if (began && use_next_filter(c, p) < 0) return -ENOMEM;
  struct peer_view view;
  peer_view(p->machine, &view);
  bool rolled_back = !local.implicit_type && local.type == PEER_SDP_ROLLBACK;
  write_description(c->result, rolled_back ? "rollback" : peer_sdp_type_name(view.local_type),
                    rolled_back || !view.local_sdp ? "" : view.local_sdp);
  return 0;
}

int rpc_peer_set_remote(struct rpc_call *c) {
  struct peer_params in;
  struct description d;
  struct fault fault = {0};
  struct rpc_peer *p = READ(c, remote_fields, &in);
  if (!p || read_description(c, in.object, &d) < 0) return -EINVAL;
  if (!fields_has(&d.present, DESCRIPTION_TYPE))
    return rpc_error_set(c->error, FAULT_INVALID_PARAMS, "description.type",
                         "description.type is missing");
  int r = peer_set_remote(p->machine, c->now, (enum peer_sdp_type)d.type, d.sdp, &fault);
  return r < 0 ? rpc_fail(c, &fault) : 0;
}

struct candidate_params {
  struct fields_present present;
  struct bytes candidate, mid, ufrag;
  cJSON *line;
};

enum { CANDIDATE_TEXT, CANDIDATE_MID, CANDIDATE_LINE, CANDIDATE_UFRAG };

static const struct field init_fields[] = {
    [CANDIDATE_TEXT] = {"candidate", FIELD_STRING, false, 0, 0, NULL,
                        offsetof(struct candidate_params, candidate)},
    [CANDIDATE_MID] = {"sdpMid", FIELD_STRING_NULL, false, 0, 0, NULL,
                       offsetof(struct candidate_params, mid)},
    [CANDIDATE_LINE] = {"sdpMLineIndex", FIELD_ANY, false, 0, 0, NULL,
                        offsetof(struct candidate_params, line)},
    [CANDIDATE_UFRAG] = {"usernameFragment", FIELD_STRING_NULL, false, 0, 0, NULL,
                         offsetof(struct candidate_params, ufrag)},
};

static bool has_nul(struct bytes b) {
  return b.n > 0 && memchr(b.p, 0, b.n);
}

/* -1 for absent and null. */
static int read_line_index(struct rpc_call *c, const cJSON *item, int32_t *ret) {
  *ret = -1;
  if (!item || cJSON_IsNull(item)) return 0;
  if (!cJSON_IsNumber(item) || item->valuedouble < 0 || item->valuedouble > 65535 ||
      item->valuedouble != (int)item->valuedouble)
    return rpc_error_set(c->error, FAULT_INVALID_PARAMS, "candidate.sdpMLineIndex",
                         "candidate.sdpMLineIndex must be an integer from 0 to 65535, or null");
  *ret = (int32_t)item->valuedouble;
  return 0;
}

int rpc_peer_add_candidate(struct rpc_call *c) {
  struct peer_params in;
  struct candidate_params init = {0};
  struct fault fault = {0};
  struct rpc_peer *p = READ(c, candidate_fields, &in);
  if (!p) return -EINVAL;
  if (in.object && fields_read(c->request, in.object, init_fields, FIELDS_COUNT(init_fields),
                               "candidate", &init, c->error) < 0)
    return -EINVAL;
  struct peer_candidate_init candidate = {
      .candidate = init.candidate,
      .mid = fields_has(&init.present, CANDIDATE_MID) ? (const char *)init.mid.p : NULL,
      .ufrag = fields_has(&init.present, CANDIDATE_UFRAG) ? (const char *)init.ufrag.p : NULL,
      .end = in.object == NULL,
  };
  if (read_line_index(c, init.line, &candidate.mline_index) < 0) return -EINVAL;
  if (has_nul(init.mid) || has_nul(init.ufrag)) /* a C string would be another one */
    return rpc_error_set(c->error, FAULT_INVALID_CANDIDATE,
                         has_nul(init.mid) ? "candidate.sdpMid" : "candidate.usernameFragment",
                         "NUL is in no name");
  return peer_add_candidate(p->machine, c->now, &candidate, &fault) < 0 ? rpc_fail(c, &fault) : 0;
}

int rpc_peer_restart_ice(struct rpc_call *c) {
  struct peer_params in;
  struct fault fault = {0};
  struct rpc_peer *p = READ(c, peer_only, &in);
  if (!p) return -EINVAL;
  return peer_restart_ice(p->machine, c->now, &fault) < 0 ? rpc_fail(c, &fault) : 0;
}

/* What a peer cannot change any more (W3C setConfiguration: InvalidModificationError). */
static int check_fixed(struct rpc_call *c, const struct rpc_peer *p,
                       const struct rpc_configuration *conf) {
  const struct rpc_fixed *is = &p->fixed, want = fixed_of(conf);
  bool ports = want.port_min == is->port_min && want.port_max == is->port_max;
  bool sctp = want.interleaving == is->interleaving && want.zero_checksum == is->zero_checksum &&
              want.mtu_discovery == is->mtu_discovery;
  const char *path = conf->has_ports && !ports                             ? "udpPortRange"
                     : conf->has_sctp && !sctp                             ? "sctp"
                     : conf->has_loopback && want.loopback != is->loopback ? "loopback"
                     : conf->has_mdns && want.mdns != is->mdns             ? "mdns"
                                                                           : NULL;
  if (!path) return 0;
  char where[40];
  (void)snprintf(where, sizeof where, "configuration.%s", path);
  int r = rpc_error_set(c->error, FAULT_TYPE_ERROR, where,
                        "%s is as the peer was made with: it cannot be changed", where);
  c->error->exception = "InvalidModificationError";
  return r;
}

static int set_configuration(struct rpc_call *c, struct rpc_peer *p,
                             struct rpc_configuration *conf) {
  int r = check_fixed(c, p, conf);
  if (r < 0) return r;
  const struct peer_ice ice = {.relay_only = conf->filter.relay_only,
                               .servers = conf->servers,
                               .n_servers = conf->n_servers,
                               .proxy = conf->proxy};
  if (peer_set_ice(p->machine, &ice) < 0)
    return rpc_error_set(c->error, FAULT_OUT_OF_MEMORY, NULL, "out of memory");
  free(p->next_filter.names);
  p->next_filter = take_filter(conf);
  p->has_next = true;
  p->generations = peer_generations(p->machine);
  return p->generations == 0 ? use_next_filter(c, p) : 0;
}

int rpc_peer_set_configuration(struct rpc_call *c) {
  struct peer_params in;
  struct rpc_configuration conf = {0};
  struct rpc_peer *p = READ(c, configuration_fields, &in);
  if (!p || rpc_configuration_read(c, in.object, &conf) < 0) return -EINVAL;
  int r = set_configuration(c, p, &conf);
  rpc_configuration_free(&conf);
  return r;
}

int rpc_peer_get_stats(struct rpc_call *c) {
  struct peer_params in;
  struct rpc_peer *p = READ(c, peer_only, &in);
  if (!p) return -EINVAL;
  json_key(c->result, "stats");
  rpc_write_stats(c->s, c->now, p, c->result);
  return 0;
}

static void write_nullable(struct json_writer *w, const char *key, enum peer_sdp_type type,
                           const char *sdp) {
  json_key(w, key);
  if (!sdp) {
    json_null(w);
    return;
  }
  json_open(w, '{');
  write_description(w, peer_sdp_type_name(type), sdp);
  json_close(w, '}');
}

static void write_states(struct json_writer *w, const struct peer_view *view) {
  const char *const states[][2] = {
      {"signalingState", peer_signaling_name(view->signaling)},
      {"connectionState", peer_connection_name(view->connection)},
      {"iceConnectionState", view->ice_closed ? "closed" : peer_ice_name(view->ice)},
      {"iceGatheringState", peer_gathering_name(view->gathering)},
  };
  for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
    json_key(w, states[i][0]);
    json_text(w, states[i][1]);
  }
}

int rpc_peer_get(struct rpc_call *c) {
  struct peer_params in;
  struct peer_view view;
  struct rpc_peer *p = READ(c, peer_only, &in);
  if (!p) return -EINVAL;
  peer_view(p->machine, &view);
  json_key(c->result, "peer");
  json_uint(c->result, p->id);
  write_states(c->result, &view);
  write_nullable(c->result, "localDescription", view.local_type, view.local_sdp);
  write_nullable(c->result, "remoteDescription", view.remote_type, view.remote_sdp);
  write_nullable(c->result, "currentLocalDescription", view.current_local_type,
                 view.current_local_sdp);
  write_nullable(c->result, "currentRemoteDescription", view.current_remote_type,
                 view.current_remote_sdp);
  write_nullable(c->result, "pendingLocalDescription", view.local_type, view.pending_local_sdp);
  write_nullable(c->result, "pendingRemoteDescription", view.remote_type, view.pending_remote_sdp);
  json_key(c->result, "maxMessageSize");
  if (peer_max_message(p->machine) > 0)
    json_uint(c->result, peer_max_message(p->machine));
  else
    json_null(c->result);
  return 0;
}

int rpc_peer_close(struct rpc_call *c) {
  struct peer_params in;
  struct rpc_peer *p = READ(c, peer_only, &in);
  if (!p) return -EINVAL;
  peer_close(p->machine, c->now);
  p->closing = true;
  return 0;
}
