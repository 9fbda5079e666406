#ifndef SENSO_TESTS_SIM_STATE_H
#define SENSO_TESTS_SIM_STATE_H

#include "support/sim.h"

/* The simulation's insides, shared by sim.c, sim_net.c and sim_server.c only. */

#define SIM_LINKS   32
#define SIM_BUCKETS 4096

struct sim_link {
  uint32_t link;
  struct addr local;
};

struct sim_peer {
  struct sim *sim;
  struct peer *machine;
  sim_on_event *on_event;
  void *ctx;
  struct sim_site *site;
  struct addr address[2]; /* IPv4 and IPv6, ADDR_NONE where it has none */
  struct sim_link links[SIM_LINKS];
  size_t n_links;
  uint16_t next_port;
  mono_us wake_at, alarm_at; /* alarm_at: the earliest wake-up that happens without fail */
  mono_us way_out_free_at;   /* when the last queued byte has left, with a rate */
  bool connected, draining;
};

/* A network: the internet, or what is behind a router. */
struct sim_site {
  struct sim *sim;
  struct sim_site_cfg cfg; /* parent set for all but the internet */
  struct nat *nat;         /* NULL: the internet */
  uint16_t next_host;
};

/* What has an IP address in a site. */
enum sim_node_kind { SIM_NODE_NONE, SIM_NODE_PEER, SIM_NODE_ROUTER, SIM_NODE_SERVER };
struct sim_node {
  struct sim_node *next; /* of the bucket */
  const struct sim_site *site;
  struct addr ip;
  enum sim_node_kind kind;
  void *what; /* struct sim_peer, sim_site or sim_server */
};

/* A TCP or TLS connection of a peer to a server. */
struct sim_stream {
  struct sim_stream *next; /* of the simulation */
  uint32_t number;         /* from 1 */
  uint32_t link;           /* the peer's */
  struct sim_peer *peer;
  struct sim_server *server;
  struct turn_server_client client;
  mono_us last_up, last_down; /* bytes keep their order */
  bool open, over;
};

struct sim_server {
  struct sim_server *next;
  struct sim *sim;
  struct addr address[2];
  char text[2][ADDR_TEXT_MAX];
  struct turn_server *machine;
};

enum sim_happening_kind {
  SIM_DATAGRAM,
  SIM_CALL,
  SIM_ALARM,         /* of a peer */
  SIM_STREAM_OPEN,   /* both ends know */
  SIM_STREAM_UP,     /* bytes for the server */
  SIM_STREAM_DOWN,   /* bytes for the peer */
  SIM_STREAM_CLOSED, /* by the peer */
  SIM_STREAM_LOST    /* by the server */
};

struct sim_happening {
  mono_us at;
  uint64_t order; /* breaks ties: first in, first out */
  enum sim_happening_kind kind;
  struct sim_site *site; /* where a datagram comes down from */
  struct addr from, to;
  struct payload *data;
  void (*fn)(void *ctx, void *arg);
  void *ctx, *arg; /* arg: owned in SIM_CALL, else a peer or a stream */
};

struct sim {
  mono_us now;
  struct seeded_rng weather_rng, machine_rng;
  struct sim_weather weather;
  struct sim_happening *heap;
  size_t n, cap;
  uint64_t order, trace, datagrams, bytes;
  struct sim_peer **peers;
  size_t n_peers, cap_peers;
  struct sim_site internet, **sites;
  size_t n_sites;
  struct sim_node *nodes[SIM_BUCKETS];
  struct sim_server *servers;
  struct sim_stream *streams;
  uint32_t last_stream;
  uint16_t next_public;
  struct dtls_identity *identity;
};

/* sim.c */
void sim_push(struct sim *s, struct sim_happening h);
bool sim_chance(struct sim *s, uint32_t in_10000);
void sim_hand_datagram(struct sim_peer *sp, const struct addr *from, const struct addr *to,
                       struct bytes datagram);

/* sim_net.c */
void sim_net_free(struct sim *s);
/* An address of its own on the internet, and IPv6. */
struct addr sim_net_public(struct sim *s);
struct addr sim_net_v6(struct sim *s);
struct addr sim_net_private(struct sim_site *site);
void sim_net_add(struct sim *s, const struct sim_site *site, const struct addr *ip,
                 enum sim_node_kind kind, void *what);
void sim_net_remove(struct sim *s, const struct sim_site *site, const struct addr *ip);
/* Sends a datagram from a host of the site at once through the routers on its way out; it arrives
 * at `at`. */
struct sim_sent {
  struct sim_site *site;
  struct addr from, to;
  struct payload *data; /* taken */
};
void sim_net_send(struct sim *s, mono_us at, struct sim_sent sent);
void sim_net_arrive(struct sim *s, const struct sim_happening *h);
/* The server with this address that TCP from the site gets to; NULL: nothing answers. *ret_from is
 * what the server sees. */
struct sim_server *sim_net_connect(const struct sim_peer *sp, const struct addr *to,
                                   struct addr *ret_from);

/* sim_server.c */
void sim_server_free_all(struct sim *s);
void sim_server_datagram(struct sim_server *server, const struct addr *from, const struct addr *to,
                         struct bytes datagram);
void sim_stream_ask(struct sim_peer *sp, const struct peer_stream *ask);
void sim_stream_send(struct sim_peer *sp, uint32_t link, struct bytes bytes);
void sim_stream_close(struct sim_peer *sp, uint32_t link);
void sim_stream_happen(struct sim *s, const struct sim_happening *h);

#endif
