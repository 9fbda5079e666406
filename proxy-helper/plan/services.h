#ifndef SENSO_PLAN_SERVICES_H
#define SENSO_PLAN_SERVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The services file: which hosts Senso needs and how each is checked. Its shape is
 * manifest/services/services.schema.json. */

enum check_kind {
  CHECK_HTTPS,
  CHECK_WSS,
  CHECK_STUN,
  CHECK_TURN,
  CHECK_DOWNLOAD,
  CHECK_DTLS,
  CHECK_TCP
};
enum check_transport { TRANSPORT_UDP, TRANSPORT_TCP, TRANSPORT_TLS };

const char *check_kind_name(enum check_kind k);
const char *check_transport_name(enum check_transport t);
/* Over datagrams: stun, dtls, and turn over udp. */
bool check_is_udp(enum check_kind k, enum check_transport t);
/* False when there is none of that name. */
bool check_kind_of(const char *name, enum check_kind *ret);
bool check_transport_of(const char *name, enum check_transport *ret);

struct check {
  enum check_kind kind;
  enum check_transport transport; /* turn's; of the others as their kind has it */
  uint16_t port;
  bool lan; /* scope "lan": reached from the same network only */
  char *path, *username, *credential, *sha256;
};

struct service {
  char *id, *purpose, *pattern, *region;
  char **hosts, **pins;
  size_t n_hosts, n_pins;
  bool required;
  bool pinned;    /* expectedRoots "pinned": the pins replace the public roots */
  int generation; /* 1, 2; 0: both */
  struct check *checks;
  size_t n_checks;
};

struct services {
  uint16_t relay_ports[2], peer_ports[2];
  char *default_region;
  struct service *list;
  size_t n;
};

/* What is wrong with a file, and where. */
struct services_fault {
  unsigned line;
  char text[300]; /* "services[0].checks[1].port: expected a number from 1 to 65535" */
};

/* text: NUL-terminated. 0, -EINVAL with *fault set, or -ENOMEM; *ret is untouched on failure. */
int services_parse(struct services **ret, const char *text, struct services_fault *fault);
struct services *services_free(struct services *s);

#endif
