#ifndef SENSO_MDNS_RESOLVER_H
#define SENSO_MDNS_RESOLVER_H

#include "base/bytes.h"
#include "base/mono.h"
#include "base/out.h"

/*
 * Finds the addresses of ".local" names, which browsers hide theirs behind (RFC 6762 section 5.2,
 * draft-ietf-mmusic-mdns-ice-candidates). A machine: its owner sends what it writes to the
 * multicast groups from port 5353, as browsers answer no other port, and hands it what comes in
 * there.
 */
struct mdns_resolver;

#define MDNS_ADDRS         8 /* given for a name */
#define MDNS_QUESTIONS_MAX 256

enum mdns_out_kind { MDNS_IDLE, MDNS_TX, MDNS_RESOLVED };

struct mdns_out {
  enum mdns_out_kind kind;
  mono_us wake_at; /* IDLE */
  size_t n;        /* TX: bytes in the caller's buffer, for all groups and interfaces */
  uint64_t id;     /* RESOLVED */
  size_t n_addrs;  /* 0: nobody answered in 5 s */
  struct addr addrs[MDNS_ADDRS];
};

int mdns_resolver_new(struct mdns_resolver **ret);
struct mdns_resolver *mdns_resolver_free(struct mdns_resolver *r);

/* Asks. id: the owner's. 0, -EINVAL for what is no ".local" name, -ENOSPC past MDNS_QUESTIONS_MAX,
 * -ENOMEM. */
int mdns_resolver_ask(struct mdns_resolver *r, mono_us now, uint64_t id, const char *name);
/* A packet that came in on port 5353; whatever is no answer to a question is ignored. */
void mdns_resolver_recv(struct mdns_resolver *r, struct bytes packet);
/* buf of cap >= 600. */
void mdns_resolver_poll(struct mdns_resolver *r, mono_us now, uint8_t *buf, size_t cap,
                        struct mdns_out *ret);

#endif
