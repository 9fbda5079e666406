/* hello, ping and network.get. */
#include <string.h>

#include "rpc/internal.h"

struct hello_params {
  struct fields_present present;
  uint64_t auto_credit;
  cJSON *protocol, *client, *log;
};

struct hello_log {
  struct fields_present present;
  bool addresses;
  int level;
};

/* Looked at first: what else a hello of another protocol has is not known. */
static const struct field protocol_fields[] = {
    {"protocol", FIELD_ANY, true, 0, 0, NULL, offsetof(struct hello_params, protocol)},
};

static const struct field hello_fields[] = {
    {"client", FIELD_OBJECT, true, 0, 0, NULL, offsetof(struct hello_params, client)},
    {"autoCredit", FIELD_UINT, false, 0, RPC_SAFE_MAX, NULL,
     offsetof(struct hello_params, auto_credit)},
    {"log", FIELD_OBJECT, false, 0, 0, NULL, offsetof(struct hello_params, log)},
};

enum { LOG_LEVEL, LOG_ADDRESSES };

static const struct field log_fields[] = {
    [LOG_LEVEL] = {"level", FIELD_NAME, false, 0, 0, rpc_log_levels,
                   offsetof(struct hello_log, level)},
    [LOG_ADDRESSES] = {"addresses", FIELD_BOOL, false, 0, 0, NULL,
                       offsetof(struct hello_log, addresses)},
};

struct hello_client {
  struct fields_present present;
  struct bytes name, version;
};

static const struct field client_fields[] = {
    {"name", FIELD_STRING, true, 0, 256, NULL, offsetof(struct hello_client, name)},
    {"version", FIELD_STRING, true, 0, 256, NULL, offsetof(struct hello_client, version)},
};

static void write_limits(const struct rpc_cfg *cfg, struct json_writer *w) {
  const struct {
    const char *name;
    size_t value;
  } limits[] = {
      {"maxFrameIn", cfg->max_frame_in},         {"maxFrameOut", cfg->max_frame_out},
      {"maxMessageSize", cfg->max_message_size}, {"maxPeers", cfg->max_peers},
      {"maxChannels", cfg->max_channels},        {"maxBufferedAmount", cfg->max_buffered}};
  json_open(w, '{');
  for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
    json_key(w, limits[i].name);
    json_uint(w, limits[i].value);
  }
  json_close(w, '}');
}

static void write_hello(const struct rpc_cfg *cfg, struct json_writer *w) {
  static const char *const features[] = {"peer", "channel", "credit", "network", "log"};
  json_key(w, "server");
  json_open(w, '{');
  json_key(w, "name");
  json_text(w, "senso-host");
  json_key(w, "version");
  json_text(w, cfg->version);
  json_close(w, '}');
  json_key(w, "protocol");
  json_uint(w, RPC_PROTOCOL);
  json_key(w, "features");
  json_open(w, '[');
  for (size_t i = 0; i < sizeof features / sizeof *features; i++) json_text(w, features[i]);
  json_close(w, ']');
  json_key(w, "limits");
  write_limits(cfg, w);
  json_key(w, "engine");
  json_text(w, cfg->engine);
}

static int read_protocol(struct rpc_call *c) {
  struct hello_params in = {0};
  int r = fields_read(c->request, c->request->params, protocol_fields,
                      FIELDS_COUNT(protocol_fields), NULL, &in, c->error);
  if (r < 0) return r;
  if (!cJSON_IsNumber(in.protocol))
    return rpc_error_set(c->error, FAULT_INVALID_PARAMS, "protocol", "protocol must be a number");
  if (in.protocol->valuedouble == RPC_PROTOCOL) return 0;
  r = rpc_error_set(c->error, FAULT_UNSUPPORTED_PROTOCOL, "protocol",
                    "protocol %.17g is unknown: this host speaks %d", in.protocol->valuedouble,
                    RPC_PROTOCOL);
  c->error->limit = RPC_PROTOCOL;
  return r;
}

int rpc_hello(struct rpc_call *c) {
  struct hello_params in = {0};
  struct hello_client client = {0};
  struct hello_log log = {0};
  if (c->s->greeted)
    return rpc_error_set(c->error, FAULT_INVALID_STATE, NULL, "hello was said already");
  int r = read_protocol(c);
  if (r == 0)
    r = fields_read(c->request, c->request->params, hello_fields, FIELDS_COUNT(hello_fields), NULL,
                    &in, c->error);
  if (r == 0)
    r = fields_read(c->request, in.client, client_fields, FIELDS_COUNT(client_fields), "client",
                    &client, c->error);
  if (r == 0)
    r = fields_read(c->request, in.log, log_fields, FIELDS_COUNT(log_fields), "log", &log,
                    c->error);
  if (r < 0) return r;
  c->s->greeted = true;
  c->s->auto_credit = in.auto_credit;
  c->s->addresses_in_log = log.addresses;
  if (fields_has(&log.present, LOG_LEVEL)) c->s->log_level = log.level;
  write_hello(&c->s->cfg, c->result);
  return 0;
}

int rpc_ping(struct rpc_call *c) {
  (void)c;
  return 0;
}

int rpc_network_get(struct rpc_call *c) {
  static const char none[] = "\"interfaces\":[],\"defaultRoutes\":[]";
  json_raw(c->result, bytes_of(c->s->network_json ? c->s->network_json : none));
  return 0;
}
