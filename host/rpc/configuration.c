/* RTCConfiguration (webrtc-pc section 4.2.1) and what is ours in it. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/internal.h"

const char *const rpc_interface_types[] = {"ethernet", "wifi",    "cellular", "vpn",
                                           "loopback", "unknown", NULL};

static const char *const transport_policies[] = {"all", "relay", NULL};
static const char *const bundle_policies[] = {"balanced", "max-compat", "max-bundle", NULL};
static const char *const mux_policies[] = {"require", NULL};

struct configuration_fields {
  struct fields_present present;
  cJSON *servers, *certificates, *ports, *names, *types, *proxy, *sctp;
  int transport_policy, bundle_policy, mux_policy;
  uint64_t pool_size;
  bool loopback, mdns;
};

#define AT(member) offsetof(struct configuration_fields, member)

enum { CONF_SERVERS, CONF_PORTS, CONF_NAMES, CONF_TYPES, CONF_LOOPBACK, CONF_MDNS };

static const struct field configuration_table[] = {
    [CONF_SERVERS] = {"iceServers", FIELD_ARRAY, false, 0, 32, NULL, AT(servers)},
    [CONF_PORTS] = {"udpPortRange", FIELD_ARRAY, false, 2, 2, NULL, AT(ports)},
    [CONF_NAMES] = {"interfaces", FIELD_ARRAY, false, 0, RPC_NAMES_MAX, NULL, AT(names)},
    [CONF_TYPES] = {"networkTypes", FIELD_ARRAY, false, 0, 16, NULL, AT(types)},
    [CONF_LOOPBACK] = {"loopback", FIELD_BOOL, false, 0, 0, NULL, AT(loopback)},
    [CONF_MDNS] = {"mdns", FIELD_BOOL, false, 0, 0, NULL, AT(mdns)},
    {"iceTransportPolicy", FIELD_NAME, false, 0, 0, transport_policies, AT(transport_policy)},
    {"bundlePolicy", FIELD_NAME, false, 0, 0, bundle_policies, AT(bundle_policy)},
    {"rtcpMuxPolicy", FIELD_NAME, false, 0, 0, mux_policies, AT(mux_policy)},
    {"certificates", FIELD_ARRAY, false, 0, RPC_NAMES_MAX, NULL, AT(certificates)},
    {"iceCandidatePoolSize", FIELD_UINT, false, 0, 255, NULL, AT(pool_size)},
    {"proxy", FIELD_OBJECT, false, 0, 0, NULL, AT(proxy)},
    {"sctp", FIELD_OBJECT, false, 0, 0, NULL, AT(sctp)},
};

struct sctp_fields {
  struct fields_present present;
  bool interleaving, zero_checksum, mtu_discovery;
};

static const struct field sctp_table[] = {
    {"interleaving", FIELD_BOOL, false, 0, 0, NULL, offsetof(struct sctp_fields, interleaving)},
    {"zeroChecksum", FIELD_BOOL, false, 0, 0, NULL, offsetof(struct sctp_fields, zero_checksum)},
    {"mtuDiscovery", FIELD_BOOL, false, 0, 0, NULL, offsetof(struct sctp_fields, mtu_discovery)},
};

struct server_fields {
  struct fields_present present;
  cJSON *urls;
  struct bytes username, credential;
};

enum { SERVER_URLS, SERVER_USERNAME, SERVER_CREDENTIAL };

static const struct field server_table[] = {
    [SERVER_URLS] = {"urls", FIELD_ANY, true, 0, 0, NULL, offsetof(struct server_fields, urls)},
    [SERVER_USERNAME] = {"username", FIELD_STRING, false, 0, 509, NULL,
                         offsetof(struct server_fields, username)},
    [SERVER_CREDENTIAL] = {"credential", FIELD_STRING, false, 0, 1024, NULL,
                           offsetof(struct server_fields, credential)},
};

static bool starts_with(struct bytes *b, const char *prefix) {
  size_t n = strlen(prefix);
  if (b->n < n || memcmp(b->p, prefix, n) != 0) return false;
  b->p += n;
  b->n -= n;
  return true;
}

/* Cuts "?transport=..." off. Empty if absent. */
static struct bytes cut_query(struct bytes *b) {
  const uint8_t *mark = b->n > 0 ? memchr(b->p, '?', b->n) : NULL;
  if (!mark) return (struct bytes){NULL, 0};
  struct bytes query = {mark, b->n - (size_t)(mark - b->p)};
  b->n -= query.n;
  return query;
}

