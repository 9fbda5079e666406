#ifndef SENSO_PROBE_STATE_H
#define SENSO_PROBE_STATE_H

#include "base/addr.h"
#include "base/mono.h"
#include "dtls/dtls.h"
#include "probe/chain.h"
#include "probe/run.h"

/* The probes' insides, shared by the files of this folder only. */

#define TCP_TIME  (3 * MONO_S)
#define STEP_TIME (3 * MONO_S) /* of TLS and CONNECT without progress */
#define UP_TIME   (6 * MONO_S) /* of HTTP and TURN: services that start cold take seconds */

struct stream_row;
struct udp_row;
struct mapping;
struct surroundings;
struct names;
struct ports;

struct run_row {
  struct run *run;
  struct result *result;
  struct stream_row *stream; /* one of the two, once its addresses are known */
  struct udp_row *udp;
  bool over;
};

enum proxy_state { PROXY_NONE, PROXY_NAMING, PROXY_KNOWN, PROXY_LOST };

struct run {
  struct run_cfg cfg;
  struct chain_stores *stores;
  struct dtls_identity *identity;
  struct names *names;
  struct net_timer *deadline;
  struct run_row *rows;
  struct mapping *mapping;
  struct ports *ports;
  struct surroundings *around;
  enum proxy_state proxy_state;
  char proxy_host[256];
  bool proxy_tls; /* TLS is spoken to it */
  struct addr proxy;
  size_t open; /* rows and other work that is not over */
};

/* Where a row goes to: IPv4 first, as schools have it, the other family when that fails. */
struct run_addrs {
  struct addr list[2]; /* with the row's port */
  size_t n;
};

/* One piece of work is over. */
void run_closed(struct run *r);
/* A row is over: nothing of it is under way. */
void run_row_over(struct run_row *row);

/* The row's report names the address that was reached. */
void run_reached(struct result *row, const struct addr *a);
/* No proxy is to be asked for this host. */
bool run_goes_direct(const struct run *r, const char *host);

/* Begins on a row whose addresses are known; with none it goes by the proxy, if there is one. */
int stream_row_new(struct stream_row **ret, struct run_row *row, const struct run_addrs *to);
struct stream_row *stream_row_free(struct stream_row *s);
int udp_row_new(struct udp_row **ret, struct run_row *row, const struct run_addrs *to);
struct udp_row *udp_row_free(struct udp_row *u);

/* Mapping behaviour of the NAT (RFC 5780 section 4.3, with servers that are there anyway): one
 * socket asks each STUN server. */
int mapping_new(struct mapping **ret, struct run *run);
struct mapping *mapping_free(struct mapping *m);
void mapping_ask(struct mapping *m, const struct addr *server);
/* Adds what it came to. */
void mapping_conclude(struct mapping *m);

/* Whether UDP to ports of peers leaves the school: packets that die on their way, or at a closed
 * port, come back as ICMP from where they got to. */
int ports_new(struct ports **ret, struct run *run);
struct ports *ports_free(struct ports *p);
/* A server that answers at this address and port: sampled ports of it, beside that one, are tried;
 * what comes of it is added to the row's evidence. Of calls that come shortly after one another
 * that of the first row in the plan counts. */
void ports_ask(struct ports *p, struct result *row, const struct addr *server);

/* The machine and what is near to it: interfaces, resolvers, boxes that answer for others. */
int surroundings_new(struct surroundings **ret, struct run *run);
struct surroundings *surroundings_free(struct surroundings *s);
/* The address of a service, to look for a box before it. */
void surroundings_know(struct surroundings *s, const struct addr *service);

#endif
