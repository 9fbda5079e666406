#include "ice/preference.h"

#include <string.h>

static bool is_v4_mapped(const struct addr *a) {
  static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};
  return a->family == ADDR_V6 && memcmp(a->ip, prefix, sizeof prefix) == 0;
}

static bool is_usable(const struct ice_interface_addr *i, bool loopback) {
  if (i->addr.family == ADDR_NONE || addr_is_any(&i->addr) || addr_is_multicast(&i->addr))
    return false;
  if (is_v4_mapped(&i->addr)) return false;
  return loopback || addr_scope(&i->addr) != ADDR_SCOPE_LOOPBACK;
}

static bool is_link_local(const struct ice_interface_addr *i) {
  return addr_scope(&i->addr) == ADDR_SCOPE_LINK;
}

static bool same_prefix(const struct ice_interface_addr *a, const struct ice_interface_addr *b) {
  return strncmp(a->name, b->name, sizeof a->name) == 0 && memcmp(a->addr.ip, b->addr.ip, 8) == 0;
}

/* True for a stable IPv6 address that a temporary one stands for. */
static bool is_covered(const struct ice_interface_addr *list, size_t n,
                       const struct ice_interface_addr *i) {
  if (i->addr.family != ADDR_V6 || i->temporary) return false;
  for (size_t k = 0; k < n; k++)
    if (list[k].addr.family == ADDR_V6 && list[k].temporary && !list[k].deprecated &&
        same_prefix(&list[k], i))
      return true;
  return false;
}

static bool has_routable(const struct ice_interface_addr *list, size_t n, bool loopback) {
  for (size_t i = 0; i < n; i++)
    if (is_usable(&list[i], loopback) && !is_link_local(&list[i])) return true;
  return false;
}

/* Greater is better. */
static unsigned rank_of(const struct ice_interface_addr *i) {
  enum addr_scope scope = addr_scope(&i->addr);
  unsigned rank = scope != ADDR_SCOPE_LOOPBACK;
  rank = rank << 1 | !i->deprecated;
  rank = rank << 2 | (unsigned)scope;
  return rank << 1 | i->temporary;
}

/* Insertion sort that keeps the owner's order among equals. */
static void insert_ranked(struct ice_preference *p, const struct ice_interface_addr *i) {
  size_t at = p->n;
  if (p->n == ICE_INTERFACES_MAX) return;
  for (; at > 0 && rank_of(&p->list[at - 1]) < rank_of(i); at--) p->list[at] = p->list[at - 1];
  p->list[at] = *i;
  p->n++;
}

/* Index of the next address of this family at or after `from`; p->n when there is none. */
static size_t next_of(const struct ice_preference *p, uint8_t family, size_t from) {
  while (from < p->n && p->list[from].addr.family != family) from++;
  return from;
}

static void interleave(const struct ice_preference *in, struct ice_preference *ret) {
  size_t v6 = next_of(in, ADDR_V6, 0), v4 = next_of(in, ADDR_V4, 0);
  bool turn_v6 = true;
  ret->n = 0;
  while (v6 < in->n || v4 < in->n) {
    bool use_v6 = v4 == in->n || (turn_v6 && v6 < in->n);
    size_t *at = use_v6 ? &v6 : &v4;
    ret->list[ret->n++] = in->list[*at];
    *at = next_of(in, use_v6 ? ADDR_V6 : ADDR_V4, *at + 1);
    turn_v6 = !use_v6;
  }
}

void ice_preference_order(const struct ice_interface_addr *list, size_t n, bool loopback,
                          struct ice_preference *ret) {
  struct ice_preference ranked = {.n = 0};
  bool routable = has_routable(list, n, loopback);
  for (size_t i = 0; i < n; i++) {
    if (!is_usable(&list[i], loopback) || is_covered(list, n, &list[i])) continue;
    if (routable && is_link_local(&list[i])) continue;
    insert_ranked(&ranked, &list[i]);
  }
  interleave(&ranked, ret);
}
