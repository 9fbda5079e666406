#ifndef SENSO_MDNS_RESPONDER_H
#define SENSO_MDNS_RESPONDER_H

#include "base/addr.h"
#include "base/bytes.h"
#include "base/mono.h"

/*
 * Answers for the ".local" names that our own candidates hide behind
 * (draft-ietf-mmusic-mdns-ice-candidates section 3.1.1). A machine: its owner hands it what comes
 * in on port 5353, and sends what it writes to the multicast groups from there. The names are
 * random: they need no probing.
 */
struct mdns_responder;

#define MDNS_NAMES_MAX 1024

int mdns_responder_new(struct mdns_responder **ret);
struct mdns_responder *mdns_responder_free(struct mdns_responder *r);

/* owner: whose name it is, a number of the caller's. 0, -EINVAL for a name that DNS cannot hold,
 * -ENOSPC past MDNS_NAMES_MAX, -ENOMEM. */
int mdns_responder_add(struct mdns_responder *r, uint32_t owner, const char *name,
                       const struct addr *addr);
/* Says goodbye for all names of this owner. */
void mdns_responder_remove(struct mdns_responder *r, uint32_t owner);
/* True while a name stands, or a goodbye is to be said. */
bool mdns_responder_busy(const struct mdns_responder *r);

/* A packet of port 5353; what is no question for one of the names is ignored. */
void mdns_responder_recv(struct mdns_responder *r, mono_us now, struct bytes packet);
/* The bytes of the next packet to multicast into buf of cap >= 1200; 0: there is nothing to say. */
size_t mdns_responder_poll(struct mdns_responder *r, mono_us now, uint8_t *buf, size_t cap);

#endif
