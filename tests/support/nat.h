#ifndef SENSO_TESTS_NAT_H
#define SENSO_TESTS_NAT_H

#include "base/addr.h"
#include "base/mono.h"

/* A NAT for UDP as RFC 4787 describes them, with its table. */
struct nat;

/* What a mapping or a filter depends on, RFC 4787 sections 4.1 and 5. */
enum nat_dependence {
  NAT_ENDPOINT_INDEPENDENT,
  NAT_ADDRESS_DEPENDENT,
  NAT_ADDRESS_AND_PORT_DEPENDENT
};

struct nat_cfg {
  struct addr external; /* port 0 */
  enum nat_dependence mapping, filtering;
  bool hairpin;
  mono_us lifetime; /* of a mapping by which nothing goes out; 0: for ever */
};

/* NULL when out of memory. */
struct nat *nat_new(const struct nat_cfg *cfg);
struct nat *nat_free(struct nat *n);
const struct nat_cfg *nat_cfg(const struct nat *n);

/* A datagram on its way out: *ret_from is what the outside sees. False: no port is left. */
bool nat_out(struct nat *n, mono_us now, const struct addr *from, const struct addr *to,
             struct addr *ret_from);
/* A datagram from outside for one of the external ports: *ret_to is whose it is. False: filtered.
 */
bool nat_in(struct nat *n, mono_us now, const struct addr *from, const struct addr *to,
            struct addr *ret_to);

/* The table is flushed. */
void nat_forget(struct nat *n);
/* Mappings in the table, those included whose time is over and that nobody has asked for since. */
size_t nat_mappings(const struct nat *n);

#endif