static bool is_port(struct bytes b) {
  unsigned v = 0;
  if (b.n == 0 || b.n > 5) return false;
  for (size_t i = 0; i < b.n; i++) {
    if (b.p[i] < '0' || b.p[i] > '9') return false;
    v = v * 10 + (unsigned)(b.p[i] - '0');
  }
  return v >= 1 && v <= 65535;
}

static bool is_host(struct bytes b) {
  for (size_t i = 0; i < b.n; i++)
    if (b.p[i] <= ' ' || b.p[i] >= 0x7f || strchr("/@[]?#\"<>\\", b.p[i])) return false;
  return b.n > 0 && b.n <= 253;
}

static bool is_ipv6(struct bytes b) {
  char text[ADDR_TEXT_MAX];
  struct addr a;
  if (b.n >= sizeof text) return false;
  memcpy(text, b.p, b.n);
  text[b.n] = '\0';
  return addr_parse_ip(text, 0, &a) && a.family == ADDR_V6;
}

static uint16_t port_of(struct bytes b) {
  unsigned v = 0;
  for (size_t i = 0; i < b.n; i++) v = v * 10 + (unsigned)(b.p[i] - '0');
  return (uint16_t)v;
}

/* host, host:port, [ipv6] or [ipv6]:port */
static bool read_authority(struct bytes b, struct peer_server *ret) {
  const uint8_t *end = b.p + b.n, *close = b.n > 0 && b.p[0] == '[' ? memchr(b.p, ']', b.n) : NULL;
  const uint8_t *colon = close ? close + 1 : b.n > 0 ? memchr(b.p, ':', b.n) : NULL;
  struct bytes host = {b.p, colon ? (size_t)(colon - b.p) : b.n};
  if (close) host = (struct bytes){b.p + 1, (size_t)(close - b.p) - 1};
  if (close ? !is_ipv6(host) : !is_host(host)) return false;
  ret->host = host;
  if (!colon || colon == end) return !colon || close;
  struct bytes port = {colon + 1, (size_t)(end - colon) - 1};
  if (*colon != ':' || !is_port(port)) return false;
  ret->port = port_of(port);
  return true;
}

#define PORT_PLAIN 3478 /* RFC 7064 and 7065 section 3.1 */
#define PORT_TLS   5349

static const struct {
  const char *scheme;
  bool turn, secure;
} schemes[] = {{"turns:", true, true},
               {"turn:", true, false},
               {"stuns:", false, true},
               {"stun:", false, false}};

static bool read_scheme(struct bytes *url, struct peer_server *ret, bool *ret_secure) {
  for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
    if (!starts_with(url, schemes[i].scheme)) continue;
    ret->turn = schemes[i].turn;
    *ret_secure = schemes[i].secure;
    return true;
  }
  return false;
}

const char *rpc_ice_url_read(struct bytes url, struct peer_server *ret) {
  bool secure;
  *ret = (struct peer_server){.url = url};
  if (!read_scheme(&url, ret, &secure)) return "must begin with stun:, stuns:, turn: or turns:";
  struct bytes query = cut_query(&url);
  ret->transport = secure ? PEER_TRANSPORT_TLS : PEER_TRANSPORT_UDP;
  ret->port = secure ? PORT_TLS : PORT_PLAIN;
  if (!read_authority(url, ret)) return "has no proper host, or no port from 1 to 65535";
  if (query.n == 0) return NULL;
  if (!ret->turn) return "has a query, which only turn: and turns: may have";
  bool udp = bytes_equal(query, bytes_of("?transport=udp"));
  if (!udp && !bytes_equal(query, bytes_of("?transport=tcp")))
    return "may have ?transport=udp or ?transport=tcp only";
  if (!udp && !secure) ret->transport = PEER_TRANSPORT_TCP;
  return udp && secure ? "asks for TURN over DTLS, which is not supported" : NULL;
}

