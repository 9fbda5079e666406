/* The machine's network: what network.get tells, and what of it each peer may use. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/internal.h"

static const char *family_name(uint8_t family) {
  return family == ADDR_V6 ? "ipv6" : "ipv4";
}

static void write_addresses(const struct rpc_network *n, const char *interface,
                            struct json_writer *w) {
  char address[ADDR_TEXT_MAX];
  json_key(w, "addresses");
  json_open(w, '[');
  for (size_t i = 0; i < n->n_addrs; i++) {
    const struct ice_interface_addr *a = &n->addrs[i];
    if (strcmp(a->name, interface) != 0) continue;
    json_open(w, '{');
    json_key(w, "address");
    json_text(w, addr_format_ip(&a->addr, address));
    json_key(w, "family");
    json_text(w, family_name(a->addr.family));
    json_key(w, "temporary");
    json_bool(w, a->temporary);
    json_key(w, "deprecated");
    json_bool(w, a->deprecated);
    json_close(w, '}');
  }
  json_close(w, ']');
}

static void write_interface(const struct rpc_network *n, const struct rpc_interface *i,
                            struct json_writer *w) {
  json_open(w, '{');
  json_key(w, "name");
  json_text(w, i->name);
  json_key(w, "index");
  json_uint(w, i->index);
  json_key(w, "type");
  json_text(w, i->type);
  json_key(w, "mtu");
  json_uint(w, i->mtu);
  json_key(w, "up");
  json_bool(w, i->up);
  json_key(w, "loopback");
  json_bool(w, i->loopback);
  write_addresses(n, i->name, w);
  json_close(w, '}');
}

static const struct rpc_interface *by_index(const struct rpc_network *n, uint32_t index) {
  for (size_t i = 0; i < n->n_interfaces; i++)
    if (n->interfaces[i].index == index) return &n->interfaces[i];
  return NULL;
}

static void write_route(const struct rpc_network *n, const struct rpc_route *r,
                        struct json_writer *w) {
  char address[ADDR_TEXT_MAX];
  const struct rpc_interface *interface = by_index(n, r->interface);
  json_open(w, '{');
  json_key(w, "family");
  json_text(w, family_name(r->family));
  json_key(w, "interface");
  json_text(w, interface ? interface->name : "");
  json_key(w, "gateway");
  if (r->gateway.family == ADDR_NONE)
    json_null(w);
  else
    json_text(w, addr_format_ip(&r->gateway, address));
  json_key(w, "metric");
  json_uint(w, r->metric);
  json_close(w, '}');
}

static char *to_json(const struct rpc_network *n) {
  struct text t = {0};
  struct json_writer w = {.to = &t};
  json_key(&w, "interfaces");
  json_open(&w, '[');
  for (size_t i = 0; i < n->n_interfaces; i++) write_interface(n, &n->interfaces[i], &w);
  json_close(&w, ']');
  json_key(&w, "defaultRoutes");
  json_open(&w, '[');
  for (size_t i = 0; i < n->n_routes; i++) write_route(n, &n->routes[i], &w);
  json_close(&w, ']');
  return text_take(&t);
}

void rpc_network_free(struct rpc_session *s) {
  free((void *)(uintptr_t)s->network.interfaces);
  free((void *)(uintptr_t)s->network.addrs);
  free(s->network_json);
  s->network = (struct rpc_network){0};
  s->network_json = NULL;
}

static void *copy_of(const void *array, size_t n, size_t size) {
  void *copy = malloc(n * size + 1);
  if (copy && n > 0) memcpy(copy, array, n * size);
  return copy;
}

int rpc_network_copy(struct rpc_session *s, const struct rpc_network *network) {
  void *interfaces =
      copy_of(network->interfaces, network->n_interfaces, sizeof *network->interfaces);
  void *addrs = copy_of(network->addrs, network->n_addrs, sizeof *network->addrs);
  char *json = to_json(network);
  if (!interfaces || !addrs || !json) {
    free(interfaces);
    free(addrs);
    free(json);
    return -ENOMEM;
  }
  rpc_network_free(s);
  s->network = (struct rpc_network){.interfaces = interfaces,
                                    .n_interfaces = network->n_interfaces,
                                    .addrs = addrs,
                                    .n_addrs = network->n_addrs};
  s->network_json = json;
  return 0;
}

static bool passes(const struct rpc_filter *f, const struct rpc_interface *i) {
  bool named = !f->by_name, typed = !f->by_type;
  for (size_t k = 0; k < f->n_names; k++) named = named || strcmp(f->names[k], i->name) == 0;
  for (unsigned k = 0; rpc_interface_types[k]; k++)
    typed = typed || ((f->types & 1u << k) && strcmp(rpc_interface_types[k], i->type) == 0);
  return named && typed && i->up;
}

static const struct rpc_interface *by_name(const struct rpc_network *n, const char *name) {
  for (size_t i = 0; i < n->n_interfaces; i++)
    if (strcmp(n->interfaces[i].name, name) == 0) return &n->interfaces[i];
  return NULL;
}

int rpc_network_apply(struct rpc_session *s, mono_us now, struct rpc_peer *p) {
  const struct rpc_network *n = &s->network;
  struct ice_interface_addr *list = calloc(n->n_addrs + 1, sizeof *list);
  size_t count = 0;
  if (!list) return -ENOMEM;
  for (size_t i = 0; i < n->n_addrs; i++) {
    const struct rpc_interface *interface = by_name(n, n->addrs[i].name);
    if (interface && passes(&p->filter, interface)) list[count++] = n->addrs[i];
  }
  int r = peer_set_interfaces(p->machine, now, list, count);
  free(list);
  rpc_peer_touch(s, p);
  return r;
}
