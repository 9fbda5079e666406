/* configuration.proxy: the shape of chrome.proxy settings, as far as a configuration may say it. */
#include <stdio.h>
#include <string.h>

#include "rpc/internal.h"

#define PROXY_PORT 80 /* of an http proxy that names none, as in Chrome */

static const char *const modes[] = {"direct",        "auto_detect", "pac_script",
                                    "fixed_servers", "system",      NULL};
enum { MODE_DIRECT, MODE_AUTO, MODE_PAC, MODE_FIXED, MODE_SYSTEM };
static const char *const schemes[] = {"http", "https", "quic", "socks4", "socks5", NULL};

struct proxy_fields {
  struct fields_present present;
  int mode;
  cJSON *rules;
};
struct rules_fields {
  struct fields_present present;
  cJSON *single, *https;
};
struct one_fields {
  struct fields_present present;
  int scheme;
  struct bytes host;
  uint64_t port;
};

static const struct field proxy_table[] = {
    {"mode", FIELD_NAME, true, 0, 0, modes, offsetof(struct proxy_fields, mode)},
    {"rules", FIELD_OBJECT, false, 0, 0, NULL, offsetof(struct proxy_fields, rules)},
};
static const struct field rules_table[] = {
    {"singleProxy", FIELD_OBJECT, false, 0, 0, NULL, offsetof(struct rules_fields, single)},
    {"proxyForHttps", FIELD_OBJECT, false, 0, 0, NULL, offsetof(struct rules_fields, https)},
};
static const struct field one_table[] = {
    {"scheme", FIELD_NAME, false, 0, 0, schemes, offsetof(struct one_fields, scheme)},
    {"host", FIELD_STRING, true, 1, 253, NULL, offsetof(struct one_fields, host)},
    {"port", FIELD_UINT, false, 1, 65535, NULL, offsetof(struct one_fields, port)},
};

static int read_one(struct rpc_call *c, const cJSON *object, const char *path,
                    struct peer_proxy *ret) {
  struct one_fields one = {.port = PROXY_PORT};
  char where[80];
  int r = fields_read(c->request, object, one_table, FIELDS_COUNT(one_table), path, &one, c->error);
  if (r < 0) return r;
  (void)snprintf(where, sizeof where, "%s.scheme", path);
  if (one.scheme != 0)
    return rpc_error_set(c->error, FAULT_NOT_SUPPORTED, where,
                         "%s: only http proxies are supported", where);
  (void)snprintf(where, sizeof where, "%s.host", path);
  for (size_t i = 0; i < one.host.n; i++)
    if (one.host.p[i] <= ' ' || one.host.p[i] >= 0x7f || strchr("/@[]?#\"<>\\", one.host.p[i]))
      return rpc_error_set(c->error, FAULT_INVALID_PARAMS, where, "%s is no host name", where);
  *ret = (struct peer_proxy){one.host, (uint16_t)one.port};
  return 0;
}

int rpc_proxy_read(struct rpc_call *c, const cJSON *object, struct peer_proxy *ret) {
  static const char rules_path[] = "configuration.proxy.rules";
  struct proxy_fields in = {0};
  struct rules_fields rules = {0};
  int r = fields_read(c->request, object, proxy_table, FIELDS_COUNT(proxy_table),
                      "configuration.proxy", &in, c->error);
  if (r < 0 || in.mode == MODE_DIRECT || in.mode == MODE_SYSTEM) return r;
  if (in.mode != MODE_FIXED)
    return rpc_error_set(
        c->error, FAULT_NOT_SUPPORTED, "configuration.proxy.mode",
        "a proxy is direct, system or fixed_servers: scripts are not supported yet");
  if (!in.rules)
    return rpc_error_set(c->error, FAULT_INVALID_PARAMS, rules_path, "%s is missing", rules_path);
  r = fields_read(c->request, in.rules, rules_table, FIELDS_COUNT(rules_table), rules_path, &rules,
                  c->error);
  if (r == 0 && rules.single)
    return read_one(c, rules.single, "configuration.proxy.rules.singleProxy", ret);
  if (r == 0 && rules.https)
    return read_one(c, rules.https, "configuration.proxy.rules.proxyForHttps", ret);
  return r;
}