/* What the W3C forbids with another exception than TypeError. */
static int forbidden(struct rpc_call *c, const char *path, const char *exception, const char *why) {
  int r = rpc_error_set(c->error, FAULT_TYPE_ERROR, path, "the url in %s %s", path, why);
  c->error->exception = exception;
  return r;
}

/* A stuns: server is accepted and not asked: an address seen over TLS is of no use for UDP. */
static int add_server(struct rpc_call *c, const struct peer_server *server,
                      struct rpc_configuration *ret) {
  if (!server->turn && server->transport != PEER_TRANSPORT_UDP) return 0;
  struct peer_server *list = realloc(ret->servers, (ret->n_servers + 1) * sizeof *list);
  if (!list) return rpc_error_set(c->error, FAULT_OUT_OF_MEMORY, NULL, "out of memory");
  ret->servers = list;
  list[ret->n_servers++] = *server;
  return 0;
}

static int read_url(struct rpc_call *c, cJSON *url, const struct server_fields *server,
                    const char *path, struct rpc_configuration *ret) {
  struct peer_server read;
  if (!cJSON_IsString(url))
    return rpc_error_set(c->error, FAULT_INVALID_PARAMS, path,
                         "%s must be a string or an array of strings", path);
  const char *wrong = rpc_ice_url_read(rpc_request_string(c->request, url), &read);
  if (wrong) return forbidden(c, path, "SyntaxError", wrong);
  bool complete = fields_has(&server->present, SERVER_USERNAME) &&
                  fields_has(&server->present, SERVER_CREDENTIAL);
  if (read.turn && !complete)
    return forbidden(c, path, "InvalidAccessError",
                     "of a turn: server needs username and credential");
  read.username = server->username;
  read.credential = server->credential;
  return add_server(c, &read, ret);
}

/* The urls of one server, each named by its place. */
static int read_urls(struct rpc_call *c, const struct server_fields *server, const char *path,
                     struct rpc_configuration *ret) {
  char nth[80];
  int r = 0, i = 0;
  for (cJSON *url = server->urls->child; url && r == 0; url = url->next) {
    (void)snprintf(nth, sizeof nth, "%s[%d]", path, i++);
    r = read_url(c, url, server, nth, ret);
  }
  return r;
}

static int read_server(struct rpc_call *c, cJSON *item, int index, struct rpc_configuration *ret) {
  char path[48], urls[64];
  struct server_fields server = {0};
  (void)snprintf(path, sizeof path, "configuration.iceServers[%d]", index);
  (void)snprintf(urls, sizeof urls, "%s.urls", path);
  if (!cJSON_IsObject(item))
    return rpc_error_set(c->error, FAULT_INVALID_PARAMS, path, "%s must be an object", path);
  int r = fields_read(c->request, item, server_table, FIELDS_COUNT(server_table), path, &server,
                      c->error);
  if (r < 0) return r;
  if (!cJSON_IsArray(server.urls)) return read_url(c, server.urls, &server, urls, ret);
  if (cJSON_GetArraySize(server.urls) == 0) return forbidden(c, urls, "SyntaxError", "is missing");
  return read_urls(c, &server, urls, ret);
}

static int read_ports(struct rpc_call *c, const cJSON *array, struct rpc_configuration *ret) {
  static const char path[] = "configuration.udpPortRange";
  const cJSON *low = array->child, *high = low->next;
  bool numbers = cJSON_IsNumber(low) && cJSON_IsNumber(high) &&
                 floor(low->valuedouble) == low->valuedouble &&
                 floor(high->valuedouble) == high->valuedouble;
  if (!numbers || low->valuedouble < 1 || high->valuedouble > 65535 ||
      low->valuedouble > high->valuedouble)
    return rpc_error_set(c->error, FAULT_INVALID_PARAMS, path,
                         "%s must be [lowest, highest], from 1 to 65535", path);
  ret->port_min = (uint16_t)low->valuedouble;
  ret->port_max = (uint16_t)high->valuedouble;
  return 0;
}

