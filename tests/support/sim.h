#ifndef SENSO_TESTS_SIM_H
#define SENSO_TESTS_SIM_H

#include "peer/peer.h"
#include "support/nat.h"
#include "support/seeded_rng.h"
#include "support/turn_server.h"

/*
 * A network in virtual time, in one process: hosts with addresses, peers on them, NATs that some
 * of them are behind, STUN and TURN servers, and a path between every two hosts that delays, loses,
 * doubles, reorders, corrupts and cuts. Everything
 * follows from the seed; the trace is a hash over every datagram and event with its time, so two
 * runs of a seed can be compared to the byte.
 */
struct sim;

/* What the network does to a datagram. Chances in 1/10,000. */
struct sim_weather {
  mono_us delay;  /* one way */
  mono_us jitter; /* more, uniform: reorders */
  uint32_t loss, duplicate, corrupt;
  size_t mtu;    /* UDP payload bytes; longer ones vanish, unless they may be fragmented. 0: any */
  uint64_t rate; /* bytes a second of one host's way out; 0: no limit */
  size_t queue;  /* bytes that wait at most where rate limits */
};

struct sim_peer;

/* Called with each event of a peer. For DC_EV_MESSAGE the piece is taken by the simulation and
 * given as `message`, which the callee owns (payload_free). It may call the machine's API; the
 * simulation drains it afterwards. */
typedef void sim_on_event(void *ctx, struct sim_peer *sp, const struct peer_event *ev,
                          const struct dc_message *message);

/* A seed's network; seeds OpenSSL's randomness and takes over its clock too. NULL when out of
 * memory. */
struct sim *sim_new(uint64_t seed);
struct sim *sim_free(struct sim *s);

mono_us sim_now(const struct sim *s);
const struct rng *sim_rng(struct sim *s);
void sim_set_weather(struct sim *s, const struct sim_weather *w);
uint64_t sim_trace(const struct sim *s);
/* Datagrams handed to the network so far. */
uint64_t sim_datagrams(const struct sim *s);
uint64_t sim_bytes(const struct sim *s);

/* A new host with one address 10.0.0.n (its own network) and a peer on it. cfg's rng and identity
 * are supplied if NULL. */
struct sim_peer *sim_peer_new(struct sim *s, const struct peer_cfg *cfg, sim_on_event *on_event,
                              void *ctx);
/* A network behind a router, which is a NAT for IPv4 and no obstacle to IPv6. */
struct sim_site;
struct sim_site_cfg {
  struct sim_site *parent; /* the router's outside; NULL: the internet */
  uint8_t network[2];      /* the addresses within begin with these; two sites may have the same */
  enum nat_dependence mapping, filtering;
  bool hairpin;
  mono_us lifetime;  /* of a mapping; 0: for ever */
  bool no_udp;       /* none is let out */
  uint16_t only_tcp; /* the one port that TCP is let out to; 0: to all */
};
struct sim_site *sim_site_new(struct sim *s, const struct sim_site_cfg *cfg);
/* The router loses its NAT's table. */
void sim_site_forget(struct sim_site *site);
size_t sim_site_mappings(const struct sim_site *site);

/* A new host at a site (NULL: on the internet, an address of a network of its own) with a peer on
 * it. */
struct sim_home {
  struct sim_site *site;
  bool no_v4, v6;
};
struct sim_peer *sim_peer_new_at(struct sim *s, const struct sim_home *home,
                                 const struct peer_cfg *cfg, sim_on_event *on_event, void *ctx);

/* A STUN and TURN server on the internet: UDP on port 3478, streams on any port. username and
 * password as in turn_server_cfg. */
struct sim_server;
struct sim_server *sim_server_new(struct sim *s, const char *username, const char *password);
/* Its address as text, of either family. Valid as long as the simulation. */
const char *sim_server_host(const struct sim_server *server, enum addr_family family);
/* It forgets all allocations and ends all streams. */
void sim_server_restart(struct sim_server *server);
struct turn_server_totals sim_server_totals(const struct sim_server *server);

struct peer *sim_peer_machine(struct sim_peer *sp);
/* Frees the machine: what is sent to it vanishes from now on. */
void sim_peer_kill(struct sim_peer *sp);
/* Cuts or joins the host's cable. */
void sim_peer_set_connected(struct sim_peer *sp, bool connected);
/* The host's address becomes another one at once. 0 or negative. */
int sim_peer_readdress(struct sim_peer *sp);
/* After API calls from outside on_event. */
void sim_peer_drain(struct sim_peer *sp);

/* A call of fn(ctx, arg) at `at`; arg is freed by the simulation if the call never comes. */
void sim_at(struct sim *s, mono_us at, void (*fn)(void *ctx, void *arg), void *ctx, void *arg);

/* Runs until `until`, or until done(ctx) is true after some input. Returns true if done said so. */
bool sim_run(struct sim *s, mono_us until, bool (*done)(void *ctx), void *ctx);

#endif