static int read_names(struct rpc_call *c, cJSON *array, struct rpc_filter *f) {
  static const char path[] = "configuration.interfaces";
  f->by_name = true;
  f->names = calloc((size_t)cJSON_GetArraySize(array) + 1, sizeof *f->names);
  if (!f->names) return rpc_error_set(c->error, FAULT_OUT_OF_MEMORY, NULL, "out of memory");
  for (cJSON *item = array->child; item; item = item->next) {
    struct bytes name = cJSON_IsString(item) ? rpc_request_string(c->request, item) : bytes_of("");
    size_t n = name.n;
    if (n == 0 || n > 15 || memchr(name.p, 0, n))
      return rpc_error_set(c->error, FAULT_INVALID_PARAMS, path, "%s holds names of 1 to 15 bytes",
                           path);
    memcpy(f->names[f->n_names++], name.p, n);
  }
  return 0;
}

static int read_types(struct rpc_call *c, const cJSON *array, struct rpc_filter *f) {
  static const char path[] = "configuration.networkTypes";
  f->by_type = true;
  for (const cJSON *item = array->child; item; item = item->next) {
    unsigned i = 0;
    while (rpc_interface_types[i] &&
           !(cJSON_IsString(item) && strcmp(rpc_interface_types[i], item->valuestring) == 0))
      i++;
    if (!rpc_interface_types[i])
      return rpc_error_set(c->error, FAULT_INVALID_PARAMS, path,
                           "%s holds ethernet, wifi, cellular, vpn, loopback, unknown only", path);
    f->types |= 1u << i;
  }
  return 0;
}

/* Each feature is on unless it is said to be off. */
static int read_sctp(struct rpc_call *c, const cJSON *object, struct rpc_configuration *ret) {
  struct sctp_fields in = {.interleaving = true, .zero_checksum = true, .mtu_discovery = true};
  int r = object ? fields_read(c->request, object, sctp_table, FIELDS_COUNT(sctp_table),
                               "configuration.sctp", &in, c->error)
                 : 0;
  ret->interleaving = in.interleaving;
  ret->zero_checksum = in.zero_checksum;
  ret->mtu_discovery = in.mtu_discovery;
  return r;
}

static int read_parts(struct rpc_call *c, const struct configuration_fields *in,
                      struct rpc_configuration *ret) {
  int r = 0, index = 0;
  if (in->certificates && cJSON_GetArraySize(in->certificates) > 0)
    return rpc_error_set(c->error, FAULT_NOT_SUPPORTED, "configuration.certificates",
                         "certificates of one's own are not supported");
  for (cJSON *item = in->servers ? in->servers->child : NULL; item && r == 0; item = item->next)
    r = read_server(c, item, index++, ret);
  if (r == 0 && in->ports) r = read_ports(c, in->ports, ret);
  if (r == 0 && in->names) r = read_names(c, in->names, &ret->filter);
  if (r == 0 && in->types) r = read_types(c, in->types, &ret->filter);
  if (r == 0 && in->proxy) r = rpc_proxy_read(c, in->proxy, &ret->proxy);
  if (r == 0) r = read_sctp(c, in->sctp, ret);
  ret->filter.relay_only = in->transport_policy == 1;
  ret->filter.loopback = in->loopback;
  ret->has_mdns = fields_has(&in->present, CONF_MDNS);
  ret->mdns = in->mdns;
  ret->has_loopback = fields_has(&in->present, CONF_LOOPBACK);
  ret->has_ports = in->ports != NULL;
  ret->has_sctp = in->sctp != NULL;
  return r;
}

int rpc_configuration_read(struct rpc_call *c, const cJSON *object, struct rpc_configuration *ret) {
  struct configuration_fields in = {0};
  *ret = (struct rpc_configuration){0};
  int r = fields_read(c->request, object, configuration_table, FIELDS_COUNT(configuration_table),
                      "configuration", &in, c->error);
  if (r == 0) r = read_parts(c, &in, ret);
  if (r < 0) rpc_configuration_free(ret);
  return r;
}

void rpc_configuration_free(struct rpc_configuration *conf) {
  free(conf->filter.names);
  free(conf->servers);
  *conf = (struct rpc_configuration){0};
}
